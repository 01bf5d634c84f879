"""Access by a command of the organisation's own, once per person and act.

Not a shell: an argument list, in the plan's folder. `{act}` becomes grant, withdraw or read; the
person comes on standard input as one JSON object, never in an argument, where a process list
would show her. Exit 0: done (read: has access), 3: already so (read: has none), 4: nobody.
"""

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from uptake.connect.access.settle import Act, Reply
from uptake.connect.patience import Patience
from uptake.connect.template import unnamed
from uptake.core.action import LINES_MOST
from uptake.core.problem import refuse

DONE, ALREADY, NOBODY = 0, 3, 4
"""The exit codes of the contract; every other one is a failure."""
TAIL_BYTES_MOST = 65_536
"""So much of the end of a command's standard error is looked at."""


class CommandTool:
    """The command of a plan's `access`."""

    def __init__(self, argv: Sequence[str], *, folder: Path, patience: Patience) -> None:
        """Args: argv: with `{act}`; folder: where it runs; patience: how long it may take.

        Raises:
            Refused: no argument says which act is meant.
        """
        if not any("{act}" in word for word in argv):
            what = "no argument holds {act}, so the command cannot know what is asked"
            raise refuse("access.command", "access.command", what, 'for example: [python3, access.py, "{act}"]')
        self._argv = tuple(argv)
        self._folder = folder
        self._patience = patience
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def find(self, values: Mapping[str, str]) -> Reply:  # noqa: ARG002  the port's form
        """A command looks people up by itself."""
        return Reply(state="yes")

    def read(self, values: Mapping[str, str], found: str) -> Reply:  # noqa: ARG002  the port's form
        """Whether a person has access."""
        reply = self._run("read", values)
        return Reply(state="no", exit_code=ALREADY) if reply.exit_code == ALREADY else reply

    def write(self, act: Act, values: Mapping[str, str], found: str) -> Reply:  # noqa: ARG002  the port's form
        """Grant or withdraw."""
        return self._run(act, values)

    def pause(self, attempt: int) -> bool:
        """Wait before reading again."""
        return self._closing.wait(self._patience.pause_s(attempt))

    def close(self) -> None:
        """End the commands that run now; the people they were for are in doubt."""
        self._closing.set()
        with self._lock:
            running = list(self._running)
        for process in running:
            _end(process)

    def _run(self, act: str, values: Mapping[str, str]) -> Reply:
        argv = [word.replace("{act}", act) for word in self._argv]
        with tempfile.TemporaryFile() as errors:
            try:
                process = subprocess.Popen(
                    argv,
                    cwd=self._folder,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,
                )
            except OSError as error:
                what = f"this command cannot be started: {error.strerror}"
                raise refuse("access.command", argv[0], what, "it runs in the plan's folder") from None
            with self._lock:
                self._running.add(process)
            if self._closing.is_set():
                _end(process)
            try:
                process.communicate(msgspec.json.encode(dict(values)), timeout=self._patience.timeout_s)
            except subprocess.TimeoutExpired:
                _end(process)
                process.wait()
                said = f"no end after {self._patience.timeout_s:g} s"
                lines = (said, *unnamed(_tail(errors), values))[:LINES_MOST]
                return Reply(state="unsure", lines=lines, away=True)
            finally:
                with self._lock:
                    self._running.discard(process)
            code = process.returncode
            if code < 0 and self._closing.is_set():
                return Reply(state="unsure", exit_code=code)
            if code in (DONE, ALREADY):
                return Reply(state="yes", exit_code=code)
            state = "nobody" if code == NOBODY else "failed"
            return Reply(state=state, exit_code=code, lines=unnamed(_tail(errors), values))


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a command and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _tail(file: IO[bytes]) -> list[str]:
    """The last lines of what was printed."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES_MOST))
    text = file.read().decode("utf-8", "replace")
    return [line for line in (x.rstrip() for x in text.splitlines()) if line][-LINES_MOST:]

"""The controller's end of the child process: started, spoken to in lines, ended by closing its input.

It keeps no state of a run; a child that dies is told by an end of lines, and who asked decides what follows.
"""

import json
import queue
import subprocess
import threading
from contextlib import suppress
from typing import Any

from uptake.connect.hosts import spare
from uptake.core.problem import refuse

TAKE_S = 0.2
"""So long one wait for facts lasts."""
LINES_MOST = 10_000
"""So many lines of the child may wait to be read."""
END_S = 5.0
"""So long a child has to end after its input has."""


class Died(Exception):
    """The child has ended; nothing more comes from it."""


class Child:
    """A running child process."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Start it and send the first order."""
        self._process = spare.take()
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=LINES_MOST)
        self._reader = threading.Thread(target=self._read, name="hosts-child", daemon=True)
        self._reader.start()
        self.send(begin)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, order: dict[str, Any]) -> None:
        """Send an order.

        Raises:
            Died: it is gone.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            raise Died from None

    def take(self, timeout_s: float) -> list[dict[str, Any]]:
        """The facts that have come, after waiting for the first; none within the time: an empty list.

        Raises:
            Died: it is gone and everything it said has been taken.
        """
        try:
            found = [self._lines.get(timeout=timeout_s)]
        except queue.Empty:
            return []
        with suppress(queue.Empty):
            while found[-1] is not None:
                found.append(self._lines.get_nowait())
        facts = [fact for fact in found if fact is not None]
        if found[-1] is None:
            if not facts:
                raise Died
            self._lines.put(None)
        return facts

    def until(self, word: str, limit_s: float) -> list[dict[str, Any]]:
        """The facts up to the one that says `word`, which is the last.

        Args:
            word: ends the answer.
            limit_s: the longest silence, in seconds.

        Raises:
            Died: it is gone, or was silent for too long.
            Refused: it refuses the order.
        """
        found: list[dict[str, Any]] = []
        waited_s = 0.0
        while waited_s < limit_s:
            facts = self.take(TAKE_S)
            for fact in facts:
                if fact["say"] == "refused":
                    raise refuse(*fact["problem"])
                found.append(fact)
                if fact["say"] == word:
                    return found
            waited_s = 0.0 if facts else waited_s + TAKE_S
        raise Died

    def end(self) -> None:
        """Close its input and wait; one that does not end is killed. Twice is no mistake."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_S)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with suppress(ValueError):  # a line cut short by its death
                self._lines.put(json.loads(line))
        self._lines.put(None)

"""How a small example is run as its README says: its commands, its plan with days that pass in a moment, its mails."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiosmtpd.controller import Controller

from tests.connect.world import free_port

EXAMPLES = Path(__file__).parents[2] / "examples"
LIMIT_S = 120
"""A command takes no longer."""
WAIT_S = 300
"""What is waited for comes by then, on a busy machine too."""
SECONDS_A_DAY = 0.2


def copy(name: str, folder: Path) -> Path:
    """An example as it stands, without what running it leaves behind."""
    return shutil.copytree(EXAMPLES / name, folder / name, ignore=shutil.ignore_patterns("build", ".uptake"))


def uptake(folder: Path, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """One command, run to its end: exit code and everything printed."""
    done = subprocess.run(
        [sys.executable, "-m", "uptake", *words],
        cwd=folder,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, done.stdout


def in_seconds(text: str) -> str:
    """A plan in which a day takes a fraction of a second."""

    def shorter(match: re.Match[str]) -> str:
        days = int(match[2]) * (7 if match[3] == "w" else 1)
        return f"{match[1]}{days * SECONDS_A_DAY:g}s"

    return re.sub(r"(?<=[ :{])([+-]?)(\d+)(d|w)\b", shorter, text) + "\n"


class Post:
    """A mail server that counts."""

    def __init__(self) -> None:
        self.subjects: Counter[str] = Counter()

    async def handle_DATA(self, server: object, session: object, envelope) -> str:  # noqa: N802
        text = envelope.content.decode()
        found = re.search(r"^Subject: (.*)$", text, re.MULTILINE)
        assert found is not None
        self.subjects[found[1].strip()] += len(envelope.rcpt_tos)
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[tuple[Post, str]]:
    """One that runs, and its address."""
    made = Post()
    controller = Controller(made, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield made, f"smtp://127.0.0.1:{controller.port}"
    controller.stop(no_assert=True)


@contextmanager
def turning(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """`uptake implement plan.yaml` goes on meanwhile, and is then interrupted."""
    with (folder / "implement.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uptake", "implement", "plan.yaml", "--yes"],
            cwd=folder,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        ended = process.wait(30)
    assert ended in (0, 130), (folder / "implement.log").read_text()


@contextmanager
def serving(folder: Path, env: Mapping[str, str]) -> Iterator[None]:
    """`uptake serve plan.yaml` goes on meanwhile, the implement half is started in it, and it is then ended."""
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "uptake", "serve", "plan.yaml", "--port", str(free_port())],
            cwd=folder,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    start = ("implement", "plan.yaml", "--yes", "--detach")
    try:
        until("it is begun", lambda: uptake(folder, *start, env=env)[0] == 0)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        ended = process.wait(30)
    assert ended in (0, 130), (folder / "serve.log").read_text()


def until(what: str, so: Callable[[], bool], limit_s: float = WAIT_S) -> None:
    """Asks until it is so."""
    end = time.monotonic() + limit_s
    while not so():
        assert time.monotonic() < end, f"{what}: not within {limit_s:g} s"
        time.sleep(0.05)

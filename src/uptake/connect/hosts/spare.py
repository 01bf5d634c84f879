"""A child process that is started before it is known what for, while the command line is still reading its own parts.

Python and pyinfra take as long to load as a small deploy takes; this way both load at once. One that nobody takes is
ended when the program ends. It imports next to nothing itself.
"""

import atexit
import subprocess
import sys

_waiting: list[subprocess.Popen[bytes]] = []


def start() -> "subprocess.Popen[bytes]":
    """A child that waits for its first order."""
    return subprocess.Popen(
        [sys.executable, "-m", "uptake.connect.hosts.begin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def prepare() -> None:
    """Start one ahead of time."""
    _waiting.append(start())
    atexit.register(_end)


def take() -> "subprocess.Popen[bytes]":
    """The one that was started ahead, or a new one."""
    return _waiting.pop() if _waiting else start()


def _end() -> None:
    while _waiting:
        left = _waiting.pop()
        left.kill()
        left.communicate()

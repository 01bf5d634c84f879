"""What all tests share: the fleet of real SSH hosts, and the rule that no test leaves a process behind.

A session's own processes (a fleet, a browser) are started by session fixtures, which stand before
the rule's fixture and end after it; a test that owns longer-lived ones says so by its mark.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.fleet.plugin"]

END_LIMIT_S = 5.0
"""How long a child that was told to end may take after its test."""

LIVES_WITH_US = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")
"""Python's own children, which end when we do."""

settings.register_profile("house", deadline=None, database=None, derandomize=True)
settings.load_profile("house")


def children() -> dict[int, str]:
    """Our running children by process id, each with its command; ended ones that nobody waited for are no survivors."""
    found: dict[int, str] = {}
    for task in Path("/proc/self/task").glob("*"):
        with suppress(OSError):
            for word in (task / "children").read_text().split():
                with suppress(OSError):
                    state = Path(f"/proc/{word}/stat").read_text().rpartition(")")[2].split()[0]
                    command = Path(f"/proc/{word}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    if state not in "ZX" and not any(part in command for part in LIVES_WITH_US):
                        found[int(word)] = command.strip()
    return found


@pytest.fixture(autouse=True)
def no_child_survives(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test whose processes outlive it, after ending them."""
    before = children()
    yield
    until = time.monotonic() + END_LIMIT_S
    while (left := {pid: what for pid, what in children().items() if pid not in before}) and time.monotonic() < until:
        if request.node.get_closest_marker("leaves_children"):
            return
        time.sleep(0.02)
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert not left, f"these processes outlived their test: {left}"

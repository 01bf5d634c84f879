"""What runs on this machine, read from /proc: parents, start times, namespaces, markers.

It finds every process of a host (also daemons that left their parents) so that a fault reaches
all of it and a stop leaves none. Linux only; it never matches by a process's name.
"""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process by its id; `started` (clock ticks since boot) tells it from a later one with the same id."""

    pid: int
    parent: int
    started: int
    state: str


def table() -> dict[int, Process]:
    """All processes that can be seen now, by id."""
    found: dict[int, Process] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            process = read(int(entry))
            if process is not None:
                found[process.pid] = process
    return found


def read(pid: int) -> Process | None:
    """One process, or None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return Process(pid=pid, state=fields[0], parent=int(fields[1]), started=int(fields[19]))


def descendants(root: int) -> list[int]:
    """`root` and everything below it, parents first; empty when `root` is gone."""
    processes = table()
    if root not in processes:
        return []
    children: dict[int, list[int]] = {}
    for process in processes.values():
        children.setdefault(process.parent, []).append(process.pid)
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def in_namespace_of(pid: int) -> list[int]:
    """Every process in the pid namespace of `pid`; empty when it is gone or shares ours."""
    try:
        theirs = os.readlink(f"/proc/{pid}/ns/pid")
    except OSError:
        return []
    if theirs == os.readlink("/proc/self/ns/pid"):
        return []
    found = []
    for other in table():
        with suppress(OSError):
            if os.readlink(f"/proc/{other}/ns/pid") == theirs:
                found.append(other)
    return found


def marked(marker: str) -> list[int]:
    """Every process whose starting environment holds `marker` (`NAME=value`)."""
    wanted = marker.encode()
    found = []
    for pid in table():
        with suppress(OSError):
            if wanted in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to each; those that are gone already are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)

"""Which process this is, and whether another one is proved dead.

A process is named by machine, boot, pid namespace, pid and start time, so that a pid used
again, a restart of the machine or a second container is never taken for the holder. It knows
nothing of leases; `lease` builds on it.
"""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
GONE = "ZX"
"""States of /proc/PID/stat that run no more code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process, named so that no other can be taken for it."""

    machine: str
    boot: str
    space: str
    pid: int
    started: str

    def __str__(self) -> str:
        """For people: pid and host name."""
        return f"pid {self.pid} on {self.machine.rpartition('/')[2]}"


def this_process() -> Process:
    """The process that asks."""
    pid = os.getpid()
    stat = _stat(pid)
    return Process(
        machine=f"{_text(Path('/etc/machine-id'))}/{os.uname().nodename}",
        boot=_text(PROC / "sys/kernel/random/boot_id"),
        space=_space(),
        pid=pid,
        started=stat[1] if stat else "",
    )


def proved_dead(other: Process) -> bool:
    """Whether the other process cannot run any more; False where that is not known for sure."""
    here = this_process()
    if other.machine != here.machine:
        return False
    if other.boot != here.boot:
        return True
    if other.space != here.space:
        return False
    try:
        os.kill(other.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    stat = _stat(other.pid)
    return stat is not None and (stat[0] in GONE or stat[1] != other.started)


def _stat(pid: int) -> tuple[str, str] | None:
    """State and start time (in clock ticks after boot) of a process; None where they cannot be read."""
    text = _text(PROC / str(pid) / "stat")
    fields = text.rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else None


def _space() -> str:
    """The pid namespace, so that pids of different containers are not compared."""
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _text(path: Path) -> str:
    """A small file's text, empty where there is none."""
    try:
        return path.read_text().strip()
    except OSError:
        return ""

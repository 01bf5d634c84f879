"""The ledger's promise: kill -9 at random points loses nothing that was acknowledged.

Two writers contend for the lease, a third process appends a person's words; one of them is
killed, the rest go on, and so on. With --stops a writer is stopped past its lease's time to
live and woken again. Prints kills, acknowledged and lost entries, and late writes.

    python bench/ledger_kill.py --kills 300 --stops 10
"""

import argparse
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from uptake.core.entry import Decided, Observed, Said
from uptake.core.problem import Stale
from uptake.core.time import Instant
from uptake.store.database import now
from uptake.store.open import open_store

PLAN = "killed"
TTL_S = 1.0
LIMIT_S = 60.0
"""How long one wait of this program may take before it fails."""
STOP_TRIES = 50


def writer(folder: Path, acks: int) -> None:
    """A loop's ledger work: take the lease, append, acknowledge; `Observed.now` tells the epoch used."""
    store = open_store(folder, PLAN, ttl_s=TTL_S)
    while True:
        epoch = store.lease.epoch() or store.lease.take()
        if epoch is None:
            time.sleep(0.01)
            continue
        bodies = (Observed(now=Instant(epoch)), Decided(decisions=(), look_again=Instant(0)))
        with suppress(Stale):
            for entry in store.ledger.append(bodies, at=now(), expect=store.ledger.head(), epoch=epoch):
                os.write(acks, f"{entry.seq} {entry.hash}\n".encode())
        time.sleep(0.002)


def speaker(folder: Path, acks: int) -> None:
    """A person at another terminal, without the lease."""
    store = open_store(folder, PLAN)
    while True:
        for entry in store.ledger.append([Said(what="hold", who="kim")], at=now()):
            os.write(acks, f"{entry.seq} {entry.hash}\n".encode())
        time.sleep(0.005)


def start(role: Callable[[Path, int], None], folder: Path, acks: int) -> int:
    """Fork one process of a role; the libraries are loaded already, so a start costs milliseconds."""
    pid = os.fork()
    if pid == 0:
        try:
            role(folder, acks)
        finally:
            os._exit(1)
    return pid


def end(pid: int) -> None:
    """kill -9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    if not os.WIFSIGNALED(status):
        raise SystemExit(f"process {pid} ended by itself with status {status}")


def wait_for(what: Callable[[], bool], words: str) -> None:
    """Wait until it is so."""
    until = time.monotonic() + LIMIT_S
    while not what():
        if time.monotonic() > until:
            raise SystemExit(f"not within {LIMIT_S:g} s: {words}")
        time.sleep(0.005)


class Trial:
    """One folder, its processes, and what they were told is safe."""

    def __init__(self, folder: Path) -> None:
        """Args: folder: an empty one."""
        self.folder = folder
        self.path = folder / "acks"
        self.acks = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.pids: dict[int, Callable[[Path, int], None]] = {}
        open_store(folder, PLAN).close()

    def start(self, role: Callable[[Path, int], None]) -> int:
        """One more process."""
        pid = start(role, self.folder, self.acks)
        self.pids[pid] = role
        return pid

    def replace(self, pid: int) -> None:
        """Kill one and start another of its role."""
        role = self.pids.pop(pid)
        end(pid)
        self.start(role)

    def end(self) -> None:
        """Kill all."""
        for pid in self.pids:
            end(pid)
        self.pids.clear()

    def acknowledged(self) -> dict[int, str]:
        """Sequence and hash of every entry that an `append` returned."""
        lines = self.path.read_text().splitlines()
        return {int(seq): mark for seq, mark in (line.split() for line in lines)}

    def holder_pid(self) -> int:
        """The process that holds the lease, 0 for none."""
        store = open_store(self.folder, PLAN)
        words = store.lease.holder()
        store.close()
        return int(words.split()[1]) if words else 0

    def can_write(self) -> bool:
        """Whether no stopped process keeps the file locked."""
        raw = sqlite3.connect(self.folder / ".uptake" / "state.db", timeout=0.5, isolation_level=None)
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            raw.close()
        return True

    def epoch_written(self) -> int:
        """The epoch of the last entry that needed one."""
        store = open_store(self.folder, PLAN)
        entries = list(store.ledger.read(max(0, store.ledger.head() - 50)))
        store.close()
        return max((int(entry.body.now) for entry in entries if isinstance(entry.body, Observed)), default=0)


def judge(trial: Trial) -> dict[str, int]:
    """Lost entries, broken places of the chain, and writes by an epoch that had been followed by another."""
    store = open_store(trial.folder, PLAN)
    kept = {}
    late = last = epochs = 0
    for entry in store.ledger.read():
        kept[entry.seq] = entry.hash
        if isinstance(entry.body, Observed):
            late += entry.body.now < last
            epochs += entry.body.now > last
            last = max(last, entry.body.now)
    broken = len(store.ledger.verify())
    store.close()
    acks = trial.acknowledged()
    lost = sum(kept.get(seq) != mark for seq, mark in acks.items())
    return {"acknowledged": len(acks), "lost": lost, "broken": broken, "epochs": epochs, "late_writes": late}


def stop_once(trial: Trial) -> None:
    """Stop the holder until another has taken over and written, wake it, and let it try to write."""
    for _ in range(STOP_TRIES):
        wait_for(lambda: trial.holder_pid() in trial.pids, "a writer holds the lease")
        held = trial.holder_pid()
        before = trial.epoch_written()
        os.kill(held, signal.SIGSTOP)
        if trial.can_write():
            break
        os.kill(held, signal.SIGCONT)  # stopped within its own transaction: the file is locked until it goes on
    else:
        raise SystemExit(f"{STOP_TRIES} stops, all within a transaction")
    wait_for(lambda: trial.epoch_written() > before, "another writer takes over from a stopped one")
    os.kill(held, signal.SIGCONT)
    time.sleep(0.2)


def main() -> int:
    """Run and print; exit 1 where anything was lost, broken or late."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--stops", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="uptake-kill-") as name:
        trial = Trial(Path(name))
        try:
            for role in (writer, writer, speaker):
                trial.start(role)
            for _ in range(asked.kills):
                before = trial.path.stat().st_size
                wait_for(lambda size=before: trial.path.stat().st_size > size, "something is acknowledged")
                time.sleep(chance.uniform(0, 0.12))
                trial.replace(chance.choice(sorted(trial.pids)))
            for _ in range(asked.stops):
                stop_once(trial)
        finally:
            trial.end()
        found = judge(trial)
    print(" ".join(f"{key}={value}" for key, value in {"kills": asked.kills, "stops": asked.stops, **found}.items()))
    bad = found["lost"] or found["broken"] or found["late_writes"] or not found["acknowledged"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

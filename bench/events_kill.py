"""The inbox's promise: kill -9 of an appending and folding process loses nothing acknowledged.

The process appends numbered batches and folds now and then; it is killed at random points and
its successor sends the first unacknowledged batch again, as a client would. At the end every
acknowledged event is counted exactly once. Prints kills, acknowledged, lost and doubled.

    python bench/events_kill.py --kills 30
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from uptake.core.event import Ask, Event
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.time import Instant
from uptake.store.open import open_store

PLAN = "killed"
BATCH = 100
PEOPLE = 50
FOLD_EVERY = 5
LIMIT_S = 60.0
"""How long a sender may take to its first acknowledged batch."""


def batch(number: int) -> list[Event]:
    """The events of one batch, the same whenever it is sent; every tenth event names nobody known."""
    return [
        Event(
            id=f"{number}-{one}",
            source="app",
            subject=f"u{one % PEOPLE}" if one % 10 else f"stranger{one}",
            name="used",
            at=Instant(number),
        )
        for one in range(BATCH)
    ]


def sender(folder: Path, acks: int, first: int) -> None:
    """Append batch after batch from the first unacknowledged one on."""
    store = open_store(folder, PLAN)
    number = first
    while True:
        store.events.append(batch(number), received_at=Instant(number + 1))
        os.write(acks, f"{number}\n".encode())
        if number % FOLD_EVERY == 0:
            store.events.fold()
        number += 1


def start(folder: Path, acks: int, first: int) -> int:
    """Fork a sender."""
    pid = os.fork()
    if pid == 0:
        try:
            sender(folder, acks, first)
        finally:
            os._exit(1)
    return pid


def wait_for(what: Callable[[], bool]) -> None:
    """Wait until a sender has got something done: on a busy machine that takes a while."""
    until = time.monotonic() + LIMIT_S
    while not what():
        if time.monotonic() > until:
            raise SystemExit(f"nothing was acknowledged within {LIMIT_S:g} s")
        time.sleep(0.005)


def judge(folder: Path, batches: int) -> tuple[int, int, int]:
    """How many events of acknowledged batches are lost, how many were counted twice, how many there are."""
    store = open_store(folder, PLAN)
    ask = Ask(wave=1, name="used", count=1, since=Instant(-1), until=Instant(batches - 1), opened=True)
    counted = sum(one.uses for one in store.events.who([ask]))
    strays = sum(one.events for one in store.events.stray_subjects(most=BATCH))
    again = sum(store.events.append(batch(number), received_at=Instant(number + 1)) for number in range(batches))
    store.close()
    known = sum(1 for one in range(BATCH) if one % 10) * batches
    wanted = BATCH * batches
    lost = max(0, known - counted) + again
    # One batch may be kept and not yet acknowledged: its strays are no doubles.
    doubled = max(0, counted - known) + max(0, strays - (wanted - known) - BATCH // 10)
    return lost, doubled, wanted


def main() -> int:
    """Run and print; exit 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory(prefix="uptake-kill-") as name:
        folder = Path(name)
        store = open_store(folder, PLAN)
        store.directory.freeze(
            [Person(pid=Pid(""), external_id=f"u{number}", setting="s", attributes={}) for number in range(PEOPLE)]
        )
        store.directory.assign({person.pid: 1 for person in store.directory.people()})
        store.close()
        path = folder / "acks"
        acks = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for _ in range(asked.kills):
            before = path.stat().st_size
            pid = start(folder, acks, len(path.read_text().splitlines()))
            wait_for(lambda size=before: path.stat().st_size > size)
            time.sleep(chance.uniform(0, 0.15))
            os.kill(pid, signal.SIGKILL)
            if not os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
                raise SystemExit("a sender ended by itself")
        lost, doubled, wanted = judge(folder, len(path.read_text().splitlines()))
    print(f"kills={asked.kills} acknowledged={wanted} lost={lost} doubled={doubled}")
    return 1 if lost or doubled or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())

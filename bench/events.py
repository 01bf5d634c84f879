"""Durable events per second, against fdatasync on the same disk in the same run.

Batches of 500 go through the store's inbox, each acknowledged only when durable; then the
inbox is folded and counted. The anchor is a 4 KiB append with fdatasync: the ratio says how
many events one of those buys.

    python bench/events.py --batches 400
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from uptake.core.event import Ask, Event
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.time import Instant
from uptake.store.open import Store, open_store

BATCH = 500
PEOPLE = 20_000
WAVES = 4
SYNCS = 500
BLOCK = b"\0" * 4096


def syncs_per_s(folder: Path) -> float:
    """4 KiB appends with fdatasync, each waited for."""
    file = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    begun_s = time.perf_counter()
    for _ in range(SYNCS):
        os.write(file, BLOCK)
        os.fdatasync(file)
    took_s = time.perf_counter() - begun_s
    os.close(file)
    return SYNCS / took_s


def prepared(folder: Path) -> Store:
    """A store with its people, drawn into waves."""
    store = open_store(folder, "bench")
    store.directory.freeze(
        [Person(pid=Pid(""), external_id=f"u{number}", setting="s", attributes={}) for number in range(PEOPLE)]
    )
    store.directory.assign({person.pid: number % WAVES for number, person in enumerate(store.directory.people())})
    return store


def batches(many: int) -> list[list[Event]]:
    """Events with ids of their own, spread over people and time."""
    return [
        [
            Event(
                id=f"{batch}-{number}",
                source="bench",
                subject=f"u{(batch * 7919 + number * 31) % PEOPLE}",
                name="ticket.created",
                at=Instant(1_000_000 + batch * 1000 + number),
            )
            for number in range(BATCH)
        ]
        for batch in range(many)
    ]


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--batches", type=int, default=400)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uptake-events-") as name:
        folder = Path(name)
        store = prepared(folder)
        given = batches(asked.batches)
        total = BATCH * asked.batches
        floor = syncs_per_s(folder)
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        kept = sum(store.events.append(batch, received_at=Instant(9_000_000)) for batch in given)
        took_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - cpu_s
        floor = (floor + syncs_per_s(folder)) / 2
        fold_s = time.perf_counter()
        store.events.fold()
        fold_s = time.perf_counter() - fold_s
        since, until = Instant(0), Instant(9_000_000)
        asks = [
            Ask(wave=wave, name="ticket.created", count=3, since=since, until=until, opened=True)
            for wave in range(WAVES)
        ]
        count_s = time.perf_counter()
        answers = store.events.count(asks)
        count_s = time.perf_counter() - count_s
        store.close()
    rate = total / took_s
    print(f"events: {rate:,.0f} durable/s in batches of {BATCH}, {cpu_s / total * 1e6:.2f} us CPU each")
    print(f"anchor: {floor:,.0f} fdatasync/s; ratio {rate / floor:,.1f} events per fdatasync")
    print(f"commits: {rate / BATCH:,.0f} batches/s = {rate / BATCH / floor:.2f} of the anchor")
    print(
        f"fold: {total / fold_s:,.0f} events/s; a look at {total:,} uses by {PEOPLE:,} people: {count_s * 1000:.0f} ms"
    )
    return 0 if kept == total and sum(answer.drawn for answer in answers) == PEOPLE else 1


if __name__ == "__main__":
    sys.exit(main())

"""Ledger commits per second, against fdatasync on the same disk in the same run.

A tick's own pattern: look at the head, then append what was observed and decided in one
durable transaction under the lease. Prints the commit rate, its share of the anchor, and the
CPU time of a commit.

    python bench/ledger.py --commits 1000
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from uptake.core.entry import Decided, Observed
from uptake.core.time import Instant
from uptake.store.open import open_store

SYNCS = 500
BLOCK = b"\0" * 4096
TTL_S = 600.0


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


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=1000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="uptake-ledger-") as name:
        folder = Path(name)
        store = open_store(folder, "bench", ttl_s=TTL_S)
        epoch = store.lease.take()
        floor = syncs_per_s(folder)
        begun_s, cpu_s = time.perf_counter(), time.process_time()
        for number in range(asked.commits):
            moment = Instant(number)
            bodies = (Observed(now=moment), Decided(decisions=(), look_again=moment))
            store.ledger.append(bodies, at=moment, expect=store.ledger.head(), epoch=epoch)
        took_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - cpu_s
        floor = (floor + syncs_per_s(folder)) / 2
        begun_s = time.perf_counter()
        problems = store.ledger.verify()
        verify_s = time.perf_counter() - begun_s
        entries = store.ledger.head()
        store.close()
    rate = asked.commits / took_s
    print(
        f"ledger: {rate:,.0f} commits/s of two entries, {cpu_s / asked.commits * 1e6:.0f} us CPU each (head and append)"
    )
    print(f"anchor: {floor:,.0f} fdatasync/s; ratio {rate / floor:.2f}")
    print(f"verify: {entries / verify_s:,.0f} entries/s")
    return 0 if not problems and entries == 2 * asked.commits else 1


if __name__ == "__main__":
    sys.exit(main())

"""Deciding costs O(stages), never O(people): a whole rehearsal's decisions again, at 100,000 people against 1,000.

The same plan is rehearsed with both; then every decision of each ledger is made again (`replay`) and the time per
entry is compared, interleaved and by the least of several rounds.

    python bench/decide.py
"""

import argparse
import time

from uptake.app.rehearsal import Rehearsed, rehearse
from uptake.loop.replay import replay
from uptake.plan.read import read_plan

PLAN = """
plan: decide
title: Deciding
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: person, sizes: [20%, 20%, 20%, 20%, 20%], start: 2027-01-11, every: 4w}
  expose: {flag: decide}
  gate: {adoption: 60%, at: +21d, hold_at_most: 8w}
  look: 1d
  adoption: {event: used, count: 1, within: 21d, target: 70%}
"""
SEED = 1
ROUNDS = 5
RATIO_MOST = 2.0


def per_entry_ms(rehearsed: Rehearsed) -> float:
    """Milliseconds per entry of one replay, which must be without a difference."""
    began = time.perf_counter()
    found = replay(rehearsed.read.plan, rehearsed.entries)
    took = time.perf_counter() - began
    if found.differing:
        raise SystemExit(f"the replay differs: {found.differing[:3]}")
    return 1000 * took / len(rehearsed.entries)


def main() -> int:
    """Rehearses both sizes, replays them in turn, prints the ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=100_000)
    given = parser.parse_args()
    read = read_plan(PLAN, file="plan.yaml")
    made = {people: rehearse(read, seed=SEED, people=None, count=people) for people in (given.small, given.large)}
    least = dict.fromkeys(made, float("inf"))
    for _ in range(ROUNDS):
        for people, rehearsed in made.items():
            least[people] = min(least[people], per_entry_ms(rehearsed))
    ratio = least[given.large] / least[given.small]
    for people, ms in least.items():
        print(f"decide at {people:>7,} people: {ms:.3f} ms per entry over {len(made[people].entries)} entries")
    print(f"ratio {ratio:.2f} (at most {RATIO_MOST:g})")
    return int(ratio > RATIO_MOST)


if __name__ == "__main__":
    raise SystemExit(main())

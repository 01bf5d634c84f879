"""A seed gives the same ledger in every process: 20 seeds, 3 processes each, 3 hash seeds; replays differ in nothing.

Run it as `python bench/rehearsal.py --seeds 20`; it ends with 1 where a seed gives two ledgers, or two seeds give one.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLAN = ROOT / "examples/policy-only/plan.yaml"
HASH_SEEDS = ("0", "1", "4294967295")
PROCESSES = 3


def rehearsed(seed: int, hash_seed: str) -> str:
    """The last hash of one process's ledger, which stands for all of it; ends where a replay differs."""
    done = subprocess.run(
        [sys.executable, "-m", "uptake", "rehearse", str(PLAN), "--seed", str(seed), "--json"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        check=True,
    )
    told = json.loads(done.stdout)
    if told["differing"]:
        raise SystemExit(f"seed {seed}: the replay differs {told['differing']} times")
    return str(told["ledger"])


def main() -> int:
    """Compares, and prints how many were the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    same, apart = 0, set[str]()
    for seed in range(1, given.seeds + 1):
        found = {rehearsed(seed, hash_seed) for hash_seed in HASH_SEEDS for _ in range(PROCESSES)}
        same += len(found) == 1
        apart |= found
    runs = given.seeds * PROCESSES * len(HASH_SEEDS)
    print(f"{same} of {given.seeds} seeds gave one ledger over {PROCESSES} processes x {len(HASH_SEEDS)} hash seeds")
    print(f"{runs} rehearsals, {len(apart)} different ledgers, 0 differences in their replays")
    return int(same != given.seeds or len(apart) != given.seeds)


if __name__ == "__main__":
    raise SystemExit(main())

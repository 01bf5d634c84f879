"""The effect of a staged rollout at a million units x 12 periods, from a long table, against diff-diff.

The same table and the same question: not yet exposed units as controls, one overall effect with its error. Compared by
CPU time in one process; memory is the peak beside the table's own. diff-diff is no dependency: without it the ratio is
that to twelve sums over the table, and says so.

    python bench/measure_effect.py --units 1000000
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np

from uptake.core.chance import stream
from uptake.measure import Design, Table, effect

PERIODS = 12
WAVES = (3.0, 5.0, 7.0, 9.0, 11.0, np.inf)
ROUNDS = 3
RATIO_LEAST = 25.0
MEMORY_MOST = 1.3


def made(units: int) -> Table:
    """Units with levels of their own, in waves by chance, with no effect."""
    chance = stream(1, "bench", "effect")
    waves = chance.choice(WAVES, units)
    values = chance.normal(size=(units, 1)) + chance.normal(size=(units, PERIODS))
    return Table(
        unit=np.repeat(np.arange(units), PERIODS),
        time=np.tile(np.arange(1, PERIODS + 1), units),
        cohort=np.repeat(waves, PERIODS),
        outcome=values.ravel(),
    )


def cpu_s(work: Callable[[], object], rounds: int) -> float:
    """The least CPU time of some rounds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        least = min(least, time.process_time() - began)
    return least


def peak_bytes() -> int:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def theirs(table: Table) -> Callable[[], object] | None:
    """The same question put to diff-diff; None where it is not installed."""
    try:
        import pandas as pd  # pyright: ignore[reportMissingImports, reportMissingModuleSource]
        from diff_diff import CallawaySantAnna  # pyright: ignore[reportMissingImports]
    except ImportError:
        return None
    never = np.where(np.isinf(table.cohort), 0, table.cohort)
    frame = pd.DataFrame({"unit": table.unit, "time": table.time, "first": never, "y": table.outcome})

    def ask() -> object:
        model = CallawaySantAnna(control_group="not_yet_treated")
        return model.fit(frame, outcome="y", unit="unit", time="time", first_treat="first").aggregate("simple")

    return ask


def main() -> int:
    """Measures both and prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1_000_000)
    table = made(parser.parse_args().units)
    effect(made(600))  # what is loaded once is loaded now
    size = sum(column.nbytes for column in (table.unit, table.time, table.cohort, table.outcome))
    before = peak_bytes()
    ours = cpu_s(lambda: effect(table, Design(beta="1")), ROUNDS)
    more = (size + max(0, peak_bytes() - before)) / size
    print(f"effect with its error: {ours:.3f} s of CPU; memory {more:.2f} of the table's (at most {MEMORY_MOST:g})")
    ask = theirs(table)
    if ask is None:
        sums = cpu_s(lambda: table.outcome.reshape(-1, PERIODS).sum(axis=0), ROUNDS)
        print(f"diff-diff is not installed; ratio to twelve sums over the table {ours / sums:.1f}")
        return int(more > MEMORY_MOST)
    other = cpu_s(ask, 1)
    print(f"diff-diff: {other:.2f} s of CPU; ratio {other / ours:.1f} (at least {RATIO_LEAST:g})")
    return int(other / ours < RATIO_LEAST or more > MEMORY_MOST)


if __name__ == "__main__":
    raise SystemExit(main())

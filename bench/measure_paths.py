"""Promise: with 12 settings daily looks err no more often than one test, and find as much as one test on the last day.

Six waves of two settings, one of them never opened, 60 days with levels of their own and noise that goes on from day to
day. The orders drawn anew are those that might have been; what `paths` finds at 53 looks is counted over made-up
rollouts, without an effect and with one. Beside it stand what looking with the same test each day as if it were the
only one would find, and one look at the end, of the same rollouts.

    BENCH_RUNS=500 python bench/measure_paths.py
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
import os
import time
from dataclasses import dataclass

import numpy as np

from uptake.core.chance import stream
from uptake.measure.looks import looks, views
from uptake.measure.paths import REDRAWS_LEAST, SAME, Drawn, crossed, statistics, thresholds
from uptake.measure.power import planned
from uptake.measure.spending import allowed, shares
from uptake.measure.statistics import NEVER, Floats

NAME = "measure_paths"
RUNS = int(os.environ.get("BENCH_RUNS", "20000"))
"""The first 5,000 of these streams gave .0566: 283 crossings, two more than two standard errors allow."""
SEED = "bench paths"
DAYS, STARTS = 60, np.array([7.0, 17.0, 27.0, 37.0, 47.0, NEVER])
DAILY = tuple(range(8, DAYS + 1))
SETTINGS_EACH = 2
GOES_ON, SPREAD, EFFECT = 0.6, 1.5, 0.6
CORRELATION = 0.5
ALPHA, POWER_LEAST = 0.05, 0.95
PLAN = planned([SETTINGS_EACH] * len(STARTS), STARTS.tolist(), DAYS, correlation=CORRELATION)
SEEN = views(PLAN, DAILY)
SPENDABLE = [allowed("late", share, alpha=ALPHA) for share in shares([one.se**2 for one in looks(PLAN, SEEN)])]
EXPOSED = (np.arange(DAYS) >= STARTS[:, None]).astype(np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one rollout's looks found: together, each day as if alone, and the last one alone.

    Beside it stands in which share of all orders the looks together would have found something: that is exact.
    """

    together: bool
    orders: float
    naive: bool
    once: bool


def outcome(chance: np.random.Generator, count: int) -> Floats:
    """Settings x days, without an effect."""
    values = chance.standard_normal((count, DAYS))
    for day in range(1, DAYS):
        values[:, day] = GOES_ON * values[:, day - 1] + math.sqrt(1 - GOES_ON**2) * values[:, day]
    return values + SPREAD * chance.standard_normal((count, 1))


def look(number: int, effect: float) -> Found:
    """One rollout, whose order is one of those drawn."""
    chance = stream(SEED, number)
    waves = np.repeat(np.arange(len(STARTS)), SETTINGS_EACH)
    orders = chance.permuted(np.tile(waves, (1 + REDRAWS_LEAST, 1)), axis=1)
    values = outcome(chance, waves.size) + effect * EXPOSED[orders[0]]
    paths = statistics(Drawn(values=values, orders=orders, views=SEEN))
    far = np.abs(paths)
    alone = np.sum(far >= far[0] * (1 - SAME), axis=0) <= ALPHA * len(orders)
    found = thresholds(paths, SPENDABLE)
    beyond = far > np.array(found) * (1 + SAME)
    return Found(
        together=crossed(paths, found) is not None,
        orders=float(beyond.any(axis=1).mean()),
        naive=bool(alone.any()),
        once=bool(alone[-1]),
    )


def share(found: list[bool]) -> tuple[float, float]:
    """Of the runs, with its standard error."""
    part = sum(found) / len(found)
    return part, math.sqrt(part * (1 - part) / len(found))


def main() -> int:
    """Makes the rollouts and prints how often each promise held."""
    began = time.process_time()
    most = ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)
    null = [look(number, 0.0) for number in range(RUNS)]
    (errs, error), (naive, _), (once, _) = (
        share([getattr(one, which) for one in null]) for which in ("together", "naive", "once")
    )
    settings = f"{SETTINGS_EACH * len(STARTS)} settings, {RUNS} runs, {len(DAILY)} daily looks"
    print(
        f"{NAME}: {settings}, no effect: {errs:.4f} (s.e. {error:.4f}, at most {most:.4f}); "
        f"of all orders {np.mean([one.orders for one in null]):.4f}; the plain test {naive:.3f}; "
        f"one look at the end {once:.4f}"
    )
    some = [look(number, EFFECT) for number in range(RUNS)]
    finds, wanted = share([one.together for one in some]), share([one.once for one in some])
    print(
        f"{NAME}: {settings}, an effect of {EFFECT}: {finds[0]:.4f} (s.e. {finds[1]:.4f}), one look {wanted[0]:.4f}; "
        f"ratio {finds[0] / wanted[0]:.3f} (at least {POWER_LEAST:g})"
    )
    print(f"{NAME}: {time.process_time() - began:.0f} s of CPU")
    return int(errs > most or finds[0] < POWER_LEAST * wanted[0])


if __name__ == "__main__":
    raise SystemExit(main())

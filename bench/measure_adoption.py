"""How often the interval of the final reach holds the truth, at 40 % of the horizon, over made-up rollouts.

Each person of 2,000 is one of those who will ever adopt with chance .8, and then adopts on a day with chance p + q F.
Only the first 24 of 60 days are given to the forecast. The anchor is the usual least squares on the cumulative curve of
the same days. Counted is how often a 90 % interval holds the truth, and what these people come to in the end.

    python bench/measure_adoption.py --runs 500
"""

import argparse
import time
from math import sqrt

import numpy as np

from uptake.core.chance import stream
from uptake.measure.diffusion import bass
from uptake.measure.forecast import forecast
from uptake.measure.survival import Counts

PEOPLE, CEILING, INNOVATION, IMITATION = 2000, 0.8, 0.01, 0.12
HORIZON_DAYS, KNOWN_DAYS, EARLY_DAYS = 60, 24, 12
Z_90 = 1.6448536269514722
COVERAGE_LEAST, WRONG_MOST = 0.85, 0.02


def made(seed: int) -> tuple[np.ndarray, int]:
    """Adopters on each day of the horizon, and how many will ever adopt."""
    chance = stream(seed, "bench", "adoption")
    ever, had, adopted = int(chance.binomial(PEOPLE, CEILING)), 0, np.zeros(HORIZON_DAYS)
    for day in range(HORIZON_DAYS):
        rate = INNOVATION + IMITATION * min(had / (CEILING * PEOPLE), 1.0)
        adopted[day] = chance.binomial(ever - had, rate)
        had += int(adopted[day])
    return adopted, ever


def known(adopted: np.ndarray) -> Counts:
    """The first days, as a wave that is still watched."""
    happened, ended = adopted[:KNOWN_DAYS].copy(), np.zeros(KNOWN_DAYS)
    ended[-1] = PEOPLE - happened.sum()
    return Counts(happened=happened, ended=ended, followed_days=KNOWN_DAYS - 1)


def early(runs: int) -> tuple[float, float]:
    """At a fifth of the horizon: how often a forecast is made all the same, and how often one that is wrong."""
    made_so_early, wrong = 0, 0
    for seed in range(runs):
        told = forecast([known(made(seed)[0]).cut(EARLY_DAYS - 1)], days=1, seed=seed)
        if told.reach is not None:
            made_so_early += 1
            wrong += not told.low <= CEILING <= told.high
    return made_so_early / runs, wrong / runs


def least_squares(adopted: np.ndarray) -> bool:
    """Whether the usual interval of the Bass curve holds the truth."""
    try:
        found = bass(adopted[:KNOWN_DAYS].tolist(), curve="cumulative")
    except (ValueError, np.linalg.LinAlgError):
        return False
    return abs(found.m / PEOPLE - CEILING) <= Z_90 * found.se_m / PEOPLE


def main() -> int:
    """Makes the rollouts and prints how often each interval held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500)
    runs = parser.parse_args().runs
    held, came, ahead, usual, refused, widths, began = 0, 0, 0, 0, 0, [], time.process_time()
    for seed in range(runs):
        adopted, ever = made(seed)
        told = forecast([known(adopted)], days=HORIZON_DAYS - KNOWN_DAYS, seed=seed)
        held += told.low <= CEILING <= told.high
        came += told.low <= ever / PEOPLE <= told.high
        ahead += bool(told.fan) and told.fan[-1][0] <= adopted.sum() / PEOPLE <= told.fan[-1][-1]
        usual += least_squares(adopted)
        refused += told.reach is None
        widths.append(told.high - told.low)
    cost_s = (time.process_time() - began) / runs
    share = held / runs
    print(
        f"final reach at 40 % of the horizon, {runs} rollouts: the 90 % interval holds the truth in {share:.3f} "
        f"(+- {sqrt(share * (1 - share) / runs):.3f}, at least {COVERAGE_LEAST}), what these people come to in "
        f"{came / runs:.3f}; width {np.mean(widths):.3f}; {refused / runs:.3f} not forecast"
    )
    print(f"the fan's outer quantiles hold reach on the last day in {ahead / runs:.3f}; {cost_s:.2f} s of CPU each")
    print(f"least squares on the same days holds the truth in {usual / runs:.3f}; ratio {held / max(usual, 1):.1f}")
    soon, wrong = early(runs)
    print(f"at 20 % of the horizon a forecast is made in {soon:.3f}, a wrong one in {wrong:.3f} (at most {WRONG_MOST})")
    return int(share < COVERAGE_LEAST or wrong > WRONG_MOST)


if __name__ == "__main__":
    raise SystemExit(main())

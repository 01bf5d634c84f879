"""How an outcome varied before anything began: what a plan's power is worked out from.

Units' means in equally long periods, as their looks will take them; gaps are left out pair by pair. No wave is known.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np

from uptake.measure.statistics import Floats

ALIKE_MOST = 0.99
PAIRS_LEAST = 10
"""With fewer pairs of values in two periods nothing is said of how alike they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """An outcome's mean, the standard deviation of a unit's value in one period, and how alike two periods are.

    `correlation` is in [0, 0.99]; None with too few units that have values in two periods.
    """

    mean: float
    deviation: float
    correlation: float | None


def spread(values: Floats) -> Spread | None:
    """The spread of a table of units x periods, NaN for a gap; None with fewer than two values in every period.

    The variance is that between units, averaged over periods; the correlation the mean covariance of two periods over
    it, so that it is what `power.planned` takes.
    """
    there = ~np.isnan(values)
    counts = there.sum(axis=0)
    useful = counts >= 2
    if not useful.any():
        return None
    table, there = values[:, useful], there[:, useful]
    means = np.where(there, table, 0.0).sum(axis=0) / counts[useful]
    off = np.where(there, table - means, 0.0)
    variance = float(((off**2).sum(axis=0) / (counts[useful] - 1)).mean())
    pairs = there.T.astype(float) @ there
    np.fill_diagonal(pairs, 0.0)
    correlation = None
    if pairs.sum() / 2 >= PAIRS_LEAST and variance > 0:
        both = off.T @ off
        between = float((both.sum() - np.trace(both)) / pairs.sum())
        correlation = min(max(between / variance, 0.0), ALIKE_MOST)
    mean = float(np.where(there, table, 0.0).sum() / there.sum())
    return Spread(mean=mean, deviation=variance**0.5, correlation=correlation)

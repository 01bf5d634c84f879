"""All that an estimate needs of a panel: for each cohort its size, mean path and covariance.

A cohort is the units that are first exposed in one period. Means and covariances are sums over units, so a table of any
length is read once, in pieces, and one more period costs one more column. Nothing here knows an estimand.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int_]

NEVER = np.inf
"""The cohort of units that are never exposed."""
CELLS_HELD = 100_000
"""So many values are held beside the panel at once: they stay near the processor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Sufficient statistics per cohort, cohorts in the order of their first exposed period, the never exposed last.

    Args:
        periods: T, strictly rising.
        cohorts: G, the first exposed period of each, `NEVER` for none.
        sizes: G, units, at least 2 each.
        means: G x (T + J); the columns behind the T periods are baseline covariates.
        covariances: G x (T + J) x (T + J), with the divisor N - 1.
        first: G, the period in which something of the change first reached each cohort (an announcement, training), at
            most its own, rising; from then on it is no control, and nothing later is its time before. None where
            nothing comes before exposure.
    """

    periods: Floats
    cohorts: Floats
    sizes: Floats
    means: Floats
    covariances: Floats
    first: Floats | None = None

    @property
    def touched(self) -> Floats:
        """G, from which period on a cohort is no control."""
        return self.cohorts if self.first is None else self.first

    @property
    def units(self) -> int:
        """Units of all cohorts."""
        return int(self.sizes.sum())

    @property
    def covariates(self) -> int:
        """J, the baseline covariates behind the periods."""
        return self.means.shape[1] - self.periods.size

    def starts(self) -> Ints:
        """G, the index of each cohort's first exposed period; T for the never exposed and for later ones."""
        return np.searchsorted(self.periods, self.cohorts, side="left").astype(np.int_)


def summarise(values: Floats, labels: Ints, *, cohorts: Floats, periods: Floats) -> Statistics:
    """The statistics of a wide panel.

    Args:
        values: units x (periods + covariates), float32 or float64, without gaps.
        labels: the place of each unit's cohort in `cohorts`.
        cohorts: rising, `NEVER` last where there is one; each with at least two units.
        periods: rising.
    """
    count, width = len(cohorts), values.shape[1]
    kind = np.int16 if count <= np.iinfo(np.int16).max else np.int64
    order = np.argsort(labels.astype(kind), kind="stable")
    sizes = np.bincount(labels, minlength=count)
    ends, centre = np.cumsum(sizes), values.mean(axis=0, dtype=np.float64)
    means, covariances = np.empty((count, width)), np.empty((count, width, width))
    for place, end in enumerate(ends):
        means[place], covariances[place] = _moments(values, order[end - sizes[place] : end], centre)
    return Statistics(
        periods=periods, cohorts=cohorts, sizes=sizes.astype(np.float64), means=means, covariances=covariances
    )


def _moments(values: Floats, mine: Ints, centre: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of some units, in one pass about a common centre, which keeps the digits.

    Source: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", on shifted data.
    """
    width = centre.size
    rows = max(1, CELLS_HELD // width)
    taken, held, ones = np.empty((rows, width), values.dtype), np.empty((rows, width)), np.ones(rows)
    total, cross = np.zeros(width), np.zeros((width, width))
    for begin in range(0, mine.size, rows):
        units = mine[begin : begin + rows]
        piece = held[: units.size]
        np.take(values, units, axis=0, out=taken[: units.size], mode="clip")  # nothing to clip: all are inside
        np.subtract(taken[: units.size], centre, out=piece)
        total += ones[: units.size] @ piece
        cross += piece.T @ piece
    mean = total / mine.size
    return centre + mean, (cross - mine.size * np.outer(mean, mean)) / (mine.size - 1)

"""How large an effect a staged rollout could show, before anybody is exposed.

The estimator's own variance (`staggered`) under an assumed covariance instead of one that was measured; and the closed
form of Hussey & Hughes for the mixed model that stepped-wedge trials are often planned with. Arrays in, numbers out.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from uptake.measure.looks import joint, looks, views
from uptake.measure.spending import Spending, boundaries, crossing, shares
from uptake.measure.staggered import Beta, estimate
from uptake.measure.statistics import NEVER, Floats, Statistics
from uptake.measure.weights import Estimand, Lag, weights

NORMAL = NormalDist()
STEPS = 16
"""Halvings in the search for an effect."""


def planned(sizes: Sequence[int], starts: Sequence[float], periods: int, *, correlation: float) -> Statistics:
    """The statistics that a rollout would have with a standard deviation of 1 and one correlation between all periods.

    Args:
        sizes: units of each wave, at least 2 each that is to count; waves that start together are taken together.
        starts: the first exposed period of each, from 0; `NEVER`, or a period beyond the last, for none.
        periods: how many there are, at least 2.
        correlation: of a unit's values in two periods, in [0, 1).
    """
    later = [float(start) if start < periods else NEVER for start in starts]
    known = sorted(set(later))
    counts = np.array([sum(size for size, at in zip(sizes, later, strict=True) if at == start) for start in known])
    covariance = (1 - correlation) * np.eye(periods) + correlation * np.ones((periods, periods))
    return Statistics(
        periods=np.arange(periods, dtype=np.float64),
        cohorts=np.array(known),
        sizes=counts.astype(np.float64),
        means=np.zeros((len(known), periods)),
        covariances=np.broadcast_to(covariance, (len(known), periods, periods)).copy(),
    )


def error(
    known: Statistics, *, estimand: Estimand = "simple", beta: Beta = "efficient", lag: Lag = "mean"
) -> float | None:
    """The standard error of an estimand's estimate; None where nothing is identified.

    Args:
        known: planned, or measured.
        estimand: any but an event study.
        beta: see `staggered.estimate`.
        lag: see `weights`.
    """
    sought = weights(known, estimand, controls="not-yet", lag=lag)
    return estimate(known, sought[0], beta=beta).se_neyman if sought else None


def power(effect: float, standard_error: float, *, alpha: float = 0.05) -> float:
    """How often a two-sided test at `alpha`, looked at once, finds an effect."""
    critical, shift = NORMAL.inv_cdf(1 - alpha / 2), effect / standard_error
    return NORMAL.cdf(shift - critical) + NORMAL.cdf(-shift - critical)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A plan's looks: the covariance of their estimates, their boundaries, and the rule by which these were made."""

    covariance: Floats
    boundaries: tuple[float, ...]
    rule: Spending

    def found(self, effect: float) -> tuple[float, ...]:
        """How often a constant effect, in the covariance's unit, is found by each look, in either direction; rising."""
        drift = [effect] * len(self.boundaries)
        return crossing(self.covariance, self.boundaries, drift, seed=self.rule.seed, paths=self.rule.paths)

    def detectable(self, often: float = 0.8) -> float:
        """The effect that is found so often by the last look."""
        low, high = 0.0, float(np.sqrt(self.covariance[-1, -1]))
        while self.found(high)[-1] < often:
            low, high = high, 2 * high
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.found(middle)[-1] < often else (low, middle)
        return (low + high) / 2


def schedule(known: Statistics, at: Sequence[int], rule: Spending) -> Schedule | None:
    """The looks at a planned rollout; None where none of them identifies anything.

    The efficient estimate of `simple` with the mean of all periods before, as outcomes are looked at.

    Args:
        known: planned, with one standard deviation and a correlation, or measured.
        at: after how many periods is looked, rising; looks at which nothing is identified are left out.
        rule: how the error is spent; its degrees of freedom play no part, so they are to be many.
    """
    seen = looks(known, views(known, at))
    if not seen:
        return None
    covariance = joint(known, seen)
    return Schedule(
        covariance=covariance,
        boundaries=boundaries(covariance, shares([one.se**2 for one in seen]), rule),
        rule=rule,
    )


def detectable(standard_error: float, *, often: float = 0.8, alpha: float = 0.05) -> float:
    """The effect that is found so often; the far tail is left out, as in every published formula.

    >>> round(detectable(1.0), 3)
    2.802
    """
    return (NORMAL.inv_cdf(1 - alpha / 2) + NORMAL.inv_cdf(often)) * standard_error


def hussey_hughes(exposed: Floats, *, within: float, between: float) -> float:
    """The variance of the effect in a cross-sectional stepped wedge, with fixed periods and random clusters.

    Args:
        exposed: clusters x periods, 1 where a cluster is exposed.
        within: the variance of a cluster's mean in one period about the cluster's own level.
        between: the variance of those levels.

    Source: Hussey & Hughes (2007), "Design and analysis of stepped wedge cluster randomized trials", equation 8.
    """
    clusters, periods = exposed.shape
    u = exposed.sum()
    w = (exposed.sum(axis=0) ** 2).sum()
    v = (exposed.sum(axis=1) ** 2).sum()
    above = clusters * within * (within + periods * between)
    first = (clusters * u - w) * within
    second = (u**2 + clusters * periods * u - periods * w - clusters * v) * between
    return float(above / (first + second))

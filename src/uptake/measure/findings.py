"""What repeated looks show: bands that hold together, the finding that they make, and how long until there is one.

A band is an interval that allows for all looks, earlier and later. A target and a limit of harm are looked at as
differences from them (`looks.against`), each with an error of its own that was fixed beforehand. A band that stands is
never changed: later ones are added to it.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from uptake.measure.looks import Look
from uptake.measure.spending import Spending, boundaries, student
from uptake.measure.statistics import Floats, Statistics

Found = Literal["achieved", "not achieved", "harm", "undecided"]
Want = Literal["increase", "decrease"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What one look says once all looks are allowed for: the interval that holds together with all others.

    Args:
        period: the last one that the look saw.
        estimate: in the outcome's unit.
        se: its standard error.
        boundary: how many standard errors, as later looks take it from here; infinite where nothing is said yet.
        low: lower end, by the boundary in Student's distribution where errors have few degrees of freedom.
        high: upper end.
    """

    period: float
    estimate: float
    se: float
    boundary: float
    low: float
    high: float


def bands(
    covariance: Floats,
    seen: Sequence[Look],
    planned: Sequence[float],
    rule: Spending,
    *,
    before: Sequence[Band] = (),
) -> tuple[Band, ...]:
    """Each look's interval; all hold together with probability 1 - alpha, as far as estimates are normal.

    Args:
        covariance: K x K, of the looks (`looks.joint`).
        seen: K, in order.
        planned: K, the planned share of information at each (`spending.shares`).
        rule: how the error is spent.
        before: the bands that stand already, of the first looks; they are given back as they are.
    """
    stood = [one.boundary for one in before]
    found = boundaries(covariance, planned, rule, before=stood)[len(before) :]
    return (*before, *(band(one, far, rule.df) for one, far in zip(seen[len(before) :], found, strict=True)))


def band(look: Look, boundary: float, df: float | None = None) -> Band:
    """A look's interval by a boundary; without ends where that is infinite."""
    width = student(boundary, df) * look.se if math.isfinite(boundary) else math.inf
    return Band(
        period=look.period,
        estimate=look.estimate,
        se=look.se,
        boundary=boundary,
        low=look.estimate - width,
        high=look.estimate + width,
    )


def finding(success: Band | None, guard: Band | None = None, *, want: Want) -> Found:
    """What the latest looks show.

    Args:
        success: of the effect less its target; None where nothing is known yet.
        guard: of the effect less its limit of harm; None where there is no limit, or nothing is known yet.
        want: which way is good.

    Returns:
        harm where the whole guard lies on the bad side of the limit, achieved where the whole band lies beyond the
        target, not achieved where the whole band falls short of it, else undecided.
    """
    sign = 1.0 if want == "increase" else -1.0
    if guard is not None and max(sign * guard.low, sign * guard.high) < 0:
        return "harm"
    if success is None:
        return "undecided"
    if min(sign * success.low, sign * success.high) > 0:
        return "achieved"
    return "not achieved" if max(sign * success.low, sign * success.high) <= 0 else "undecided"


def cleared(made: Sequence[Band]) -> Band | None:
    """The first band that does not hold zero; None where each does."""
    return next((one for one in made if one.low > 0 or one.high < 0), None)


def more_periods(
    made: Sequence[Band], coming: Sequence[float], covariance: Floats, planned: Sequence[float], rule: Spending
) -> float | None:
    """About how many more periods until the band clears zero, if the estimate stays what it is.

    Errors that are planned are scaled to the latest one that was measured, and the boundaries go on from those made.

    Args:
        made: the bands so far, at least one, of the effect less its target.
        coming: the periods of the planned looks after these.
        covariance: planned, of all looks, those made and those coming (`power.planned` with `correlation`).
        planned: the share of information at each of all looks.
        rule: how the error is spent.

    Returns:
        0 where the latest band is clear of zero; None where the plan's last look would not be either.
    """
    last, done = made[-1], len(made)
    if cleared([last]):
        return 0.0
    errors = np.sqrt(np.diag(covariance)) * last.se / math.sqrt(covariance[done - 1, done - 1])
    found = boundaries(covariance, planned, rule, before=[one.boundary for one in made])
    for place, period in enumerate(coming, start=done):
        if abs(last.estimate) > student(found[place], rule.df) * errors[place]:
            return period - last.period
    return None


def correlation(known: Statistics) -> float:
    """The mean correlation of a unit's values in two periods, in [0, 1), as a plan of later looks takes it.

    Source: the mean covariance between periods over the mean variance, cohorts by their degrees of freedom.
    """
    share = (known.sizes - 1) / np.sum(known.sizes - 1)
    pooled = np.einsum("g,gst->st", share, known.covariances)
    variance, periods = float(np.mean(np.diag(pooled))), len(pooled)
    if periods < 2 or variance <= 0:
        return 0.0
    between = (float(pooled.sum()) - periods * variance) / (periods * (periods - 1))
    return min(max(between / variance, 0.0), 0.99)

"""How long until: Kaplan-Meier from counts per day, with its errors; for adoption, and for relapse after it.

Who has not adopted yet was watched for some days without it: she counts for those days, and is never taken for one who
will not. Counts in, shares out; which groups are too small to be shown is for the caller. Nothing here forecasts
(`forecast`) or says what caused a difference.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass
from math import erfc, exp, gamma, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from uptake.measure.statistics import Floats, Ints

NORMAL = NormalDist()
DAYS_MOST = 36_525
"""A century; more is a mistake in a unit."""


class NotComparable(ValueError):
    """Groups that were not watched equally long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A group by days since its exposure (or since adoption): a place per day, from day 0 on.

    Args:
        happened: D + 1, people to whom it happened on the day; a sum of weights where people are weighted.
        ended: D + 1, people whose watching ended on the day without it: today, or because they left. They were
            watched on that day too.
        followed_days: D, the days that the group could be watched: from exposure until the last whole day.
    """

    happened: Floats
    ended: Floats
    followed_days: int

    def __post_init__(self) -> None:
        assert self.happened.shape == self.ended.shape == (self.followed_days + 1,)
        assert bool((self.happened >= 0).all() and (self.ended >= 0).all())

    @property
    def people(self) -> float:
        """All who were watched."""
        return float(self.happened.sum() + self.ended.sum())

    def at_risk(self) -> Floats:
        """D + 1, people watched on each day to whom it has not happened before."""
        return np.cumsum((self.happened + self.ended)[::-1])[::-1]

    def cut(self, days: int) -> "Counts":
        """The same group as it stood after so many days, in [0, followed_days]: what came later is not yet known."""
        assert 0 <= days <= self.followed_days
        ended = self.ended[: days + 1].copy()
        ended[days] += self.happened[days + 1 :].sum() + self.ended[days + 1 :].sum()
        return Counts(happened=self.happened[: days + 1].copy(), ended=ended, followed_days=days)

    def working(self, works: Sequence[bool]) -> "Counts":
        """The same group by working days alone: what happened or ended on another counts on the next one.

        What comes after the last working day counts on that.

        Args:
            works: whether each day from 0 to followed_days is one; at least one is.
        """
        days = np.asarray(works, dtype=np.bool_)
        assert days.shape == self.happened.shape
        last = int(days.sum()) - 1
        assert last >= 0
        place = np.minimum(np.cumsum(days) - days, last)
        return Counts(
            happened=np.bincount(place, self.happened, last + 1).astype(np.float64),
            ended=np.bincount(place, self.ended, last + 1).astype(np.float64),
            followed_days=last,
        )


def counts(
    days: ArrayLike, happened: ArrayLike, *, weights: ArrayLike | None = None, followed_days: int | None = None
) -> Counts:
    """Counts per day of people that are given one by one.

    Args:
        days: whole days per person, at least 0: until it happened, or until her watching ended.
        happened: per person, whether it did.
        weights: per person, above 0; a weight of 2 counts as two people. 1 each by default.
        followed_days: days that the group could be watched; the longest of `days` by default.
    """
    places, flags = np.asarray(days, dtype=np.int64), np.asarray(happened, dtype=np.bool_)
    shares = np.ones(places.size) if weights is None else np.asarray(weights, dtype=np.float64)
    assert places.shape == flags.shape == shares.shape
    longest = int(places.max()) if places.size else 0
    followed = longest if followed_days is None else followed_days
    assert longest <= followed <= DAYS_MOST
    assert not places.size or int(places.min()) >= 0
    return Counts(
        happened=np.bincount(places, weights=shares * flags, minlength=followed + 1).astype(np.float64),
        ended=np.bincount(places, weights=shares * ~flags, minlength=followed + 1).astype(np.float64),
        followed_days=followed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The share to whom it has not happened by the end of a day, its standard error and its interval."""

    share: float
    se: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """The Kaplan-Meier curve: a place for each day on which it happened to somebody.

    Args:
        days: K, rising.
        at_risk: K, watched on the day.
        happened: K, above 0.
        share: K, to whom it has not happened by the end of the day, in [0, 1], falling.
        se: K, Greenwood's standard error of `share`.
        low: K, the interval's lower end, on the log-log scale.
        high: K, its upper end. Where nobody is left the interval runs from 0 to the upper end of the day before.
        people: all who were watched.
        followed_days: beyond it nothing is known.
        watched: followed_days + 1, people at risk on each day.
        level: of the interval.
    """

    days: Ints
    at_risk: Floats
    happened: Floats
    share: Floats
    se: Floats
    low: Floats
    high: Floats
    people: float
    followed_days: int
    watched: Floats
    level: float

    def at(self, day: int) -> Point | None:
        """The point at the end of a day; None where nobody was watched so long.

        Before it has happened to anybody the interval is the exact one of n people watched on the day: from
        ((1 - level) / 2)^(1 / n) to 1.
        """
        if day < 0 or day > self.followed_days:
            return None
        place = int(np.searchsorted(self.days, day, side="right")) - 1
        ended = place >= 0 and float(self.share[place]) == 0.0
        if not ended and float(self.watched[day]) <= 0:
            return None
        if place < 0:
            return Point(share=1.0, se=0.0, low=((1 - self.level) / 2) ** (1 / float(self.watched[day])), high=1.0)
        share, se, low, high = (float(row[place]) for row in (self.share, self.se, self.low, self.high))
        return Point(share=share, se=se, low=low, high=high)

    def median(self) -> int | None:
        """The first day by whose end it has happened to half of the people; None where it has not been reached."""
        return self._first(self.share)

    def median_interval(self) -> tuple[int | None, int | None]:
        """The first days on which the lower and the upper end of the interval are at most one half.

        Source: Brookmeyer & Crowley (1982), "A confidence interval for the median survival time", on the log-log scale.
        """
        return self._first(self.low), self._first(self.high)

    def _first(self, row: Floats) -> int | None:
        below = np.flatnonzero(row <= 0.5 + 1e-12)
        return int(self.days[below[0]]) if below.size else None


def kaplan_meier(group: Counts, *, level: float = 0.95) -> Curve:
    """The share to whom it has not happened yet, by day; 1 - share is reach, and of relapse share is sustainment.

    Args:
        group: counts per day.
        level: of the pointwise intervals, in (0, 1).

    Source: Kaplan & Meier (1958), "Nonparametric estimation from incomplete observations"; Greenwood (1926) for the
        error; Kalbfleisch & Prentice, "The Statistical Analysis of Failure Time Data", for the log-log
        interval S^exp(+-z se / (S log S)).
    """
    watched = group.at_risk()
    days = np.flatnonzero(group.happened > 0)
    at_risk, happened = watched[days], group.happened[days]
    left = np.maximum(at_risk - happened, 0.0)
    left[left < 1e-9 * at_risk] = 0.0
    share = np.cumprod(left / at_risk, dtype=np.float64)
    alive = left > 0
    terms = np.divide(happened, at_risk * left, out=np.zeros_like(at_risk), where=alive)
    summed: Floats = np.sqrt(np.cumsum(terms))
    z = NORMAL.inv_cdf((1 + level) / 2)
    safe = np.where(alive, share, 0.5)
    spread = np.exp(z * summed / np.abs(np.log(safe)))
    low, high = np.where(alive, safe**spread, 0.0), np.where(alive, safe ** (1 / spread), 0.0)
    if days.size and not alive[-1]:
        high[-1] = high[-2] if days.size > 1 else 1.0
    return Curve(
        days=days.astype(np.int_),
        at_risk=at_risk,
        happened=happened,
        share=share,
        se=share * summed,
        low=low,
        high=high,
        people=group.people,
        followed_days=group.followed_days,
        watched=watched,
        level=level,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRank:
    """Whether groups differ in time until: chi-squared on groups - 1 degrees of freedom, and its p."""

    statistic: float
    df: int
    p: float


def log_rank(groups: Sequence[Counts]) -> LogRank:
    """The log-rank test between groups that were watched equally long.

    Waves differ in how long they were watched and in when: `Counts.cut` makes the first equal, nothing makes the second
    so. It says whether curves differ, not why.

    Args:
        groups: at least 2.

    Raises:
        NotComparable: the groups were followed for different numbers of days, or it happened to nobody.

    Source: Mantel (1966), "Evaluation of survival data and two new rank order statistics arising in its consideration".
    """
    assert len(groups) >= 2
    followed = sorted({group.followed_days for group in groups})
    if len(followed) > 1:
        raise NotComparable(
            f"the groups were followed for different times ({', '.join(map(str, followed))} days): "
            f"cut them to {followed[0]}"
        )
    happened = np.array([group.happened for group in groups])
    at_risk = np.array([group.at_risk() for group in groups])
    total, all_risk = happened.sum(axis=0), at_risk.sum(axis=0)
    used = total > 0
    if not used.any():
        raise NotComparable("it has happened to nobody in any group")
    happened, at_risk, total, all_risk = happened[:, used], at_risk[:, used], total[used], all_risk[used]
    shares = at_risk / all_risk
    difference = (happened - shares * total).sum(axis=1)
    scale = np.divide(total * (all_risk - total), all_risk - 1, out=np.zeros_like(total), where=all_risk > 1)
    covariance = np.diag((shares * scale).sum(axis=1)) - (shares * scale) @ shares.T
    first = difference[:-1]
    solved = np.asarray(np.linalg.lstsq(covariance[:-1, :-1], first, rcond=None)[0], dtype=np.float64)
    statistic = float(first @ solved)
    return LogRank(statistic=statistic, df=len(groups) - 1, p=chi_squared_above(statistic, len(groups) - 1))


def chi_squared_above(x: float, df: int) -> float:
    """P(X > x) of the chi-squared distribution.

    Args:
        x: at least 0.
        df: at least 1, a whole number, for which the sum is finite.

    Source: Abramowitz & Stegun (1964), 26.4.4 and 26.4.5.

    >>> round(chi_squared_above(3.841459, 1), 6), round(chi_squared_above(9.487729, 4), 6)
    (0.05, 0.05)
    """
    assert x >= 0
    assert df >= 1
    half = x / 2
    if df % 2 == 0:
        return exp(-half) * sum(half**k / gamma(k + 1) for k in range(df // 2))
    return erfc(sqrt(half)) + exp(-half) * sum(half ** (k - 0.5) / gamma(k + 0.5) for k in range(1, df // 2 + 1))


def stayed(used: Sequence[int], *, today: int, relapse_days: int) -> tuple[int, bool]:
    """How long an adopter stayed, and whether she then relapsed: a pair for `counts`, days since adoption.

    Relapse is the first day on which `relapse_days` days in a row have passed without use. It is dated on the day on
    which that is known, so that who was watched for too short a time cannot count as one who stayed; coming back later
    does not undo it.

    Args:
        used: whole days with use, rising, the first the day of adoption; any origin.
        today: the last whole day, not before the first of `used`; later ones are left out.
        relapse_days: at least 1.

    >>> stayed([10, 12, 20], today=40, relapse_days=14)
    (24, True)
    >>> stayed([10, 12, 20], today=33, relapse_days=14)
    (23, False)
    """
    assert relapse_days >= 1
    known = [day for day in used if day <= today]
    assert known
    for day, following in zip(known, [*known[1:], today + 1], strict=True):
        if following - day > relapse_days:
            return day + relapse_days - known[0], True
    return today - known[0], False

"""One effect followed through all looks of a plan: values in, bands out, those that stand left as they are.

Which inference is used, how the error is spent and against what target the effect is held is fixed before the first
look (`Course`). Gaps are filled without regard to waves, so that a draw that might have been would have filled them
alike. Which looks there are and what is done about a finding is not known here.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from uptake.measure import paths
from uptake.measure.findings import Band, bands
from uptake.measure.looks import View, against, joint, looks, views
from uptake.measure.paths import Drawn, Method
from uptake.measure.sequence import sequence
from uptake.measure.spending import Kind, Spending, allowed
from uptake.measure.statistics import Floats, Ints, Statistics, summarise


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How an effect is followed, fixed before the first look.

    Args:
        method: of inference, see `paths.method_for`.
        kind: how the error is spent.
        alpha: in all, two-sided.
        planned: the share of the planned information at each look, the first look's first; 0 where it can know nothing.
        share: the effect is held against this share of what there would have been without it, such as -0.1.
        studentised: for paths of persons; not for a few settings.
        seed: of normal paths.
    """

    method: Method
    kind: Kind
    alpha: float
    planned: tuple[float, ...]
    share: float = 0.0
    studentised: bool = True
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An outcome of drawn units as far as it is known.

    Args:
        values: units x periods, without gaps.
        labels: the place of each unit's cohort.
        cohorts: the first exposed period of each cohort, rising, `NEVER` last where there is one.
        first: the period in which something of the change first reached each (`Statistics.first`).
        periods: their names, rising: of a look's period its number from 1, of those before the first look 0 and below.
        orders: (1 + B) x units for paths, as in `paths.Drawn`; None for the other methods.
    """

    values: Floats
    labels: Ints
    cohorts: Floats
    first: Floats
    periods: Floats
    orders: Ints | None = None

    @property
    def exposed(self) -> Floats:
        """Units x periods, 1 where a unit was exposed."""
        return (self.periods >= self.cohorts[:, None]).astype(float)[self.labels]


def fill(values: Floats) -> tuple[Floats, float]:
    """A panel without gaps, and the share of it that had to be filled.

    A gap takes its period's mean and what its unit was off the means in the periods before it that it has. Who was
    exposed plays no part, so nothing is found without an effect, and what comes later changes no earlier period; an
    effect comes out the smaller for it.

    Args:
        values: units x periods, NaN for a gap; every period has values.
    """
    gaps = np.isnan(values)
    if not gaps.any():
        return values, 0.0
    there = ~gaps
    means = np.where(there, values, 0.0).sum(axis=0) / there.sum(axis=0)
    off = np.where(there, values - means, 0.0)
    total, count = np.cumsum(off, axis=1) - off, np.cumsum(there, axis=1) - there
    before = np.divide(total, count, out=np.zeros_like(total), where=count > 0)
    return np.where(gaps, means + before, values), float(gaps.mean())


@dataclass(slots=True)
class Walked:
    """The paths of looks that were made already, (1 + B) x looks, by their numbers: kept in memory, to be quick."""

    numbers: tuple[int, ...] = ()
    columns: Floats | None = None


def follow(
    known: Followed,
    course: Course,
    made: Sequence[int],
    *,
    before: Sequence[Band] = (),
    walked: Walked | None = None,
) -> tuple[Band, ...]:
    """The bands of all looks so far that can say anything.

    Args:
        known: the outcome up to the latest look.
        course: fixed beforehand.
        made: the numbers of the looks, rising; each has seen the periods up to its own number, which is one of them.
        before: the bands that stand, of the first looks in `made` that could say anything; given back as they are.
        walked: what paths need of the looks in `before`, if it is still there.
    """
    if course.method == "paths":
        return _by_paths(known, course, made, before, walked or Walked())
    seen = _seen(known, course, made)
    if not seen:
        return tuple(before)
    shares = [_share(course, one) for one in seen]
    stats = summary(known)
    assert stats is not None, "with few units there are paths"
    effect = looks(stats, seen)
    moved = against(stats, effect, share=course.share) if course.share else effect
    if course.method == "sequence":
        first = before[0].se if before else moved[0].se
        best = max(course.planned) / shares[0] / first**2
        return (*before, *sequence(moved, best=best, alpha=course.alpha)[len(before) :])
    df = stats.units - len(stats.cohorts)
    rule = Spending(kind=course.kind, alpha=course.alpha, seed=course.seed, df=df)
    return bands(joint(stats, moved), moved, shares, rule, before=before)


def _seen(known: Followed, course: Course, made: Sequence[int]) -> list[View]:
    """What the looks ask, where they can know anything."""
    at = [int(np.searchsorted(known.periods, number, side="right")) for number in made]
    return [one for one in views(_shape(known), at) if _share(course, one) > 0]


def _share(course: Course, view: View) -> float:
    return course.planned[round(view.period) - 1]


def _shape(known: Followed) -> Statistics:
    """Sizes and dates alone, as `looks.views` reads them."""
    sizes = np.bincount(known.labels, minlength=known.cohorts.size).astype(np.float64)
    nothing = np.zeros((known.cohorts.size, known.periods.size))
    flat = {"means": nothing, "covariances": nothing[:, :, None]}
    return Statistics(periods=known.periods, cohorts=known.cohorts, sizes=sizes, first=known.first, **flat)


def summary(known: Followed) -> Statistics | None:
    """The sufficient statistics of an outcome; None where a cohort has a single unit."""
    if np.bincount(known.labels, minlength=known.cohorts.size).min() < 2:
        return None
    stats = summarise(known.values, known.labels, cohorts=known.cohorts, periods=known.periods)
    return replace(stats, first=known.first)


def _by_paths(
    known: Followed, course: Course, made: Sequence[int], before: Sequence[Band], walked: Walked
) -> tuple[Band, ...]:
    """Bands from the draws that might have been."""
    assert known.orders is not None
    numbers = tuple(round(band.period) for band in before)
    stood = walked.columns if walked.numbers == numbers else None
    skipped = max(numbers, default=0) if stood is not None or not numbers else 0
    seen = _seen(known, course, [number for number in made if number > skipped])
    if not seen:
        return tuple(before)
    values = known.values / (1 + course.share * known.exposed) if course.share else known.values
    beta = "efficient" if course.studentised else "1"
    drawn = Drawn(values=values, orders=known.orders, views=seen, beta=beta, studentised=course.studentised)
    new = paths.statistics(drawn)
    columns = new if stood is None else np.hstack([stood, new])
    told = [*(() if stood is None else numbers), *(round(one.period) for one in seen)]
    spendable = [allowed(course.kind, course.planned[number - 1], alpha=course.alpha) for number in told]
    found = paths.thresholds(columns, spendable, before=[one.boundary for one in before])
    points = paths.statistics(replace(drawn, orders=known.orders[:1], studentised=False))[0]
    bands_made, begin = list(before), len(told) - len(seen)
    for place in range(len(before), len(told)):
        point, statistic, far = float(points[place - begin]), float(columns[0, place]), found[place]
        se = abs(point / statistic) if course.studentised and statistic else 1.0
        low, high = point - far * se, point + far * se
        if not course.studentised and not course.share and math.isfinite(far):
            upto = replace(drawn, views=_seen(known, course, told[: place + 1]))
            inverted = paths.confidence(upto, known.exposed, spendable[: place + 1])
            low, high = inverted.low, inverted.high
        period = float(told[place])
        bands_made.append(Band(period=period, estimate=point, se=se, boundary=far, low=low, high=high))
    walked.numbers, walked.columns = tuple(told), columns
    return tuple(bands_made)

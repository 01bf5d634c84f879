"""Looking again and again with few settings or small cohorts: exact, by the draws that might have been.

The whole path of a statistic over the looks is made for the order as drawn and for orders drawn anew by the plan's own
randomiser. Of all these paths as many may cross at each look as the schedule spends; they are alike without an effect,
so the one that was drawn crosses as rarely as any. Exact for planned dates; where gates moved the dates it is what
simulation found it to be (no harm from waiting, a bias towards harm after stopping for it), and a result says so.
Source: Rosenbaum (2002), "Observational Studies", section 2.4, for a path instead of one statistic.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from uptake.measure.contrast import Interval
from uptake.measure.looks import View
from uptake.measure.staggered import Beta
from uptake.measure.statistics import Floats, Ints

Method = Literal["spending", "sequence", "paths"]
COHORT_LEAST = 100
"""With fewer drawn units in a cohort, normal paths are no longer good enough."""
REDRAWS_LEAST = 399
SAME = 1e-9
"""Statistics that differ by less, relative to the larger, are the same."""
CELLS_MOST = 8_000_000
"""So many memberships (orders x units) are held in memory at once."""
STEPS_MOST = 60
"""Doublings and halvings in the search for an interval's end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An outcome of drawn units, the orders, and the statistic that is followed.

    Args:
        values: units x periods, without gaps; of settings their means.
        orders: (1 + B) x units, the place of each unit's cohort: as drawn in the first row, drawn anew in the others,
            B at least `REDRAWS_LEAST`; no cohort is empty in any.
        views: what each look asks (`looks.views`), of cohorts of units, with the sizes that were drawn.
        beta: as in `staggered.estimate`; the efficient one is estimated anew in each order.
        studentised: divided by its Neyman error, for persons; not for a few settings, whose errors tell little.
    """

    values: Floats
    orders: Ints
    views: Sequence[View]
    beta: Beta = "1"
    studentised: bool = False


def method_for(cohort_sizes: Sequence[int], drawn_units: int, *, open_ended: bool = False) -> Method:
    """Which inference repeated looks have.

    `paths` where a cohort has fewer than `COHORT_LEAST` drawn units, `sequence` where the plan has no end, else
    `spending`. Where settings were drawn and persons are measured, what counts is settings, and their means are looked
    at: an interval as if persons had been drawn is too narrow.

    Args:
        cohort_sizes: persons (or whatever is measured) in each cohort, those never exposed too.
        drawn_units: how many units were drawn: as many as persons, or settings.
        open_ended: the plan has no last look.

    >>> method_for([20, 20, 20], 12), method_for([150, 150], 300), method_for([900, 80], 980)
    ('paths', 'spending', 'paths')
    """
    smallest = min(cohort_sizes) * min(1.0, drawn_units / sum(cohort_sizes))
    if smallest < COHORT_LEAST:
        return "paths"
    return "sequence" if open_ended else "spending"


def statistics(drawn: Drawn) -> Floats:
    """(1 + B) x K: the statistic of each order at each look."""
    return _walk(drawn, _scores(drawn.views, drawn.values))


def thresholds(paths: Floats, spendable: Sequence[float], *, before: Sequence[float] = ()) -> tuple[float, ...]:
    """How far from zero a path must be at each look to cross: so that as many have crossed as may be spent.

    Each is made as if the later looks were not known. What is not spent, because paths are whole or end at the same
    place, is left for later looks.

    Args:
        paths: (1 + B) x K.
        spendable: K, the error that may be spent up to and with each look (`spending.allowed`), in [0, 1).
        before: those that stand already; they are given back as they are.

    Returns:
        The thresholds, to be exceeded; infinite where nothing may be spent.
    """
    found, far = list(before), np.abs(paths)
    alive = np.all(far[:, : len(before)] <= _above(np.array(before)), axis=1)
    for look in range(len(before), paths.shape[1]):
        found.append(_threshold(far[alive, look], len(paths), spendable[look]))
        alive &= far[:, look] <= _above(np.array(found[-1]))
    return tuple(found)


def _threshold(ends: Floats, count: int, spendable: float) -> float:
    """The threshold of a look for the paths that crossed nothing yet, of `count` in all."""
    left = math.floor(spendable * count + SAME) - (count - ends.size)
    if left <= 0:
        return math.inf
    return float(np.partition(ends, ends.size - left - 1)[ends.size - left - 1])


def crossed(paths: Floats, found: Sequence[float]) -> int | None:
    """The first look at which the order as drawn exceeds its threshold; None where it never does."""
    beyond = np.flatnonzero(np.abs(paths[0]) > _above(np.array(found)))
    return int(beyond[0]) if beyond.size else None


def confidence(drawn: Drawn, exposed: Floats, spendable: Sequence[float]) -> Interval:
    """The constant effects that the latest look does not reject; the sets of all looks hold the truth together.

    Each effect is taken out of the outcome as exposed, and the paths are walked again. The set is taken to be one
    interval about the estimate; its ends are searched outwards, so a gap inside would be bridged.

    Args:
        drawn: outcome, orders and looks, the latest one last.
        exposed: units x periods, 1 where a unit was exposed.
        spendable: K, the error that may be spent up to each look.

    Source: Rosenbaum (2002), section 2.6, inversion of a randomisation test.
    """
    outcome, exposure = _scores(drawn.views, drawn.values), _scores(drawn.views, exposed)
    plain = _walk(replace(drawn, studentised=False), outcome[-1:])[:, 0]
    spread = float(np.std(plain[1:])) or abs(float(plain[0])) or 1.0

    linear = drawn.beta != "efficient" and not drawn.studentised
    walks = [_walk(drawn, scores) for scores in (outcome, exposure)] if linear else []

    def rejected(effect: float) -> bool:
        paths = walks[0] - effect * walks[1] if linear else _walk(drawn, outcome - effect * exposure)
        return bool(np.abs(paths[0, -1]) > _above(np.array(thresholds(paths, spendable)))[-1])

    low, high = (_end(rejected, float(plain[0]), sign * spread / 8) for sign in (-1, 1))
    return Interval(estimate=float(plain[0]), low=low, high=high, draws=len(drawn.orders) - 1)


def _above(found: Floats) -> Floats:
    """Thresholds, a little raised: what differs by rounding alone is no crossing."""
    return found * (1 + SAME)


def _scores(seen: Sequence[View], values: Floats) -> Floats:
    """K x 2 x G x units: each unit's part in each look's difference in means and difference before, by cohort."""
    rows = np.stack([np.stack([one.sought.effect, one.sought.before[0]]) for one in seen])
    return rows @ (values - values.mean(axis=0)).T


def _walk(drawn: Drawn, scores: Floats) -> Floats:
    """Orders x K: the statistic, some orders at a time."""
    step, count = max(1, CELLS_MOST // drawn.orders.shape[1]), len(drawn.orders)
    return np.concatenate([_some(drawn, scores, slice(begin, begin + step)) for begin in range(0, count, step)])


def _some(kind: Drawn, scores: Floats, part: slice) -> Floats:
    """The statistic of some orders."""
    orders = kind.orders[part]
    if kind.beta != "efficient" and not kind.studentised:
        fixed, total = scores[:, 0] - float(kind.beta) * scores[:, 1], np.zeros((len(orders), len(scores)))
        for g in range(scores.shape[2]):
            mine = (orders == g).astype(float)
            total += mine @ fixed[:, g].T / mine.sum(axis=1, keepdims=True)
        return total
    moments = np.zeros((5, len(orders), len(scores)))
    for g in range(scores.shape[2]):
        mine, effect, before = (orders == g).astype(float), scores[:, 0, g], scores[:, 1, g]
        size = mine.sum(axis=1, keepdims=True)
        first, second = mine @ effect.T, mine @ before.T
        moments[0] += first / size
        moments[1] += second / size
        products = (effect * effect, effect * before, before * before)
        ends = (first * first, first * second, second * second)
        for row, (product, end) in enumerate(zip(products, ends, strict=True), start=2):
            moments[row] += (mine @ product.T - end / size) / np.maximum(size * (size - 1), 1)
    theta, x, var, cross, var_x = moments
    if kind.beta == "efficient":
        beta = np.divide(cross, var_x, out=np.zeros_like(cross), where=var_x > 0)
    else:
        beta = np.full_like(cross, float(kind.beta))
    point = theta - beta * x
    if not kind.studentised:
        return point
    error = np.sqrt(np.maximum(var + beta**2 * var_x - 2 * beta * cross, 0.0))
    return np.divide(point, error, out=np.zeros_like(point), where=error > 0)


def _end(rejected: Callable[[float], bool], start: float, step: float) -> float:
    """The end of what is not rejected, from a place that is not, in steps that double, then halved between."""
    inside, outside = start, start + step
    for _ in range(STEPS_MOST):
        if rejected(outside):
            break
        inside, step = outside, 2 * step
        outside = start + step
    else:
        return math.copysign(math.inf, step)
    for _ in range(STEPS_MOST):
        middle = (inside + outside) / 2
        if abs(outside - inside) <= SAME * max(abs(step), abs(middle)):
            break
        inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
    return outside

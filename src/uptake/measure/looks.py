"""One effect, looked at again and again: the estimates of all looks with their joint covariance, and what they show.

Every look's estimate is a weighted sum of the same cohort means, so how looks go together is known from the data and
nothing is assumed of it. Bands over all looks hold together; which finding they make stands here, too.
Source: Roth & Sant'Anna (arXiv:2102.01291), propositions 2.1 and 2.2, for each look.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from uptake.measure.spending import Kind, allowed, next_boundary
from uptake.measure.staggered import Beta, estimate
from uptake.measure.statistics import NEVER, Floats, Statistics
from uptake.measure.weights import Controls, Estimand, Lag, weights

Found = Literal["achieved", "not achieved", "harm", "undecided"]
Want = Literal["increase", "decrease"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An estimate as of one period, and the weights on cohort means that make it.

    Args:
        period: the last one that it saw.
        estimate: in the outcome's unit.
        se: its standard error, the conservative one (Neyman's), so that looks go together.
        weights: G x T over all periods; zero behind `period`.
    """

    period: float
    estimate: float
    se: float
    weights: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What one look says once all looks are allowed for: the interval that holds together with all others."""

    period: float
    estimate: float
    se: float
    boundary: float
    low: float
    high: float


def until(known: Statistics, periods: int) -> Statistics:
    """The statistics as they stood after the first so many periods; who is exposed later was not exposed yet."""
    assert known.covariates == 0, "covariates are no periods"
    last = known.periods[periods - 1]
    return replace(
        known,
        periods=known.periods[:periods],
        cohorts=np.where(known.cohorts > last, NEVER, known.cohorts),
        means=known.means[:, :periods],
        covariances=known.covariances[:, :periods, :periods],
    )


def looks(
    known: Statistics,
    at: Sequence[int],
    *,
    estimand: Estimand = "simple",
    beta: Beta = "efficient",
    controls: Controls = "not-yet",
    lag: Lag = "mean",
) -> tuple[Look, ...]:
    """The estimates at some looks, each from what was known then; looks at which nothing is identified are left out.

    Args:
        known: statistics of all periods so far, without covariates.
        at: after how many periods was looked, rising.
        estimand: not an event study, which asks something else at each look.
        beta: as in `staggered.estimate`.
        controls: as in `weights.weights`.
        lag: `mean` of all periods before a cohort's exposure by default: days are noisy.
    """
    assert estimand != "eventstudy"
    found: list[Look] = []
    for periods in at:
        seen = _merged(until(known, periods))
        sought = weights(seen.known, estimand, controls=controls, lag=lag) if seen.known.cohorts.size > 1 else ()
        if not sought:
            continue
        one = estimate(seen.known, sought[0], beta=beta)
        combined = sought[0].effect - np.einsum("k,kgt->gt", np.array(one.beta), sought[0].before)
        full = np.zeros((known.cohorts.size, known.periods.size))
        full[:, :periods] = combined[seen.place] * seen.share[:, None]
        found.append(
            Look(period=float(known.periods[periods - 1]), estimate=one.estimate, se=one.se_neyman, weights=full)
        )
    return tuple(found)


def joint(known: Statistics, seen: Sequence[Look]) -> Floats:
    """K x K: the covariance of the looks' estimates, sum over cohorts of B_j S_g B_k' / N_g."""
    stack = np.stack([one.weights for one in seen])
    return np.einsum("jgs,gst,kgt,g->jk", stack, known.covariances, stack, 1 / known.sizes, optimize=True)


def bands(
    known: Statistics,
    seen: Sequence[Look],
    shares: Sequence[float],
    kind: Kind,
    *,
    alpha: float = 0.05,
    seed: int | str,
) -> tuple[Band, ...]:
    """Each look's interval; all of them hold together with probability 1 - alpha, as far as paths are normal.

    Args:
        known: the statistics that the looks were made of.
        seen: the looks, in order.
        shares: the planned share of information at each.
        kind: `late` for success, `early` for guardrails.
        alpha: what may be spent in all.
        seed: of the paths.
    """
    covariance, made = joint(known, seen), list[float]()
    for place, share in enumerate(shares):
        part = covariance[: place + 1, : place + 1]
        made.append(next_boundary(part, made, allowed(kind, share, alpha=alpha), seed=seed))
    return tuple(
        Band(
            period=one.period,
            estimate=one.estimate,
            se=one.se,
            boundary=boundary,
            low=one.estimate - boundary * one.se if math.isfinite(boundary) else -math.inf,
            high=one.estimate + boundary * one.se if math.isfinite(boundary) else math.inf,
        )
        for one, boundary in zip(seen, made, strict=True)
    )


def finding(band: Band, *, want: Want, target: float = 0.0, harm: float = math.inf) -> Found:
    """What a band shows.

    Args:
        band: a look's interval.
        want: which way is good.
        target: the least effect wanted, in the outcome's unit and in the wanted direction, at least 0.
        harm: an effect in the other direction that is too much, at least 0; infinite where there is no guardrail.

    Returns:
        achieved where the whole band is beyond the target, harm where it is beyond the harm limit, not achieved where
        it falls short of the target as a whole, else undecided.
    """
    sign = 1.0 if want == "increase" else -1.0
    low, high = sorted((sign * band.low, sign * band.high))
    if high < -harm:
        return "harm"
    if low > target:
        return "achieved"
    return "not achieved" if high < target or (target == 0 and high <= 0) else "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    """Statistics in which cohorts that were alike then are one, where each cohort went, and its share of it."""

    known: Statistics
    place: "np.ndarray[tuple[int], np.dtype[np.int_]]"
    share: Floats


def _merged(seen: Statistics) -> _Merged:
    """Cohorts that nobody could tell apart yet (not exposed so far) taken together, as one cohort of them all."""
    starts, place = np.unique(seen.cohorts, return_inverse=True)
    sizes = np.bincount(place, weights=seen.sizes)
    share = seen.sizes / sizes[place]
    means = np.stack([share[place == g] @ seen.means[place == g] for g in range(starts.size)])
    covariances = np.stack(
        [np.einsum("g,gst->st", share[place == g], seen.covariances[place == g]) for g in range(starts.size)]
    )
    known = replace(seen, cohorts=starts, sizes=sizes, means=means, covariances=covariances)
    return _Merged(known=known, place=place, share=share)

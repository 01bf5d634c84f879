"""One effect, looked at again and again: the estimates of all looks with their joint covariance.

Every look's estimate is a weighted sum of the same cohort means, so how looks go together is known from the data and
nothing is assumed of it. What a look knew depends on sizes and dates alone (`views`), and so does what it would say of
a target in per cent (`against`). Which finding the looks make stands in `findings`.
Source: Roth & Sant'Anna (arXiv:2102.01291), propositions 2.1 and 2.2, for each look.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from uptake.measure.staggered import Beta, combined
from uptake.measure.statistics import NEVER, Floats, Ints, Statistics
from uptake.measure.weights import Controls, Estimand, Lag, Weights, weights


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a look asks of the cohort means, before any data.

    Args:
        period: the last one that it sees.
        sought: the weights on the means of all cohorts in all periods; zero behind `period`.
    """

    period: float
    sought: Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An estimate as of one period, and the weights on cohort means that make it.

    Args:
        period: the last one that it saw.
        estimate: in the outcome's unit.
        se: its standard error, the conservative one (Neyman's), so that looks go together.
        weights: G x T over all periods; zero behind `period`.
        exposed: G x T, the mean of the exposed: less the effect it is the mean that they would have had.
    """

    period: float
    estimate: float
    se: float
    weights: Floats
    exposed: Floats


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


def views(
    known: Statistics,
    at: Sequence[int],
    *,
    estimand: Estimand = "simple",
    controls: Controls = "not-yet",
    lag: Lag = "mean",
) -> tuple[View, ...]:
    """What each look asks, from sizes and dates alone; looks at which nothing is identified are left out.

    Args:
        known: cohorts, sizes and periods, without covariates; means and covariances are not read.
        at: after how many periods is looked, rising.
        estimand: not an event study, which asks something else at each look.
        controls: as in `weights.weights`.
        lag: `mean` of all periods before a cohort's exposure by default: days are noisy.
    """
    assert estimand != "eventstudy"
    found: list[View] = []
    for periods in at:
        alike, place, share = _alike(known, periods)
        sought = weights(alike, estimand, controls=controls, lag=lag) if alike.cohorts.size > 1 else ()
        if not sought:
            continue
        full = np.zeros((3, known.cohorts.size, known.periods.size))
        for row, part in enumerate((sought[0].effect, sought[0].before[0], sought[0].exposed)):
            full[row, :, :periods] = part[place] * share[:, None]
        made = Weights(effect=full[0], before=full[1:2], exposed=full[2])
        found.append(View(period=float(known.periods[periods - 1]), sought=made))
    return tuple(found)


def looks(known: Statistics, seen: Sequence[View], *, beta: Beta = "efficient") -> tuple[Look, ...]:
    """The estimates at some looks, each from what was known then.

    Args:
        known: statistics of all periods so far, without covariates.
        seen: what each look asks.
        beta: as in `staggered.estimate`.
    """
    made = [(one, combined(known, one.sought, beta=beta)) for one in seen]
    return tuple(_look(known, one.period, rows, one.sought.exposed) for one, rows in made)


def against(known: Statistics, seen: Sequence[Look], *, share: float = 0.0, level: float = 0.0) -> tuple[Look, ...]:
    """The same looks at how far the effect is beyond a target, as one weighted sum of cohort means.

    That is effect - share x m - level, where m is the mean that the exposed would have had without exposure; its error
    and how looks go together hold m's own uncertainty, too.

    Args:
        known: the statistics that the looks were made of.
        seen: looks at the effect itself.
        share: of m, such as -0.1 for "10 % less".
        level: in the outcome's unit, such as -2 for "2 less".
    """
    moved: list[Look] = []
    for one in seen:
        rows = (1 + share) * one.weights - share * one.exposed
        look = _look(known, one.period, rows, one.exposed)
        moved.append(replace(look, estimate=look.estimate - level))
    return tuple(moved)


def joint(known: Statistics, seen: Sequence[Look]) -> Floats:
    """K x K: the covariance of the looks' estimates, sum over cohorts of B_j S_g B_k' / N_g."""
    rows = np.stack([one.weights for one in seen], axis=1)
    return np.asarray((rows @ known.covariances @ rows.transpose(0, 2, 1) / known.sizes[:, None, None]).sum(axis=0))


def _look(known: Statistics, period: float, rows: Floats, exposed: Floats) -> Look:
    """A look from its weights."""
    variance = float(np.einsum("gs,gst,gt,g->", rows, known.covariances, rows, 1 / known.sizes, optimize=True))
    return Look(
        period=period,
        estimate=float(np.sum(rows * known.means)),
        se=float(np.sqrt(max(variance, 0.0))),
        weights=rows,
        exposed=exposed,
    )


def _alike(known: Statistics, periods: int) -> tuple[Statistics, Ints, Floats]:
    """Cohorts that nobody could tell apart yet taken together; where each cohort went, and its share of that one."""
    assert known.covariates == 0, "covariates are no periods"
    past = known.periods[:periods]
    then = np.where(np.stack([known.cohorts, known.touched]) > past[-1], NEVER, [known.cohorts, known.touched])
    (starts, first), place = np.unique(then, axis=1, return_inverse=True)
    place = place.reshape(-1)
    sizes = np.bincount(place, weights=known.sizes).astype(np.float64)
    nothing = np.zeros((starts.size, periods))
    flat = {"means": nothing, "covariances": nothing[:, :, None]}
    alike = Statistics(periods=past, cohorts=starts, sizes=sizes, first=first, **flat)
    return alike, place.astype(np.int_), known.sizes / sizes[place]

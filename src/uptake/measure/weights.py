"""Which cohort means an effect is made of: the contrasts of each estimand, and those of the time before exposure.

An effect of cohort g in period t is its mean less that of the controls in t; an estimand is a weighted sum of these.
The same weights on periods before g give what the cohorts differed by without any exposure. Pure linear algebra.
Source: Roth & Sant'Anna, "Efficient Estimation for Staggered Rollout Designs" (arXiv:2102.01291), sections 2.2 and 2.3.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from uptake.measure.statistics import Floats, Statistics

Estimand = Literal["simple", "cohort", "calendar", "eventstudy"]
Controls = Literal["not-yet", "last"]
Lag = Literal["previous", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """An estimand as weights on cohort means.

    Args:
        effect: G x (T + J), A_theta of the paper: the difference in means.
        before: K x G x (T + J), A_0 of the paper: each row a difference that is zero without an effect.
        exposed: G x (T + J), the mean of the exposed alone; less the effect it is what they had without exposure.
        event_time: periods since exposure, None for an estimand over several.
    """

    effect: Floats
    before: Floats
    exposed: Floats
    event_time: int | None = None


def weights(known: Statistics, estimand: Estimand, *, controls: Controls, lag: Lag) -> tuple[Weights, ...]:
    """The weights of an estimand; one for each identified event time of an event study, none where nothing is.

    Effects in and after the period in which the last cohort is exposed have no controls: they are not identified.

    Args:
        known: the cohorts.
        estimand: simple weighs all (cohort, period) by units; cohort averages a cohort's periods first, calendar a
            period's cohorts; eventstudy gives one for each number of periods since exposure.
        controls: those not yet exposed in the period, or the last cohort alone.
        lag: what stands for the time before: the previous period, or the mean of all before.
    """
    if estimand == "eventstudy":
        found = (_of(known, dict(pairs), controls, lag, time) for time, pairs in _events(known))
        return tuple(one for one in found if one is not None)
    one = _of(known, _shares(known, estimand), controls, lag, None)
    return (one,) if one is not None else ()


Pair = tuple[int, int]
"""Places of a cohort and of a period."""


def _pairs(known: Statistics) -> list[Pair]:
    """Every (cohort, period) that is exposed while another cohort is not."""
    last, starts = known.touched[-1], known.starts()
    periods = np.flatnonzero(known.periods < last)
    return [(g, int(t)) for t in periods for g in range(len(known.cohorts)) if starts[g] <= t]


def _shares(known: Statistics, estimand: Estimand) -> dict[Pair, float]:
    """The weight of each pair's effect; they sum to 1."""
    pairs, sizes = _pairs(known), known.sizes
    per_cohort: dict[int, int] = {}
    per_period: dict[int, float] = {}
    for g, t in pairs:
        per_cohort[g] = per_cohort.get(g, 0) + 1
        per_period[t] = per_period.get(t, 0.0) + sizes[g]
    match estimand:
        case "cohort":
            total = sum(sizes[g] for g in per_cohort)
            return {(g, t): sizes[g] / total / per_cohort[g] for g, t in pairs}
        case "calendar":
            return {(g, t): sizes[g] / per_period[t] / len(per_period) for g, t in pairs}
        case _:
            total = sum(sizes[g] for g, _ in pairs)
            return {(g, t): sizes[g] / total for g, t in pairs}


def _events(known: Statistics) -> Iterator[tuple[int, list[tuple[Pair, float]]]]:
    """Each event time from 0 on, with the pairs that have it and their shares by units."""
    starts, last = known.starts(), known.touched[-1]
    for time in range(known.periods.size):
        pairs = [(g, int(starts[g]) + time) for g in range(len(known.cohorts)) if known.cohorts[g] < last]
        pairs = [(g, t) for g, t in pairs if t < known.periods.size and known.periods[t] < last]
        total = sum(known.sizes[g] for g, _ in pairs)
        if pairs:
            yield time, [(pair, known.sizes[pair[0]] / total) for pair in pairs]


def _of(
    known: Statistics, shares: dict[Pair, float], controls: Controls, lag: Lag, event_time: int | None
) -> Weights | None:
    """The weights of a sum of effects."""
    if not shares:
        return None
    count, width = known.means.shape
    begins = np.searchsorted(known.periods, known.touched, side="left")
    effect, before = np.zeros((count, width)), np.zeros((1 + known.covariates, count, width))
    exposed = np.zeros((count, width))
    for (g, first), alike in _by_controls(known, shares, controls).items():
        periods, parts = np.array([t for t, _ in alike]), np.array([share for _, share in alike])
        contrast, total = _contrast(known, g, first), float(parts.sum())
        effect[:, periods] += contrast[:, None] * parts
        exposed[g, periods] += parts
        start = int(begins[g])
        if start:
            columns = slice(start - 1, start) if lag == "previous" else slice(0, start)
            before[0, :, columns] += total * contrast[:, None] / (1 if lag == "previous" else start)
        for place in range(known.covariates):
            before[1 + place, :, known.periods.size + place] += total * contrast
    return Weights(effect=effect, before=before, exposed=exposed, event_time=event_time)


def _by_controls(
    known: Statistics, shares: dict[Pair, float], controls: Controls
) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """The periods and shares of each cohort, by the first place of its controls: those stand behind it."""
    found: dict[tuple[int, int], list[tuple[int, float]]] = {}
    latest = [max(float(known.cohorts[g]), float(known.periods[t])) for g, t in shares]
    places = np.searchsorted(known.touched, latest, side="right").tolist()
    for ((g, t), share), place in zip(shares.items(), places, strict=True):
        first = known.cohorts.size - 1 if controls == "last" else place
        found.setdefault((g, first), []).append((t, share))
    return found


def _contrast(known: Statistics, g: int, first: int) -> Floats:
    """1 on a cohort, less the units' shares of the cohorts from `first` on."""
    row = np.zeros(len(known.cohorts))
    row[first:] = -known.sizes[first:] / known.sizes[first:].sum()
    row[g] += 1
    return row

"""Which cohort means an effect is made of: the contrasts of each estimand, and those of the time before exposure.

An effect of cohort g in period t, a cell, is its mean less that of the controls in t; an estimand is a weighted sum of
cells. The same weights on periods before g give what the cohorts differed by without any exposure. Linear algebra.
Source: Roth & Sant'Anna, "Efficient Estimation for Staggered Rollout Designs" (arXiv:2102.01291), sections 2.2 and 2.3.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from uptake.measure.statistics import Floats, Statistics

Estimand = Literal["simple", "cohort", "calendar", "eventstudy", "cells"]
Controls = Literal["not-yet", "last"]
Lag = Literal["previous", "mean"]
Pair = tuple[int, int]
"""Places of a cohort and of a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """An estimand as weights on cohort means.

    Args:
        effect: G x (T + J), A_theta of the paper: the difference in means.
        before: K x G x (T + J), A_0 of the paper: each row a difference that is zero without an effect.
        exposed: G x (T + J), the mean of the exposed alone; less the effect it is what they had without exposure.
        event_time: periods since exposure, negative before it; None for an estimand over several.
        cell: the one cohort and period that this is about; None for an estimand over several.
    """

    effect: Floats
    before: Floats
    exposed: Floats
    event_time: int | None = None
    cell: Pair | None = None


def weights(known: Statistics, estimand: Estimand, *, controls: Controls, lag: Lag) -> tuple[Weights, ...]:
    """The weights of an estimand; one for each identified event time or cell, none where nothing is identified.

    Effects in and after the period in which the last cohort is exposed have no controls: they are not identified.

    Args:
        known: the cohorts.
        estimand: simple weighs all (cohort, period) by units; cohort averages a cohort's periods first, calendar a
            period's cohorts; eventstudy gives one for each number of periods since exposure, cells one for each
            (cohort, period).
        controls: those not yet exposed in the period, or the last cohort alone.
        lag: what stands for the time before: the previous period, or the mean of all before.
    """
    if estimand == "cells":
        return tuple(_cell(known, pair, controls, lag) for pair in sorted(pairs(known)))
    return tuple(_of(known, shares, controls, lag, time) for time, shares in parts(known, estimand))


def pretrends(known: Statistics, *, controls: Controls, lag: Lag) -> tuple[Weights, ...]:
    """The weights of each cell before exposure: what looks like an effect there is none.

    Args:
        known: the cohorts.
        controls: as in `weights`; the last cohort alone has none.
        lag: what stands for the time before the cell's own period.
    """
    last = len(known.cohorts) - 1
    found = [(g, t) for g, t in pairs_before(known) if controls == "not-yet" or g < last]
    return tuple(_cell(known, pair, controls, lag) for pair in found)


def parts(known: Statistics, estimand: Estimand) -> Iterator[tuple[int | None, dict[Pair, float]]]:
    """The event time of each row of an estimand, and the shares of the cells in it, which sum to 1.

    Args:
        known: the cohorts; of them only when each was exposed, and its size.
        estimand: one over several cells.
    """
    if estimand == "eventstudy":
        yield from _events(known)
    elif shares := _shares(known, estimand):
        yield None, shares


def pairs(known: Statistics) -> list[Pair]:
    """Every (cohort, period) that is exposed while another cohort is not."""
    last, starts = known.touched[-1], known.starts()
    periods = np.flatnonzero(known.periods < last)
    return [(g, int(t)) for t in periods for g in range(len(known.cohorts)) if starts[g] <= t]


def pairs_before(known: Statistics) -> list[Pair]:
    """Every (cohort, period) not exposed yet, but the first period, in which some other cohort is not either.

    Cohorts exposed after the last period are left out: in this table they never are.
    """
    begins, starts = np.searchsorted(known.periods, known.touched, side="left"), known.starts()
    inside = [g for g in range(len(known.cohorts)) if starts[g] < known.periods.size]
    found = [(g, t) for g in inside for t in range(1, int(begins[g]))]
    return [(g, t) for g, t in found if (np.delete(known.touched, g) > known.periods[t]).any()]


def _shares(known: Statistics, estimand: Estimand) -> dict[Pair, float]:
    """The weight of each pair's effect; they sum to 1."""
    found, sizes = pairs(known), known.sizes
    per_cohort: dict[int, int] = {}
    per_period: dict[int, float] = {}
    for g, t in found:
        per_cohort[g] = per_cohort.get(g, 0) + 1
        per_period[t] = per_period.get(t, 0.0) + sizes[g]
    match estimand:
        case "cohort":
            total = sum(sizes[g] for g in per_cohort)
            return {(g, t): sizes[g] / total / per_cohort[g] for g, t in found}
        case "calendar":
            return {(g, t): sizes[g] / per_period[t] / len(per_period) for g, t in found}
        case _:
            total = sum(sizes[g] for g, _ in found)
            return {(g, t): sizes[g] / total for g, t in found}


def _events(known: Statistics) -> Iterator[tuple[int, dict[Pair, float]]]:
    """Each event time from 0 on, with the cells that have it and their shares by units."""
    starts, last = known.starts(), known.touched[-1]
    for time in range(known.periods.size):
        found = [(g, int(starts[g]) + time) for g in range(len(known.cohorts)) if known.cohorts[g] < last]
        found = [(g, t) for g, t in found if t < known.periods.size and known.periods[t] < last]
        total = sum(known.sizes[g] for g, _ in found)
        if found:
            yield time, {(g, t): known.sizes[g] / total for g, t in found}


def _cell(known: Statistics, pair: Pair, controls: Controls, lag: Lag) -> Weights:
    """The weights of one cell."""
    g, t = pair
    return replace(_of(known, {pair: 1.0}, controls, lag, t - int(known.starts()[g])), cell=pair)


def _of(known: Statistics, shares: dict[Pair, float], controls: Controls, lag: Lag, event_time: int | None) -> Weights:
    """The weights of a sum of effects."""
    count, width = known.means.shape
    begins = np.searchsorted(known.periods, known.touched, side="left")
    effect, before = np.zeros((count, width)), np.zeros((1 + known.covariates, count, width))
    exposed = np.zeros((count, width))
    for (g, first), alike in _by_controls(known, shares, controls).items():
        periods, given = np.array([t for t, _ in alike]), np.array([share for _, share in alike])
        contrast, total = _contrast(known, g, first), float(given.sum())
        effect[:, periods] += contrast[:, None] * given
        exposed[g, periods] += given
        start = min(int(begins[g]), int(periods.min()))
        if start:
            columns = slice(start - 1, start) if lag == "previous" else slice(0, start)
            before[0, :, columns] += total * contrast[:, None] / (1 if lag == "previous" else start)
        for place in range(known.covariates):
            before[1 + place, :, known.periods.size + place] += total * contrast
    return Weights(effect=effect, before=before, exposed=exposed, event_time=event_time)


def _by_controls(
    known: Statistics, shares: dict[Pair, float], controls: Controls
) -> dict[tuple[int, int], list[tuple[int, float]]]:
    """The periods and shares of each cohort, by the first place of its controls: they are exposed after the period."""
    found: dict[tuple[int, int], list[tuple[int, float]]] = {}
    latest = [float(known.periods[t]) for _, t in shares]
    places = np.searchsorted(known.touched, latest, side="right").tolist()
    for ((g, t), share), place in zip(shares.items(), places, strict=True):
        first = known.cohorts.size - 1 if controls == "last" else place
        found.setdefault((g, first), []).append((t, share))
    return found


def _contrast(known: Statistics, g: int, first: int) -> Floats:
    """1 on a cohort, less the units' shares of the other cohorts from `first` on."""
    row = np.zeros(len(known.cohorts))
    others = np.arange(first, row.size)
    others = others[others != g]
    row[others] = -known.sizes[others] / known.sizes[others].sum()
    row[g] = 1
    return row

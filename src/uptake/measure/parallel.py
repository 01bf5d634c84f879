"""The effect of a staged rollout whose order nobody drew: Callaway & Sant'Anna, by the package diff-diff (extra `did`).

Without a draw, differences between cohorts say nothing by themselves; changes do, if without exposure all cohorts would
have changed alike (parallel trends). That cannot be shown, only doubted: where changes differ before exposure.
diff-diff makes the effect of each cohort in each period and their covariance, clustered by unit; weights are ours.
Source: Callaway & Sant'Anna (2021), "Difference-in-Differences with multiple time periods", sections 2 to 4.
"""

# diff-diff and pandas have no types; numpy's own give Any for comparisons and sums
# pyright: reportAny=false, reportMissingTypeStubs=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.core.problem import refuse
from uptake.measure.panel import Named, NoPanel, Panel, Table, named, panel, without_first
from uptake.measure.rollout import ALONE, ANTICIPATION, ONCE
from uptake.measure.spending import student
from uptake.measure.statistics import Floats, Statistics, summarise
from uptake.measure.weights import Estimand, Pair, pairs, pairs_before, parts

SURE = 1.959963984540054
"""95 %, in the normal distribution."""
NOTED = 0.05
"""Below this p the trends before exposure differ."""
STEP = 1e-4
"""Cohorts grow and shrink by this share to see how a sum moves with them."""
SAME = 1e-10
"""What is below this share of the largest counts as zero."""
WHOLE = np.zeros(0, dtype=np.int_)
"""Stands for a column of periods that are whole numbers."""
LABEL = "assumes parallel trends: not randomised"
PARALLEL = "without exposure the outcomes of all cohorts would have changed alike (parallel trends)"
GIVEN = f"{PARALLEL}, where covariates are the same"
MANY = "each cohort has many units; with a few the errors are too small"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An effect, or what looks like one before exposure.

    Args:
        estimate: in the outcome's unit.
        se: clustered by unit, and of the cohorts' shares.
        low: of the 95 % interval.
        high: same.
        event_time: periods since exposure, negative before it, None for an estimand over several.
        cell: the cohort and the period, as the table names them; None for an estimand over several.
    """

    estimate: float
    se: float
    low: float
    high: float
    event_time: int | None = None
    cell: tuple[Named, Named] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """An effect under parallel trends, and what was seen of trends before exposure.

    Args:
        rows: one, or one for each event time from 0 on, or for each cell (those before exposure, too).
        before: for each event time before exposure the change from the period before it, against units not yet exposed:
            zero if trends are parallel.
        p: that all of `before` are zero (Hotelling's test); None where there are none, or too few units to tell.
        units: that were used.
        cohorts: with at least two units each.
        dropped: what was left out, a clause each.
        method: by its name in the literature, and what it assumes.
        assumptions: in words.
        unidentified: periods in which every cohort is exposed: they have no controls, so nothing is said of them.
        warned: what diff-diff warned of.
    """

    rows: tuple[Row, ...]
    before: tuple[Row, ...]
    p: float | None
    units: int
    cohorts: int
    dropped: tuple[str, ...]
    method: str
    assumptions: tuple[str, ...]
    unidentified: int
    warned: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Whether trends differed before exposure."""
        if self.p is None:
            return "Nothing can be said of trends before exposure: there are too few periods or units before it."
        if self.p < NOTED:
            return f"Before exposure trends differed (p {self.p:.2g}): do not take the estimate for the effect."
        caution = "not seeing a difference proves nothing about the time after"
        return f"No difference of trends is seen before exposure (p {self.p:.2g}); {caution}."


def effect(table: Table, estimand: Estimand = "simple") -> Parallel:
    """The effect of being exposed, if without it all cohorts would have changed alike.

    Args:
        table: one row per unit and period; covariates are adjusted for in both ways (doubly robust).
        estimand: see `weights`.

    Raises:
        NoPanel: the table is no panel, or identifies no effect.
        Refused: diff-diff is not installed.
    """
    found = without_first(panel(table))
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    (told,) = among(found, known, [estimand], time=table.time)
    return told


def among(
    found: Panel, known: Statistics, estimands: Sequence[Estimand], *, time: NDArray[Any] = WHOLE
) -> tuple[Parallel, ...]:
    """Effects of one panel, fitted once.

    Args:
        found: the panel, of cohorts with a period before exposure.
        known: its statistics; periods from `first` until a cohort's exposure are transition and tell of neither.
        estimands: which effects.
        time: the column by which cells are named.

    Raises:
        NoPanel: no effect is identified.
        Refused: diff-diff is not installed.
    """
    late, early = pairs(known), pairs_before(known)
    if not late:
        raise NoPanel("no cohort is exposed while another is not, so no effect is identified")
    fit = fitted(found, known)
    before, covariance = _rows(fit, known, lambda then: _before(then, early))
    doubly = ", doubly robust" if known.covariates else ""
    alike = Parallel(
        rows=(),
        before=tuple(before),
        p=jointly(np.array([row.estimate for row in before]), covariance, known.units),
        units=known.units,
        cohorts=len(known.cohorts),
        dropped=found.dropped,
        method=f"Callaway & Sant'Anna{doubly}, not yet exposed as controls, by diff-diff {fit.version}; {LABEL}",
        assumptions=(GIVEN if known.covariates else PARALLEL, ANTICIPATION, ALONE, ONCE, MANY),
        unidentified=int(np.sum(known.periods >= known.touched[-1])),
        warned=fit.warned,
    )
    return tuple(replace(alike, rows=_told(fit, known, estimand, time)) for estimand in estimands)


def _told(fit: "Fit", known: Statistics, estimand: Estimand, time: NDArray[Any]) -> tuple[Row, ...]:
    """The rows of an estimand; of cells those before exposure, too."""
    if estimand != "cells":
        rows, _ = _rows(fit, known, lambda then: list(parts(then, estimand)))
        return tuple(rows)
    cells = sorted((*pairs(known), *pairs_before(known)))
    rows, _ = _rows(fit, known, lambda then: [(_since(then, one), {one: 1.0}) for one in cells])
    names = [(named(known.cohorts[g], time), named(known.periods[t], time)) for g, t in cells]
    return tuple(replace(row, cell=name) for row, name in zip(rows, names, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What diff-diff finds: C cells, clustered by unit.

    Args:
        cells: those that it could estimate.
        estimates: C.
        covariance: C x C.
        version: of diff-diff.
        warned: what it warned of, but that some cells have no controls.
    """

    cells: tuple[Pair, ...]
    estimates: Floats
    covariance: Floats
    version: str
    warned: tuple[str, ...]


def fitted(found: Panel, known: Statistics) -> Fit:
    """All cells of a panel, each against the last period before exposure, or before its own where it is not exposed.

    diff-diff tells how effects go together by event time only. It takes the nearest earlier period as the one before,
    whatever their distance; so periods are set G apart, cohort g is exposed g before its period, and each cell has an
    event time of its own: G x (periods since exposure) + g. A cohort counts as exposed from its first step on.

    Args:
        found: the panel; the columns behind its periods are covariates.
        known: its statistics.

    Raises:
        Refused: diff-diff is not installed.
    """
    try:
        import diff_diff
        import pandas as pd
    except ImportError:
        raise refuse("UP030", "diff-diff", "it is not installed", "pip install 'uptake[did]'") from None
    count, width = len(known.cohorts), known.periods.size
    begins = np.searchsorted(known.periods, known.touched, side="left")
    first = np.where(begins < width, (begins + 1) * count - np.arange(count), 0)  # 0: never
    outcome, others = np.split(found.values, [width], axis=1)
    columns: dict[str, Any] = {
        "unit": np.repeat(np.arange(known.units), width),
        "time": np.tile((np.arange(width) + 1) * count, known.units),
        "first": np.repeat(first[found.labels], width),
        "outcome": outcome.ravel(),
    }
    covariates = [f"covariate {place + 1}" for place in range(known.covariates)]
    columns |= {name: np.repeat(column, width) for name, column in zip(covariates, others.T, strict=True)}
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        model: Any = diff_diff.CallawaySantAnna(control_group="not_yet_treated", cluster="unit")
        result = model.fit(pd.DataFrame(columns), "outcome", "unit", "time", "first", covariates=covariates or None)
        events = result.aggregate("event_study")
    told = dict.fromkeys(str(one.message) for one in heard if "could not be estimated" not in str(one.message))
    cells = tuple((int(at) % count, int(begins[int(at) % count]) + int(at) // count) for at in events.vcov_index)
    estimate = dict(zip(events.event_time.tolist(), events.att.tolist(), strict=True))
    return Fit(
        cells=cells,
        estimates=np.array([estimate[at] for at in events.vcov_index], dtype=np.float64),
        covariance=np.asarray(events.vcov, dtype=np.float64),
        version=diff_diff.__version__,
        warned=tuple(told),
    )


def jointly(estimates: Floats, covariance: Floats, units: int) -> float | None:
    """P of estimates that are as far from zero, all of them being zero; None for none, or for too few units.

    Source: Hotelling (1931), "The generalization of Student's ratio"; with many units chi-squared, as usual here.
    """
    if not estimates.size:
        return None
    from scipy.stats import f

    rank = int(np.linalg.matrix_rank(covariance, tol=SAME * float(np.abs(covariance).max(initial=0)), hermitian=True))
    if not 0 < rank < units:
        return None
    statistic = float(estimates @ np.linalg.pinv(covariance, rcond=SAME, hermitian=True) @ estimates)
    return float(f.sf(statistic * (units - rank) / (rank * (units - 1)), rank, units - rank))


Shares = tuple[int | None, dict[Pair, float]]
"""An event time, and the shares of cells that have it."""


def _since(known: Statistics, pair: Pair) -> int:
    """Periods since exposure."""
    return pair[1] - int(known.starts()[pair[0]])


def _before(known: Statistics, early: Sequence[Pair]) -> list[Shares]:
    """Each event time before exposure, with its cells and their shares by units."""
    found: dict[int, list[Pair]] = {}
    for pair in early:
        found.setdefault(_since(known, pair), []).append(pair)
    totals = {time: sum(known.sizes[g] for g, _ in mine) for time, mine in found.items()}
    return [(time, {(g, t): known.sizes[g] / totals[time] for g, t in found[time]}) for time in sorted(found)]


def _rows(fit: Fit, known: Statistics, of: Callable[[Statistics], list[Shares]]) -> tuple[list[Row], Floats]:
    """Weighted sums of cells, and their covariance.

    To the covariance of the cells comes that of the shares, as the sizes of cohorts vary by chance: N_g, times how the
    sums move with it. Under parallel trends the two are uncorrelated.

    Raises:
        NoPanel: a cell could not be estimated, as happens with covariates.
    """
    sought = of(known)
    weights = _matrix(fit, sought)
    moves = np.zeros((len(sought), known.sizes.size))
    mixed = any(len(shares) > 1 for _, shares in sought)
    for g, size in enumerate(known.sizes.tolist() if mixed else ()):
        step = np.where(np.arange(known.sizes.size) == g, size * STEP, 0.0)
        more, less = (_matrix(fit, of(replace(known, sizes=known.sizes + way * step))) for way in (1, -1))
        moves[:, g] = (more - less) @ fit.estimates / (2 * size * STEP)
    estimates = weights @ fit.estimates
    covariance = weights @ fit.covariance @ weights.T + (moves * known.sizes) @ moves.T
    far = student(SURE, known.units - 1)
    rows = [
        Row(estimate=one, se=se, low=one - far * se, high=one + far * se, event_time=time)
        for (time, _), one, se in zip(sought, estimates.tolist(), np.sqrt(np.diag(covariance)).tolist(), strict=True)
    ]
    return rows, covariance


def _matrix(fit: Fit, sought: Sequence[Shares]) -> Floats:
    """The shares as a matrix: rows x cells."""
    place = {cell: at for at, cell in enumerate(fit.cells)}
    weights = np.zeros((len(sought), len(place)))
    for row, (_, shares) in enumerate(sought):
        for cell, share in shares.items():
            if cell not in place:
                raise NoPanel("diff-diff cannot estimate some of the effects: leave covariates out, or small cohorts")
            weights[row, place[cell]] = share
    return weights

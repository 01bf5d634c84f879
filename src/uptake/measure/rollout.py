"""One call from a table to an effect: panel, statistics, weights, estimate, and in words what it stands on.

The same as `uptake effect --panel`; for a rollout whose order was drawn at random, looked at once.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass, replace

import numpy as np

from uptake.measure.fisher import p_values
from uptake.measure.panel import Named, NoPanel, Table, named, panel, without_first
from uptake.measure.staggered import Beta, Estimate, estimate
from uptake.measure.statistics import Statistics, summarise
from uptake.measure.weights import Controls, Estimand, Lag, Weights, pretrends, weights

METHODS = {
    ("efficient", "not-yet"): "Roth & Sant'Anna, efficient",
    ("efficient", "last"): "Roth & Sant'Anna, efficient, with the last cohort as control",
    ("0", "not-yet"): "difference in means",
    ("0", "last"): "difference in means, with the last cohort as control",
    ("1", "not-yet"): "Callaway & Sant'Anna, not yet exposed as controls",
    ("1", "last"): "Sun & Abraham",
}
RANDOM = "the order in which cohorts were exposed was drawn at random"
ANTICIPATION = "nobody's outcome changed before exposure because of it"
ALONE = "a unit's outcome does not depend on which others are exposed"
ONCE = "the interval holds for one look; looking again and again needs another"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """An effect and what it stands on.

    Args:
        rows: one estimate, or one for each event time or cell.
        p_values: of the randomisation test, one for each row; empty where none was asked for.
        units: that were used.
        cohorts: with at least two units each.
        dropped: what was left out, a clause each.
        method: by its name in the literature.
        assumptions: in words.
        unidentified: periods in which every cohort is exposed: they have no controls, so nothing is said of them.
        cells: the cohort and the period of each row, as the table names them; empty but for cells.
    """

    rows: tuple[Estimate, ...]
    p_values: tuple[float, ...]
    units: int
    cohorts: int
    dropped: tuple[str, ...]
    method: str
    assumptions: tuple[str, ...]
    unidentified: int
    cells: tuple[tuple[Named, Named], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Which effect is sought, and against whom.

    Args:
        estimand: see `weights`.
        beta: see `estimate`.
        controls: those not yet exposed, or the last cohort alone.
        lag: the previous period, as published, or the mean of all periods before: steadier with daily data.
    """

    estimand: Estimand = "simple"
    beta: Beta = "efficient"
    controls: Controls = "not-yet"
    lag: Lag = "previous"


def effect(table: Table, design: Design | None = None, *, fisher: int = 0, seed: int = 0) -> Effect:
    """The effect of being exposed.

    Args:
        table: one row per unit and period.
        design: which effect; the simple, efficient one by default.
        fisher: so many redraws for a randomisation test; 0 for none.
        seed: names the redraws.

    Raises:
        NoPanel: the table is no panel, or identifies no effect.
    """
    design = design or Design()
    found, beta = panel(table), design.beta
    if beta == "1":
        found = without_first(found)
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    sought = _sought(known, design)
    if not sought:
        raise NoPanel("no cohort is exposed while another is not, so no effect is identified")
    tested = p_values(found, known, sought, beta=beta, draws=fisher, seed=seed) if fisher else ()
    return Effect(
        rows=tuple(_row(known, one, beta) for one in sought),
        p_values=tested,
        units=known.units,
        cohorts=len(known.cohorts),
        dropped=found.dropped,
        method=METHODS[beta, design.controls],
        assumptions=(RANDOM, ANTICIPATION, ALONE, ONCE),
        unidentified=int(np.sum(known.periods >= known.cohorts[-1])),
        cells=tuple(
            (named(known.cohorts[one.cell[0]], table.time), named(known.periods[one.cell[1]], table.time))
            for one in sought
            if one.cell
        ),
    )


def _row(known: Statistics, sought: Weights, beta: Beta) -> Estimate:
    """The estimate; before exposure units do not differ in an effect, so nothing of the error is explained by that."""
    found = estimate(known, sought, beta=beta)
    return replace(found, se=found.se_neyman) if (sought.event_time or 0) < 0 else found


def _sought(known: Statistics, design: Design) -> tuple[Weights, ...]:
    """The weights of the rows; with cells and beta 1 those before exposure, too, as is usual with that estimator."""
    found = weights(known, design.estimand, controls=design.controls, lag=design.lag)
    if design.estimand == "cells" and design.beta == "1":
        before = pretrends(known, controls=design.controls, lag=design.lag)
        return tuple(sorted((*before, *found), key=lambda one: one.cell or (0, 0)))
    return found

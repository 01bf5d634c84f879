"""One call from a table to an effect: panel, statistics, weights, estimate, and in words what it stands on.

The same as `uptake effect --panel`; for a rollout whose order was drawn at random, looked at once.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.measure.fisher import p_values
from uptake.measure.panel import NoPanel, Panel, Table, panel
from uptake.measure.staggered import Beta, Estimate, estimate
from uptake.measure.statistics import summarise
from uptake.measure.weights import Controls, Estimand, Lag, weights

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
        rows: one estimate, or one for each event time.
        p_values: of the randomisation test, one for each row; empty where none was asked for.
        units: that were used.
        cohorts: with at least two units each.
        dropped: what was left out, a clause each.
        method: by its name in the literature.
        assumptions: in words.
        unidentified: periods in which every cohort is exposed: they have no controls, so nothing is said of them.
    """

    rows: tuple[Estimate, ...]
    p_values: tuple[float, ...]
    units: int
    cohorts: int
    dropped: tuple[str, ...]
    method: str
    assumptions: tuple[str, ...]
    unidentified: int


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
        found = _without_first(found)
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    sought = weights(known, design.estimand, controls=design.controls, lag=design.lag)
    if not sought:
        raise NoPanel("no cohort is exposed while another is not, so no effect is identified")
    tested = p_values(found, known, sought, beta=beta, draws=fisher, seed=seed) if fisher else ()
    return Effect(
        rows=tuple(estimate(known, one, beta=beta) for one in sought),
        p_values=tested,
        units=known.units,
        cohorts=len(known.cohorts),
        dropped=found.dropped,
        method=METHODS[beta, design.controls],
        assumptions=(RANDOM, ANTICIPATION, ALONE, ONCE),
        unidentified=int(np.sum(known.periods >= known.cohorts[-1])),
    )


def _without_first(found: Panel) -> Panel:
    """The panel without units that were exposed from the first period on: they have no period before (beta 1)."""
    later: NDArray[np.bool_] = found.cohorts[found.labels] > found.periods[0]
    if later.all():
        return found
    cohorts, labels = np.unique(found.cohorts[found.labels[later]], return_inverse=True)
    if cohorts.size < 2:
        raise NoPanel("fewer than two cohorts have a period before exposure")
    dropped = (*found.dropped, f"{np.sum(~later):,} units are exposed from the first period on")
    return Panel(
        values=found.values[later],
        labels=labels.astype(np.int_),
        cohorts=cohorts,
        periods=found.periods,
        dropped=dropped,
    )

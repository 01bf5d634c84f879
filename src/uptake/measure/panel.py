"""A long table as a panel: one row per unit and period becomes one row per unit, with its cohort.

Units that miss a period are left out and counted, as are cohorts of one unit; nothing is filled in. What cannot be a
panel (a pair that is there twice, a unit in two cohorts) is named by its row.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uptake.measure.statistics import NEVER, Floats, Ints

SPREAD_MOST = 4
"""Whole numbers that span at most so many times their count are numbered without sorting."""
NEAR = 4096
"""The second unit's first row is looked for here before anywhere."""
Named = int | float | str
"""A period as a table has it: a number, or a date in ISO's form."""


class NoPanel(ValueError):
    """A table is no panel: what is wrong, in which row (from 1, 0 for none)."""

    def __init__(self, what: str, row: int = 0) -> None:
        """Args: what: in words; row: the table's."""
        super().__init__(what)
        self.row = row


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A long table: one row per unit and period.

    Args:
        unit: of any type that can be compared.
        time: numbers, or dates as numpy has them.
        cohort: the first exposed period, in the unit of `time`; NaN, infinite or 0 for never.
        outcome: numbers; NaN is a missing row.
        covariates: numbers, the same in each row of a unit, known before everything; the first row's count.
    """

    unit: NDArray[Any]
    time: NDArray[Any]
    cohort: NDArray[Any]
    outcome: NDArray[Any]
    covariates: tuple[NDArray[Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A wide panel.

    Args:
        values: units x (periods + covariates).
        labels: the place of each unit's cohort.
        cohorts: rising, `NEVER` last where there is one.
        periods: rising.
        dropped: what was left out, a clause each.
    """

    values: Floats
    labels: Ints
    cohorts: Floats
    periods: Floats
    dropped: tuple[str, ...]


def panel(table: Table) -> Panel:
    """The panel of a long table.

    Raises:
        NoPanel: the table is none, or leaves fewer than two cohorts.
    """
    unit, time, cohort = table.unit, table.time, table.cohort
    for column in (table.outcome, cohort, *table.covariates):
        if column.dtype.kind not in "biuf" and not (column is cohort and column.dtype.kind == "M"):
            raise NoPanel("outcome, cohort and covariates must be numbers, and a column holds no numbers")
    outcome = np.asarray(table.outcome, dtype=np.float64)
    if not outcome.size:
        raise NoPanel("there are no rows")
    if not np.isfinite(outcome.sum()) and np.isinf(outcome).any():
        raise NoPanel("an outcome is infinite", int(np.flatnonzero(np.isinf(outcome))[0]) + 1)
    ready = _in_order(table, outcome)
    if ready is not None:
        return ready
    starts = _starts(cohort, time)
    clock = _numbers(time)
    units, people = _codes(unit)
    whens, periods = _codes(clock)
    cells = units * len(periods) + whens
    there = ~np.isnan(outcome)
    seen = np.bincount(cells[there], minlength=len(people) * len(periods))
    if seen.max(initial=0) > 1:
        twice = np.flatnonzero(seen[cells] > 1)[1]
        raise NoPanel(f"unit {unit[twice]} stands there twice in period {time[twice]}", int(twice) + 1)
    first = np.zeros(len(people), dtype=np.int_)
    first[units[::-1]] = np.arange(outcome.size)[::-1]
    other = np.flatnonzero(starts != starts[first[units]])
    if other.size:
        raise NoPanel(f"unit {unit[other[0]]} has two cohorts", int(other[0]) + 1)
    wide = np.full(len(people) * len(periods), np.nan)
    wide[cells[there]] = outcome[there]
    wide = wide.reshape(len(people), len(periods))
    if table.covariates:
        wide = np.column_stack([wide, *(np.asarray(one, dtype=np.float64)[first] for one in table.covariates)])
    return _kept(wide, starts[first], periods.astype(np.float64))


def without_first(found: Panel) -> Panel:
    """The panel without units that were exposed from the first period on: they have no period before.

    Raises:
        NoPanel: fewer than two cohorts are left.
    """
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


def named(number: float, time: NDArray[Any]) -> Named:
    """A period or cohort of a panel as the table's column of periods has it."""
    if time.dtype.kind == "M":
        return str(np.datetime_as_string(np.array(number).astype(np.int64).astype(time.dtype), unit="auto"))
    return int(number) if number == int(number) else float(number)


def _in_order(table: Table, outcome: Floats) -> Panel | None:
    """The panel of a table that is one already: unit after unit, each with the same rising periods; else None.

    Looked at in place, so that nothing as long as the table is made.
    """
    unit, time, cohort = table.unit, table.time, table.cohort
    width = next((int(at) for at in (np.argmax(unit[:near] != unit[0]) for near in (NEAR, unit.size)) if at), unit.size)
    if unit.size % width or time.dtype.kind not in "iuf" or cohort.dtype.kind not in "iuf":
        return None
    periods = time[:width]
    shaped = [column.reshape(-1, width) for column in (unit, time, cohort)]
    if not np.all(np.diff(periods) > 0) or not (shaped[1] == periods).all():
        return None
    heads = shaped[0][:, 0]
    once = (heads[1:] > heads[:-1]).all() or _codes(heads)[1].size == heads.size
    if not (shaped[0] == heads[:, None]).all() or not once:
        return None
    first = shaped[2][:, 0]
    same = shaped[2] == first[:, None]
    if not same.all() and not np.isnan(shaped[2][~same]).all():
        return None  # said with its row by the slower way
    wide = outcome.reshape(-1, width)
    if table.covariates:
        others = (np.asarray(one, dtype=np.float64)[::width] for one in table.covariates)
        wide = np.column_stack([wide, *others])
    return _kept(wide, _starts(first, periods), periods.astype(np.float64))


def _kept(wide: Floats, starts: Floats, periods: Floats) -> Panel:
    """The whole units of cohorts of two or more."""
    dropped: list[str] = []
    whole = ~np.isnan(wide).any(axis=1) if np.isnan(wide.sum()) else np.ones(len(wide), dtype=np.bool_)
    if not whole.all():
        dropped.append(f"{np.sum(~whole):,} of {len(wide):,} units miss a period or a covariate")
        wide, starts = wide[whole], starts[whole]
    cohorts, labels = _cohorts(starts)
    sizes = np.bincount(labels)
    if (sizes == 1).any():
        dropped.append(f"{np.sum(sizes == 1):,} cohorts have a single unit")
        many = sizes[labels] > 1
        wide, starts = wide[many], starts[many]
        cohorts, labels = _cohorts(starts)
    if cohorts.size < 2:
        raise NoPanel("fewer than two cohorts are left, so nobody can be compared with anybody")
    return Panel(values=wide, labels=labels, cohorts=cohorts, periods=periods, dropped=tuple(dropped))


def _cohorts(starts: Floats) -> tuple[Floats, Ints]:
    """The different cohorts, and each unit's place among them."""
    finite = np.isfinite(starts)
    whole = starts[finite].astype(np.int64)
    if whole.size and (whole == starts[finite]).all():
        places, found = _codes(whole)
        labels = np.full(starts.size, found.size, dtype=np.int_)
        labels[finite] = places
        never = [] if finite.all() else [NEVER]
        return np.concatenate([found.astype(np.float64), never]), labels
    cohorts, labels = np.unique(starts, return_inverse=True)
    return cohorts, labels.astype(np.int_)


def _starts(cohort: NDArray[Any], time: NDArray[Any]) -> Floats:
    """First exposed periods as numbers; `NEVER` where there is none."""
    if cohort.dtype.kind == "M":
        starts = np.where(np.isnat(cohort), np.nan, cohort.astype(time.dtype).astype(np.int64).astype(np.float64))
        return np.where(np.isnan(starts), NEVER, starts)
    starts = np.asarray(cohort, dtype=np.float64)
    return np.where(np.isnan(starts) | (starts == 0), NEVER, starts)


def _numbers(time: NDArray[Any]) -> NDArray[Any]:
    if time.dtype.kind == "M":
        if np.isnat(time).any():
            raise NoPanel("a row has no period", int(np.flatnonzero(np.isnat(time))[0]) + 1)
        return time.astype(np.int64)
    if time.dtype.kind == "f" and np.isnan(time).any():
        raise NoPanel("a row has no period", int(np.flatnonzero(np.isnan(time))[0]) + 1)
    if time.dtype.kind not in "iuf":
        raise NoPanel("periods are neither numbers nor dates")
    return time


def _codes(values: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Each value's place among the different ones, and those in order."""
    if values.dtype.kind in "iu":
        low, high = int(values.min()), int(values.max())
        if high - low < SPREAD_MOST * values.size:
            there = np.zeros(high - low + 1, dtype=np.bool_)
            offsets = values.astype(np.int64) - low
            there[offsets] = True
            return (np.cumsum(there) - 1)[offsets].astype(np.int_), np.flatnonzero(there) + low
    if values.dtype.kind == "O":  # texts: looked up, as to sort all of them takes most of the time
        given = values.tolist()
        known = sorted(set(given))
        place = {value: number for number, value in enumerate(known)}
        return np.fromiter(map(place.__getitem__, given), np.int_, len(given)), np.array(known, dtype=object)
    different, places = np.unique(values, return_inverse=True)
    return places.astype(np.int_), different

"""Sufficient statistics as Ibis expressions: what a database adds up for each cohort so that no row leaves it.

A column is shifted by a constant near its mean before it is multiplied, unless it lies near 0 as it is; `sums` tells
which, and makes statistics of what comes back. Tables come in as Ibis tables and go out as Ibis tables: nothing is
connected to, nothing is run, and Ibis itself is not imported here. `store/query.py` executes them.
Source: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", on shifted data.
"""

# Ibis has no types of its own that a checker could read
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS_MOST = 400
"""So many periods and covariates at most: more make expressions that no database reads."""
AGGREGATES_MOST = 1_500
"""So many sums in one query at most: PostgreSQL returns no more than 1,664 columns."""

FAULTS = {"twice": "a unit stands there twice in a period", "two": "a unit has two cohorts"}
"""What makes a long table none of a panel, by the columns of `paths` that tell it."""

Pair = tuple[int, int]
"""Places of two columns, the first not behind the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wide:
    """A table with one row per unit.

    Args:
        rows: an Ibis table.
        cohort: the column with the first exposed period; NULL, NaN, infinite or 0 for never.
        columns: one for each period in their order, baseline covariates behind them; NULL and NaN are missing.
        faults: columns of `FAULTS` that are counted along.
    """

    rows: Any
    cohort: str
    columns: tuple[str, ...]
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Long:
    """A table with one row per unit and period.

    Args:
        rows: an Ibis table.
        unit: the column with the unit.
        time: the column with the period, a number or a date.
        cohort: the column with the first exposed period, in the unit of `time`; NULL, NaN, infinite or 0 for never.
        outcome: the column with the number; NULL and NaN are missing.
    """

    rows: Any
    unit: str
    time: str
    cohort: str
    outcome: str


def units(wide: Wide) -> Any:
    """One row, one number: the units, whole or not."""
    return wide.rows.aggregate(units=wide.rows.count())


def pairs(width: int) -> list[Pair]:
    """Every pair of `width` columns once, those of a column with itself too."""
    return [(first, second) for first in range(width) for second in range(first, width)]


def tiles(width: int) -> list[list[Pair]]:
    """The pairs of `width` columns in pieces that one query can return each, beside the columns' own sums."""
    wanted, most = pairs(width), AGGREGATES_MOST - width
    return [wanted[begin : begin + most] for begin in range(0, len(wanted), most)]


def cross_products(wide: Wide, shift: Sequence[float], *, alone: Sequence[int], together: Sequence[Pair]) -> Any:
    """The sums over the whole units of each cohort, after a shift.

    A row for each value of the cohort's column: `cohort, units`, a sum for each of `alone`, a sum of products for each
    of `together`. Where faults are counted, rows of units that are not whole stand beside these:
    `cohort, whole, units`, a number for each fault, and the sums, which mean something for whole ones alone.

    Args:
        wide: one row per unit.
        shift: for each column a finite constant that is subtracted first.
        alone: places of columns that are summed.
        together: places of columns whose products are summed.
    """
    whole = _there(wide.rows[wide.columns[0]])
    for name in wide.columns[1:]:
        whole &= _there(wide.rows[name])
    values = {f"d{place}": _number(wide.rows[name]) for place, name in enumerate(wide.columns)}
    values |= {f"d{place}": values[f"d{place}"] - about for place, about in enumerate(shift) if about}
    faults = {f"f{place}": wide.rows[name].ifelse(1, 0) for place, name in enumerate(wide.faults)}
    if faults:
        keys, rows = ("cohort", "whole"), wide.rows.select(cohort=wide.cohort, whole=whole, **faults, **values)
    else:  # a second key costs a tenth of the time
        keys, rows = ("cohort",), wide.rows.filter(whole).select(cohort=wide.cohort, **values)
    sums = {"units": rows.count()}
    sums |= {name: rows[name].sum() for name in faults}
    sums |= {f"s{place}": rows[f"d{place}"].sum() for place in alone}
    sums |= {f"p{first}_{second}": (rows[f"d{first}"] * rows[f"d{second}"]).sum() for first, second in together}
    return rows.group_by(*keys).aggregate(**sums)


def last_column(wide: Wide, shift: Sequence[float]) -> Any:
    """As `cross_products`, only what the last column adds: its sum, and its products with each column and itself."""
    last = len(wide.columns) - 1
    return cross_products(wide, shift, alone=[last], together=[(place, last) for place in range(last + 1)])


def periods(long: Long) -> Any:
    """A row for each period: `period`, and `mean`, that of its outcomes."""
    value, there = _number(long.rows[long.outcome]), _there(long.rows[long.outcome])
    return long.rows.group_by(period=long.rows[long.time]).aggregate(mean=value.mean(where=there))


def paths(long: Long, times: Sequence[Any]) -> Wide:
    """A row for each unit, with a column for each period and those of `FAULTS`.

    Args:
        long: one row per unit and period.
        times: every period of the table, in order.
    """
    value = _number(long.rows[long.outcome])
    rows = long.rows.select(
        unit=long.rows[long.unit],
        time=long.rows[long.time],
        start=_start(long.rows[long.cohort]),
        value=_there(long.rows[long.outcome]).ifelse(value, None),
    )
    columns = {f"c{place}": rows["value"].max(where=rows["time"] == time) for place, time in enumerate(times)}
    people = rows.group_by("unit").aggregate(
        cohort=rows["start"].min(),
        latest=rows["start"].max(),
        told=rows["start"].count(),
        rows=rows.count(),
        seen=rows["value"].count(),
        **columns,
    )
    cells = sum(people[name].notnull().ifelse(1, 0) for name in columns)
    two = (people["told"] > 0) & ((people["told"] < people["rows"]) | (people["cohort"] != people["latest"]))
    wide = people.select("cohort", *columns, twice=people["seen"] > cells, two=two)
    return Wide(rows=wide, cohort="cohort", columns=tuple(columns), faults=tuple(FAULTS))


def _number(column: Any) -> Any:
    """A column in double precision, so that products of narrower types keep their digits."""
    return (column.ifelse(1, 0) if column.type().is_boolean() else column).cast("float64")


def _there(column: Any) -> Any:
    """Whether a row has a number; of one that could be NaN, a NULL gives NULL, which no filter lets through."""
    return ~column.isnan() if column.type().is_floating() else column.notnull()


def _start(column: Any) -> Any:
    """A cohort's column with NULL for never, whatever stood for it."""
    if column.type().is_floating():
        return (column.isnan() | column.isinf() | (column == 0)).ifelse(None, column)
    return column.nullif(0) if column.type().is_numeric() else column

"""Runs Ibis expressions where the rows lie: on DuckDB, PostgreSQL or ClickHouse, over a connection that somebody made.

Ibis writes the SQL and nothing else of it is used, so neither its backends nor pandas are needed (extra `warehouse`).
It makes statistics of what comes back. It opens no connection, writes nothing and brings back sums, never rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from uptake.core.problem import refuse
from uptake.measure import expressions
from uptake.measure.expressions import COLUMNS_MOST, FAULTS, Long, Wide
from uptake.measure.panel import NoPanel
from uptake.measure.statistics import NEVER, Floats, Statistics
from uptake.measure.sums import Day, Summary, Sums, day_shift, summary, with_day

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy import Connection

Dialect = Literal["duckdb", "postgres", "clickhouse"]
Rows = Sequence[Sequence[Any]]

DESCRIBED = {
    "duckdb": "describe select * from {quoted}",
    "postgres": "select attname, format_type(atttypid, atttypmod) from pg_attribute"
    " where attrelid = to_regclass('{text}') and attnum > 0 and not attisdropped order by attnum",
    "clickhouse": "describe table {quoted}",
}
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the rows lie.

    Args:
        dialect: whose SQL is understood.
        run: from SQL to rows of plain values; for ClickHouse `lambda sql: client.query(sql).result_rows`.
    """

    dialect: Dialect
    run: Callable[[str], Rows]


def on_duckdb(connection: "DuckDBPyConnection") -> Source:
    """A DuckDB connection as a source."""
    return Source(dialect="duckdb", run=lambda sql: connection.execute(sql).fetchall())


def on_postgresql(connection: "Connection") -> Source:
    """A connection of SQLAlchemy to PostgreSQL as a source."""
    plain = connection.execution_options(no_parameters=True)
    return Source(dialect="postgres", run=lambda sql: [tuple(row) for row in plain.exec_driver_sql(sql)])


def open_table(source: Source, name: str) -> Any:
    """An Ibis table of a table or view, with its columns' types.

    Raises:
        Refused: Ibis is not installed, or PostgreSQL has no such table; other drivers say that in their own words.
    """
    ibis = _ibis()
    from ibis.backends.sql.datatypes import ClickHouseType, DuckDBType, PostgresType

    types = {"duckdb": DuckDBType, "postgres": PostgresType, "clickhouse": ClickHouseType}[source.dialect]
    quoted = '"' + name.replace('"', '""') + '"'
    described = source.run(DESCRIBED[source.dialect].format(quoted=quoted, text=quoted.replace("'", "''")))
    if not described:
        raise refuse("UP070", name, "there is no such table", "name a table or a view that this connection sees")
    return ibis.table({str(row[0]): types.from_string(str(row[1])) for row in described}, name=name)


def sql_of(dialect: Dialect, expression: Any) -> str:
    """An expression as one statement.

    Raises:
        Refused: Ibis is not installed.
    """
    _ibis()
    from ibis.backends.sql import compilers

    names = {"duckdb": "DuckDBCompiler", "postgres": "PostgresCompiler", "clickhouse": "ClickHouseCompiler"}
    compiler = getattr(compilers, names[dialect])()
    return compiler.to_sqlglot(expression).sql(dialect=compiler.dialect)


def read_rows(source: Source, expression: Any) -> Rows:
    """The rows of an expression."""
    return source.run(sql_of(source.dialect, expression))


def wide_statistics(source: Source, wide: Wide, times: Sequence[Any]) -> Summary:
    """The statistics of a table with one row per unit, from one query for the sums and a count of the rows.

    Another query follows where means lie so far from 0 that the sums lost digits: about these means.

    Args:
        source: where the table lies.
        wide: which columns mean what.
        times: the periods of its first columns, rising numbers or dates; the columns behind are covariates.

    Raises:
        NoPanel: there are too many columns, an outcome is infinite, or fewer than two cohorts are left.
        Refused: Ibis is not installed.
    """
    _refuse_many(len(wide.columns))
    return _summary(source, wide, times, np.zeros(len(wide.columns)))


def long_statistics(source: Source, long: Long) -> Summary:
    """The statistics of a table with one row per unit and period, from two queries: its periods, then their sums.

    Args:
        source: where the table lies.
        long: which columns mean what.

    Raises:
        NoPanel: the table is no panel: a row has no period, a unit is there twice in one or has two cohorts, there are
            too many periods, an outcome is infinite, or fewer than two cohorts are left.
        Refused: Ibis is not installed.
    """
    found = list(read_rows(source, expressions.periods(long)))
    if not found:
        raise NoPanel("there are no rows")
    if any(time is None or (isinstance(time, float) and not isfinite(time)) for time, _ in found):
        raise NoPanel("a row has no period")
    _refuse_many(len(found))
    found.sort(key=lambda row: row[0])
    times = [row[0] for row in found]
    return _summary(source, expressions.paths(long, times), times, np.array([_near(mean) for _, mean in found]))


def add_day(source: Source, wide: Wide, known: Statistics, *, time: Any) -> Statistics:
    """Statistics with one more period, from one query that sums its products alone.

    Args:
        source: where the table lies.
        wide: the columns of `known` in their order, and the new period's behind them.
        known: of the same units, without the new period.
        time: the new period, a number or a date.

    Raises:
        NoPanel: the units are not those of the statistics, the period is none behind the last, or an outcome infinite.
        Refused: Ibis is not installed.
    """
    shift, days = day_shift(known), _in_days(time)
    assert len(wide.columns) == shift.size, "one column more than the statistics have"

    def day(about: Floats) -> Day:
        found = read_rows(source, expressions.last_column(wide, about.tolist()))
        numbers = _numbers([row[1:] for row in found], about.size + 2)
        return Day(
            starts=np.array([_start(row[0], days=days) for row in found]),
            sizes=numbers[:, 0],
            totals=numbers[:, 1],
            products=numbers[:, 2:],
            shift=about,
        )

    found = day(shift)
    nearer = found.nearer()
    return with_day(known, found if nearer is None else day(nearer), period=_place(time, days=days))


def _summary(source: Source, wide: Wide, times: Sequence[Any], shift: Floats) -> Summary:
    """The statistics about a shift, or about the means that it found where it was far from them."""
    days = _in_days(times[0])
    found, missing = _sums(source, wide, shift, days=days)
    nearer = found.nearer()
    if nearer is not None:
        found, missing = _sums(source, wide, nearer, days=days)
    return summary(found, periods=np.array([_place(time, days=days) for time in times]), missing=missing)


def _sums(source: Source, wide: Wide, shift: Floats, *, days: bool) -> tuple[Sums, int]:
    """The sums of whole units, and the number of others.

    Raises:
        NoPanel: a fault was counted.
    """
    width, missing, parts = shift.size, 0, []
    cohorts: list[Any] = []
    sizes: list[int] = []
    for number, tile in enumerate(expressions.tiles(width)):
        alone = range(width if number == 0 else 0)
        rows = read_rows(source, expressions.cross_products(wide, shift.tolist(), alone=alone, together=tile))
        if wide.faults:
            rows, missing = _without_faults(rows, wide.faults)
        rows = sorted(rows, key=lambda row: str(row[0]))  # each part in the same order
        cohorts, sizes = [row[0] for row in rows], [row[1] for row in rows]
        parts.append(_numbers([row[2:] for row in rows], len(alone) + len(tile)))
    if not wide.faults:
        missing = max(0, int(read_rows(source, expressions.units(wide))[0][0]) - sum(sizes))
    numbers = np.hstack(parts)
    first, second = np.array(expressions.pairs(width)).T
    products = np.empty((len(numbers), width, width))
    products[:, first, second] = products[:, second, first] = numbers[:, width:]
    return Sums(
        starts=np.array([_start(cohort, days=days) for cohort in cohorts]),
        sizes=np.array(sizes, dtype=np.float64),
        totals=numbers[:, :width],
        products=products,
        shift=shift,
    ), missing


def _without_faults(rows: Rows, faults: Sequence[str]) -> tuple[Rows, int]:
    """Rows of whole units without their marks and faults, and the number of other units.

    Raises:
        NoPanel: there is a fault.
    """
    for place, fault in enumerate(faults, start=3):
        if wrong := sum(int(row[place]) for row in rows):
            raise NoPanel(f"{FAULTS[fault]} ({wrong:,} do)")
    whole = [[row[0], row[2], *row[3 + len(faults) :]] for row in rows if row[1]]
    return whole, sum(int(row[2]) for row in rows if not row[1])


def _numbers(rows: Rows, width: int) -> Floats:
    """Rows of numbers as an array, NULL as NaN."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _near(value: Any) -> float:
    """A mean as a shift; 0 where there is none."""
    number = 0.0 if value is None else float(value)
    return number if isfinite(number) else 0.0


def _in_days(time: Any) -> bool:
    """Whether periods are dates, not times or numbers."""
    return isinstance(time, date) and not isinstance(time, datetime)


def _place(value: Any, *, days: bool) -> float:
    """A period as a number: dates in days since 1970, times in microseconds."""
    if not isinstance(value, date):
        return float(value)
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    since = (value if value.tzinfo else value.replace(tzinfo=UTC)) - BEGINNING
    return float(since // timedelta(days=1)) if days else since / timedelta(microseconds=1)


def _start(value: Any, *, days: bool) -> float:
    """A cohort's first exposed period as a number, `NEVER` for none."""
    if value is None:
        return NEVER
    start = _place(value, days=days)
    return start if isfinite(start) and (start or isinstance(value, date)) else NEVER


def _refuse_many(columns: int) -> None:
    """Refuse more columns than an expression can have."""
    if columns > COLUMNS_MOST:
        raise NoPanel(f"{columns:,} periods are more than the {COLUMNS_MOST} that a query can take")


def _ibis() -> Any:
    """Ibis, which is loaded when it is needed.

    Raises:
        Refused: it is not installed.
    """
    try:
        import ibis
    except ImportError:
        raise refuse("UP070", "Ibis", "it is not installed", "pip install 'uptake[warehouse]'") from None
    return ibis

"""Runs Ibis expressions where the rows lie: on DuckDB, PostgreSQL or ClickHouse, over a connection that somebody made.

Ibis writes the SQL and nothing else of it is used, so neither its backends nor pandas are needed (extra `warehouse`).
It makes statistics of what comes back. It opens no connection, writes nothing and brings back sums, never rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from uptake.core.problem import refuse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy import Connection

    from uptake.measure.expressions import Long, Wide
    from uptake.measure.statistics import Floats, Statistics
    from uptake.measure.sums import Summary, Sums

Dialect = Literal["duckdb", "postgres", "clickhouse"]
Rows = Sequence[Sequence[Any]]

DESCRIBED = {
    "duckdb": "describe select * from {name}",
    "postgres": "select attname, format_type(atttypid, atttypmod) from pg_attribute"
    " where attrelid = to_regclass('{text}') and attnum > 0 and not attisdropped order by attnum",
    "clickhouse": "describe table {name}",
}
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


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
        Refused: Ibis is not installed, or there is no such table.
    """
    ibis, types = _ibis(), _types(source.dialect)
    quoted = '"' + name.replace('"', '""') + '"'
    sql = DESCRIBED[source.dialect].format(name=quoted, text=quoted.replace("'", "''"))
    columns = {str(row[0]): types.from_string(str(row[1])) for row in source.run(sql)}
    if not columns:
        raise refuse("UP071", name, "there is no such table", "name a table or a view that this connection sees")
    return ibis.table(columns, name=name)


def sql_of(dialect: Dialect, expression: Any) -> str:
    """An expression as one statement.

    Raises:
        Refused: Ibis is not installed.
    """
    _ibis()
    compiler = _compilers()[dialect]
    return compiler.to_sqlglot(expression).sql(dialect=compiler.dialect)


def read_rows(source: Source, expression: Any) -> Rows:
    """The rows of an expression."""
    return source.run(sql_of(source.dialect, expression))


def wide_statistics(source: Source, wide: "Wide", times: Sequence[Any]) -> "Summary":
    """The statistics of a table with one row per unit, from one query behind a look at a thousand rows.

    A second one follows where those rows were so unlike the others that digits were lost.

    Args:
        source: where the table lies.
        wide: which columns mean what.
        times: the periods of its first columns, rising numbers or dates; the columns behind are covariates.

    Raises:
        NoPanel: there are too many columns, an outcome is infinite, or fewer than two cohorts are left.
        Refused: Ibis is not installed.
    """
    from uptake.measure.expressions import look

    _refuse_many(len(wide.columns))
    seen = read_rows(source, look(wide))[0]
    return _summary(source, wide, times, [_finite(value) for value in seen])


def long_statistics(source: Source, long: "Long") -> "Summary":
    """The statistics of a table with one row per unit and period, from two queries: its periods, then their sums.

    Args:
        source: where the table lies.
        long: which columns mean what.

    Raises:
        NoPanel: the table is no panel: a row has no period, a unit is there twice in one or has two cohorts, there are
            too many periods, an outcome is infinite, or fewer than two cohorts are left.
        Refused: Ibis is not installed.
    """
    from uptake.measure.expressions import paths, periods
    from uptake.measure.panel import NoPanel

    found = list(read_rows(source, periods(long)))
    if not found:
        raise NoPanel("there are no rows")
    if any(time is None or time != time for time, _ in found):  # noqa: PLR0124 - NaN alone is not itself
        raise NoPanel("a row has no period")
    _refuse_many(len(found))
    found.sort(key=lambda row: row[0])
    times = [row[0] for row in found]
    return _summary(source, paths(long, times), times, [_finite(row[1]) for row in found])


def add_day(source: Source, wide: "Wide", known: "Statistics", *, time: Any) -> "Statistics":
    """Statistics with one more period, from one query that sums its products alone.

    Args:
        source: where the table lies.
        wide: the columns of `known` in their order, and the new period's as the last.
        known: of the same units, without the new period.
        time: the new period, a number or a date.

    Raises:
        NoPanel: the units are not those of the statistics, the period is none behind the last, or an outcome infinite.
        Refused: Ibis is not installed.
    """
    import numpy as np

    from uptake.measure.expressions import last_column
    from uptake.measure.sums import Day, middle, nearer_day, with_day

    centre = middle(known)
    assert len(wide.columns) == centre.size + 1, "one column more than the statistics have"
    shift: float | None = float(centre[known.periods.size - 1])

    def day(about: float) -> Day:
        rows = [row for row in read_rows(source, last_column(wide, [*centre.tolist(), about])) if row[1]]
        numbers = np.array([row[2:] for row in rows], dtype=np.float64).reshape(len(rows), -1)
        return Day(
            starts=np.array([_start(row[0], days=_in_days(time)) for row in rows]),
            sizes=numbers[:, 0],
            totals=numbers[:, 1],
            products=numbers[:, 2:],
            shift=about,
        )

    found = day(shift)
    if (shift := nearer_day(found)) is not None:
        found = day(shift)
    return with_day(known, found, period=_start(time, days=_in_days(time)))


def _summary(source: Source, wide: "Wide", times: Sequence[Any], shift: Sequence[float]) -> "Summary":
    """The statistics about a shift, or about the means that it found where it was far from them."""
    import numpy as np

    from uptake.measure.sums import summary

    days = _in_days(times[0])
    periods = np.array([_start(time, days=days) for time in times])
    found, missing = _sums(source, wide, np.array(shift, dtype=np.float64), days=days)
    if (nearer := found.nearer()) is not None:
        found, missing = _sums(source, wide, nearer, days=days)
    return summary(found, periods=periods, missing=missing)


def _sums(source: Source, wide: "Wide", shift: "Floats", *, days: bool) -> "tuple[Sums, int]":
    """The sums of whole units, and the number of others.

    Raises:
        NoPanel: a fault was counted.
    """
    import numpy as np

    from uptake.measure.expressions import cross_products, pairs, tiles
    from uptake.measure.panel import NoPanel
    from uptake.measure.sums import Sums

    width, faults, missing = shift.size, len(wide.faults), 0
    places: dict[Any, int] = {}
    sizes: list[float] = []
    totals, products = np.zeros((0, width)), np.zeros((0, width, width))
    for number, tile in enumerate(tiles(pairs(width), width + faults + 3)):
        alone = range(width) if number == 0 else range(0)
        rows = read_rows(source, cross_products(wide, shift.tolist(), alone=alone, together=tile))
        if number == 0:
            for fault, what in enumerate(("a unit stands there twice in a period", "a unit has two cohorts")[:faults]):
                if wrong := sum(row[3 + fault] for row in rows):
                    raise NoPanel(f"{what}: {wrong:,} units do")
            missing = int(sum(row[2] for row in rows if not row[1]))
        whole = [row for row in rows if row[1]]
        if number == 0:
            places = {str(row[0]): place for place, row in enumerate(whole)}
            starts = np.array([_start(row[0], days=days) for row in whole])
            sizes = [float(row[2]) for row in whole]
            totals = np.array([row[3 + faults : 3 + faults + width] for row in whole], dtype=np.float64)
            products = np.zeros((len(whole), width, width))
        first, second = np.array(tile).T
        for row in whole:
            numbers = np.array(row[3 + faults + len(alone) :], dtype=np.float64)
            products[places[str(row[0])], first, second] = numbers
            products[places[str(row[0])], second, first] = numbers
    return Sums(
        starts=starts,
        sizes=np.array(sizes),
        totals=totals.reshape(-1, width),
        products=products,
        shift=shift,
    ), missing


def _finite(value: Any) -> float:
    """A mean as a shift; 0 where there is none."""
    number = 0.0 if value is None else float(value)
    return number if abs(number) < float("inf") else 0.0


def _in_days(time: Any) -> bool:
    return isinstance(time, date) and not isinstance(time, datetime)

"""Sufficient statistics from SQL: the same as from arrays, on DuckDB, a real PostgreSQL and a real ClickHouse."""

import itertools
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from tests.postgres import server
from uptake.core.chance import stream
from uptake.core.problem import Refused
from uptake.measure import NoPanel, Table, effect
from uptake.measure.expressions import Long, Wide, tiles
from uptake.measure.panel import panel
from uptake.measure.staggered import estimate
from uptake.measure.statistics import Statistics, summarise
from uptake.measure.sums import Summary, day_of, with_day
from uptake.measure.weights import weights
from uptake.store.query import (
    Source,
    add_day,
    long_statistics,
    on_duckdb,
    on_postgresql,
    open_table,
    wide_statistics,
)

Columns = Mapping[str, tuple[str, list[Any]]]
"""Name to (type, values)."""
REAL = {"duckdb": "double", "postgres": "double precision", "clickhouse": "Nullable(Float64)"}
WHOLE = {"duckdb": "bigint", "postgres": "bigint", "clickhouse": "Nullable(Int64)"}
DAY = {"duckdb": "date", "postgres": "date", "clickhouse": "Nullable(Date)"}
NAMES = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database, and how a test's table gets into it."""

    source: Source
    put: Callable[[Columns], str]


def literal(dialect: str, value: Any) -> str:
    """A value as it is written in SQL."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return f"'{value}'" if dialect == "clickhouse" else f"date '{value}'"
    if isinstance(value, float) and not np.isfinite(value):
        return f"{value}" if dialect == "clickhouse" else f"cast('{value}' as {REAL[dialect]})"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else repr(float(value))


def bare(kind: str) -> str:
    """A type without NULL: most of ClickHouse's columns have none, and its aggregates then give 0 for nothing."""
    return kind.removeprefix("Nullable(").removesuffix(")") if kind.startswith("Nullable(") else kind


def putting(dialect: str, run: Callable[[str], Any], ending: str = "") -> Callable[[Columns], str]:
    """Makes a table of columns, row by row as anybody's is."""

    def put(columns: Columns) -> str:
        name = f"panel {next(NAMES)}"
        kinds = [bare(kind) if None not in values else kind for kind, values in columns.values()]
        heads = ", ".join(f'"{column}" {kind}' for column, kind in zip(columns, kinds, strict=True))
        run(f'create table "{name}" ({heads}){ending}')
        rows = zip(*(values for _, values in columns.values()), strict=True)
        texts = [f"({', '.join(literal(dialect, value) for value in row)})" for row in rows]
        for begin in range(0, len(texts), 500):
            run(f'insert into "{name}" values {", ".join(texts[begin : begin + 500])}')
        return name

    return put


@pytest.fixture(scope="module", params=["duckdb", "postgres", "clickhouse"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each of the databases that are there."""
    if request.param == "duckdb":
        import duckdb

        with duckdb.connect() as connection:
            yield Place(source=on_duckdb(connection), put=putting("duckdb", connection.execute))
    elif request.param == "postgres":
        with server() as address:
            engine = create_engine(address)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                yield Place(source=on_postgresql(conn), put=putting("postgres", conn.exec_driver_sql))
            engine.dispose()
    else:
        session = pytest.importorskip("chdb.session", reason="chdb has no ClickHouse for this machine").Session()
        session.query("create database here")
        session.query("use here")

        def rows(sql: str) -> list[list[Any]]:
            told = session.query(f"{sql} settings output_format_json_quote_denormals=1", "JSONCompactEachRow").data()
            return [[_denormal(value) for value in json.loads(line)] for line in told.splitlines() if line]

        ending = " engine=MergeTree order by tuple()"
        yield Place(source=Source(dialect="clickhouse", run=rows), put=putting("clickhouse", session.query, ending))
        session.close()


def _denormal(value: Any) -> Any:
    """ClickHouse's JSON writes what JSON has no numbers for as texts, dates too."""
    if not isinstance(value, str):
        return value
    if value in {"inf", "-inf", "nan", "-nan"}:
        return float(value)
    return date.fromisoformat(value) if value[:2].isdigit() and value.count("-") == 2 else value


def made(
    seed: int, *, units: int = 40, periods: int = 4, level: float = 0.0, waves: tuple[float, ...] = (3, 4, np.inf)
) -> Table:
    """Units with levels of their own, in waves and never."""
    chance = stream(seed, "sql")
    cohorts = chance.permutation(np.resize(np.array(waves, dtype=float), units))
    values = level + chance.normal(size=(units, 1)) + chance.normal(size=(units, periods)) + np.arange(periods)
    return Table(
        unit=np.repeat(np.arange(units), periods),
        time=np.tile(np.arange(1, periods + 1), units),
        cohort=np.repeat(cohorts, periods),
        outcome=values.ravel(),
    )


def long_of(place: Place, table: Table) -> Long:
    """The table as it is, one row per unit and period; -99 is no row, 99 is NULL."""
    dialect, kept = place.source.dialect, table.outcome != -99
    table = Table(unit=table.unit[kept], time=table.time[kept], cohort=table.cohort[kept], outcome=table.outcome[kept])
    cohorts = [None if np.isnan(one) else float(one) for one in table.cohort]
    name = place.put(
        {
            "who": (WHOLE[dialect], table.unit.tolist()),
            "day": (WHOLE[dialect], table.time.tolist()),
            "wave": (REAL[dialect], cohorts),
            "the use": (REAL[dialect], [None if value == 99 else value for value in table.outcome.tolist()]),
        }
    )
    return Long(rows=open_table(place.source, name), unit="who", time="day", cohort="wave", outcome="the use")


def wide_of(place: Place, values: np.ndarray, cohorts: list[Any], kind: str = "") -> Wide:
    """One row per unit, a column for each period."""
    dialect = place.source.dialect
    names = [f"day {number}" for number in range(values.shape[1])]
    columns = {name: (kind or REAL[dialect], values[:, number].tolist()) for number, name in enumerate(names)}
    name = place.put({"wave": (REAL[dialect], cohorts)} | columns)
    return Wide(rows=open_table(place.source, name), cohort="wave", columns=tuple(names))


def arrays(table: Table) -> Summary:
    """The same from arrays."""
    found = panel(replace(table, outcome=np.where(np.abs(table.outcome) == 99, np.nan, table.outcome)))
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    return Summary(statistics=known, dropped=found.dropped)


def same(found: Statistics, known: Statistics, *, digits: float = 1e-9) -> None:
    """Equal, numbers to a share of their size; a covariance's size is that of its deviations."""
    assert found.periods.tolist() == known.periods.tolist()
    assert found.cohorts.tolist() == known.cohorts.tolist()
    assert found.sizes.tolist() == known.sizes.tolist()
    np.testing.assert_allclose(found.means, known.means, rtol=digits, atol=digits * np.abs(known.means).max())
    spread = np.sqrt(np.einsum("gtt->gt", known.covariances))
    scale = spread[:, :, None] * spread[:, None, :] + np.finfo(float).tiny
    np.testing.assert_allclose(found.covariances / scale, known.covariances / scale, rtol=0, atol=digits)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000),
    units=st.integers(12, 40),
    periods=st.integers(2, 5),
    level=st.sampled_from([0.0, -1e6]),
    never=st.sampled_from([None, np.nan, 0.0, np.inf, 9.0]),
    gaps=st.lists(st.tuples(st.integers(0, 11), st.sampled_from([99.0, -99.0, np.nan])), max_size=2),
    shape=st.sampled_from(["wide", "long"]),
)
def test_sums_are_those_of_arrays(
    place: Place, seed: int, units: int, periods: int, level: float, never: Any, gaps: Any, shape: str
) -> None:
    """NULL, NaN, infinite and 0 cohorts are never exposed, missing outcomes leave a unit out, levels cost no digits."""
    table = made(seed, units=units, periods=periods, level=level, waves=(2, 3, np.inf))
    for at, value in gaps:
        table.outcome[at] = value
    cohorts = [never if one == np.inf else one for one in table.cohort]
    table = replace(table, cohort=np.array([np.nan if one is None else one for one in cohorts]))
    known = arrays(table)
    if shape == "long":
        found = long_statistics(place.source, long_of(place, table))
    else:
        values = table.outcome.reshape(units, periods)
        texts = np.where(np.abs(values) == 99, None, values)
        found = wide_statistics(place.source, wide_of(place, texts, cohorts[::periods]), range(1, periods + 1))
    same(found.statistics, known.statistics)
    assert found.dropped == known.dropped


def test_a_mean_of_a_million_costs_no_digits(place: Place) -> None:
    """Products of values about 1e6 with sd 1 are 1e12: unshifted, their difference keeps four digits of sixteen.

    The sums tell, and are taken once more, about the means; where these are near 0, once is enough.
    """
    asked: list[str] = []

    def run(sql: str) -> Any:
        asked.append(sql)
        return place.source.run(sql)

    source = Source(dialect=place.source.dialect, run=run)
    for level, times in ((1e6, 2), (0.0, 1)):
        table = made(4, units=3_000, level=level)
        values, cohorts = table.outcome.reshape(3_000, -1), table.cohort[::4].tolist()
        wide, known = wide_of(place, values, cohorts), arrays(table).statistics
        asked.clear()
        same(wide_statistics(source, wide, range(1, 5)).statistics, known, digits=1e-12)
        assert len([sql for sql in asked if "SUM" in sql]) == times
    mine = values[table.cohort[::4] == 3] + 1e6
    naive = (mine.T @ mine - len(mine) * np.outer(mine.mean(axis=0), mine.mean(axis=0))) / (len(mine) - 1)
    assert np.abs(naive / known.covariances[0] - 1).max() > 1e-6


@pytest.mark.parametrize("level", [0.0, 1e6])
def test_one_more_day_is_as_all_anew(place: Place, level: float) -> None:
    """From SQL and from arrays, behind periods and before covariates, with a day unlike all before."""
    table = made(6, units=300, periods=5, level=level, waves=(3, 4, 0))
    values, cohorts = table.outcome.reshape(300, 5).copy(), table.cohort[::5]
    values[:, 3] += 1e8
    wide = wide_of(place, values, [None if one == 0 else one for one in cohorts])
    names, times = wide.columns, (1, 2, 3)
    before = replace(wide, columns=(*names[:3], names[4]))
    known = wide_statistics(place.source, before, times).statistics
    assert known.covariates == 1
    grown = add_day(place.source, replace(wide, columns=(*before.columns, names[3])), known, time=7)
    anew = wide_statistics(place.source, wide, (*times, 7)).statistics
    same(grown, anew)
    labels = np.searchsorted([3, 4], np.where(cohorts == 0, 9, cohorts))
    day = day_of(known, values[:, [0, 1, 2, 4]], labels, values[:, 3])
    same(with_day(known, day, period=7), anew)


def test_a_day_of_other_units_is_refused(place: Place) -> None:
    table = made(7, units=30)
    values, cohorts = table.outcome.reshape(30, 4).copy(), table.cohort[::4].tolist()
    values[cohorts.index(4.0), 3] = np.nan
    wide = wide_of(place, values, cohorts)
    known = wide_statistics(place.source, replace(wide, columns=wide.columns[:3]), (1, 2, 3)).statistics
    with pytest.raises(NoPanel, match="9 units of cohort 4 have the new day, and 10 are in the statistics"):
        add_day(place.source, wide, known, time=4)
    values[:, 3] = 1.0
    with pytest.raises(NoPanel, match="period 3 is not behind the last one, 3"):
        add_day(place.source, wide_of(place, values, cohorts), known, time=3)


def test_dates_and_whole_numbers_are_read_as_arrays_are(place: Place) -> None:
    table = made(8, units=30)
    first = date(2027, 1, 1)
    counts = np.round(table.outcome * 10).astype(int)
    cohorts = [None if one == np.inf else first + timedelta(int(one)) for one in table.cohort]
    dialect = place.source.dialect
    name = place.put(
        {
            "who": ("varchar" if dialect != "clickhouse" else "String", [f"o'{one}" for one in table.unit]),
            "day": (DAY[dialect], [first + timedelta(int(one)) for one in table.time]),
            "wave": (DAY[dialect], cohorts),
            "calls": (WHOLE[dialect], counts.tolist()),
        }
    )
    rows = open_table(place.source, name)
    found = long_statistics(place.source, Long(rows=rows, unit="who", time="day", cohort="wave", outcome="calls"))
    begin = np.datetime64(first)
    starts = np.array([np.datetime64("NaT") if one is None else np.datetime64(one) for one in cohorts])
    same(
        found.statistics,
        arrays(replace(table, time=begin + table.time, cohort=starts, outcome=counts.astype(float))).statistics,
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda t: replace(t, unit=np.where(t.unit == 1, 0, t.unit)), "a unit stands there twice in a period"),
        (lambda t: replace(t, cohort=np.where(np.arange(t.unit.size) == 8, 7.0, t.cohort)), "a unit has two cohorts"),
        (lambda t: replace(t, cohort=np.where(np.arange(t.unit.size) == _early(t), 0, t.cohort)), "has two cohorts"),
        (lambda t: replace(t, outcome=np.where(np.arange(t.unit.size) == 8, np.inf, t.outcome)), "is infinite"),
        (lambda t: replace(t, cohort=np.full(t.unit.size, 3.0)), "fewer than two cohorts"),
    ],
)
def test_what_is_no_panel_is_refused(place: Place, change: Any, why: str) -> None:
    with pytest.raises(NoPanel, match=why):
        long_statistics(place.source, long_of(place, change(made(9))))


def _early(table: Table) -> int:
    """The first row of a unit that is exposed once."""
    return int(np.flatnonzero(table.cohort == 3)[0])


def test_single_units_and_no_rows(place: Place) -> None:
    table = made(10, units=30)
    alone = replace(table, cohort=np.where(table.unit == 0, 8.0, table.cohort))
    found = long_statistics(place.source, long_of(place, alone))
    assert found.dropped == arrays(alone).dropped == ("1 cohorts have a single unit",)
    same(found.statistics, arrays(alone).statistics)
    empty = Table(unit=np.arange(0), time=np.arange(0), cohort=np.empty(0), outcome=np.empty(0))
    with pytest.raises(NoPanel, match="there are no rows"):
        long_statistics(place.source, long_of(place, empty))


def test_an_estimate_from_sql_is_that_of_the_table(place: Place) -> None:
    table = made(11, units=90, periods=6, waves=(3, 5, np.inf))
    known = long_statistics(place.source, long_of(place, table)).statistics
    (sought,) = weights(known, "simple", controls="not-yet", lag="previous")
    (row,) = effect(table).rows
    found = estimate(known, sought)
    assert (found.estimate, found.se) == pytest.approx((row.estimate, row.se), rel=1e-9)


def test_yes_and_no_are_one_and_nothing(place: Place) -> None:
    table = made(14, units=60)
    used = table.outcome > 2
    kind = "Bool" if place.source.dialect == "clickhouse" else "boolean"
    wide = wide_of(place, used.reshape(60, 4), table.cohort[::4].tolist(), kind)
    found = wide_statistics(place.source, wide, range(1, 5))
    same(found.statistics, arrays(replace(table, outcome=used.astype(float))).statistics)


def test_many_periods_take_more_than_one_query() -> None:
    """PostgreSQL returns at most 1,664 columns; the pieces are every pair once."""
    import duckdb

    table = made(12, units=40, periods=60, waves=(30, 40))
    assert len(tiles(60)) == 2
    with duckdb.connect() as connection:
        place = Place(source=on_duckdb(connection), put=putting("duckdb", connection.execute))
        wide = wide_of(place, table.outcome.reshape(40, 60), table.cohort[::60].tolist())
        found = wide_statistics(place.source, wide, range(1, 61))
        same(found.statistics, arrays(table).statistics)


def test_float32_is_multiplied_in_double_precision() -> None:
    import duckdb

    table = made(13, units=2_000, level=1e3)
    narrow = table.outcome.astype(np.float32)
    with duckdb.connect() as connection:
        place = Place(source=on_duckdb(connection), put=putting("duckdb", connection.execute))
        wide = wide_of(place, narrow.reshape(2_000, 4), table.cohort[::4].tolist(), "float")
        found = wide_statistics(place.source, wide, range(1, 5))
        same(found.statistics, arrays(replace(table, outcome=narrow.astype(float))).statistics, digits=1e-12)


def test_what_is_not_there_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.source.dialect == "postgres":
        with pytest.raises(Refused, match="there is no such table"):
            open_table(place.source, 'it\'s "not" there')
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(Refused, match="Ibis"):
        open_table(place.source, "anything")

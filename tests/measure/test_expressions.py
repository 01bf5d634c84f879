"""Expressions for databases: what they say, and that nothing heavy is loaded to build them."""

import subprocess
import sys
from typing import Any

import pytest

from uptake.measure.expressions import AGGREGATES_MOST, Long, Wide, cross_products, last_column, pairs, paths, tiles
from uptake.store.query import Dialect, sql_of

DIALECTS: tuple[Dialect, ...] = ("duckdb", "postgres", "clickhouse")


def wide(**kinds: str) -> Wide:
    import ibis

    return Wide(rows=ibis.table({"wave": "float64"} | kinds, name="use"), cohort="wave", columns=tuple(kinds))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sums_are_one_scan(dialect: Dialect) -> None:
    said = sql_of(dialect, cross_products(wide(a="float64", b="float64"), [0.0, 2.5], alone=[0, 1], together=pairs(2)))
    assert said.count("SUM(") == 2 + 3
    assert said.count("FROM") - said.count("FROM (") == 1
    assert "JOIN" not in said
    assert said.count(" - ") == 1, "a column about 0 is not shifted"
    assert said.count(" - 2.5") == 1


@pytest.mark.parametrize("dialect", DIALECTS)
def test_one_more_day_adds_its_own_products_alone(dialect: Dialect) -> None:
    said = sql_of(dialect, last_column(wide(a="float64", b="float64", c="float64"), [0.0] * 3))
    assert said.count("SUM(") == 1 + 3


def test_narrow_numbers_are_made_wide_before_they_are_multiplied() -> None:
    said = sql_of("duckdb", cross_products(wide(a="float32", b="int8"), [0.0, 0.0], alone=[], together=[(0, 1)]))
    assert said.count("AS DOUBLE)") >= 2


def test_pieces_are_every_pair_once_and_fit() -> None:
    for width in (1, 12, 53, 54, 60, 400):
        parts = tiles(width)
        assert [pair for part in parts for pair in part] == pairs(width)
        assert max(len(part) for part in parts) + width <= AGGREGATES_MOST
    assert len(tiles(53)) == 1
    assert len(pairs(12)) == 78


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["float64", "int32", "decimal(8, 2)", "date"])
def test_long_rows_are_read_once(dialect: Dialect, kind: Any) -> None:
    import ibis

    rows = ibis.table({"who": "string", "day": kind, "wave": kind, "calls": "int64"}, name="use")
    long = Long(rows=rows, unit="who", time="day", cohort="wave", outcome="calls")
    made = paths(long, [ibis.date("2027-01-04") if kind == "date" else 4, ibis.null().cast(kind)])
    said = sql_of(dialect, cross_products(made, [1.0, 2.0], alone=[0, 1], together=pairs(2)))
    assert said.count('FROM "use"') == 1


def test_no_database_and_no_ibis_are_loaded() -> None:
    command = "import sys, uptake.measure.expressions, uptake.measure.sums; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert "uptake.measure.expressions" in told
    assert not {"ibis", "sqlglot", "duckdb", "pandas", "sqlalchemy"} & set(told.split())

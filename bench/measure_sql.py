"""Sufficient statistics where the rows lie: one DuckDB query at a million units x 12, against twelve sums over them.

Then ten million units in single precision, and one more day at a million. What is judged is what the database takes for
all statements, the least of some rounds in which the works take turns: by CPU time, as neighbours on the machine slow
the longer work more, and the ten millions by the clock, which needs two free processors. What Ibis takes to write the
SQL is told beside it: it is the same at any number of units.

    python bench/measure_sql.py --units 1000000
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from uptake.core.chance import stream
from uptake.measure.expressions import Wide
from uptake.measure.statistics import Statistics, summarise
from uptake.store.query import Rows, Source, add_day, on_duckdb, open_table, wide_statistics

DAYS = 12
WAVES = (3, 5, 7, 9, 11, 0)
PIECE = 1_000_000
ROUNDS = 15
RATIO_MOST = 8.0
LARGE_MS_MOST = 1000.0
DAY_MS_MOST = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """The least milliseconds, by the clock and of all processors, and how many processors it had at most."""

    wall: float
    cpu: float
    processors: float

    def __str__(self) -> str:
        """In words."""
        return f"{self.wall:,.1f} ms by the clock on {self.processors:.1f} processors, {self.cpu:,.1f} ms of CPU"


class Recording:
    """A source that keeps what was said to it, and how long the answers took."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._inner = on_duckdb(connection)
        self._said: list[str] = []
        self._spent_s = 0.0
        self.source = Source(dialect="duckdb", run=self._run)

    def _run(self, sql: str) -> Rows:
        self._said.append(sql)
        began = time.perf_counter()
        rows = self._inner.run(sql)
        self._spent_s += time.perf_counter() - began
        return rows

    def heard(self, work: Callable[[], Any]) -> tuple[Any, list[str]]:
        """What a piece of work gives, and its statements; prints what is not the database's."""
        self._said, self._spent_s, began = [], 0.0, time.perf_counter()
        result = work()
        around = time.perf_counter() - began - self._spent_s
        print(f"  {len(self._said)} statements, written and read in {around * 1e3:.0f} ms")
        return result, self._said


def fill(connection: duckdb.DuckDBPyConnection, units: int, days: int, kind: str) -> list[str]:
    """A table `use` of units with levels of their own in waves by chance; the names of its days."""
    names, chance = [f"day_{number:02}" for number in range(days)], stream(1, "bench", "sql")
    columns = ", ".join(f"{name} {'float' if kind == 'float32' else 'double'}" for name in names)
    connection.execute(f"create or replace table use (wave smallint, {columns})")
    for begin in range(0, units, PIECE):
        many = min(PIECE, units - begin)
        values = (chance.standard_normal((many, 1)) + chance.standard_normal((many, days)) + 5).astype(kind)
        piece = {"wave": chance.choice(np.array(WAVES, dtype=np.int16), many)}
        piece |= {name: np.ascontiguousarray(values[:, place]) for place, name in enumerate(names)}
        connection.register("piece", piece)
        connection.execute(f"insert into use select nullif(wave, 0), {', '.join(names)} from piece")
        connection.unregister("piece")
    return names


def least(connection: duckdb.DuckDBPyConnection, *works: Sequence[str]) -> list[Took]:
    """The least times of some statements that take turns."""
    best = [Took(wall=float("inf"), cpu=float("inf"), processors=0) for _ in works]
    for _ in range(ROUNDS):
        for place, statements in enumerate(works):
            wall, cpu = time.perf_counter(), time.process_time()
            for sql in statements:
                connection.execute(sql).fetchall()
            wall, cpu = (time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3
            best[place] = Took(
                wall=min(best[place].wall, wall),
                cpu=min(best[place].cpu, cpu),
                processors=max(best[place].processors, cpu / wall),
            )
    return best


def millions(connection: duckdb.DuckDBPyConnection, units: int) -> bool:
    """Row 9's first and last: the ratio to twelve sums, and one more day."""
    names, recording = fill(connection, units, DAYS + 1, "float64"), Recording(connection)
    table = open_table(recording.source, "use")
    wide = Wide(rows=table, cohort="wave", columns=tuple(names[:DAYS]))
    longer = Wide(rows=table, cohort="wave", columns=tuple(names))
    print(f"{units:,} units x {DAYS}")
    found, asked = recording.heard(lambda: wide_statistics(recording.source, wide, range(DAYS)))
    _, more = recording.heard(lambda: add_day(recording.source, longer, found.statistics, time=DAYS))
    sums = ", ".join(f"sum({name})" for name in names[:DAYS])
    plain, grouped = f"select {sums} from use", f"select wave, {sums} from use group by wave"
    scan, by_wave, query, day = least(connection, [plain], [grouped], asked, more)
    ratio = query.cpu / scan.cpu
    print(f"  twelve sums: {scan}; by wave: {by_wave}")
    print(f"  statistics: {query}; apart from arrays {apart(connection, names[:DAYS], found.statistics):.1e}")
    print(f"  ratio by CPU {ratio:.2f} (at most {RATIO_MOST:g}), by the clock {query.wall / scan.wall:.2f}")
    print(f"  ratio to the sums by wave: by CPU {query.cpu / by_wave.cpu:.2f}")
    print(f"  one more day: {day} (at most {DAY_MS_MOST:g} of CPU)")
    return ratio <= RATIO_MOST and day.cpu <= DAY_MS_MOST


def apart(connection: duckdb.DuckDBPyConnection, names: Sequence[str], known: Statistics) -> float:
    """How far covariances are from those of arrays, as a share."""
    found = connection.execute(f"select coalesce(wave, 99) as wave, {', '.join(names)} from use").fetchnumpy()
    labels = np.unique(np.asarray(found["wave"]), return_inverse=True)[1]
    values = np.column_stack([np.asarray(found[name]) for name in names])
    same = summarise(values, labels, cohorts=known.cohorts, periods=known.periods)
    return float(np.abs(same.covariances / known.covariances - 1).max())


def large(connection: duckdb.DuckDBPyConnection, units: int) -> bool:
    """Row 9's second: single precision."""
    names, recording = fill(connection, units, DAYS, "float32"), Recording(connection)
    wide = Wide(rows=open_table(recording.source, "use"), cohort="wave", columns=tuple(names))
    print(f"{units:,} units x {DAYS} in single precision")
    _, asked = recording.heard(lambda: wide_statistics(recording.source, wide, range(DAYS)))
    (query,) = least(connection, asked)
    print(f"  statistics: {query} (at most {LARGE_MS_MOST:,g} by the clock)")
    return query.wall <= LARGE_MS_MOST


def main() -> int:
    """Measures and prints; 0 when row 9 holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=1_000_000)
    units = parser.parse_args().units
    with duckdb.connect() as connection:
        held = [millions(connection, units), large(connection, units * 10)]
    return int(not all(held))


if __name__ == "__main__":
    raise SystemExit(main())

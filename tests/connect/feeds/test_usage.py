"""Use that lies elsewhere: late rows, repeats, counts, and each state of a source, on SQLite and a real PostgreSQL."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import server
from uptake.connect.clock import Alarm, WallClock
from uptake.connect.feeds.usage import Usage
from uptake.connect.feeds.worker import MISSED_MOST, Brought, Feed, PulledSources, Spoilt
from uptake.core.event import Ask
from uptake.core.ids import Pid
from uptake.core.look import SourceSeen
from uptake.core.ports import Person
from uptake.core.problem import Refused, refuse
from uptake.core.time import Instant, Span, iso
from uptake.plan.model import Plan
from uptake.plan.pull import Pull
from uptake.plan.read import read_plan
from uptake.store.open import Store, open_store

PLAN = """
plan: use
title: Use
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [100%], every: 1d}
  adoption: {event: used, count: 1, within: 400d, target: 50%, from: {csv: use.csv}}
  gate: {adoption: 50%, at: 1d}
"""
DAY_MS = 86_400_000
BEGIN = Instant(1_800_000_000_000)


@pytest.fixture
def plan() -> Plan:
    return read_plan(PLAN, file="plan.yaml").plan


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path, "use")
    made.directory.freeze([Person(pid=Pid(""), external_id=f"p{i}", setting="", attributes={}) for i in range(50)])
    made.directory.assign({person.pid: 0 for person in made.directory.people()})
    yield made
    made.close()


def uses(store: Store) -> int:
    """How many uses are kept, by people and as strays."""
    ask = Ask(wave=0, name="used", count=1, since=Instant(0), until=Instant(2**52), opened=True)
    known = sum(one.uses for one in store.events.who([ask]))
    return known + store.events.strays()


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an organisation's own database."""
    folder = tmp_path_factory.mktemp("warehouse")
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'house.db'}"
    else:
        with server() as address:
            yield address


@pytest.mark.leaves_children
def test_late_rows_are_neither_lost_nor_counted_twice(
    plan: Plan, store: Store, warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """3,000 rows in 30 days, 2 % of them written up to two days late, read once a day."""
    draws = random.Random(7)
    rows = []
    for number in range(3_000):
        at = BEGIN + draws.randrange(30 * DAY_MS)
        written = at + (draws.randrange(2 * DAY_MS) if draws.random() < 0.02 else 0)
        rows.append({"who": f"p{number % 50}", "at": iso(Instant(at)), "ms": at, "written": written})
    engine = create_engine(warehouse)
    with engine.begin() as made:
        made.execute(text("create table use (who text, day text, ms bigint)"))
    monkeypatch.setenv("WAREHOUSE", warehouse)
    sql = "select who as person, day as at from use where day >= :since and day < :until"
    if warehouse.startswith("postgresql"):
        sql = "select who as person, day as at from use where day::timestamptz >= :since and day::timestamptz < :until"
    read = Usage(
        plan,
        Pull(sql=sql, database="env:WAREHOUSE", lag=Span(days=2)),
        folder=tmp_path,
        events=store.events,
        directory=store.directory,
    )
    last, put = Instant(0), 0
    rows.sort(key=lambda row: row["written"])
    for day in range(1, 34):
        now = Instant(BEGIN + day * DAY_MS)
        come = [row for row in rows[put:] if row["written"] < now]
        put += len(come)
        if come:
            with engine.begin() as made:
                made.execute(text("insert into use values (:who, :at, :ms)"), come)
        read(last=last, now=now)
        last = now
    assert put == 3_000
    engine.dispose()
    assert uses(store) == 3_000


def test_a_file_is_read_whole_and_counts_once(plan: Plan, store: Store, tmp_path: Path) -> None:
    pull = Pull(csv="use.csv", columns={"person": "User", "at": "Last Activity Date", "count": "Uses"})
    read = Usage(plan, pull, folder=tmp_path, events=store.events, directory=store.directory)
    (tmp_path / "use.csv").write_text(
        "User,Last Activity Date,Uses\np1,2026-11-01,3\np1,2026-11-01,1\nnobody,2026-11-02,2\n"
    )
    for _ in range(3):
        read(last=Instant(0), now=BEGIN)
    assert (uses(store), store.events.strays()) == (6, 2)
    with (tmp_path / "use.csv").open("a") as more:
        more.write("p2,2026-11-03,0\np2,2026-11-04,1\n")
    assert read(last=BEGIN, now=BEGIN) == Brought(complete=Instant(min(BEGIN, modified(tmp_path / "use.csv"))))
    assert uses(store) == 7


def test_who_has_not_used_it_yet_stands_in_the_report_without_a_date(plan: Plan, store: Store, tmp_path: Path) -> None:
    """Vendors list everybody who has a licence; a date that is no date is still refused."""
    (tmp_path / "use.csv").write_text("person,at\np1,2026-11-01\np2,\np3, \n")
    read = Usage(plan, Pull(csv="use.csv"), folder=tmp_path, events=store.events, directory=store.directory)
    assert read(last=Instant(0), now=BEGIN).note == "2 rows tell of no use: no date"
    assert uses(store) == 1


def modified(path: Path) -> int:
    return (path.stat().st_mtime_ns // 1_000_000_000 + 1) * 1000


@pytest.mark.parametrize(
    "row", ["p2,03/04/2026,1", ",2026-11-02,1", "p2,2026-11-02,-1", "p2,2026-11-02,2.5", "4.17E+02,2026-11-02,1"]
)
def test_a_bad_row_is_named_and_nothing_is_kept(plan: Plan, store: Store, tmp_path: Path, row: str) -> None:
    (tmp_path / "use.csv").write_text(f"person,at,count\np1,2026-11-01,1\n{row}\n")
    with pytest.raises(Refused) as refused:
        Usage(plan, Pull(csv="use.csv"), folder=tmp_path, events=store.events, directory=store.directory)(
            last=Instant(0), now=BEGIN
        )
    assert refused.value.problems[0].where.line == 3
    assert uses(store) == 0


def soon(so: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_states_of_a_source_and_its_memory(store: Store) -> None:
    """Fresh, refused by what is wrong with it, spoilt with a mark, and kept over a restart until it is stale."""
    said: list[Brought | Exception] = []

    def read(*, last: Instant, now: Instant) -> Brought:
        del last
        if not said:
            return Brought(complete=now)
        if isinstance(said[0], Exception):
            raise said[0]
        return said[0]

    every = Span(seconds=0.05)
    feed = Feed(name="a", every=every, lag=Span(seconds=60), read=read)

    def sources(*feeds: Feed) -> PulledSources:
        return PulledSources(feeds, kept=store.feeds, clock=WallClock(Alarm()), timezone="UTC", held=lambda: True)

    made = sources(feed)
    assert made.seen()[0].state == "unread"
    soon(lambda: one(made).state == "fresh")
    assert abs(WallClock(Alarm()).now() - one(made).as_of - 60_000) < 10_000
    said.append(Spoilt("half of it is gone", "mark"))
    soon(lambda: one(made).state == "refused")
    assert (one(made).detail, one(made).mark) == ("half of it is gone", "mark")
    said[0] = refuse("csv.unreadable", "use.csv", "the file cannot be read")
    soon(lambda: one(made).state == "stale")
    assert one(made).detail == "use.csv: the file cannot be read"
    made.close()
    slow = Feed(name="a", every=Span(days=1), lag=Span(), read=read)
    again = PulledSources([slow], kept=store.feeds, clock=WallClock(Alarm()), timezone="UTC", held=lambda: False)
    assert one(again).state == "fresh", "what was read within three readings counts, also after a restart"
    again.close()
    assert MISSED_MOST == 3


def one(sources: PulledSources) -> SourceSeen:
    return sources.seen()[0]

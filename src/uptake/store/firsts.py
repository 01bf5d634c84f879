"""First adoptions: how many people of a wave came to use it in which period since its opening, and what they are like.

One pass over the uses for all waves: a person's uses in order, each with the one `count` - 1 before it; the first with
both within the window is the adoption. Counts come out, never who. It folds nothing: what looks have counted so far is
what is told. Use by setting stands in `teams`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    String,
    and_,
    column,
    func,
    select,
    values,
)

from uptake.core.event import Adopted, FirstAsk, Part
from uptake.core.ids import PlanId
from uptake.store.tables import assignment, person, used

_DECODE = msgspec.json.Decoder(dict[str, str])
Kind = tuple[str, bytes]
"""What people are told apart by: setting, and attributes as they are kept; empty where nobody asks for them."""


def adopted_by_person(conn: Connection, plan: PlanId, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
    """The answer to each ask, in their order."""
    if not asks:
        return ()
    people = _people(conn, plan, asks)
    firsts: dict[int, Counter[int]] = defaultdict(Counter)
    adopters: dict[int, Counter[Kind]] = defaultdict(Counter)
    active: Counter[int] = Counter()
    for count in sorted({ask.count for ask in asks if ask.opened_at is not None}):
        for row in conn.execute(_adopters(plan, asks, count)):
            firsts[row.ask][row.period] += row.people
            adopters[row.ask][_kind(row)] += row.people
            active[row.ask] += row.active
    return tuple(
        Adopted(
            wave=ask.wave,
            present=people[ask.wave].total(),
            adopters=firsts[number].total(),
            active=active[number],
            firsts=_periods(ask, firsts[number]),
            parts=_parts(ask.columns, people[ask.wave], adopters[number]),
        )
        for number, ask in enumerate(asks)
    )


def _periods(ask: FirstAsk, found: Mapping[int, int]) -> tuple[int, ...]:
    """Counts of each period up to that of `until`; none before the opening."""
    if ask.opened_at is None or ask.until < ask.opened_at:
        return ()
    return tuple(found.get(place, 0) for place in range((ask.until - ask.opened_at) // ask.period_ms + 1))


def _parts(columns: Sequence[str], people: Mapping[Kind, int], adopters: Mapping[Kind, int]) -> tuple[Part, ...]:
    """People and adopters by each column's values."""
    whole: Counter[tuple[str, str]] = Counter()
    among: Counter[tuple[str, str]] = Counter()
    for counts, into in ((people, whole), (adopters, among)):
        for (setting, attributes), number in counts.items():
            known = _DECODE.decode(attributes) if attributes else {}
            into.update({(name, known.get(name, "") if name else setting): number for name in columns})
    return tuple(
        Part(column=name, value=value, people=whole[name, value], adopters=among[name, value])
        for name, value in sorted(whole)
    )


def _people(conn: Connection, plan: PlanId, asks: Sequence[FirstAsk]) -> dict[int, Counter[Kind]]:
    """Everyone present, by wave and kind."""
    kinds = _kinds(asks)
    who = and_(person.c.plan == assignment.c.plan, person.c.pid == assignment.c.pid)
    query = (
        select(assignment.c.wave, *kinds, func.count().label("people"))
        .select_from(assignment.join(person, who))
        .where(assignment.c.plan == plan, person.c.present)
        .group_by(assignment.c.wave, *kinds)
    )
    found: dict[int, Counter[Kind]] = defaultdict(Counter)
    for row in conn.execute(query):
        found[row.wave][_kind(row)] += row.people
    return found


def _kinds(asks: Sequence[FirstAsk]) -> list[ColumnElement[Any]]:
    """The columns that people are told apart by: no more than is asked for, so that few rows come back."""
    wanted = {name for ask in asks for name in ask.columns}
    return [*([person.c.setting] if "" in wanted else []), *([person.c.attributes] if wanted - {""} else [])]


def _kind(row: Any) -> Kind:
    """A row's kind; PostgreSQL's driver gives bytes as they are, SQLite's too."""
    return getattr(row, "setting", ""), bytes(getattr(row, "attributes", b""))


def _adopters(plan: PlanId, asks: Sequence[FirstAsk], count: int) -> Select[*tuple[Any, ...]]:
    """Adopters present by ask, period of the first adoption and kind; of the asks for so many uses."""
    asked = _asked([(number, ask) for number, ask in enumerate(asks) if ask.count == count])
    in_wave = and_(assignment.c.plan == plan, assignment.c.wave == asked.c.wave)
    in_time = and_(
        used.c.plan == assignment.c.plan,
        used.c.pid == assignment.c.pid,
        used.c.name == asked.c.name,
        used.c.at > asked.c.opened_at,
        used.c.at <= asked.c.until,
    )
    mine = (asked.c.ask, used.c.pid)
    before = func.lag(used.c.at, count - 1).over(partition_by=mine, order_by=(used.c.at, used.c.key))
    uses = (
        select(*mine, used.c.at, asked.c.within_ms, before.label("before"))
        .select_from(asked.join(assignment, in_wave).join(used, in_time))
        .subquery()
    )
    enough = uses.c.before > uses.c.at - uses.c.within_ms
    each = (
        select(
            uses.c.ask,
            uses.c.pid,
            func.min(uses.c.at).filter(enough).label("first"),
            func.max(uses.c.before).label("latest"),
        )
        .group_by(uses.c.ask, uses.c.pid)
        .subquery()
    )
    period = ((each.c.first - asked.c.opened_at) // asked.c.period_ms).label("period")
    still = func.count().filter(each.c.latest > asked.c.until - asked.c.within_ms)
    kinds = _kinds(asks)
    here = and_(person.c.plan == plan, person.c.pid == each.c.pid, person.c.present)
    return (
        select(each.c.ask, period, *kinds, func.count().label("people"), still.label("active"))
        .select_from(each.join(asked, asked.c.ask == each.c.ask).join(person, here))
        .where(each.c.first.is_not(None))
        .group_by(each.c.ask, period, *kinds)
    )


def _asked(asks: Sequence[tuple[int, FirstAsk]]) -> CTE:
    """The asks of open waves as a table."""
    columns = (
        column("ask", Integer),
        column("wave", Integer),
        column("name", String),
        column("within_ms", BigInteger),
        column("opened_at", BigInteger),
        column("until", BigInteger),
        column("period_ms", BigInteger),
    )
    rows = [
        (number, ask.wave, ask.name, ask.within_ms, ask.opened_at, ask.until, ask.period_ms)
        for number, ask in asks
        if ask.opened_at is not None
    ]
    return values(*columns, name="asked_first").data(rows).cte("asked_first")

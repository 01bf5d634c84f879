"""Counting uses: adopters and early users of each wave, in two statements for all waves.

Pure questions to the tables of uses, draw and directory; nothing is changed. What the counts
mean is decided in `implement/gates`. On the ring this is what a look costs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
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

from uptake.core.event import Answer, Ask
from uptake.core.ids import Pid, PlanId
from uptake.store.tables import assignment, person, used

EVER = -(2**53)
"""Earlier than any use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """One person's uses as a wave's ask counts them; in a wave not yet open every use so far counts as early."""

    pid: Pid
    wave: int
    uses: int
    adopter: bool


def answers(conn: Connection, plan: PlanId, asks: Sequence[Ask]) -> tuple[Answer, ...]:
    """The answer to each ask, in their order."""
    if not asks:
        return ()
    drawn = {wave: (people, present) for wave, people, present in conn.execute(drawn_of(plan))}
    asked = asked_of(asks)
    each = _each(plan, asked).subquery()
    enough = and_(each.c.opened, each.c.present, each.c.uses >= each.c.count)
    early = and_(~each.c.opened, each.c.uses > 0)
    tally = select(each.c.ask, func.count().filter(enough), func.count().filter(early)).group_by(each.c.ask)
    counted = {ask: (adopters, before) for ask, adopters, before in conn.execute(tally)}
    found: list[Answer] = []
    for number, ask in enumerate(asks):
        people, present = drawn.get(ask.wave, (0, 0))
        adopters, before = counted.get(number, (0, 0))
        found.append(Answer(wave=ask.wave, drawn=people, present=present, adopters=adopters, early=before))
    return tuple(found)


def by_person(conn: Connection, plan: PlanId, asks: Sequence[Ask]) -> tuple[Uses, ...]:
    """Every person of the waves asked about, those without a use too."""
    if not asks:
        return ()
    each = _each(plan, asked_of(asks), everyone=True)
    rows = [
        Uses(
            pid=Pid(row.pid),
            wave=row.wave,
            uses=row.uses,
            adopter=bool(row.opened and row.present and row.uses >= row.count),
        )
        for row in conn.execute(each)
    ]
    return tuple(sorted(rows, key=lambda one: (one.wave, one.pid)))


def asked_of(asks: Sequence[Ask]) -> CTE:
    """The asks as a table; before a wave opens every use counts, however long ago."""
    columns = (
        column("ask", Integer),
        column("wave", Integer),
        column("name", String),
        column("count", Integer),
        column("since", BigInteger),
        column("until", BigInteger),
        column("opened", Boolean),
    )
    rows = [
        (number, ask.wave, ask.name, ask.count, ask.since if ask.opened else EVER, ask.until, ask.opened)
        for number, ask in enumerate(asks)
    ]
    return values(*columns, name="asked").data(rows).cte("asked")


def _each(plan: PlanId, asked: CTE, *, everyone: bool = False) -> Select[*tuple[Any, ...]]:
    """One row per ask and person: their uses within the ask's window."""
    in_window = and_(
        used.c.plan == assignment.c.plan,
        used.c.pid == assignment.c.pid,
        used.c.name == asked.c.name,
        used.c.at <= asked.c.until,
        used.c.at > asked.c.since,
    )
    people = asked.join(assignment, and_(assignment.c.plan == plan, assignment.c.wave == asked.c.wave)).outerjoin(
        person, and_(person.c.plan == assignment.c.plan, person.c.pid == assignment.c.pid)
    )
    present = func.coalesce(person.c.present, False)
    columns = (asked.c.ask, assignment.c.wave, assignment.c.pid, asked.c.count, asked.c.opened)
    return (
        select(*columns, present.label("present"), func.count(used.c.at).label("uses"))
        .select_from(people.join(used, in_window, isouter=everyone))
        .group_by(*columns, present)
    )


def drawn_of(plan: PlanId) -> Select[*tuple[Any, ...]]:
    """People drawn and people still present, by wave."""
    who = and_(person.c.plan == assignment.c.plan, person.c.pid == assignment.c.pid)
    here = func.count().filter(person.c.present)
    return (
        select(assignment.c.wave, func.count(), here)
        .select_from(assignment.outerjoin(person, who))
        .where(assignment.c.plan == plan)
        .group_by(assignment.c.wave)
    )

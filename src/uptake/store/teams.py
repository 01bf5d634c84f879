"""Use by setting: how many people of a team used it on a day, where nobody looks at single people.

A wave's adopters are the sum over its settings of the largest count of any one day in the window, never more than the
people present there: so many at least. Like all counting it judges nothing; on the ring it is what a look costs.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from uptake.core.event import Adopted, Answer, Ask, FirstAsk, Part, TeamUse
from uptake.core.ids import PlanId
from uptake.core.time import Instant
from uptake.store.counting import asked_of, drawn_of
from uptake.store.database import Database, insert_or
from uptake.store.tables import assignment, person, team

KEPT_AT_ONCE = 500
"""Counts written in one statement."""


class SqlTeams:
    """Counts by setting, over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def keep(self, uses: Sequence[TeamUse]) -> None:
        """Keep counts durably, in one transaction; one of the same setting, name and time replaces the one before."""
        name = self._database.plan
        rows = [
            {"plan": name, "setting": _nfc(use.setting), "name": use.name, "at": use.at, "users": use.users}
            for use in uses
        ]
        with self._database.writing() as conn:
            put = insert_or(conn, team)
            put = put.on_conflict_do_update(
                index_elements=["plan", "name", "setting", "at"], set_={"users": put.excluded.users}
            )
            for begin in range(0, len(rows), KEPT_AT_ONCE):
                conn.execute(put, rows[begin : begin + KEPT_AT_ONCE])


def unknown_teams(conn: Connection, plan: PlanId) -> int:
    """How many settings have counts and nobody in the audience."""
    told = set(conn.execute(select(team.c.setting).where(team.c.plan == plan).distinct()).scalars())
    if not told:
        return 0
    known = conn.execute(select(person.c.setting).where(person.c.plan == plan).distinct()).scalars()
    return len(told - {_nfc(setting) for setting in known})


def answers_by_team(conn: Connection, plan: PlanId, asks: Sequence[Ask]) -> tuple[Answer, ...]:
    """The answer to each ask, in their order."""
    if not asks:
        return ()
    homes = _homes(conn, plan)
    drawn = {wave: (people, present) for wave, people, present in conn.execute(drawn_of(plan))}
    users = [0] * len(asks)
    for ask, setting, most in conn.execute(_most(plan, asks)):
        wave, present = homes.get(setting, (None, 0))
        if wave == asks[ask].wave:
            users[ask] += min(most, present)
    found: list[Answer] = []
    for number, ask in enumerate(asks):
        people, present = drawn.get(ask.wave, (0, 0))
        adopters, early = (users[number], 0) if ask.opened else (0, users[number])
        found.append(Answer(wave=ask.wave, drawn=people, present=present, adopters=adopters, early=early))
    return tuple(found)


def adopted_by_team(conn: Connection, plan: PlanId, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
    """How many of each wave have used it since its opening, at least, and in which settings; when is not known."""
    ever = [_in_window(ask, since=ask.opened_at) for ask in asks]
    now = [_in_window(ask, since=Instant(ask.until - ask.within_ms)) for ask in asks]
    homes = _homes(conn, plan)
    among: list[dict[str, int]] = [{} for _ in asks]
    for number, setting, most in conn.execute(_most(plan, ever)) if asks else ():
        wave, present = homes.get(setting, (None, 0))
        if wave == asks[number].wave and ever[number].opened:
            among[number][setting] = min(most, present)
    both = zip(answers_by_team(conn, plan, ever), answers_by_team(conn, plan, now), strict=True)
    return tuple(
        Adopted(
            wave=ask.wave,
            present=since.present,
            adopters=since.adopters,
            active=lately.adopters,
            parts=tuple(
                Part(column="", value=setting, people=present, adopters=among[number].get(setting, 0))
                for setting, (wave, present) in sorted(homes.items())
                if wave == ask.wave and "" in ask.columns
            ),
        )
        for number, (ask, (since, lately)) in enumerate(zip(asks, both, strict=True))
    )


def _in_window(ask: FirstAsk, *, since: Instant | None) -> Ask:
    """The ask for uses after a moment, and never before the opening."""
    return Ask(
        wave=ask.wave,
        name=ask.name,
        count=ask.count,
        since=Instant(max(since or 0, ask.opened_at or 0)),
        until=ask.until,
        opened=ask.opened_at is not None,
        by="setting",
    )


def _most(plan: PlanId, asks: Sequence[Ask]) -> Select[*tuple[Any, ...]]:
    """Ask, setting, and the largest count of any one time in the ask's window."""
    asked = asked_of(asks)
    in_window = and_(
        team.c.plan == plan,
        team.c.name == asked.c.name,
        team.c.at <= asked.c.until,
        team.c.at > asked.c.since,
    )
    columns = (asked.c.ask, team.c.setting)
    return select(*columns, func.max(team.c.users)).select_from(asked.join(team, in_window)).group_by(*columns)


def _homes(conn: Connection, plan: PlanId) -> dict[str, tuple[int, int]]:
    """Each setting's wave, which is that of most of its people present, and how many of them there are.

    Somebody who moved between settings keeps her wave, so a setting can hold people of several.
    """
    who = and_(person.c.plan == assignment.c.plan, person.c.pid == assignment.c.pid)
    query = (
        select(person.c.setting, assignment.c.wave, func.count())
        .select_from(assignment.join(person, who))
        .where(assignment.c.plan == plan, person.c.present)
        .group_by(person.c.setting, assignment.c.wave)
        .order_by(func.count().desc(), assignment.c.wave)
    )
    homes: dict[str, tuple[int, int]] = {}
    for setting, wave, present in conn.execute(query):
        homes.setdefault(_nfc(setting), (wave, present))
    return homes


def _nfc(setting: str) -> str:
    return unicodedata.normalize("NFC", setting)

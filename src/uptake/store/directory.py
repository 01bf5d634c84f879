"""The directory: the one place that knows which person a pid is, and the frozen draw.

Pids are random; the digest of an external id is kept as it was when the person was first
frozen. Assignments are append-only. Erasing a person deletes the row and leaves a bare pid in
the draw. It draws no waves; on the ring the audience comes from here.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, bindparam, delete, select, true, update

from uptake.core.chance import digest
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.store.database import Database, insert_many
from uptake.store.tables import assignment, person, placed, plan, stray

PID_BYTES = 16
FACTS = ("setting", "attributes", "present")
Facts = tuple[str, bytes, bool]
"""What may change about a person: setting, attributes as JSON, presence."""


class SqlDirectory:
    """The `Directory` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def freeze(self, people: Sequence[Person]) -> None:
        """Keep the audience; known external ids keep their pid, people who are not in it are no longer present.

        Raises:
            Refused: an external id that stands twice.
        """
        given = {digest(one.external_id): _facts(one) for one in people}
        if len(given) != len(people):
            raise refuse("UP310", self._database.plan, "an external id stands twice in the audience")
        joiners = {
            mark: (one.pid or secrets.token_hex(PID_BYTES), one.external_id)
            for mark, one in zip(given, people, strict=True)
        }
        with self._database.writing() as conn:
            self._database.lock(conn)
            known = self._known(conn)
            gone = {mark: (*facts[:2], False) for mark, facts in known.items() if mark not in given}
            moved = {mark: facts for mark, facts in (given | gone).items() if mark in known and known[mark] != facts}
            new = [
                (self._database.plan, mark, *joiners[mark], *facts)
                for mark, facts in given.items()
                if mark not in known
            ]
            if moved:
                self._move(conn, moved)
            if new:
                insert_many(conn, person, ("plan", "digest", "pid", "external_id", *FACTS), new)
            if moved or new:
                self._changed(conn)

    def assign(self, waves: Mapping[Pid, int], *, drawn: bool = True) -> None:
        """Keep the draw, or the places of who joined after it; append-only, a person never changes wave.

        Args:
            waves: each person's.
            drawn: whether this is the draw itself.

        Raises:
            Refused: a person who has another wave already, or whom the directory does not know; nothing was kept.
        """
        mine = assignment.c.plan == self._database.plan
        with self._database.writing() as conn:
            self._database.lock(conn)
            query = select(assignment.c.pid, assignment.c.wave).where(mine)
            known_waves = {row.pid: row.wave for row in conn.execute(query)}
            known = set(conn.execute(select(person.c.pid).where(person.c.plan == self._database.plan)).scalars())
            moved = [pid for pid, wave in waves.items() if known_waves.get(pid, wave) != wave]
            if moved:
                what = f"{len(moved)} of {len(waves)} people have another wave already"
                raise refuse("UP311", self._database.plan, what, "a draw is made once")
            unknown = [pid for pid in waves if pid not in known and pid not in known_waves]
            if unknown:
                what = f"{len(unknown)} of {len(waves)} people are not in the directory"
                raise refuse("UP312", self._database.plan, what, "freeze the audience first")
            fresh = {pid: wave for pid, wave in waves.items() if pid not in known_waves}
            if fresh:
                rows = [(self._database.plan, pid, wave) for pid, wave in fresh.items()]
                insert_many(conn, assignment, ("plan", "pid", "wave"), rows)
                self._place(conn, set(fresh), drawn=drawn)

    def placed(self) -> tuple[tuple[Person, bool], ...]:
        """Everyone with a wave as she was when she got it, and whether that was in the draw; in external-id order."""
        facts = (placed.c.plan == person.c.plan) & (placed.c.pid == person.c.pid)
        waves = (assignment.c.plan == person.c.plan) & (assignment.c.pid == person.c.pid)
        columns = (
            person.c.pid,
            person.c.external_id,
            placed.c.setting,
            placed.c.attributes,
            true().label("present"),
        )
        source = person.join(placed, facts).join(assignment, waves)
        query = select(*columns, assignment.c.wave, placed.c.drawn).select_from(source)
        with self._database.reading() as conn:
            rows = conn.execute(query.where(person.c.plan == self._database.plan)).all()
        return tuple(sorted(((_person(row), row.drawn) for row in rows), key=lambda found: found[0].external_id))

    def people(self, wave: int | None = None) -> tuple[Person, ...]:
        """Everyone, or those of one wave, in external-id order."""
        query = self._select()
        if wave is not None:
            query = query.where(assignment.c.wave == wave)
        return tuple(sorted(self._fetch(query), key=lambda one: one.external_id))

    def find(self, external_id: str) -> Person | None:
        """The person of an external id."""
        found = self._fetch(self._select().where(person.c.digest == digest(external_id)))
        return found[0] if found else None

    def digests(self) -> dict[Pid, str]:
        """Each pid and the digest of its external id, as they were frozen: what the draw ranks."""
        query = select(person.c.pid, person.c.digest).where(person.c.plan == self._database.plan)
        with self._database.reading() as conn:
            return {Pid(pid): mark for pid, mark in conn.execute(query)}

    def erase(self, external_id: str) -> bool:
        """Forget who a person is, and their strays; returns whether there was such a person."""
        mark = digest(external_id)
        with self._database.writing() as conn:
            self._database.lock(conn)
            conn.execute(delete(stray).where(stray.c.plan == self._database.plan, stray.c.digest == mark))
            gone = conn.execute(
                delete(person).where(person.c.plan == self._database.plan, person.c.digest == mark)
            ).rowcount
            self._changed(conn)
        return gone == 1

    def _place(self, conn: Connection, pids: set[Pid], *, drawn: bool) -> None:
        """Note people as they are now."""
        columns = (person.c.pid, person.c.setting, person.c.attributes)
        found = conn.execute(select(*columns).where(person.c.plan == self._database.plan))
        rows = [(self._database.plan, pid, setting, facts, drawn) for pid, setting, facts in found if pid in pids]
        insert_many(conn, placed, ("plan", "pid", "setting", "attributes", "drawn"), rows)

    def _known(self, conn: Connection) -> dict[str, Facts]:
        """What is known of each person, by the digest of the external id."""
        columns = (person.c.digest, person.c.setting, person.c.attributes, person.c.present)
        query = select(*columns).where(person.c.plan == self._database.plan)
        return {row[0]: (row[1], row[2], row[3]) for row in conn.execute(query)}

    def _move(self, conn: Connection, moved: Mapping[str, Facts]) -> None:
        """Write known people's present facts; pid and digest stay."""
        which = (person.c.plan == self._database.plan, person.c.digest == bindparam("mark"))
        facts = {name: bindparam(f"new_{name}") for name in FACTS}
        rows = [
            {"mark": mark, "new_setting": setting, "new_attributes": attributes, "new_present": present}
            for mark, (setting, attributes, present) in moved.items()
        ]
        conn.execute(update(person).where(*which).values(facts), rows)

    def _changed(self, conn: Connection) -> None:
        """Tell the events, in whatever process, that subjects mean other people now."""
        mine = plan.c.name == self._database.plan
        conn.execute(update(plan).where(mine).values(directory_version=plan.c.directory_version + 1))

    def _select(self) -> Select[*tuple[Any, ...]]:
        """People with their wave."""
        drawn = (assignment.c.plan == person.c.plan) & (assignment.c.pid == person.c.pid)
        columns = (person.c.pid, person.c.external_id, person.c.setting, person.c.attributes, person.c.present)
        query = select(*columns, assignment.c.wave).select_from(person.outerjoin(assignment, drawn))
        return query.where(person.c.plan == self._database.plan)

    def _fetch(self, query: Select[*tuple[Any, ...]]) -> list[Person]:
        """Run a query of `_select`."""
        with self._database.reading() as conn:
            rows = conn.execute(query).all()
        return [_person(row) for row in rows]


def _person(row: Any) -> Person:
    """A row of people with their wave."""
    return Person(
        pid=Pid(row.pid),
        external_id=row.external_id,
        setting=row.setting,
        attributes=msgspec.json.decode(row.attributes, type=dict[str, str]),
        wave=row.wave,
        present=row.present,
    )


def _facts(one: Person) -> Facts:
    """A person's facts as they are kept."""
    return (one.setting, msgspec.json.encode(one.attributes, order="sorted"), one.present)

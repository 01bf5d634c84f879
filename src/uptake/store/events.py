"""The inbox of uses and what is counted from it: durable before it is acknowledged.

A batch is one row; subjects are turned into pids before it is written. Later the inbox is
folded, once, into uses by person, and counted at looks. It does not judge adoption. On the
ring `observe` asks it for counts; posted events never wake the loop.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, delete, func, insert, literal, select, update

from uptake.core.chance import digest
from uptake.core.event import Adopted, Answer, Ask, Event, FirstAsk
from uptake.core.time import Instant
from uptake.store import counting
from uptake.store.counting import Uses
from uptake.store.database import Database, insert_many
from uptake.store.firsts import adopted_by_person
from uptake.store.known import Known, key_of
from uptake.store.tables import inbox, person, plan, seen, stray, used
from uptake.store.teams import adopted_by_team, answers_by_team, unknown_teams

UNFOLDED_MOST = 200_000
"""With more events than this in the inbox, an append folds first: what comes in waits for what is there."""
FOLD_EVENTS = 20_000
"""Events folded in one transaction, so that other writers are not kept waiting."""

Line = tuple[bytes, str, str, int]
"""An event in the inbox: key, pid, name, at."""
_ENCODE = msgspec.msgpack.Encoder()
_DECODE = msgspec.msgpack.Decoder(list[Line])


@dataclass(frozen=True, slots=True, kw_only=True)
class StraySeen:
    """A subject that nobody knows, and how many events named it."""

    subject: str
    events: int


class SqlEvents:
    """The `Events` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database
        self._guard = threading.Lock()
        self._known = Known(database.plan)
        self._readmitted: int | None = None

    def append(self, events: Sequence[Event], *, received_at: Instant) -> int:
        """Keep events durably, idempotent by (source, id); returns how many were new."""
        return self.append_each([events], received_at=received_at)[0]

    def append_each(self, batches: Sequence[Sequence[Event]], *, received_at: Instant) -> tuple[int, ...]:
        """Keep several callers' events in one durable transaction; returns how many of each batch were new."""
        keyed: dict[bytes, tuple[Event, int]] = {}
        for number, batch in enumerate(batches):
            for event in batch:
                keyed.setdefault(key_of(event), (event, number))
        with self._guard:
            while self._known.unfolded >= UNFOLDED_MOST:
                self._fold_slice()
            with self._database.writing() as conn:
                self._known.follow(conn, self._database.lock(conn))
                fresh = self._known.fresh(conn, keyed)
                n, kept = self._write(conn, [(key, keyed[key][0]) for key in fresh], received_at)
            if n:
                self._known.keep(n, kept)
        counts = [0] * len(batches)
        for key in fresh:
            counts[keyed[key][1]] += 1
        return tuple(counts)

    def count(self, asks: Sequence[Ask]) -> tuple[Answer, ...]:
        """Fold what has come in and answer for each wave; by setting there is nothing to fold."""
        if any(ask.by == "setting" for ask in asks):
            with self._database.reading() as conn:
                return answers_by_team(conn, self._database.plan, asks)
        self.fold()
        with self._database.reading() as conn:
            return counting.answers(conn, self._database.plan, asks)

    def who(self, asks: Sequence[Ask]) -> tuple[Uses, ...]:
        """Fold what has come in and tell each person's uses, in the order of waves and pids."""
        self.fold()
        with self._database.reading() as conn:
            return counting.by_person(conn, self._database.plan, asks)

    def adopted(self, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
        """How many of each wave adopted for the first time in which period, of what was folded so far."""
        with self._database.reading() as conn:
            if any(ask.by == "setting" for ask in asks):
                return adopted_by_team(conn, self._database.plan, asks)
            return adopted_by_person(conn, self._database.plan, asks)

    def strays(self) -> int:
        """How many events named a subject that nobody knows, and how many settings told counts that nobody is in."""
        mine = stray.c.plan == self._database.plan
        with self._database.reading() as conn:
            events = conn.execute(select(func.count()).select_from(stray).where(mine)).scalar_one()
            return events + unknown_teams(conn, self._database.plan)

    def stray_subjects(self, most: int = 50) -> tuple[StraySeen, ...]:
        """The subjects that nobody knows, those with most events first."""
        many = func.count().label("events")
        mine = stray.c.plan == self._database.plan
        query = select(func.min(stray.c.subject).label("subject"), many).where(mine).group_by(stray.c.digest)
        with self._database.reading() as conn:
            rows = conn.execute(query.order_by(many.desc(), "subject").limit(most)).all()
        return tuple(StraySeen(subject=row.subject, events=row.events) for row in rows)

    def fold(self) -> None:
        """Turn what is in the inbox now into uses, and strays whose person has come into uses too.

        Slice by slice, so that what comes in meanwhile need not wait for all of it.
        """
        mine = inbox.c.plan == self._database.plan
        with self._database.reading() as conn:
            until = conn.execute(select(func.max(inbox.c.n)).where(mine)).scalar() or 0
            version = conn.execute(select(plan.c.directory_version).where(plan.c.name == self._database.plan)).scalar()
        last = 0
        while last < until:
            with self._guard:
                last = self._fold_slice() or until
        if version != self._readmitted:
            with self._guard:
                self._readmit()
                self._readmitted = version

    def _write(
        self, conn: Connection, fresh: Sequence[tuple[bytes, Event]], received_at: Instant
    ) -> tuple[int, list[bytes]]:
        """One inbox row for known subjects, one row each for strays; returns the inbox row and its keys."""
        lines: list[Line] = []
        strays: list[dict[str, object]] = []
        for key, event in fresh:
            at = min(event.at, received_at)
            pid = self._known.pid(event.subject)
            if pid is not None:
                lines.append((key, pid, event.name, at))
                continue
            strays.append(
                {
                    "plan": self._database.plan,
                    "key": key,
                    "subject": event.subject,
                    "digest": digest(event.subject),
                    "name": event.name,
                    "at": at,
                    "received_at": received_at,
                }
            )
        if strays:
            conn.execute(seen.insert(), [{"plan": row["plan"], "key": row["key"]} for row in strays])
            conn.execute(stray.insert(), strays)
        if not lines:
            return 0, []
        row = {"plan": self._database.plan, "received_at": received_at, "body": _ENCODE.encode(lines)}
        n = conn.execute(inbox.insert().values(row).returning(inbox.c.n)).scalar_one()
        return n, [line[0] for line in lines]

    def _fold_slice(self) -> int:
        """Move some batches from the inbox to the uses, in one transaction; returns the last row moved, 0 for none."""
        name = self._database.plan
        query = select(inbox).where(inbox.c.plan == name).order_by(inbox.c.n)
        with self._database.writing() as conn:
            before: int = self._database.lock(conn).folded
            uses: list[tuple[str, bytes, str, str, int, int]] = []
            last = 0
            with conn.execute(query.execution_options(yield_per=10)) as batches:
                for row in batches:
                    last = row.n
                    lines = _DECODE.decode(row.body)
                    uses.extend((name, key, pid, event, at, row.received_at) for key, pid, event, at in lines)
                    if len(uses) >= FOLD_EVENTS:
                        break
            if uses:
                insert_many(conn, seen, ("plan", "key"), [use[:2] for use in uses])
                insert_many(conn, used, ("plan", "key", "pid", "name", "at", "received_at"), uses)
                conn.execute(delete(inbox).where(inbox.c.plan == name, inbox.c.n <= last))
                conn.execute(update(plan).where(plan.c.name == name).values(folded=last))
        self._known.folded(max(before, last))
        return last

    def _readmit(self) -> None:
        """Strays whose person is in the directory now become uses."""
        come = (person.c.plan == stray.c.plan) & (person.c.digest == stray.c.digest)
        columns = (stray.c.plan, person.c.pid, stray.c.name, stray.c.at, stray.c.key, stray.c.received_at)
        mine = stray.c.plan == self._database.plan
        found = select(*columns).select_from(stray.join(person, come)).where(mine)
        with self._database.reading() as conn:
            if conn.execute(found.limit(1)).first() is None:
                return
        here = select(literal(1)).where(come)
        with self._database.writing() as conn:
            self._database.lock(conn)
            conn.execute(insert(used).from_select(["plan", "pid", "name", "at", "key", "received_at"], found))
            conn.execute(delete(stray).where(mine, here.exists()))

"""Seats and completions: who was invited where, who has completed what, and the counts of a look.

A source's completions are replaced as a whole, since learning platforms tell everything each time; a row that is gone
is a correction. Subjects that nobody knows are kept apart and counted. It seats nobody and judges nothing.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select

from uptake.core.ids import ActionKey, Pid
from uptake.core.look import Trained, WaveLook
from uptake.core.time import Instant
from uptake.core.training import Completion, Seat
from uptake.store.database import Database, insert_many, insert_new, insert_or
from uptake.store.tables import assignment, completion, person, seat

FIELDS = ("pid", "course", "session", "start", "end", "place", "round", "sequence")


class SqlLearning:
    """The `Seats` and `Learning` ports over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database
        self.path: tuple[str, ...] = ()
        """The plan's courses; set by who opens the plan."""

    def booked(self, key: ActionKey) -> tuple[Seat, ...]:
        """The seats that an invitation has booked; empty where it has not begun."""
        return self._seats(self._select().where(seat.c.key == key))

    def of(self, pids: Sequence[Pid]) -> tuple[Seat, ...]:
        """Everybody's seats, in the order of time."""
        wanted = set(pids)
        return tuple(one for one in self._seats(self._select()) if one.pid in wanted)

    def book(self, key: ActionKey, seats: Sequence[Seat]) -> None:
        """Keep an invitation's seats, once, in one durable transaction."""
        rows = [{name: getattr(one, name) for name in FIELDS} for one in seats]
        if not rows:
            return
        with self._database.writing() as conn:
            conn.execute(insert_new(conn, seat), [{"plan": self._database.plan, "key": key, **row} for row in rows])

    def taken(self) -> Mapping[str, int]:
        """Session -> seats taken."""
        mine = seat.c.plan == self._database.plan
        query = select(seat.c.session, func.count(seat.c.pid.distinct())).where(mine).group_by(seat.c.session)
        with self._database.reading() as conn:
            return {row[0]: row[1] for row in conn.execute(query)}

    def completed(self) -> Mapping[Pid, frozenset[str]]:
        """Person -> the courses that she has completed."""
        courses: defaultdict[Pid, set[str]] = defaultdict(set)
        for pid, course, _ in self._completions():
            courses[pid].add(course)
        return {pid: frozenset(done) for pid, done in courses.items()}

    def known(self, source: str) -> dict[tuple[str, str], Instant]:
        """What a source has told: (subject, course) -> when."""
        columns = (completion.c.subject, completion.c.course, completion.c.at)
        query = select(*columns).where(completion.c.plan == self._database.plan, completion.c.source == source)
        with self._database.reading() as conn:
            return {(row[0], row[1]): Instant(row[2]) for row in conn.execute(query)}

    def replace(self, source: str, told: Sequence[Completion], *, pids: Mapping[str, Pid]) -> None:
        """Keep what a source tells now instead of what it told before, in one durable transaction.

        Args:
            source: whose.
            told: each subject and course once.
            pids: subject -> person, for those who are known.
        """
        mine = (completion.c.plan == self._database.plan, completion.c.source == source)
        names = ("plan", "source", "subject", "course", "pid", "at")
        rows = [
            (self._database.plan, source, one.subject, one.course, pids.get(one.subject, ""), int(one.at))
            for one in told
        ]
        with self._database.writing() as conn:
            self._database.lock(conn)
            conn.execute(delete(completion).where(*mine))
            if rows:
                insert_many(conn, completion, names, rows)

    def add(self, source: str, told: Sequence[Completion], *, pids: Mapping[str, Pid]) -> None:
        """Keep completions that were posted; the earliest of a subject and course counts."""
        with self._database.writing() as conn:
            for one in told:
                pid = pids.get(one.subject, "")
                values = {"plan": self._database.plan, "source": source, "subject": one.subject, "course": one.course}
                note = insert_or(conn, completion).values(**values, pid=pid, at=int(one.at))
                earliest = func.min(completion.c.at, note.excluded.at)
                if conn.dialect.name == "postgresql":
                    earliest = func.least(completion.c.at, note.excluded.at)
                keys = ["plan", "source", "subject", "course"]
                conn.execute(note.on_conflict_do_update(index_elements=keys, set_={"at": earliest, "pid": pid}))

    def unmatched(self, most: int = 50) -> tuple[str, ...]:
        """Subjects of completions whom nobody knows, in order."""
        mine = (completion.c.plan == self._database.plan, completion.c.pid == "")
        query = select(completion.c.subject).where(*mine).distinct().order_by(completion.c.subject).limit(most)
        with self._database.reading() as conn:
            return tuple(conn.execute(query).scalars())

    def trained(self, looks: Sequence[WaveLook]) -> tuple[Trained, ...]:
        """Each wave's training."""
        here = self._present()
        done: defaultdict[Pid, dict[str, Instant]] = defaultdict(dict)
        for pid, course, at in self._completions():
            done[pid][course] = min(at, done[pid].get(course, at))
        seats: defaultdict[Pid, list[Seat]] = defaultdict(list)
        for one in self._seats(self._select()):
            seats[one.pid].append(one)
        return tuple(self._of_wave(look, here.get(look.wave, ()), done, seats) for look in looks)

    def _of_wave(
        self,
        look: WaveLook,
        people: Sequence[Pid],
        done: Mapping[Pid, Mapping[str, Instant]],
        seats: Mapping[Pid, Sequence[Seat]],
    ) -> Trained:
        def has(pid: Pid, course: str) -> bool:
            return done.get(pid, {}).get(course, look.until + 1) <= look.until

        trained = {pid for pid in people if all(has(pid, course) for course in self.path)}
        over = {
            pid: [one for one in seats.get(pid, ()) if one.end <= look.until and not has(pid, one.course)]
            for pid in people
        }
        return Trained(
            wave=look.wave,
            people=len(people),
            invited=sum(bool(seats.get(pid)) or pid in trained for pid in people),
            trained=len(trained),
            missed=sum(bool(missed) for missed in over.values()),
            attended_later=sum(any(one.round for one in seats.get(pid, ())) for pid in trained),
        )

    def _present(self) -> dict[int, list[Pid]]:
        """Wave -> the people in it who are here."""
        here = (assignment.c.plan == person.c.plan) & (assignment.c.pid == person.c.pid)
        query = select(person.c.pid, assignment.c.wave).select_from(person.join(assignment, here))
        waves: dict[int, list[Pid]] = {}
        with self._database.reading() as conn:
            rows = conn.execute(query.where(person.c.plan == self._database.plan, person.c.present)).all()
        for pid, wave in rows:
            waves.setdefault(wave, []).append(Pid(pid))
        return waves

    def _completions(self) -> list[tuple[Pid, str, Instant]]:
        columns = (completion.c.pid, completion.c.course, completion.c.at)
        query = select(*columns).where(completion.c.plan == self._database.plan, completion.c.pid != "")
        with self._database.reading() as conn:
            return [(Pid(row[0]), row[1], Instant(row[2])) for row in conn.execute(query)]

    def _select(self) -> Select[*tuple[Any, ...]]:
        columns = [seat.c[name] for name in FIELDS]
        return select(*columns).where(seat.c.plan == self._database.plan).order_by(seat.c.start, seat.c.pid)

    def _seats(self, query: Select[*tuple[Any, ...]]) -> tuple[Seat, ...]:
        with self._database.reading() as conn:
            return tuple(Seat(**dict(zip(FIELDS, row, strict=True))) for row in conn.execute(query))

"""Seats for people in sessions that exist: courses in order, colleagues together, nobody in two places at once.

Greedy in the order of time: for each course of the path, each setting takes the earliest session that holds all of
it, or fills the earliest ones. Who finds no seat is told why. It books nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from uptake.core.ids import Pid
from uptake.core.time import Instant
from uptake.core.training import Seat, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody to be trained: her setting, the courses she has completed, and the seats that she has already."""

    pid: Pid
    setting: str
    done: frozenset[str] = frozenset()
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seating:
    """Who sits where, and who could not be seated: person, course, why."""

    seats: tuple[Seat, ...]
    unseated: tuple[tuple[Pid, str, str], ...]


@dataclass(slots=True, kw_only=True)
class _Room:
    """The sessions with what is left in them, and each person's own times."""

    left: dict[str, int]
    busy: dict[Pid, list[tuple[Instant, Instant]]] = field(default_factory=dict)
    after: dict[Pid, Instant] = field(default_factory=dict)

    def fits(self, pid: Pid, session: Session) -> bool:
        """Whether she may sit there: a seat is free, the course before is over, and she is nowhere else."""
        begins = self.after.get(pid, Instant(0)) <= session.start
        free = all(session.end <= start or end <= session.start for start, end in self.busy.get(pid, ()))
        return self.left[session.id] > 0 and begins and free

    def take(self, pid: Pid, session: Session) -> None:
        """Sit there."""
        self.left[session.id] -= 1
        self.busy.setdefault(pid, []).append((session.start, session.end))
        self.after[pid] = session.end


def seat(
    people: Sequence[Attendee],
    sessions: Sequence[Session],
    path: Sequence[str],
    *,
    taken: Mapping[str, int],
    window: tuple[Instant, Instant],
    number: int = 0,
) -> Seating:
    """Seat everybody who lacks a course and has no seat for it that is still to come.

    Args:
        people: in any order; the same people give the same seating.
        sessions: all that there are.
        path: the courses in the order in which they are taken.
        taken: session -> seats taken already.
        window: sessions begin at or after the first instant and end by the second.
        number: the round, noted in the seats.
    """
    usable = [one for one in sessions if window[0] <= one.start and one.end <= window[1]]
    usable.sort(key=lambda one: (one.start, one.id))
    room = _Room(left={one.id: one.seats - taken.get(one.id, 0) for one in usable})
    line = sorted(people, key=lambda one: (one.setting, one.pid))
    for one in line:
        coming = [held for held in one.seats if held.end > window[0]]
        room.busy[one.pid] = [(held.start, held.end) for held in coming]
        room.after[one.pid] = max((held.end for held in one.seats if held.course in one.done), default=Instant(0))
    seats: list[Seat] = []
    unseated: list[tuple[Pid, str, str]] = []
    for course in path:
        offered = [one for one in usable if one.course == course]
        for setting, group in groupby((one for one in line if _lacks(one, course, window[0])), key=lambda a: a.setting):
            members = list(group)
            theirs = [one for one in offered if one.setting in ("", setting)]
            whole = next((one for one in theirs if _holds_all(room, members, one)), None)
            for member in members:
                choice = whole or next((one for one in theirs if room.fits(member.pid, one)), None)
                if choice is None:
                    unseated.append((member.pid, course, _why(theirs, offered)))
                    room.after[member.pid] = window[1]  # what comes after it in the path has to wait as well
                    continue
                room.take(member.pid, choice)
                seats.append(_seat(member.pid, choice, number))
    return Seating(seats=tuple(seats), unseated=tuple(unseated))


def _lacks(one: Attendee, course: str, now: Instant) -> bool:
    return course not in one.done and not any(held.course == course and held.end > now for held in one.seats)


def _holds_all(room: _Room, members: Sequence[Attendee], session: Session) -> bool:
    return room.left[session.id] >= len(members) and all(room.fits(one.pid, session) for one in members)


def _why(theirs: Sequence[Session], offered: Sequence[Session]) -> str:
    """Why nobody more could be seated."""
    if not offered:
        return "there is no session of it in time"
    return "every session of it in time is full or overlaps" if theirs else "its sessions are for other teams"


def _seat(pid: Pid, session: Session, number: int) -> Seat:
    return Seat(
        pid=pid,
        course=session.course,
        session=session.id,
        start=session.start,
        end=session.end,
        place=session.place,
        round=number,
    )

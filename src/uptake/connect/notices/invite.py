"""Invitations to training: seats are given once and kept, then each is a letter with a calendar entry.

Killed at any point it goes on: seats that were booked stand, letters whose receipts are missing are sent. Who found no
seat is told in the outcome. The seating itself is pure (`timetable`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

from uptake.connect.notices.mail import Letter, Mail, compose
from uptake.connect.training.invitation import attach
from uptake.connect.training.sessions import read_sessions
from uptake.core.action import FAILURES_MOST, Failure, Invite, Outcome
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.time import NEVER, Instant
from uptake.core.training import Seat, Seats
from uptake.core.words import moment
from uptake.plan.model import Plan
from uptake.timetable.seating import Attendee, seat

SEAT = "\0seat"
"""Beside a person's columns: which seat a letter is about."""
TEXT = """\
A seat is kept for you.

{course}
{start} to {end}
{place}

Please accept the attached invitation, or say that you cannot come by answering this mail.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Seats to be written about, and who found none."""

    plan: Plan
    people: Mapping[Pid, Person]
    seats: Mapping[str, Seat]
    unseated: tuple[tuple[Pid, str, str], ...]

    def values(self, columns: Callable[[Person], Mapping[str, str]]) -> dict[str, Mapping[str, str]]:
        """Target (pid and course) -> the person's columns and the seat."""
        return {target: {**columns(self.people[one.pid]), SEAT: target} for target, one in self.seats.items()}

    def make(self, values: Mapping[str, str], mail: Mail) -> EmailMessage:
        """The letter about one seat."""
        one = self.seats[values[SEAT]]
        zone = self.plan.timezone
        text = TEXT.format(course=one.course, start=moment(one.start, zone), end=moment(one.end, zone), place=one.place)
        title = f"{self.plan.title}: {one.course}"
        letter = Letter(subject=f"Your training: {one.course}, {moment(one.start, zone)}", text=text.replace("{", "{ "))
        message = compose(replace(letter, subject=letter.subject.replace("{", "{ ")), values, mail=mail)
        attach(message, one, title=title, sender=mail.sender, to=mail.to)
        return message

    def outcome(self, sent: Outcome) -> Outcome:
        """How the invitation ended, with those who have no seat."""
        if not self.unseated:
            return sent
        failures = tuple(
            Failure(target=pid, state="no seat", step=course, lines=(f"{course}: {why}",))
            for pid, course, why in self.unseated
        )
        counts = {**sent.counts, "no seat": len(self.unseated)}
        return replace(sent, ok=False, counts=counts, failures=(*failures, *sent.failures)[:FAILURES_MOST])


def invite(plan: Plan, action: Invite, people: Sequence[Person], *, folder: Path, seats: Seats) -> Due:
    """Give seats where that has not been done, and say who is to be written to.

    Args:
        plan: with training.
        action: the invitation.
        people: the wave's, who are here.
        folder: the plan's, where the sessions' file lies.
        seats: where seats are kept.

    Raises:
        Refused: the sessions' file cannot be used; nothing was booked.
    """
    assert plan.implement is not None
    assert plan.implement.train is not None
    train = plan.implement.train
    done, held = seats.completed(), seats.of([one.pid for one in people])
    attendees = [
        Attendee(
            pid=one.pid,
            setting=one.setting,
            done=done.get(one.pid, frozenset()),
            seats=tuple(kept for kept in held if kept.pid == one.pid),
        )
        for one in people
    ]
    booked, unseated = seats.booked(action.key), ()
    if not booked:
        now = Instant(time.time_ns() // 1_000_000)
        found = seat(
            attendees,
            read_sessions(train.sessions, folder=folder, timezone=plan.timezone),
            train.path,
            taken=seats.taken(),
            window=(now, action.until or NEVER),
            number=action.round,
        )
        seats.book(action.key, found.seats)
        booked, unseated = found.seats, found.unseated
    else:
        unseated = tuple(_missing(attendees, booked, train.path))
    known = {one.pid: one for one in people}
    mine = {f"{one.pid}/{one.course}": one for one in booked if one.pid in known}
    return Due(plan=plan, people=known, seats=mine, unseated=unseated)


def _missing(attendees: Sequence[Attendee], booked: Sequence[Seat], path: Sequence[str]) -> list[tuple[Pid, str, str]]:
    """Who has neither completed a course nor a seat in it."""
    seated = {(one.pid, one.course) for one in booked}
    return [
        (one.pid, course, "no seat was free")
        for one in attendees
        for course in path
        if course not in one.done
        and (one.pid, course) not in seated
        and not any(kept.course == course for kept in one.seats)
    ]

"""Training as the ring knows it: sessions, seats in them, and what the ports that keep them promise.

A session is one course at one time and place. Who sits where, and who has completed what, lies in the store; the
ledger holds only that a wave was invited, and the counts of a look.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from uptake.core.ids import ActionKey, Pid
from uptake.core.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One course at one time and place; `setting` names the only team that it is for, empty for everybody."""

    id: str
    course: str
    start: Instant
    end: Instant
    place: str
    seats: int
    setting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person's seat in a session: `round` as of the invitation, `sequence` as of the calendar entry (RFC 5545)."""

    pid: Pid
    course: str
    session: str
    start: Instant
    end: Instant
    place: str
    round: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Somebody has completed a course: `subject` is what the source calls her."""

    subject: str
    course: str
    at: Instant


class Seats(Protocol):
    """Who sits in which session, and who has completed what."""

    def booked(self, key: ActionKey) -> tuple[Seat, ...]:
        """The seats that an invitation has booked; empty where it has not begun."""
        ...

    def book(self, key: ActionKey, seats: Sequence[Seat]) -> None:
        """Keep an invitation's seats, once, in one durable transaction."""
        ...

    def of(self, pids: Sequence[Pid]) -> tuple[Seat, ...]:
        """Everybody's seats, in the order of time."""
        ...

    def taken(self) -> Mapping[str, int]:
        """Session -> seats taken."""
        ...

    def completed(self) -> Mapping[Pid, frozenset[str]]:
        """Person -> the courses that she has completed."""
        ...


class Completions(Protocol):
    """What each source tells of who has completed what."""

    def known(self, source: str) -> Mapping[tuple[str, str], Instant]:
        """What a source has told: (subject, course) -> when."""
        ...

    def replace(self, source: str, told: Sequence[Completion], *, pids: Mapping[str, Pid]) -> None:
        """Keep what a source tells now instead of what it told before, in one durable transaction."""
        ...

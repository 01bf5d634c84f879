"""Facts from outside, in their millions: the data plane, never in the ledger.

An `Event` is what an application posts about a person; `Use` is the same once its subject
is known as a pid. The ring sees only counts of them, at looks.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.ids import Pid
from uptake.core.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One use by one person: `id` makes it idempotent within its source, `at` is its own time."""

    id: str
    source: str
    subject: str
    name: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An event whose subject is known: what the store folds and counts."""

    pid: Pid
    name: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamUse:
    """How many people of one setting used it on the day that begins at `at`; nobody is named."""

    setting: str
    name: str
    at: Instant
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked about one wave at a look.

    Adopters at `until`: people with at least `count` events `name` in (since, until], where
    since = max(until - within, opened). A wave not yet open has no `opened`: its uses are contamination.
    By `setting`, uses are counts per setting and day; `count` then plays no part.
    """

    wave: int
    name: str
    count: int
    since: Instant
    until: Instant
    opened: bool
    by: Literal["person", "setting"] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The counts of one wave at a look.

    Args:
        wave: its ordinal.
        drawn: people drawn into it.
        present: those still in the audience.
        adopters: adopters among the present.
        early: people of a wave not yet open who have used it all the same (contamination).
        replaced: people present who used what the plan replaces in the same window; shown, never subtracted.
    """

    wave: int
    drawn: int
    present: int
    adopters: int
    early: int = 0
    replaced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAsk:
    """When people of a wave adopted for the first time, asked as counts.

    A person adopts at the first of her uses `name`, after the opening and until `until`, by which she has at least
    `count` of them within (t - within_ms, t]. By `setting`, uses are counts per setting and day: who adopted when is
    not known then, and the most of any day counts.

    Args:
        wave: its ordinal.
        name: of the use.
        count: so many make an adopter.
        within_ms: in so long a time.
        opened_at: when the wave was opened; None where nobody of it is let in.
        until: the moment of the look, or up to when the source of use is complete.
        period_ms: counts are told per so long a time since the opening.
        columns: attributes by which people are counted too; the empty name stands for the setting.
        by: whether use is told by person or by setting.
    """

    wave: int
    name: str
    count: int
    within_ms: int
    opened_at: Instant | None
    until: Instant
    period_ms: int
    columns: tuple[str, ...] = ()
    by: Literal["person", "setting"] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """People of a wave with one value of an attribute (the empty column is the setting), and adopters among them."""

    column: str
    value: str
    people: int
    adopters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """How a wave came to use it, in people present; never who.

    Args:
        wave: its ordinal.
        present: all who are in it and still in the audience.
        adopters: who has adopted at least once.
        active: of these, who is an adopter at `until`, by the same count and window.
        firsts: first adoptions in each period since the opening, the last one the period of `until`; empty where the
            wave is not open, or use is told by setting.
        parts: the same people by attribute, in alphabetical order.
    """

    wave: int
    present: int
    adopters: int = 0
    active: int = 0
    firsts: tuple[int, ...] = ()
    parts: tuple[Part, ...] = ()

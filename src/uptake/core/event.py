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

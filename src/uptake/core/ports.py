"""The ports: what the ring needs of the outside, each at most eight methods.

`connect/` and `store/` hold the real ones, `simulate/` the made-up ones; `app.py` alone
chooses. Ports that act accept an action and return at once; how it ended is fetched with
`outcomes()` on a later tick. Everything is idempotent by action key and target.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from uptake.core.action import Announce, EndRun, Grant, Invite, Notify, Outcome, RunStep, Survey, Withdraw
from uptake.core.entry import Body, Entry, HostSeen, StepSeen
from uptake.core.event import Adopted, Answer, Ask, Event, FirstAsk, TeamUse
from uptake.core.ids import ActionKey, Epoch, Pid
from uptake.core.look import (
    FeedSeen,
    KeptLook,
    Measured,
    SourceSeen,
    Surveyed,
    Ticketed,
    Trained,
    UnitMean,
    Value,
    WaveLook,
)
from uptake.core.stage import HostFact
from uptake.core.time import Instant


class Wake(Protocol):
    """What ends the loop's sleep early; a port calls `set` when something has happened."""

    def set(self) -> None:
        """End the sleep."""
        ...


class Clock(Protocol):
    """Time as a port: the wall clock, or one that jumps."""

    def now(self) -> Instant:
        """The present instant; never goes back within one process."""
        ...

    def wait(self, until: Instant) -> bool:
        """Return at `until`, or earlier and true when woken."""
        ...


class Ledger(Protocol):
    """One plan's append-only, hash-chained record."""

    def head(self) -> int:
        """The sequence of the last entry, 0 for none."""
        ...

    def read(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a sequence, in order."""
        ...

    def append(
        self, bodies: Sequence[Body], *, at: Instant, expect: int | None = None, epoch: Epoch | None = None
    ) -> tuple[Entry, ...]:
        """Write entries in one durable transaction.

        Args:
            bodies: at least one; without an epoch only `Said` is accepted.
            at: when.
            expect: the head that must still stand.
            epoch: the writer's epoch, which must be the lease's current one.

        Raises:
            Stale: the head has moved or the epoch has expired; nothing was written.
        """
        ...


class Lease(Protocol):
    """Who may write for a plan: one holder at a time, fenced by a growing epoch."""

    def take(self) -> Epoch | None:
        """Take or keep the lease and renew it from now on; None where another live process holds it."""
        ...

    def epoch(self) -> Epoch | None:
        """The epoch held, None once lost."""
        ...

    def holder(self) -> str:
        """Who holds it, in words; empty for nobody."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Receipts(Protocol):
    """One row per (action key, target): wanted, done, in doubt, or a port's own word for a lasting refusal."""

    def want(self, key: ActionKey, targets: Iterable[str]) -> None:
        """Note the targets that are wanted; those known already keep their state."""
        ...

    def mark(self, key: ActionKey, states: Mapping[str, str]) -> None:
        """Set targets' states (`wanted`, `done`, `in doubt`, `failed`, `nobody`) in one durable transaction."""
        ...

    def states(self, key: ActionKey) -> dict[str, str]:
        """Every target of a key and its state."""
        ...

    def seen(self, keys: Sequence[ActionKey]) -> tuple[StepSeen, ...]:
        """The three counts of each key that has receipts."""
        ...


class Events(Protocol):
    """The inbox of uses: durable before it is acknowledged, folded once, counted at looks."""

    def append(self, events: Sequence[Event], *, received_at: Instant) -> int:
        """Keep events durably, idempotent by (source, id); returns how many were new."""
        ...

    def count(self, asks: Sequence[Ask]) -> tuple[Answer, ...]:
        """Fold what has come in and answer for each wave."""
        ...

    def adopted(self, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
        """How many of each wave adopted for the first time in which period, of what was folded so far."""
        ...

    def strays(self) -> int:
        """How many events named a subject that nobody knows."""
        ...


class TeamUses(Protocol):
    """Uses that are told by setting and day, where nobody is looked at singly."""

    def keep(self, uses: Sequence[TeamUse]) -> None:
        """Keep counts durably; one of the same setting, name and time replaces the one before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person as the directory knows them; `attributes` are the audience's declared columns."""

    pid: Pid
    external_id: str
    setting: str
    attributes: dict[str, str]
    wave: int | None = None
    present: bool = True


class Directory(Protocol):
    """Who works where: pids, external ids, attributes, and the frozen draw."""

    def freeze(self, people: Sequence[Person]) -> None:
        """Keep the audience; known external ids keep their pid."""
        ...

    def assign(self, waves: Mapping[Pid, int], *, drawn: bool = True) -> None:
        """Keep the draw, or the places of who joined after it; append-only, a person never changes wave."""
        ...

    def people(self, wave: int | None = None) -> tuple[Person, ...]:
        """Everyone, or those of one wave, in external-id order."""
        ...

    def find(self, external_id: str) -> Person | None:
        """The person of an external id."""
        ...


class Hosts(Protocol):
    """The hosts' worker: runs a step on hosts, once per host."""

    def accept(self, action: RunStep | EndRun) -> None:
        """Begin, or go on with what receipts say is missing; returns at once."""
        ...

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        ...

    def progress(self) -> dict[str, str]:
        """For screens: host -> the step that runs there now."""
        ...

    def close(self) -> None:
        """Stop the worker; what runs on a host is settled when the run goes on."""
        ...


class Probes(Protocol):
    """Health checks that outlive runs."""

    def watch(self, hosts: Sequence[HostFact], *, version: str, in_run: bool) -> None:
        """Which hosts to probe from now on, at the run's interval or at the watch's."""
        ...

    def seen(self) -> tuple[HostSeen, ...]:
        """Each watched host's state; unknown until its first probe."""
        ...

    def close(self) -> None:
        """Stop probing."""
        ...


class Notices(Protocol):
    """Words to people: announcements, invitations and surveys one by one by mail, notices to the plan's own people."""

    def accept(self, action: Announce | Notify | Invite | Survey) -> None:
        """Begin sending to whom receipts say is missing; returns at once."""
        ...

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        ...

    def close(self) -> None:
        """Stop the worker."""
        ...


class Access(Protocol):
    """Real access for real people: granted and withdrawn, read again before it counts."""

    def accept(self, action: Grant | Withdraw) -> None:
        """Begin with whom receipts say is missing; returns at once."""
        ...

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        ...

    def close(self) -> None:
        """Stop the worker."""
        ...


class Sources(Protocol):
    """What lies elsewhere and is read again and again, each by its own schedule, into the store."""

    def seen(self) -> tuple[SourceSeen, ...]:
        """How fresh each source is, in the plan's order."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


class Feeds(Protocol):
    """How each source stood when it was read last, kept between restarts."""

    def seen(self, name: str) -> FeedSeen:
        """How a source stands."""
        ...

    def keep(self, name: str, seen: FeedSeen) -> None:
        """Note how a reading went, durably."""
        ...


class Values(Protocol):
    """The values of outcomes: kept once, corrected by key, asked for as means."""

    def keep(self, name: str, values: Sequence[Value]) -> None:
        """Keep values of an outcome durably; a known key takes the new value."""
        ...

    def means(self, name: str, cuts: Sequence[Instant]) -> tuple[UnitMean, ...]:
        """Each unit's mean between one cut and the next (the latter not included), periods from 0."""
        ...

    def looks(self, name: str, series: str) -> tuple[KeptLook, ...]:
        """The looks that were made at one of an outcome's effects, in order."""
        ...

    def look(self, name: str, series: str, looks: Sequence[KeptLook]) -> None:
        """Keep looks durably; one that stands stays as it is."""
        ...


class Learning(Protocol):
    """Who was trained."""

    def trained(self, looks: Sequence[WaveLook]) -> tuple[Trained, ...]:
        """Each wave's training."""
        ...


class Tickets(Protocol):
    """Who asked for help."""

    def ticketed(self, looks: Sequence[WaveLook]) -> tuple[Ticketed, ...]:
        """Each open wave's requests since its opening."""
        ...


class Surveys(Protocol):
    """What people answered."""

    def surveyed(self, looks: Sequence[WaveLook]) -> tuple[Surveyed, ...]:
        """Each wave's published answers to each survey."""
        ...


class Outcomes(Protocol):
    """What the change was for, measured alike in every wave."""

    def measured(self, looks: Sequence[WaveLook]) -> tuple[Measured, ...]:
        """Each outcome of the plan."""
        ...

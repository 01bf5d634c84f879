"""What the ring may ask of the world. Each action has a key; a port acts once per key and target.

Actions are asked in the ledger before they are done. Their targets (hosts, people) are not
listed here but found by the port through receipts, so late joiners and repeats need no special case.
"""

from dataclasses import dataclass, field
from typing import Literal, get_args

from uptake.core.ids import ActionKey
from uptake.core.stage import Stage
from uptake.core.time import Instant

Part = Literal["before_host", "infrastructure", "configuration", "tests", "after_host", "analysis"]
PARTS: tuple[Part, ...] = get_args(Part)
CHANGES: tuple[Part, ...] = ("infrastructure", "configuration")
"""The parts that change a host; the others look at it, or at what it does, from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """One plan item (`part`[`item`]) on some hosts, as version `version`; of an analysis all metrics are item 0."""

    key: ActionKey
    stage: Stage
    part: Part
    item: int
    version: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndRun:
    """A deploy run is over: its child process may go and kept outputs are pruned on the hosts."""

    key: ActionKey
    stage: Stage
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """The plan's announcement `item` to everyone of a wave."""

    key: ActionKey
    stage: Stage
    item: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A wave is exposed. The ledger entry is the act: no port does anything."""

    key: ActionKey
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """A wave's exposure is withdrawn. The ledger entry is the act."""

    key: ActionKey
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Each person of a wave gets real access."""

    key: ActionKey
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Each person of a wave loses the access that was granted."""

    key: ActionKey
    stage: Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell the plan's own people: held, failed, rolled back, needs a person, or a rule's own text.

    `to` is the mail address of one of them, such as a task's owner; empty for the plan's `notify`.
    """

    key: ActionKey
    stage: Stage
    title: str
    text: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """Seats in training sessions for a wave, and calendar invitations to them.

    `round` 0 books the plan's path for everyone of the wave; a later round is a further session that a rule or a
    person ordered, for those who have not completed. Sessions end by `until`, where one is given.
    """

    key: ActionKey
    stage: Stage
    round: int
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The plan's survey `item` to everyone of a wave: a mail with a link of their own."""

    key: ActionKey
    stage: Stage
    item: int


Action = RunStep | EndRun | Announce | Open | Close | Grant | Withdraw | Notify | Invite | Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an asked action ended, reported by its port on a later tick.

    `counts` are per target (done, failed, nobody, ...); `failures` name the targets that failed, with the
    exit code and last lines of what they printed, at most `FAILURES_MOST` of them. `lines` are what it has to say
    beyond that, such as what an analysis measured.
    """

    key: ActionKey
    ok: bool
    counts: dict[str, int] = field(default_factory=dict)
    failures: tuple["Failure", ...] = ()
    interrupted: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One target that failed: a host or a person's pid, in which state it is left, and the evidence."""

    target: str
    state: str
    step: str = ""
    exit_code: int | None = None
    lines: tuple[str, ...] = ()


FAILURES_MOST = 50
"""At most so many failures are kept with an outcome; the counts are complete."""
LINES_MOST = 20
"""The last lines of a failed command that are kept."""

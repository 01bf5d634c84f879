"""The board: everything that a page, a terminal or a file shows of a plan, as text ready to print.

Values only, and no markup. `figures` fills them from a picture; the table, the page and the JSON
only arrange them, so that every screen shows the same numbers. On the ring it is what is seen
after a turn, never what a turn reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from uptake.core.action import Part
from uptake.core.decision import Evidence
from uptake.core.look import Finding, SinceOpening
from uptake.core.stage import Half
from uptake.core.time import Instant
from uptake.report.adopted import AdoptionShown

Sure = Literal["counted", "estimated", "made up", "not measured"]
Mark = Literal["", "ok", "going", "waiting", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One phrase of the comparison and what stands behind it now.

    Args:
        row: the row of the comparison.
        half: which column.
        phrase: the comparison's own words.
        value: what is known, empty where nothing is.
        unit: what the value counts, may be empty.
        source: `entry 41` of the ledger or `plan.yaml:12`, empty where nothing is measured.
        sure: counted, estimated, made up or not measured.
        mark: which icon a screen may put beside it.
    """

    row: str
    half: Half
    phrase: str
    value: str = ""
    unit: str = ""
    source: str = ""
    sure: Sure = "not measured"
    mark: Mark = ""

    @property
    def key(self) -> str:
        """The name that stays its own: `deploy.goals.technical-requirements-met`."""
        return f"{self.half}.{slug(self.row)}.{slug(self.phrase)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The one number of a half, its caption, and its meter: a share and a target in [0, 1], where there are any.

    `since` says when it became deployed or in use, and is empty while it is not.
    """

    half: Half
    number: str
    caption: str
    share: float | None = None
    target: float | None = None
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """A wave of people: its state, k of n with the 95 % interval as of the last look, when it opened or is booked.

    `share`, `low` and `high` are None before the wave is open and looked at; `gate` is the share wanted of it, judged
    from `gate_at` on. `seq` is the ledger entry that its state or its draw stands in. `small` means that it was looked
    at, but is too small a group for its counts to be shown.
    """

    number: int
    name: str
    people: int
    present: int
    state: str
    adopters: int
    share: float | None
    low: float | None
    high: float | None
    opened: str
    booked: str
    holdout: bool
    gate: float | None = None
    settings: str = ""
    opened_at: Instant | None = None
    booked_at: Instant | None = None
    training_at: Instant | None = None
    gate_at: Instant | None = None
    seq: int = 0
    small: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host: its batch, its state word, the version it is on, what its probe or step says, since when.

    `lines` are the last that a failed step printed, `seq` the ledger entry behind the state.
    """

    name: str
    batch: str
    state: str
    version: str
    detail: str
    since: str
    since_at: Instant = Instant(0)
    lines: tuple[str, ...] = ()
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision as it stands in the ledger, with the plan line of its rule (empty for a person's word)."""

    seq: int
    at: str
    half: Half
    stage: str
    verdict: str
    state: str
    why: str
    rule: str
    evidence: tuple[Evidence, ...] = ()
    line: str = ""
    at_ms: Instant = Instant(0)
    run: int = 1
    ordinal: int = -1
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShown:
    """One batch of the latest run: when its steps began and ended, when its gate was judged, and its state word."""

    name: str
    hosts: int
    state: str
    begun_at: Instant
    stepped_at: Instant | None = None
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A wave's adopters among the people present, at one look; the wave's number from 1."""

    wave: int
    adopters: int
    present: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at use: when, its ledger entry, and the counts over all waves but the holdout and by wave."""

    at: Instant
    seq: int
    adopters: int
    present: int
    waves: tuple[Counted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShown:
    """One deploy run: its number, version, state word, and when it began and ended."""

    number: int
    version: str
    state: str
    started_at: Instant
    ended_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that a person must answer: its name for `uptake approve`, why it is asked, its ledger entry."""

    name: str
    why: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShown:
    """A source that is read again and again, as of the last look.

    `key` is the plan key that declares it and `name` what it tells of; `as_of` is up to when it is complete, empty
    where it was never read; `lag` is how late it is by nature, empty for not at all; `detail` why it is stale or
    refused.
    """

    key: str
    name: str
    state: str
    as_of: str
    as_of_at: Instant
    lag: str
    detail: str
    mark: Mark
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanShown:
    """An outcome's mean in a wave before anything began, and since the wave's opening; None for no values."""

    wave: int
    before: float | None
    since: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectLook:
    """A look at an effect: when, in words and in milliseconds, the estimate, and the interval of all looks."""

    at: str
    at_ms: Instant
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectShown:
    """An outcome as measured: means by wave, and what the looks at its effect show, the latest one's numbers first.

    Args:
        name: the outcome's.
        wanted: by the plan, in words.
        primary: whether the plan is for this outcome.
        level: of the intervals.
        means: by wave.
        estimate: of the latest look; None before there is one.
        low: lower end of its interval, None while it is open.
        high: upper end.
        finding: of all looks.
        looks: each of them.
        cleared: when the interval first did not hold zero, empty while it does.
        ended: whether the last look was made.
        more: how much longer it may take, in words; may be empty.
        method: how it was inferred; may be empty.
        as_of: up to when the data were complete.
        goal: the effect that is wanted, in the outcome's unit; None for any.
        limit: the effect at which the guardrail is reached.
        trust: whether it may be believed, a sentence each.
        since: the effect by time since opening, each with its error.
        assumes: what stands for a draw where nobody drew the order; empty where it was drawn.
    """

    name: str
    wanted: str
    primary: bool
    level: float
    means: tuple[MeanShown, ...] = ()
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    finding: Finding = "undecided"
    looks: tuple[EffectLook, ...] = ()
    cleared: str = ""
    ended: bool = False
    more: str = ""
    method: str = ""
    as_of: str = ""
    goal: float | None = None
    limit: float | None = None
    trust: tuple[str, ...] = ()
    since: tuple[SinceOpening, ...] = ()
    assumes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A step, test or health gate that failed on a host: where in the plan, and what to do next.

    `state` is how it left the host; `part` and `item` name the plan's item (`health` for the gate); `lines` are the
    last that it printed; `line` is its place in the plan file, `next` a sentence with a command.
    """

    host: str
    state: str
    part: Part | Literal["health"]
    item: int
    step: str
    line: str
    next: str
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A plan at one moment; `heads` are deploy and implement, None for a half that the plan does not have.

    `problems` come first on every screen: what needs a person, and who can answer. `next_due` is one sentence.
    `file` is the plan file's name; `states` holds the state word of each half that the plan has; `runs` are in order,
    the latest last; `batches` are those of the latest run; `looks` are in order, thinned where there are very many;
    `failures` are those of the latest run; `adoption` is what the store counts of first uses, on page and report alone.
    Of groups of fewer than `min_group` people it holds nothing.
    """

    plan: str
    title: str
    owner: str
    revision: str
    timezone: str
    now: Instant
    verdict: str
    problems: tuple[str, ...]
    heads: tuple[Head | None, Head | None]
    figures: tuple[Figure, ...]
    waves: tuple[Wave, ...]
    hosts: tuple[Host, ...]
    decisions: tuple[Decided, ...]
    head_seq: int
    seal: str
    next_due: str = ""
    file: str = ""
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    runs: tuple[RunShown, ...] = ()
    questions: tuple[Question, ...] = ()
    batches: tuple[BatchShown, ...] = ()
    looks: tuple[Look, ...] = ()
    sources: tuple[SourceShown, ...] = ()
    failures: tuple[Failed, ...] = ()
    min_group: int = 5
    effects: tuple[EffectShown, ...] = ()
    adoption: AdoptionShown | None = None


def slug(words: str) -> str:
    """Words as part of a name in an address.

    >>> slug("time-sensitive: up quickly")
    'time-sensitive-up-quickly'
    """
    return "-".join("".join(letter if letter.isalnum() else " " for letter in words.lower()).split())

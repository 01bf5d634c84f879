"""What a look brings beside use: how fresh each source is, training, tickets, answers, outcomes.

Counts and means by wave, never a person: they stand in `Observed` and are kept between looks.
Small groups are left out where they are counted, not where they are shown. The ports that
count live in `store` and `connect`; the halves judge what stands here.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.time import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveLook:
    """What is asked about a wave at a look: its ordinal, when it was opened (None while it is not), and now.

    `first_at` is when its first step was or is due: an announcement or a session before its opening, or the opening;
    `closed_at` when its exposure was withdrawn.
    """

    wave: int
    opened_at: Instant | None
    until: Instant
    first_at: Instant | None = None
    closed_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """Something that lies elsewhere and is read again and again.

    Args:
        name: the plan key that declares it (`implement.adoption.from`).
        state: `unread` before the first reading, `fresh`, `stale` (it could not be read, or tells nothing newer for
            longer than it declares), or `refused` (it was read and must not be used as it is).
        as_of: up to when what it tells is complete: its newest time less the declared lag; 0 for unread.
        detail: why it is stale or refused, one clause for a sentence, with the line of the file where there is one; of
            a fresh one what a person should know all the same.
        mark: a digest of what was refused, so that a person's approval is of these very contents.
    """

    name: str
    state: Literal["unread", "fresh", "stale", "refused"]
    as_of: Instant = Instant(0)
    detail: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSeen:
    """How the last reading of a source went, as it is kept between restarts.

    Args:
        state: unread, fresh (it was read), or refused (it could not be read, or must not be used as it is).
        read_at: when it was last read well; 0 for never.
        as_of: up to when what it told then is complete; 0 for never.
        detail: why it was refused, one clause; of a fresh one what a person should know all the same.
        mark: a digest of what was refused; empty where there was nothing to read.
    """

    state: Literal["unread", "fresh", "refused"]
    read_at: Instant = Instant(0)
    as_of: Instant = Instant(0)
    detail: str = ""
    mark: str = ""


UNREAD = FeedSeen(state="unread")
"""Before the first reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A wave's training at a look, in people present.

    Args:
        wave: its ordinal.
        people: all of them.
        invited: who were invited to a session, or have completed without.
        trained: who completed the whole path.
        missed: whose session is over and who did not complete its course.
        attended_later: of the trained, who completed in a session that was ordered further.
    """

    wave: int
    people: int
    invited: int
    trained: int
    missed: int
    attended_later: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticketed:
    """A wave's requests for help since its opening: how many, and over how many person-weeks of exposure."""

    wave: int
    tickets: int
    person_weeks: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """A wave's answers to one survey, as published: in batches, never of a small group.

    Args:
        wave: its ordinal; -1 for all waves together.
        survey: its name in the plan.
        asked: people who were sent it.
        answered: answers published so far; 0 while there are fewer than the plan's `min_group`.
        score: the instrument's mean score, None while nothing is published.
        barriers: how often each barrier was named, those of small groups left out.
    """

    wave: int
    survey: str
    asked: int
    answered: int
    score: float | None = None
    barriers: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of an outcome: a key by which it is corrected, of whom (a setting, or a pid), when, and how much.

    Of whom is empty where nobody of that name is known.
    """

    key: str
    unit: str
    at: Instant
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMean:
    """A unit's mean in one period, and how many values stand behind it."""

    unit: str
    period: int
    mean: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveMean:
    """An outcome in one wave: units that have values, units without, and the mean before and after its opening."""

    wave: int
    units: int
    missing: int
    before: float | None = None
    after: float | None = None


Finding = Literal["achieved", "not achieved", "harm", "undecided"]
"""What looks at an effect show together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceOpening:
    """The effect so many periods after an opening (0 is the first), with its standard error, by itself."""

    period: int
    estimate: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLook:
    """What one look at an effect said, as it is kept: later looks add to it and change nothing.

    Args:
        number: of the look, from 1.
        at: up to when it saw values.
        estimate: in the outcome's unit.
        se: its standard error.
        boundary: how many of them its interval reaches to either side; None while nothing may be said yet.
        low: lower end, None while open.
        high: upper end, None while open.
        more_days: about so many more are needed until there is a finding, if the estimate stays; None where the last
            look would have none.
        course: how the effect is followed, as it was fixed before the first look, in JSON.
        trust: whether it may be believed, a sentence each, those that warn first.
        doubtful: whether nothing may be called achieved until that is explained.
        since: the effect by time since opening, as this look saw it.
    """

    number: int
    at: Instant
    estimate: float
    se: float
    boundary: float | None
    low: float | None
    high: float | None
    more_days: float | None = None
    course: str = ""
    trust: tuple[str, ...] = ()
    doubtful: bool = False
    since: tuple[SinceOpening, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookShown:
    """One look at an effect: up to when it saw values, the estimate, and the interval that holds at all looks."""

    at: Instant
    estimate: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An outcome at a look: means by wave, and what the looks at its effect show so far.

    Args:
        name: the outcome's.
        as_of: up to when the data are complete.
        waves: the means.
        estimate: of the latest look: exposed against not yet exposed in the same periods; None before there is one.
        low: lower end of the interval that holds together with those of all other looks; None while open.
        high: upper end.
        level: of the intervals, such as 0.95.
        units: units behind the estimate.
        note: what a reader must know of the data, one sentence or none.
        shift: the open waves' change less that of waves not yet open, as a share of what was expected without it; for
            guardrails, without an interval. None where nothing can be compared.
        count: values behind it that were measured after an opening.
        finding: of all looks; harm where a guardrail's own looks show it.
        looks: of the effect, in order.
        more_days: about so many days are needed until there is a finding; None where that is not known.
        ended: whether the last planned look was made, or a rollback ended them.
        method: how it was inferred, in words.
        goal: the effect that the plan wants, in the outcome's unit, from what is expected without it; None for any.
        limit: the effect at which the guardrail is reached.
        trust: whether it may be believed, a sentence each, those that warn first.
        since: the effect by time since opening, of the latest look; before it, too, where nobody drew the order.
        assumes: what stands for a draw where nobody drew the order: then there is one look with an interval of its own,
            and no finding; empty where the order was drawn.
    """

    name: str
    as_of: Instant
    waves: tuple[WaveMean, ...] = ()
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    units: int = 0
    note: str = ""
    shift: float | None = None
    count: int = 0
    finding: Finding = "undecided"
    looks: tuple[LookShown, ...] = ()
    more_days: float | None = None
    ended: bool = False
    method: str = ""
    goal: float | None = None
    limit: float | None = None
    trust: tuple[str, ...] = ()
    since: tuple[SinceOpening, ...] = ()
    assumes: str = ""

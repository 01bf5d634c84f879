"""What values themselves say against an effect: waves that differed before, effects that fade, others who changed, too.

A placebo look treats a time before exposure as if it were exposed; novelty asks whether an effect fades; spill-over
whether those who wait beside open people changed already. Each is a weighted sum of means with its own error, and says
so in one sentence; none corrects anything. Checks on counts stand in `trust`.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uptake.measure.spending import student_tail
from uptake.measure.staggered import Beta, combined
from uptake.measure.statistics import NEVER, Floats, Ints, Statistics
from uptake.measure.trust import PLAIN, Words, odds, per_cent
from uptake.measure.weights import Controls, Lag, weights

NOTED = 0.01
"""What chance makes more rarely than this is told with a warning."""
EVENTS_LEAST = 4
"""With fewer periods since exposure nothing is said about fading."""
BEFORE_LEAST = 3
"""With fewer periods before the first exposure there is no placebo look."""
MEETING_SHARE = 0.2
"""With more than this share of people who meet another wave, an effect is told with a warning (a convention)."""
NOWHERE = -1
"""The setting of somebody who has none, or whose setting is not known."""
SETTINGS_LEAST = 2
"""With fewer settings on a side there is no error."""
NOTHING = 1e-12
"""A variance below this share of its parts is rounding."""


def amount(value: float) -> str:
    """A number with three digits, for reading.

    >>> amount(1234.5), amount(0.012345), amount(-3.14159), amount(0)
    ('1,234', '0.0123', '-3.14', '0')
    """
    if value == 0:
        return "0"
    return f"{value:,.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A weighted sum of means, with its error.

    Args:
        estimate: in the outcome's unit.
        se: its standard error, above 0.
        df: degrees of freedom of the error, at least 1.
    """

    estimate: float
    se: float
    df: float

    @property
    def z(self) -> float:
        """Estimate / se."""
        return self.estimate / self.se

    @property
    def p(self) -> float:
        """That chance makes it as far from zero, two-sided, by Student's distribution."""
        return student_tail(abs(self.z), self.df)

    @property
    def doubtful(self) -> bool:
        """Whether chance makes this more rarely than `NOTED`."""
        return self.p < NOTED

    def told(self, words: Words) -> str:
        """More or less, its error, and how often chance makes it."""
        unit = f" {words.unit}" if words.unit else ""
        return (
            f"{amount(abs(self.estimate))}{unit} {'more' if self.estimate > 0 else 'less'}, give or take "
            f"{amount(2 * self.se)} (it would happen by chance {odds(self.p)})"
        )


def _measured(known: Statistics, rows: Floats) -> Measured | None:
    """The estimate of some weights on cohort means (G x T); None where it does not vary.

    Source: Satterthwaite (1946), "An approximate distribution of estimates of variance components", for df.
    """
    parts = np.einsum("gs,gst,gt->g", rows, known.covariances, rows) / known.sizes
    alone = np.einsum("gt,gtt->", rows**2, known.covariances / known.sizes[:, None, None])
    variance = float(parts.sum())
    if variance <= NOTHING * float(alone):
        return None
    df = variance**2 / float(np.sum(parts**2 / (known.sizes - 1)))
    return Measured(estimate=float(np.sum(rows * known.means)), se=math.sqrt(variance), df=df)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placebo(Measured):
    """How far the first wave differed from the others before anybody was exposed, beyond an earlier difference.

    Args:
        lag_periods: periods that stand for the time before.
        placebo_periods: the later ones, that stand for exposed ones.
    """

    METHOD: ClassVar[str] = "the same comparison as for the effect, on days before anybody had it."
    ASSUMES: ClassVar[str] = "nothing of the change had reached anybody on those days."

    lag_periods: int
    placebo_periods: int

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        both = self.lag_periods + self.placebo_periods
        told = f"{self.told(words)}, in the last {self.placebo_periods} of {both} {words.period}s"
        if self.doubtful:
            return (
                f"Before anybody had it, the first wave already moved away from the others: {told}; an effect is "
                "doubtful until that is explained."
            )
        return (
            "Before anybody had it, the first wave moved like the others as far as chance goes: "
            f"{told}; nothing is to be done."
        )


def placebo(
    known: Statistics, *, controls: Controls = "not-yet", lag: Lag = "mean", beta: Beta = "efficient"
) -> Placebo | None:
    """The effect's own estimator on the time before the first exposure, where it should find nothing.

    Only periods before anything of the change reached anybody are used; the last third of them, at least one, counts
    as exposed for the first cohort. All others are its controls.

    Args:
        known: the cohorts, of which the first may be exposed later than the last period.
        controls: as in `weights.weights`.
        lag: same.
        beta: as in `staggered.estimate`.

    Returns:
        None with fewer than `BEFORE_LEAST` such periods, with one cohort, or where values do not vary. With cohorts of
        fewer than ten units the efficient beta warns too often, and beta 1 does not.

    Source: Roth & Sant'Anna (arXiv:2102.01291), section 2.3: without an effect such differences are zero on average.
    """
    first, count = float(known.touched[0]), known.periods.size
    before = int(np.searchsorted(known.periods, first, side="left"))
    if before < BEFORE_LEAST or known.cohorts.size < 2 or not np.isfinite(first):
        return None
    later = max(1, before // 3)
    kept = np.concatenate([np.arange(before), np.arange(count, count + known.covariates)])
    starts = np.full(known.cohorts.size, NEVER)
    starts[0] = known.periods[before - later]
    then = replace(
        known,
        periods=known.periods[:before],
        cohorts=starts,
        means=known.means[:, kept],
        covariances=known.covariances[:, kept[:, None], kept],
        first=None,
    )
    sought = weights(then, "simple", controls=controls, lag=lag)
    found = _measured(then, combined(then, sought[0], beta=beta))
    if found is None:
        return None
    return Placebo(estimate=found.estimate, se=found.se, df=found.df, lag_periods=before - later, placebo_periods=later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty(Measured):
    """How the effect changes with time since exposure; the estimate is its slope per period.

    Args:
        begins: the effect by the line in the first event time.
        ends: the same in the last one.
        mean: the mean effect.
        event_times: how many there are.
    """

    METHOD: ClassVar[str] = "effects by time since opening, with a line through them."
    ASSUMES: ClassVar[str] = "waves react alike, so that late effects, which early waves tell of, hold for all."

    begins: float
    ends: float
    mean: float
    event_times: int

    @property
    def fades(self) -> bool:
        """Whether the effect comes nearer to zero, or beyond it, more clearly than chance would make it."""
        return self.doubtful and self.estimate * self.mean < 0

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        unit = f" {words.unit}" if words.unit else ""
        told = (
            f"from {amount(self.begins)}{unit} in the first {words.period} after opening to {amount(self.ends)}{unit} "
            f"in {words.period} {self.event_times} (it would happen by chance {odds(self.p)})"
        )
        if self.fades:
            return f"The effect fades: {told}; judge by what is left of it, and look again later."
        if self.doubtful:
            return f"The effect grows: {told}; the mean over all {words.period}s tells too little of it."
        return f"The effect does not fade as far as chance goes: {told}; nothing is to be done."


def novelty(
    known: Statistics, *, controls: Controls = "not-yet", lag: Lag = "mean", beta: Beta = "efficient"
) -> Novelty | None:
    """Whether an effect fades with time since exposure: the slope of the event study over event time.

    Event times are weighed by how many units they compare. As each is a weighted sum of cohort means the slope is one,
    too, and its error holds how all of them go together: Cov_jk = sum over cohorts of B_j S_g B_k' / N_g.

    Args:
        known: the cohorts.
        controls: as in `weights.weights`.
        lag: same.
        beta: as in `staggered.estimate`.

    Returns:
        None with fewer than `EVENTS_LEAST` identified event times, or where values do not vary. With some ten units a
        cohort it warns in about 2 of 100 cases without a change instead of 1.

    Source: Roth & Sant'Anna (arXiv:2102.01291), section 2.2, for event times; least squares with fixed weights.
    """
    sought = weights(known, "eventstudy", controls=controls, lag=lag)
    if len(sought) < EVENTS_LEAST:
        return None
    rows = np.stack([combined(known, one, beta=beta) for one in sought])
    times = np.array([one.event_time for one in sought], dtype=np.float64)
    share = 1 / np.array([float((one.effect**2 / known.sizes[:, None]).sum()) for one in sought])
    share /= share.sum()
    middle = float(share @ times)
    lever = share * (times - middle) / float(share @ (times - middle) ** 2)
    slope = _measured(known, np.einsum("k,kgt->gt", lever, rows))
    if slope is None:
        return None
    mean = float(share @ np.einsum("kgt,gt->k", rows, known.means))
    begins, ends = (mean + slope.estimate * (float(times[place]) - middle) for place in (0, -1))
    return Novelty(
        estimate=slope.estimate,
        se=slope.se,
        df=slope.df,
        begins=begins,
        ends=ends,
        mean=mean,
        event_times=len(sought),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """How many people share a setting with somebody of another wave.

    Args:
        meeting: people who do.
        people: all people drawn.
    """

    METHOD: ClassVar[str] = "people are counted who share a setting with somebody of another wave."
    ASSUMES: ClassVar[str] = "people learn from those in their own setting, and from nobody else."

    meeting: int
    people: int

    @property
    def share(self) -> float:
        """Meeting / people, in [0, 1]; 0 where there is nobody."""
        return self.meeting / self.people if self.people else 0.0

    @property
    def doubtful(self) -> bool:
        """Whether more than `MEETING_SHARE` meet another wave."""
        return self.share > MEETING_SHARE

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        told = f"{self.meeting:,} of {self.people:,} {words.people} ({per_cent(self.share)}) share a {words.setting} "
        told += "with somebody of another wave"
        if self.doubtful:
            return (
                f"{told}: what one learns the other may use before the time, and an effect then comes out too small; "
                f"another time draw by {words.setting}."
            )
        return f"{told}; nothing is to be done."


def spill_over(settings_of: ArrayLike, waves_of: ArrayLike) -> Meeting:
    """How many people could learn from somebody of another wave, because they share a setting.

    Args:
        settings_of: a whole number per person, her setting; `NOWHERE` for none: such people meet nobody.
        waves_of: a whole number per person, her wave; who is kept back has one of her own.
    """
    settings, waves = np.asarray(settings_of, dtype=np.int_), np.asarray(waves_of, dtype=np.int_)
    assert settings.shape == waves.shape
    inside = settings != NOWHERE
    names, places = np.unique(settings[inside], return_inverse=True)
    pairs = np.unique(np.stack([places, waves[inside]]), axis=1)
    several = np.bincount(pairs[0].astype(np.int_), minlength=names.size) > 1
    return Meeting(meeting=int(several[places].sum()), people=settings.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spilled(Measured):
    """How much more those who wait beside open people changed than those who wait elsewhere.

    Args:
        near: settings with somebody who waits beside an open person, in any period.
        far: settings with people who wait and nobody open, in any period; one may be both in turn.
    """

    METHOD: ClassVar[str] = "those who wait beside people who have it are compared with those who wait elsewhere."
    ASSUMES: ClassVar[str] = "both would have changed alike, had nobody had it."

    near: int
    far: int

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        who = f"Those who wait in a {words.setting} where others have it changed"
        if self.doubtful:
            return (
                f"{who} unlike those who wait elsewhere: {self.told(words)}; an effect against those who wait is "
                f"doubtful, so compare with {words.setting}s where nobody has it."
            )
        return f"{who} like those who wait elsewhere as far as chance goes: {self.told(words)}; nothing is to be done."


def spilled(change: Floats, settings_of: Ints, exposed: NDArray[np.bool_]) -> Spilled | None:
    """Whether it shows already in people who only work beside those who have it.

    In each period the settings where somebody waits beside an exposed person are compared with those where people wait
    and nobody is exposed, each by the mean of its waiting people; periods are weighed by how much they tell. The error
    is that of settings, which keep their ways from one period to the next.

    Args:
        change: units x periods, a value less the unit's mean before the first exposure; NaN where there is none.
        settings_of: the setting of each unit; `NOWHERE` for none, such units are left out.
        exposed: units x periods; who was exposed stays so.

    Returns:
        None where no period has `SETTINGS_LEAST` settings on either side, or where they do not vary.

    Source: a difference in means with the error of clusters, residuals scaled for small samples (HC2): MacKinnon &
        White (1985). With one period it is Welch's comparison of settings, with cautious degrees of freedom.
    """
    inside = np.asarray(settings_of) != NOWHERE
    names, places = np.unique(np.asarray(settings_of)[inside], return_inverse=True)
    told, open_now = change[inside], exposed[inside]
    member = np.zeros((names.size, places.size))
    member[places, np.arange(places.size)] = 1
    counted = ~open_now & ~np.isnan(told)
    people = member @ counted.astype(np.float64)
    means = member @ np.where(counted, told, 0.0) / np.maximum(people, 1)
    beside = member @ open_now.astype(np.float64) > 0
    sides = [(people > 0) & beside, (people > 0) & ~beside]
    sizes = np.array([side.sum(axis=0) for side in sides], dtype=np.float64)
    used = (sizes >= SETTINGS_LEAST).all(axis=0)
    if not used.any():
        return None
    share = np.where(used, sizes.prod(axis=0) / np.maximum(sizes.sum(axis=0), 1), 0.0)
    share /= share.sum()
    estimate, errors = 0.0, np.zeros(names.size)
    for sign, side, size in zip((1, -1), sides, np.maximum(sizes, SETTINGS_LEAST), strict=True):
        middle = np.where(side, means, 0.0).sum(axis=0) / size
        estimate += sign * float(share @ middle)
        errors += sign * np.where(side, means - middle, 0.0) @ (share / np.sqrt(size * (size - 1)))
    variance = float(errors @ errors)
    if variance <= NOTHING * float(np.abs(means).max()) ** 2:
        return None
    near, far = (int(side[:, used].any(axis=1).sum()) for side in sides)
    return Spilled(estimate=estimate, se=math.sqrt(variance), df=max(1, min(near, far) - 1), near=near, far=far)

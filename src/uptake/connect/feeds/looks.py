"""When an outcome's effect is looked at, in which periods its values stand, and the looks as they are made and kept.

A look closes a period and is made once its data are complete; what it said stands whatever comes later. A wave is
exposed from the first period that begins after its opening, and no control from the one in which its first step lies.
A rollback ends the looks. The inference itself is measure's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, isfinite
from typing import Any

import msgspec
import numpy as np

from uptake.core.chance import digest
from uptake.core.entry import rounded
from uptake.core.look import KeptLook, WaveLook
from uptake.core.ports import Values
from uptake.core.time import Instant, Span, after
from uptake.measure.findings import Band, more_periods
from uptake.measure.looks import joint, looks, views
from uptake.measure.paths import method_for
from uptake.measure.power import planned
from uptake.measure.spending import Kind, Spending, shares
from uptake.measure.statistics import NEVER, Floats, Ints
from uptake.measure.watch import Course, Followed, Walked, fill, follow
from uptake.plan.model import Implement, Plan
from uptake.plan.outcome import Outcome
from uptake.plan.outcome_rules import OPEN, judged_at, openings

OPEN_LOOKS = 104
"""A plan without a last look is looked at so often."""
LOOKS_MOST = 400
"""More looks than this are made less often."""
BEFORE_MOST = 12
"""The time before the first opening is cut into so many periods at most."""
DAY_MS = 86_400_000
PLANNING_PATHS = 4_000
"""So many paths say how long it may take yet: it is told as about so many days."""
CORRELATION = 0.5
"""Between a unit's periods, as the share of information at each look is planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """The ends of an effect's periods: `cuts` from the baseline's begin on, of which the look's number 0 is `zero`."""

    cuts: tuple[Instant, ...]
    zero: int

    @property
    def ends(self) -> tuple[Instant, ...]:
        """When each look is made, the first one first."""
        return self.cuts[self.zero + 1 :]

    @property
    def periods(self) -> Floats:
        """The number of each period: of a look's its own, 0 and below before the first opening."""
        return np.arange(1 - self.zero, len(self.cuts) - self.zero, dtype=np.float64)

    def exposed_from(self, at: Instant | None) -> float:
        """The first period that begins at or after an opening."""
        return NEVER if at is None else float(np.searchsorted(self.cuts, at, side="left")) - self.zero + 1

    def touched_from(self, at: Instant | None) -> float:
        """The period in which a first step lies."""
        return NEVER if at is None else float(np.searchsorted(self.cuts, at, side="right")) - self.zero


def times(plan: Plan, outcome: Outcome, seen: Sequence[WaveLook], *, guard: bool) -> Times | None:
    """The periods of an outcome's effect; None before the first wave is open, or where no last look is declared."""
    assert plan.implement is not None
    first = min((look.opened_at for look in seen if look.opened_at is not None), default=None)
    if first is None:
        return None
    last = judged_at(outcome.judge, first, plan.timezone)
    if outcome.judge == OPEN and not guard:
        far = Span(seconds=outcome.looks.seconds * OPEN_LOOKS, days=outcome.looks.days * OPEN_LOOKS)
        last = after(first, far, plan.timezone)
    elif last is None and guard:
        last = openings(plan.implement, first, plan.timezone)[-1]
    if last is None or last <= first:
        return None
    every = outcome.guardrail.looks if guard and outcome.guardrail is not None else outcome.looks
    ends = _ends(first, last, every, plan.timezone)
    step = min(first, *(look.first_at or first for look in seen if look.opened_at is not None))
    back = plan.implement.baseline
    begin = after(step, Span(seconds=-back.seconds, days=-back.days), plan.timezone)
    pieces = min(BEFORE_MOST, max(1, round((step - begin) / (ends[0] - first))))
    before = [Instant(begin + (step - begin) * piece // pieces) for piece in range(pieces)]
    told = [step] if step < first else []
    return Times(cuts=(*before, *told, first, *ends), zero=pieces + len(told))


def _ends(first: Instant, last: Instant, every: Span, zone: str) -> list[Instant]:
    """The ends of looks, so far apart, and the last one."""
    count = int((last - first) / (every.approx_s * 1000)) + 1
    if count > LOOKS_MOST:
        step = (last - first) / LOOKS_MOST
        return [Instant(first + round(step * number)) for number in range(1, LOOKS_MOST + 1)]
    found = (
        after(first, Span(seconds=every.seconds * number, days=every.days * number), zone)
        for number in range(1, count + 1)
    )
    return [*(end for end in found if end < last), last]


def rolled_back(seen: Sequence[WaveLook]) -> Instant | None:
    """When exposure was first withdrawn, which ends the looks."""
    return min((look.closed_at for look in seen if look.closed_at is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Which effect of an outcome is followed: against what share of what was expected, at what error, how long."""

    series: str
    kind: Kind
    share: float
    alpha: float
    open_ended: bool = False


def series_name(outcome: Outcome, word: str, *, guard: bool) -> str:
    """A series' key: another definition of the outcome begins another one."""
    how = outcome.guardrail if guard else (outcome.judge, str(outcome.looks), outcome.by, outcome.want)
    return f"{word}/{digest(f'{outcome.unit} {outcome.judge} {how}')[:12]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """An outcome's values by drawn unit.

    Args:
        values: units x periods, NaN for a gap, up to the latest complete look.
        numbers: of the looks that can be made, rising.
        waves: of each unit.
        redraws: gives B x units, waves drawn anew, where they are needed.
        people: whether persons were drawn.
        walked: what was walked for earlier looks at this effect.
        beside: gives what is kept beside the look of a number (`KeptLook`): whether it may be believed.
    """

    values: Floats
    numbers: Sequence[int]
    waves: Ints
    redraws: Callable[[], Ints]
    people: bool
    walked: Walked
    beside: Callable[[int], dict[str, Any]]


def make_looks(
    plan: Plan, kept: Values, outcome: Outcome, effect: Effect, data: Data, at: tuple[Times, Sequence[WaveLook]]
) -> tuple[KeptLook, ...]:
    """All looks whose periods the data hold, those that stand first; new ones are kept before they are told."""
    when, seen = at
    assert plan.implement is not None
    stood = kept.looks(outcome.name, effect.series)
    count = data.values.shape[1] - when.zero
    if count < 1 or (stood and stood[-1].number >= count):
        return stood
    course = (
        msgspec.json.decode(stood[0].course, type=Course)
        if stood
        else _course(plan, plan.implement, effect, data, when)
    )
    last = stood[-1].number if stood else 0
    numbers = [*(one.number for one in stood), *(number for number in data.numbers if number > last)]
    redraws = data.redraws if course.method == "paths" else None
    known = followed(data.values, data.waves, when, seen, redraws=redraws)
    made = follow(known, course, numbers, before=bands_of(stood), walked=data.walked)
    new = [_kept(band, when) for band in made[len(stood) :]]
    if not new:
        return stood
    if not stood:
        new[0] = replace(new[0], course=msgspec.json.encode(course).decode())
    design = _design(plan, plan.implement, data, when)
    new[-1] = replace(new[-1], more_days=_more(design, made, course, when), **data.beside(new[-1].number))
    kept.look(outcome.name, effect.series, new)
    return kept.looks(outcome.name, effect.series)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """The looks as the plan and the draw have them, before any value.

    Args:
        sizes: of the waves that have units.
        numbers: of the looks that could know something.
        covariance: of their estimates, for units with a standard deviation of 1.
        shares: of the planned information at each.
    """

    sizes: tuple[int, ...]
    numbers: tuple[int, ...]
    covariance: Floats
    shares: tuple[float, ...]


def _design(plan: Plan, implement: Implement, data: Data, when: Times) -> Design:
    """What is known of the looks from the plan and the draw alone: no value has a say in it."""
    count = len(implement.waves.sizes) + bool(implement.waves.holdout)
    counts = [int(size) for size in np.bincount(data.waves, minlength=count)]
    starts = [when.exposed_from(at) for at in openings(implement, when.cuts[when.zero], plan.timezone)]
    starts += [NEVER] * (count - len(starts))
    sizes = tuple(size for size in counts if size)
    begins = tuple(start + when.zero - 1 for size, start in zip(counts, starts, strict=True) if size)
    return _designed(sizes, begins, when.zero, len(when.ends))


@lru_cache(maxsize=64)
def _designed(sizes: tuple[int, ...], begins: tuple[float, ...], zero: int, ends: int) -> Design:
    """The looks of waves of some sizes that begin in some periods, `zero` of them before the first look's."""
    known = planned(sizes, begins, zero + ends, correlation=CORRELATION)
    seen = looks(known, views(known, [zero + number for number in range(1, ends + 1)]))
    if not seen:
        return Design(sizes=sizes, numbers=(), covariance=np.zeros((0, 0)), shares=())
    return Design(
        sizes=sizes,
        numbers=tuple(round(one.period) - zero + 1 for one in seen),
        covariance=joint(known, seen),
        shares=shares([one.se**2 for one in seen]),
    )


def _course(plan: Plan, implement: Implement, effect: Effect, data: Data, when: Times) -> Course:
    """How an effect is followed."""
    design = _design(plan, implement, data, when)
    told = dict(zip(design.numbers, design.shares, strict=True))
    return Course(
        method=method_for(design.sizes, sum(design.sizes), open_ended=effect.open_ended),
        kind=effect.kind,
        alpha=effect.alpha,
        planned=tuple(told.get(number, 0.0) for number in range(1, len(when.ends) + 1)),
        share=effect.share,
        studentised=data.people,
        seed=digest(f"looks\0{plan.plan}\0{effect.series}"),
    )


def _more(design: Design, made: Sequence[Band], course: Course, when: Times) -> float | None:
    """About how many more days until the latest band would be clear of zero, by normal paths for every method."""
    last = round(made[-1].period)
    numbers = {round(band.period) for band in made}
    places = [place for place, number in enumerate(design.numbers) if number in numbers]
    later = [place for place, number in enumerate(design.numbers) if number > last]
    if course.method == "sequence" or len(places) != len(made) or not made[-1].se:
        return None
    rule = Spending(kind=course.kind, alpha=course.alpha, seed=course.seed, paths=PLANNING_PATHS)
    chosen = [*places, *later]
    found = more_periods(
        made,
        [float(design.numbers[place]) for place in later],
        design.covariance[np.ix_(chosen, chosen)],
        [design.shares[place] for place in chosen],
        rule,
    )
    if found is None:
        return None
    return rounded((when.ends[last + round(found) - 1] - when.ends[last - 1]) / DAY_MS)


def followed(
    values: Floats,
    waves: Ints,
    when: Times,
    seen: Sequence[WaveLook],
    *,
    redraws: Callable[[], Ints] | None = None,
) -> Followed:
    """Waves as cohorts: those that are alike so far are one; with redraws, the orders that might have been, too."""
    upto = values.shape[1]
    last = float(when.periods[upto - 1])
    wave_pairs: dict[int, tuple[float, float]] = {}
    for look in seen:
        start, touched = when.exposed_from(look.opened_at), when.touched_from(look.first_at or look.opened_at)
        start, touched = (NEVER if start > last else start), (NEVER if touched > last else touched)
        wave_pairs[look.wave] = (start, min(start, touched))
    pairs = sorted({wave_pairs[wave] for wave in set(waves.tolist())})
    place = {wave: pairs.index(pair) for wave, pair in wave_pairs.items() if pair in pairs}
    to_place = np.array([place.get(wave, 0) for wave in range(max(wave_pairs) + 1)])
    there = ~np.isnan(values).all(axis=0)
    filled, _ = fill(values[:, there])
    orders = None
    if redraws is not None:
        orders = np.vstack([to_place[waves][None, :], to_place[redraws()]])
    return Followed(
        values=filled,
        labels=to_place[waves],
        cohorts=np.array([start for start, _ in pairs]),
        first=np.minimum.accumulate(np.array([touched for _, touched in pairs])[::-1])[::-1],
        periods=when.periods[:upto][there],
        orders=orders,
    )


def _kept(band: Band, when: Times) -> KeptLook:
    number = round(band.period)
    return KeptLook(
        number=number,
        at=when.ends[number - 1],
        estimate=rounded(band.estimate),
        se=rounded(band.se),
        boundary=_finite(band.boundary),
        low=_finite(band.low),
        high=_finite(band.high),
    )


def _finite(value: float) -> float | None:
    return rounded(value) if isfinite(value) else None


def _band(kept: KeptLook) -> Band:
    return Band(
        period=float(kept.number),
        estimate=kept.estimate,
        se=kept.se,
        boundary=inf if kept.boundary is None else kept.boundary,
        low=-inf if kept.low is None else kept.low,
        high=inf if kept.high is None else kept.high,
    )


def bands_of(kept: Sequence[KeptLook]) -> tuple[Band, ...]:
    """Looks as measure takes them."""
    return tuple(_band(one) for one in kept)

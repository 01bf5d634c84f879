"""Adoption figures of a plan: what to ask the store at a look, and what its counts come to.

Pure: the picture says which waves are open and what was measured beside use, the store's counts say who adopted when,
the craft is measure's. Of waves and categories that are too small nothing is told, and nothing that they could be had
from by subtraction. What the plan cannot say is "not measured".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from uptake.core.event import Adopted, FirstAsk, Part
from uptake.core.look import Measured
from uptake.core.time import Instant, after
from uptake.core.words import count
from uptake.implement.gates import usage
from uptake.implement.targets import wave_stage
from uptake.report.adopted import AdoptionShown, Apart, Compared, Reached, RowShown, WaveAdopted
from uptake.report.curves import DAY_MS, DAY_STEPS, STEPS, UNITS
from uptake.report.known import Known
from uptake.report.words import people

if TYPE_CHECKING:
    from uptake.measure.adoption import Adoption
    from uptake.measure.reach import Evidence, Row, Scale
    from uptake.measure.survival import Counts, Curve

MOMENTS = 4
"""So many columns has the table of shares."""
DIFFER = 0.05
"""Waves are said to differ where p is below."""
SMALLER = "(smaller groups)"
"""The category that small ones are put together in."""
UNKNOWN = "(not known)"
NO_RELAPSE = (
    "Relapse and how long people stay are not measured: no plan says yet how many days without use are a relapse."
)
BY_SETTING = "Use is told by setting: who adopted when is not known, and counts are of so many people at least."


def asked(known: Known) -> tuple[FirstAsk, ...]:
    """What to ask about each wave but the holdout, as of the last look; nothing before there is one."""
    whom = known.whom
    if whom is None or not whom.looked:
        return ()
    adoption, audience = known.implement.adoption, known.implement.audience
    columns = (*([""] if audience.setting else []), *known.implement.waves.stratify)
    until, openings = _until(known), _openings(known)
    _, period_ms = _unit(known, until, list(openings.values()))
    return tuple(
        FirstAsk(
            wave=wave.ordinal,
            name=adoption.event,
            count=adoption.count,
            within_ms=after(Instant(0), adoption.within, "UTC"),
            opened_at=openings.get(wave.ordinal),
            until=until,
            period_ms=period_ms,
            columns=tuple(dict.fromkeys(columns)),
            by=adoption.level,
        )
        for wave in whom.inside
    )


def adoption_of(known: Known, counted: Sequence[Adopted]) -> AdoptionShown | None:
    """The figures of the store's answers to `asked`; None where there are none."""
    if known.whom is None or not counted:
        return None
    from uptake.measure.adoption import adoption

    until, openings = _until(known), _openings(known)
    unit, unit_ms = _unit(known, until, list(openings.values()))
    opened = [one for one in counted if one.wave in openings]
    shown, hidden = _apart_small(opened, known.min_group)
    begun = AdoptionShown(
        as_of=known.at(until),
        as_of_ms=until,
        by=_by(known),
        unit=unit,
        unit_ms=unit_ms,
        notes=tuple(_notes(known, hidden)),
    )
    if sum(one.present for one in opened) < known.min_group:
        few = "Nobody is let in yet." if not opened else "Too few people are let in to show anything of them."
        return replace(begun, notes=(few,))
    followed = {one.wave: (until - openings[one.wave]) // unit_ms for one in opened}
    waves = {one.wave: made for one in shown if (made := _counts(one, followed[one.wave])) is not None}
    made = adoption({str(wave): counts for wave, counts in waves.items()}, _evidence(known, counted, opened))
    moments = _moments(unit, [counts.followed_days + 1 for counts in waves.values()])
    compared = _compared(made)
    return replace(
        begun,
        moments=moments,
        waves=tuple(_wave(one, followed[one.wave], made.curves.get(str(one.wave)), begun, moments) for one in shown),
        compared=compared,
        compared_words=_compared_words(compared, made.compared_not, unit),
        stay_words=_stay_words(opened),
        apart=_differences(made, known.implement.audience.setting),
        re_aim=tuple(_row(known, row) for row in made.re_aim),
        proctor=tuple(_row(known, row) for row in made.proctor),
    )


def _until(known: Known) -> Instant:
    """The last look, or up to when the source of use is complete."""
    source = usage(known.picture)
    return source.as_of if source is not None and source.as_of else known.picture.observed.looked_at


def _openings(known: Known) -> dict[int, Instant]:
    """When each wave was opened whose people are let in now, until the look."""
    assert known.whom is not None
    found = {wave.ordinal: known.picture.opened_at(wave_stage(wave.ordinal)) for wave in known.whom.open_waves}
    return {wave: at for wave, at in found.items() if at is not None and at <= _until(known)}


def _unit(known: Known, until: Instant, openings: Sequence[Instant]) -> tuple[str, int]:
    """The unit of time that fits the plan: days, unless all of it is quicker."""
    span = max(until - min(openings, default=until), round(1000 * known.implement.gate.at.approx_s))
    return next(((name, size) for name, size, most in UNITS if span <= most), ("day", DAY_MS))


def _moments(unit: str, periods: Sequence[int]) -> tuple[int, ...]:
    """A few round numbers of periods up to the longest that a wave was watched."""
    longest = max(periods, default=0)
    steps = DAY_STEPS if unit == "day" else STEPS
    return tuple(step for step in steps if step <= longest)[-MOMENTS:]


def _by(known: Known) -> str:
    adoption = known.implement.adoption
    if known.plan.counts_by_setting:
        return f"each of the most people of a setting with {adoption.event} on any day since the opening"
    uses = count(adoption.count, f"event {adoption.event}", f"events {adoption.event}")
    return f"at least {uses} within {adoption.within}, at any time since the opening"


def _notes(known: Known, hidden: int) -> Iterator[str]:
    if known.plan.counts_by_setting:
        yield BY_SETTING
    if hidden:
        yield f"Waves of {people(hidden)} are left out: of fewer than {known.min_group} people nothing is shown."


def _apart_small(waves: Sequence[Adopted], least: int) -> tuple[list[Adopted], int]:
    """The waves that may be shown, and the people of those that may not: nobody, or too many to tell of."""
    shown = sorted((one for one in waves if one.present >= least), key=lambda one: -one.present)
    hidden = sum(one.present for one in waves if one.present < least)
    while 0 < hidden < least and shown:
        hidden += shown.pop().present
    return sorted(shown, key=lambda one: one.wave), hidden


def _counts(one: Adopted, periods: int) -> "Counts | None":
    """A wave's counts in whole periods; None where there is none, or nobody knows when."""
    if periods < 1 or not one.firsts:
        return None
    from uptake.measure.survival import counts

    rows = [(place, True, number) for place, number in enumerate(one.firsts[:periods]) if number]
    waiting = one.present - sum(one.firsts[:periods])
    rows += [(periods - 1, False, waiting)] if waiting else []
    days, flags, weights = zip(*rows, strict=True)
    return counts(days, flags, weights=weights, followed_days=periods - 1)


def _evidence(known: Known, counted: Sequence[Adopted], opened: Sequence[Adopted]) -> "Evidence":
    from uptake.measure.reach import Evidence

    parts = [part for one in counted for part in one.parts]
    told = {part.value for part in parts if part.column == "" and part.value and part.people}
    adopting = {part.value for part in parts if part.column == "" and part.value and part.adopters}
    exposed, adopters = sum(one.present for one in opened), sum(one.adopters for one in opened)
    trained = known.implement.train is not None
    everybody, group = _columns(known, parts) if adopters >= known.min_group else ({}, {})
    return Evidence(
        eligible=sum(one.present for one in counted),
        exposed=exposed,
        adopters=adopters,
        expected=None if trained else exposed,
        active=None if trained else sum(one.active for one in opened),
        settings=len(told) if told else None,
        settings_adopting=len(adopting) if told else None,
        adaptations=sum(spoken.said.what == "revise" for spoken in known.picture.words),
        answers=_answers(known),
        effects={one.name: one.estimate for one in _looked(known) if one.estimate is not None},
        attributes=everybody,
        adopters_attributes=group,
    )


def _columns(known: Known, parts: Sequence[Part]) -> tuple[dict[str, Mapping[str, int]], dict[str, Mapping[str, int]]]:
    """Everybody and adopters by each attribute's categories, small ones put together; none where use has no names."""
    everybody: dict[str, Mapping[str, int]] = {}
    adopters: dict[str, Mapping[str, int]] = {}
    if known.plan.counts_by_setting:
        return everybody, adopters
    for column in dict.fromkeys(part.column for part in parts):
        whole: dict[str, int] = {}
        among: dict[str, int] = {}
        for part in parts:
            if part.column == column:
                value = part.value or UNKNOWN
                whole[value] = whole.get(value, 0) + part.people
                among[value] = among.get(value, 0) + part.adopters
        small = _small(whole, known.min_group)
        name = column or known.implement.audience.setting
        everybody[name], adopters[name] = _together(whole, small), _together(among, small)
    return everybody, adopters


def _small(whole: Mapping[str, int], least: int) -> set[str]:
    """Categories of too few people, and the next ones while all of these are too few."""
    by_size = sorted(whole, key=lambda value: (whole[value], value))
    small = {value for value in by_size if whole[value] < least}
    for value in by_size:
        if not 0 < sum(whole[one] for one in small) < least:
            break
        small.add(value)
    return small


def _together(counts: Mapping[str, int], small: set[str]) -> dict[str, int]:
    made = {value: number for value, number in counts.items() if value not in small}
    return {**made, SMALLER: sum(counts[value] for value in small)} if small else made


def _answers(known: Known) -> "dict[Scale, tuple[float, int]]":
    """The published answers of the newest survey of each scale, as the sum of persons' means and persons."""
    found: dict[Scale, tuple[float, int]] = {}
    for one in known.picture.observed.surveys:
        if one.wave == -1 and one.score is not None and one.answered >= known.min_group:
            match one.survey:
                case "aim" | "iam" | "fim":
                    found[one.survey] = (one.score * one.answered, one.answered)
                case _:
                    pass
    return found


def _looked(known: Known) -> tuple[Measured, ...]:
    """The outcomes at whose effect somebody has looked."""
    return tuple(one for one in known.picture.observed.outcomes if one.looks and one.estimate is not None)


def _wave(
    one: Adopted, followed: int, curve: "Curve | None", begun: AdoptionShown, moments: Sequence[int]
) -> WaveAdopted:
    wave = WaveAdopted(
        number=one.wave + 1,
        name=f"Wave {one.wave + 1}",
        people=one.present,
        adopters=one.adopters,
        active=one.active,
        followed=followed,
    )
    if curve is None:
        why = f"not a whole {begun.unit} yet" if followed < 1 else "not known by person"
        return replace(wave, why_not=why, at=(None,) * len(moments))
    low, high = curve.median_interval()
    median = curve.median()
    return replace(
        wave,
        median=None if median is None else median + 1,
        median_low=None if low is None else low + 1,
        median_high=None if high is None else high + 1,
        at=tuple(_reached(curve, moment) for moment in moments),
        curve=tuple(_whole(curve)),
    )


def _reached(curve: "Curve", periods: int, *, adopted: float = 0.0) -> Reached | None:
    """The share that has adopted within so many periods; `adopted` did in the last of them."""
    point = curve.at(periods - 1)
    if point is None:
        return None
    return Reached(
        after=periods,
        share=1 - point.share,
        low=1 - point.high,
        high=1 - point.low,
        watched=round(cast("list[float]", curve.watched.tolist())[periods - 1]),
        adopted=round(adopted),
    )


def _whole(curve: "Curve") -> Iterator[Reached]:
    """Each period in which somebody adopted."""
    days, happened = cast("list[int]", curve.days.tolist()), cast("list[float]", curve.happened.tolist())
    for day, adopted in zip(days, happened, strict=True):
        point = _reached(curve, day + 1, adopted=adopted)
        assert point is not None
        yield point


def _compared(made: "Adoption") -> Compared | None:
    test = made.compared
    if test is None:
        return None
    return Compared(statistic=test.statistic, df=test.df, p=test.p, periods=made.compared_days + 1)


def _compared_words(test: Compared | None, why_not: str, unit: str) -> str:
    if test is None:
        return f"Waves are not compared: {why_not}."
    said = "Waves differ in how soon people adopt" if test.p < DIFFER else "It is not shown that waves differ"
    numbers = f"chi-squared {test.statistic:.3g}, df {test.df}, p {test.p:.2g}"
    return f"{said} (log-rank over the first {count(test.periods, unit)}: {numbers}). It says whether, not why."


def _stay_words(opened: Sequence[Adopted]) -> str:
    adopters, active = sum(one.adopters for one in opened), sum(one.active for one in opened)
    if not adopters:
        return f"Nobody has adopted yet. {NO_RELAPSE}"
    return f"Of {people(adopters)} who have adopted, {active:,} still use it as often now. {NO_RELAPSE}"


def _differences(made: "Adoption", setting: str) -> tuple[Apart, ...]:
    """Attribute by attribute, the setting last; the largest first, one without bound before all."""
    found = [
        Apart(
            attribute=one.attribute,
            category=one.category or "",
            share=one.group,
            share_all=one.audience,
            smd=one.smd,
            adopters=one.group_people,
            people=one.audience_people,
        )
        for one in made.alike
    ]
    return tuple(
        sorted(
            found,
            key=lambda one: (
                one.attribute == setting,
                one.attribute,
                one.smd is not None,
                -abs(one.smd or 0),
                one.category,
            ),
        )
    )


NUMBERS = (
    "reach: representativeness",
    "implementation: adaptations",
    "implementation: cost",
    "implementation cost",
    "effectiveness",
)
"""Rows whose values are no shares, by the beginning of their names; scores are none either."""
SCORES = ("acceptability", "appropriateness", "feasibility")


def _row(known: Known, row: "Row") -> RowShown:
    low, high = row.interval or (None, None)
    made = RowShown(
        name=row.name,
        definition=row.definition,
        numerator=row.numerator,
        denominator=row.denominator,
        value=row.value,
        low=low,
        high=high,
        said=row.said,
        is_share=not row.name.startswith((*NUMBERS, *SCORES)),
    )
    effect = next((one for one in _looked(known) if row.name == f"effectiveness: {one.name}"), None)
    if effect is None:
        return made
    if effect.low is None or effect.high is None:
        return replace(made, value=None, said="nothing may be said yet")
    return replace(made, low=effect.low, high=effect.high)

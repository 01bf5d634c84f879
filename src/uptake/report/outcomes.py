"""Outcomes as figures: means before and after, the guardrail's shift, what the looks show, and what may be said of it.

Achieved is said where all looks together show it, else "effect not shown yet"; every effect comes with its interval,
its method and up to when its data were complete. It judges nothing; `implement/decide/outcomes` has.
"""

from collections.abc import Iterator, Sequence

from uptake.core.look import Finding, LookShown, Measured, WaveMean
from uptake.core.time import Instant
from uptake.core.words import count
from uptake.implement.decide import outcomes
from uptake.implement.targets import outcome_stage, wave_stage
from uptake.plan.outcome import Outcome
from uptake.plan.outcome_rules import OPEN
from uptake.report.board import EffectLook, EffectShown, Mark, MeanShown
from uptake.report.known import Found, Known
from uptake.report.words import exact_percent

SINCE_LEAST, SINCE_SHOWN = 3, 12
"""With fewer periods since an opening nothing is shown of them, and at most so many, before and since."""
LOOKS_SHOWN = 20
"""A terminal draws the last so many looks."""
MARKS: dict[Finding, Mark] = {"achieved": "ok", "not achieved": "bad", "harm": "bad", "undecided": "going"}
ASSUMES = "the order of waves was drawn; nobody's outcome changed before a first step; waves do not affect each other"
"""What every effect of a plan stands on."""
WAVES_SHOWN = 4
"""Means of so many waves stand in one line; the ledger's entry has them all."""


def desired(known: Known) -> Found | None:
    """What is known of the outcome that the plan is for; None where it declares none."""
    declared = known.implement.outcomes
    if not declared:
        return None
    item = next((i for i, outcome in enumerate(declared) if outcome.primary), 0)
    outcome = declared[item]
    measured = outcomes.measured_of(known.picture, outcome.name)
    goal = f"{outcome.name}, wanted: {outcomes.wanted(outcome)}"
    source = known.line(f"implement.outcomes.{item}")
    if measured is None or not outcome.judge:
        return Found(value=f"{goal}; effect not shown yet", source=source, mark="waiting")
    if measured.estimate is None:
        return Found(value=f"{goal}; {_when(known, outcome)}", source=source, mark="waiting")
    noted = known.last_noted.get(outcome_stage(item))
    value = f"{goal}; {_said(measured.finding, measured.assumes)}: {outcomes.result_words(measured)}"
    mark = MARKS[measured.finding]
    return Found(value=value, source=known.entry(noted.seq) if noted else known.seen(), sure="estimated", mark=mark)


def _said(finding: Finding, assumes: str) -> str:
    """The finding in words."""
    if assumes:
        return "effect not shown: nobody drew the order"
    return "effect not shown yet" if finding == "undecided" else finding


def lines(known: Known) -> Iterator[tuple[str, Found]]:
    """A line for each outcome that was measured: its name, and its means by wave or its guardrail."""
    for item, outcome in enumerate(known.implement.outcomes):
        measured = outcomes.measured_of(known.picture, outcome.name)
        if measured is None:
            source = known.line(f"implement.outcomes.{item}")
            yield outcome.name, Found(value="not measured yet", source=source, mark="waiting")
            continue
        beyond = measured.finding == "harm" or outcomes.suspected(outcome, measured) is not None
        mark: Mark = "bad" if beyond else "warn" if measured.note else "ok"
        value = "; ".join(filter(None, (_means(known, measured), _guardrail(outcome, measured))))
        yield outcome.name, Found(value=value, source=known.seen(), mark=mark)


def notes(known: Known) -> Iterator[str]:
    """What a reader must know of the data, outcome by outcome."""
    if known.plan.implement is None:
        return
    for outcome in known.implement.outcomes:
        measured = outcomes.measured_of(known.picture, outcome.name)
        if measured is not None and measured.note:
            yield f"{outcome.name}: {measured.note} ({known.seen()})"


def shown(known: Known) -> tuple[EffectShown, ...]:
    """Every outcome that was measured, the one that the plan is for first; of waves too small nothing is told."""
    if known.plan.implement is None:
        return ()
    made = [_shown(known, outcome) for outcome in known.implement.outcomes]
    return tuple(sorted((one for one in made if one is not None), key=lambda one: not one.primary))


def _shown(known: Known, outcome: Outcome) -> EffectShown | None:
    measured = outcomes.measured_of(known.picture, outcome.name)
    if measured is None:
        return None
    means = (MeanShown(wave=wave.wave + 1, before=wave.before, since=wave.after) for wave in _told(known, measured))
    cleared = next((look for look in measured.looks if _clear(look)), None)
    return EffectShown(
        name=outcome.name,
        wanted=outcomes.wanted(outcome),
        primary=outcome.primary or len(known.implement.outcomes) == 1,
        level=measured.level,
        means=tuple(mean for mean in means if mean.before is not None or mean.since is not None),
        estimate=measured.estimate,
        low=measured.low,
        high=measured.high,
        finding=measured.finding,
        looks=tuple(
            EffectLook(at=known.at(one.at), at_ms=one.at, estimate=one.estimate, low=one.low, high=one.high)
            for one in measured.looks
        ),
        cleared=known.at(cleared.at) if cleared is not None else "",
        ended=measured.ended,
        more=f"about {count(max(1, round(measured.more_days)), 'day')} more" if measured.more_days else "",
        method=measured.method,
        as_of=known.at(measured.as_of) if measured.as_of else "",
        goal=measured.goal,
        limit=measured.limit,
        since=measured.since,
        trust=(*_early(known), *measured.trust) if measured.estimate is not None else (),
        assumes=measured.assumes,
    )


def _early(known: Known) -> tuple[str, ...]:
    """That people use it before their wave is open, which makes an effect come out smaller; else nothing."""
    waves = known.picture.observed.waves
    shut = [one for one in waves if known.picture.opened_at(wave_stage(one.wave)) is None]
    early = sum(one.early for one in shut)
    if not early or sum(one.present for one in shut) < known.min_group:
        return ()
    from uptake.measure.trust import contamination

    inside = [one for one in waves if one not in shut]
    present = sum(one.present for one in inside)
    uptake = sum(one.adopters for one in inside) / present if present else None
    return (contamination(early, sum(one.present for one in shut), uptake_share=uptake).sentence(),)


def _clear(look: LookShown) -> bool:
    """Whether the interval does not hold zero."""
    return (look.low is not None and look.low > 0) or (look.high is not None and look.high < 0)


BAR = 31
"""The interval of a look is drawn so many characters wide."""


def effects_text(effects: Sequence[EffectShown]) -> str:
    """Every outcome for a terminal: means by wave, each look with its interval, and what they show together."""
    if not effects:
        return "No outcome was measured yet: nothing is said of an effect.\n"
    lines: list[str] = []
    for one in effects:
        lines.append(f"{one.name}, wanted: {one.wanted}{' (what the plan is for)' if one.primary else ''}")
        for mean in one.means:
            since = "not open" if mean.since is None else f"{_number(mean.since)} since"
            lines.append(f"  wave {mean.wave}: {_number(mean.before)} before, {since}")
        lines += _looks_text(one)
        lines += [f"  {words}" for words in told(one)]
        lines += _since_text(one)
    return "\n".join([*lines, ""])


def told(one: EffectShown) -> list[str]:
    """What is said of an effect: the finding, the method, what it assumes, and up to when the data were complete."""
    if one.estimate is None:
        return ["not looked at yet"] if not one.ended else ["nothing could be compared: the effect is not shown"]
    last = ", the last look" if one.ended else f"; {one.more} if it stays so" if one.more else ""
    interval = "no interval yet"
    if one.low is not None and one.high is not None:
        together = "by itself" if one.assumes else "all looks together"
        interval = f"{100 * one.level:g}% interval, {together}, {one.low:+.3g} to {one.high:+.3g}"
    lines = [f"{_said(one.finding, one.assumes)}: {one.estimate:+.3g} ({interval}){last}"]
    if one.cleared:
        lines.append(f"first clear of zero: {one.cleared}")
    return [
        *lines,
        f"method: exposed against not yet exposed; {one.method}",
        f"assumes: {one.assumes or ASSUMES}",
        f"data: as of {one.as_of}",
        *(f"trust: {sentence}" for sentence in one.trust),
    ]


def _since_text(one: EffectShown) -> list[str]:
    """The effect by time since opening, a few lines."""
    if len(one.since) < SINCE_LEAST:
        return []
    rows = [row for row in one.since if -SINCE_SHOWN <= row.period < SINCE_SHOWN]
    lines = [f"    {row.period + 1:>4}. period  {row.estimate:+.3g} (give or take {2 * row.se:.2g})" for row in rows]
    more = len(one.since) - len(rows)
    return ["  since opening, each by itself:", *lines, *([f"    and {more} periods more"] if more else [])]


def _looks_text(one: EffectShown) -> list[str]:
    """A line for each look with its interval drawn, zero where the bar stands."""
    drawn = [look for look in one.looks if look.low is not None and look.high is not None]
    if not drawn:
        return []
    least = min(0.0, *(look.low or 0.0 for look in drawn))
    most = max(0.0, *(look.high or 0.0 for look in drawn))
    scale = (BAR - 1) / ((most - least) or 1.0)
    lines: list[str] = []
    for look in drawn[-LOOKS_SHOWN:]:
        cells = [" "] * BAR
        low, high = (round(((end or 0.0) - least) * scale) for end in (look.low, look.high))
        cells[low : high + 1] = "-" * (high + 1 - low)
        cells[round(-least * scale)] = "|"
        cells[round((look.estimate - least) * scale)] = "o"
        lines.append(f"  {look.at:<18} {''.join(cells)}  {look.estimate:+.3g}")
    return lines


def estimated(known: Known) -> str:
    """What is estimated of effects, as a clause."""
    judged = [outcome for outcome in known.implement.outcomes if outcome.judge]
    if not judged:
        return "no effect is estimated"
    return "; ".join(f"{outcome.name} {_when(known, outcome)}" for outcome in judged)


def _when(known: Known, outcome: Outcome) -> str:
    """When the last look at an outcome is, or that it has been."""
    day: Instant | None = outcomes.judge_day(known.plan, known.picture, outcome)
    measured = outcomes.measured_of(known.picture, outcome.name)
    often = f"is looked at every {outcome.looks}"
    if measured is not None and measured.ended:
        return f"was last looked at as of {known.at(day)}" if day is not None else "was last looked at"
    if outcome.judge == OPEN:
        return f"{often}, without a last look"
    return f"{often} until {known.at(day)}" if day is not None else f"{often} until {outcome.judge} after the start"


def _told(known: Known, measured: Measured) -> list[WaveMean]:
    """The waves of which means may be told: a few people's mean tells of single persons."""
    people = {wave.ordinal: wave.people for wave in known.whom.drawn.waves} if known.whom is not None else {}
    return [wave for wave in measured.waves if people.get(wave.wave, 0) >= known.min_group]


def _means(known: Known, measured: Measured) -> str:
    """Before and after by wave."""
    told = [wave for wave in _told(known, measured) if wave.before is not None or wave.after is not None]
    parts = [
        f"wave {wave.wave + 1}: {_number(wave.before)} before, {_number(wave.after)} since"
        if wave.after is not None
        else f"wave {wave.wave + 1}, not open: {_number(wave.before)} before"
        for wave in told[:WAVES_SHOWN]
    ]
    missing = sum(wave.missing for wave in measured.waves)
    parts += [f"{missing} without values"] if missing else []
    return ", ".join(parts) or "no values yet"


def _guardrail(outcome: Outcome, measured: Measured) -> str:
    guardrail = outcome.guardrail
    if guardrail is None:
        return ""
    share = guardrail.increase if guardrail.increase is not None else guardrail.decrease
    word = "rise" if guardrail.increase is not None else "fall"
    moved = "nothing to compare yet" if measured.shift is None else f"{100 * measured.shift:+.1f}%"
    return f"guardrail: {moved} against waves not yet open, no {word} of more than {exact_percent(share or 0)}"


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.3g}"

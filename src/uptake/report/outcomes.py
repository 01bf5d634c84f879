"""Outcomes as figures: means before and after, the guardrail's shift, the one estimate, and what of it may be said.

An estimate is preliminary and never an achievement: until an inference stays valid under repeated looks nothing more is
said than "effect not shown yet". It judges nothing; `implement/decide/outcomes` has.
"""

from collections.abc import Iterator, Sequence

from uptake.core.look import Measured, WaveMean
from uptake.core.time import Instant
from uptake.implement.decide import outcomes
from uptake.implement.targets import outcome_stage
from uptake.plan.outcome import Outcome
from uptake.report.board import EffectShown, Mark, MeanShown
from uptake.report.known import Found, Known
from uptake.report.words import exact_percent

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
    if not outcomes.is_judged(known.plan, known.picture, outcome, measured):
        return Found(value=f"{goal}; {_when(known, outcome)}", source=source, mark="waiting")
    noted = known.last_noted.get(outcome_stage(item))
    value = f"{goal}; preliminary: {outcomes.result_words(measured)}; effect not shown yet"
    return Found(value=value, source=known.entry(noted.seq) if noted else known.seen(), sure="estimated", mark="going")


def lines(known: Known) -> Iterator[tuple[str, Found]]:
    """A line for each outcome that was measured: its name, and its means by wave or its guardrail."""
    for item, outcome in enumerate(known.implement.outcomes):
        measured = outcomes.measured_of(known.picture, outcome.name)
        if measured is None:
            source = known.line(f"implement.outcomes.{item}")
            yield outcome.name, Found(value="not measured yet", source=source, mark="waiting")
            continue
        beyond = outcomes.harm(outcome, measured) is not None
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
    judged = bool(outcome.judge) and outcomes.is_judged(known.plan, known.picture, outcome, measured)
    means = (MeanShown(wave=wave.wave + 1, before=wave.before, since=wave.after) for wave in _told(known, measured))
    return EffectShown(
        name=outcome.name,
        wanted=outcomes.wanted(outcome),
        primary=outcome.primary or len(known.implement.outcomes) == 1,
        level=measured.level,
        means=tuple(mean for mean in means if mean.before is not None or mean.since is not None),
        estimate=measured.estimate if judged else None,
        low=measured.low if judged else None,
        high=measured.high if judged else None,
    )


def effects_text(effects: Sequence[EffectShown]) -> str:
    """Every outcome for a terminal: means by wave, and the preliminary estimate."""
    if not effects:
        return "No outcome was measured yet: nothing is said of an effect.\n"
    lines: list[str] = []
    for one in effects:
        lines.append(f"{one.name}, wanted: {one.wanted}{' (what the plan is for)' if one.primary else ''}")
        for mean in one.means:
            since = "not open" if mean.since is None else f"{_number(mean.since)} since"
            lines.append(f"  wave {mean.wave}: {_number(mean.before)} before, {since}")
        lines.append(f"  {_estimate(one)}")
    return "\n".join([*lines, "Preliminary: it decides nothing, and the effect is not shown yet.", ""])


def _estimate(one: EffectShown) -> str:
    if one.estimate is None:
        return "not estimated yet"
    if one.low is None or one.high is None:
        return f"preliminary: {one.estimate:+.3g}; too few units for an interval"
    interval = f"{100 * one.level:.0f}% permutation interval {one.low:+.3g} to {one.high:+.3g}"
    return f"preliminary: {one.estimate:+.3g} ({interval})"


def estimated(known: Known) -> str:
    """What is estimated of effects, as a clause."""
    judged = [outcome for outcome in known.implement.outcomes if outcome.judge]
    if not judged:
        return "no effect is estimated"
    return "; ".join(f"{outcome.name} {_when(known, outcome)}" for outcome in judged)


def _when(known: Known, outcome: Outcome) -> str:
    """When an outcome is judged, or that it has been."""
    day: Instant | None = outcomes.judge_day(known.plan, known.picture, outcome)
    measured = outcomes.measured_of(known.picture, outcome.name)
    if measured is not None and outcomes.is_judged(known.plan, known.picture, outcome, measured):
        return f"was judged as of {known.at(day)}" if day is not None else "was judged"
    return f"is not judged before {known.at(day)}" if day is not None else f"is judged {outcome.judge} after the start"


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

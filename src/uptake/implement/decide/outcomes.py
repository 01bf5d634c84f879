"""What is said of outcomes: a guardrail that finds harm asks a person, and a judged day is told once.

Each outcome is a stage of its own, whose state is the finding. No finding here lets a wave open or rolls one back:
an inference that stays valid under repeated looks is not there yet, so a guardrail holds and a person decides,
and an estimate on the declared day is preliminary. Pure.
"""

from uptake.core.decision import Decision, Evidence
from uptake.core.look import Measured
from uptake.core.picture import Picture
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.core.words import count, moment
from uptake.implement.targets import outcome_stage, wave_stage
from uptake.plan.model import Plan
from uptake.plan.outcome import Outcome
from uptake.plan.outcome_rules import judged_at

QUESTION = "guardrail-"
"""How the question of a guardrail begins."""


def findings(plan: Plan, picture: Picture) -> list[Decision]:
    """What the last look found of each outcome that was not said before."""
    assert plan.implement is not None
    found: list[Decision] = []
    for item, outcome in enumerate(plan.implement.outcomes):
        measured = measured_of(picture, outcome.name)
        if measured is None:
            continue
        question, stage = f"{QUESTION}{outcome.name}", outcome_stage(item)
        asked = question in picture.questions or question in picture.approved
        if harm(outcome, measured) is not None and not asked:
            found.append(_harm(outcome, measured, (stage, question, f"implement.outcomes.{item}.guardrail")))
        if is_judged(plan, picture, outcome, measured) and (stage, rule := f"implement.outcomes.{item}") not in (
            picture.ruled
        ):
            found.append(_judged(plan, picture, outcome, measured, (stage, rule)))
    return found


def measured_of(picture: Picture, name: str) -> Measured | None:
    """An outcome as of the last look."""
    return next((one for one in picture.observed.outcomes if one.name == name), None)


def harm(outcome: Outcome, measured: Measured) -> float | None:
    """How far an outcome moved beyond its guardrail, as a share; None where it did not, or too few values say so."""
    guardrail = outcome.guardrail
    if guardrail is None or measured.shift is None or measured.count < guardrail.min_count:
        return None
    if guardrail.increase is not None and measured.shift > guardrail.increase:
        return measured.shift
    return measured.shift if guardrail.decrease is not None and -measured.shift > guardrail.decrease else None


def harm_of(plan: Plan, picture: Picture, name: str) -> Evidence | None:
    """The evidence of a guardrail in harm at the last look, for rules; None where it is not."""
    assert plan.implement is not None
    outcome = next((one for one in plan.implement.outcomes if one.name == name), None)
    measured = measured_of(picture, name)
    if outcome is None or measured is None or harm(outcome, measured) is None:
        return None
    return _shift(outcome, measured)


def guarded(picture: Picture, stage: Stage) -> Decision | None:
    """Why a wave whose time has come does not open: a guardrail asks a person."""
    question = min((name for name in picture.questions if name.startswith(QUESTION)), default="")
    if not question:
        return None
    noted = picture.questions[question]
    why = (
        f"Wave {stage.ordinal + 1} does not open: a guardrail asks a person; `uptake approve` {question} lets it go on."
    )
    seen = Evidence(what=question, seen=noted.decision.state, source=f"entry {noted.seq}")
    rule = noted.decision.rule
    return Decision(stage=stage, verdict="hold", state="planned", rule=rule, why=why, evidence=(seen,))


def judge_day(plan: Plan, picture: Picture, outcome: Outcome) -> Instant | None:
    """The instant up to which an outcome counts on its one day; None while that is not known, or none is declared."""
    return judged_at(outcome.judge, picture.opened_at(wave_stage(0)), plan.timezone)


def is_judged(plan: Plan, picture: Picture, outcome: Outcome, measured: Measured) -> bool:
    """Whether the outcome's one day has come, and its data were complete for it."""
    day = judge_day(plan, picture, outcome)
    return day is not None and picture.opened_at(wave_stage(0)) is not None and measured.as_of >= day


def result_words(measured: Measured) -> str:
    """The estimate with its interval, or why there is none."""
    if measured.estimate is None:
        return measured.note or "nothing could be compared"
    value = f"{measured.estimate:+.3g}"
    if measured.low is None or measured.high is None:
        return f"{value}; it cannot be told at {measured.units} units"
    return f"{value} ({100 * measured.level:.0f}% permutation interval {measured.low:+.3g} to {measured.high:+.3g})"


def _harm(outcome: Outcome, measured: Measured, place: tuple[Stage, str, str]) -> Decision:
    stage, question, rule = place
    evidence = _shift(outcome, measured)
    why = (
        f"{outcome.name} moved by {evidence.seen} in open waves against waves not yet open. That is no proof; no wave "
        f"opens until a person decides: `uptake approve` {question}."
    )
    return Decision(
        stage=stage, verdict="hold", state="harm", rule=rule, why=why, evidence=(evidence,), question=question
    )


def _shift(outcome: Outcome, measured: Measured) -> Evidence:
    guardrail = outcome.guardrail
    assert guardrail is not None
    assert measured.shift is not None
    share, word = (guardrail.increase, "rise") if guardrail.increase is not None else (guardrail.decrease, "fall")
    return Evidence(
        what=f"{outcome.name}, change against waves not yet open",
        seen=f"{100 * measured.shift:+.1f}% over {count(measured.count, 'value')}",
        wanted=f"no {word} of more than {100 * (share or 0):g}%",
        source="last look",
    )


def _judged(plan: Plan, picture: Picture, outcome: Outcome, measured: Measured, place: tuple[Stage, str]) -> Decision:
    stage, rule = place
    day = judge_day(plan, picture, outcome)
    assert day is not None
    assert plan.implement is not None
    back = any(
        picture.stage(wave_stage(wave.ordinal)).state == "rolled back"
        for wave in (picture.drawn.waves if picture.drawn else ())
    )
    condition = " A wave was rolled back before, so this is conditional on that." if back else ""
    why = (
        f"{outcome.name}, judged as of {moment(day, plan.timezone)}: {result_words(measured)}. Preliminary.{condition}"
    )
    evidence = [
        Evidence(
            what=outcome.name, seen=result_words(measured), wanted=wanted(outcome), source="open against not yet open"
        )
    ]
    if measured.note:
        evidence.append(Evidence(what="data", seen=measured.note, source="last look"))
    return Decision(stage=stage, verdict="hold", state="undecided", rule=rule, why=why, evidence=tuple(evidence))


def wanted(outcome: Outcome) -> str:
    """What the plan wants of an outcome."""
    return f"{outcome.want} by {100 * outcome.by:g}%" if outcome.by else outcome.want

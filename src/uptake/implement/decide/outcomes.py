"""What is said of outcomes: each finding of the looks once, and what a guardrail asks of a person.

Each outcome is a stage of its own, whose state is the finding. A guardrail's few values are no proof: they hold the
next wave and ask. What the looks show together may be acted upon: harm by the plan's rules, and the primary outcome
achieved makes a plan implemented. Pure.
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
        if harm_of(plan, picture, outcome.name) is not None and not asked:
            found.append(_asks(outcome, measured, (stage, question, f"implement.outcomes.{item}.guardrail")))
            continue
        ended = measured.ended and (stage, f"implement.outcomes.{item}.judge") not in picture.ruled
        if measured.looks and (ended or picture.stage(stage).state != measured.finding):
            rule = f"implement.outcomes.{item}{'.judge' if ended else ''}"
            found.append(_told(plan, outcome, measured, (stage, rule)))
    return found


def primary(plan: Plan) -> int | None:
    """Which outcome says what the plan achieved: the primary one, or the only one; None for none."""
    assert plan.implement is not None
    outcomes = plan.implement.outcomes
    first = next((item for item, outcome in enumerate(outcomes) if outcome.primary), None)
    return 0 if first is None and len(outcomes) == 1 else first


def achieved(plan: Plan, picture: Picture) -> tuple[str, Evidence] | None:
    """The rule and the evidence by which the plan achieved what it is for; None while it has not, or where it harms."""
    assert plan.implement is not None
    if any(measured.finding == "harm" for measured in picture.observed.outcomes):
        return None
    item = primary(plan)
    measured = measured_of(picture, plan.implement.outcomes[item].name) if item is not None else None
    if item is None or measured is None or measured.finding != "achieved":
        return None
    return f"implement.outcomes.{item}", _seen(plan.implement.outcomes[item], measured)


def measured_of(picture: Picture, name: str) -> Measured | None:
    """An outcome as of the last look."""
    return next((one for one in picture.observed.outcomes if one.name == name), None)


def suspected(outcome: Outcome, measured: Measured) -> float | None:
    """How far an outcome moved beyond its guardrail, as a share; None where it did not, or too few values say so."""
    guardrail = outcome.guardrail
    if guardrail is None or measured.shift is None or measured.count < guardrail.min_count:
        return None
    if guardrail.increase is not None and measured.shift > guardrail.increase:
        return measured.shift
    return measured.shift if guardrail.decrease is not None and -measured.shift > guardrail.decrease else None


def proven(picture: Picture, name: str) -> bool:
    """Whether the looks show that an outcome went beyond its guardrail."""
    measured = measured_of(picture, name)
    return measured is not None and measured.finding == "harm"


def harm_of(plan: Plan, picture: Picture, name: str) -> Evidence | None:
    """The evidence of a guardrail in harm, shown or suspected, for rules; None where there is none."""
    assert plan.implement is not None
    outcome = next((one for one in plan.implement.outcomes if one.name == name), None)
    measured = measured_of(picture, name)
    if outcome is None or measured is None:
        return None
    if measured.finding != "harm" and suspected(outcome, measured) is None:
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


def is_settled(plan: Plan, picture: Picture) -> bool:
    """Whether nothing more is to be waited for: what the plan is for has its finding, or no look will bring one."""
    assert plan.implement is not None
    item = primary(plan)
    if item is None or not plan.implement.outcomes[item].judge:
        return True
    measured = measured_of(picture, plan.implement.outcomes[item].name)
    return measured is not None and (measured.ended or measured.finding != "undecided")


def result_words(measured: Measured) -> str:
    """The estimate with its interval, or why there is none."""
    if measured.estimate is None:
        return measured.note or "nothing could be compared"
    value = f"{measured.estimate:+.3g}"
    if measured.low is None or measured.high is None:
        return f"{value}; nothing can be said of it yet" if not measured.ended else f"{value}; it cannot be told"
    together = "by itself" if measured.assumes else "all looks together"
    return f"{value} ({100 * measured.level:g}% interval, {together}, {measured.low:+.3g} to {measured.high:+.3g})"


def _asks(outcome: Outcome, measured: Measured, place: tuple[Stage, str, str]) -> Decision:
    stage, question, rule = place
    evidence = _shift(outcome, measured)
    until = f"no wave opens until a person decides: `uptake approve` {question}."
    moved = f"{outcome.name} moved by {evidence.seen} in open waves against waves not yet open"
    if measured.finding == "harm":
        why = f"Harm: {moved}, beyond its guardrail at all looks together; {until}"
    else:
        why = f"{moved}. That is no proof; {until}"
    return Decision(
        stage=stage,
        verdict="hold",
        state=measured.finding,
        rule=rule,
        why=why,
        evidence=(evidence,),
        question=question,
    )


def _shift(outcome: Outcome, measured: Measured) -> Evidence:
    guardrail = outcome.guardrail
    assert guardrail is not None
    share, word = (guardrail.increase, "rise") if guardrail.increase is not None else (guardrail.decrease, "fall")
    moved = "beyond its limit" if measured.shift is None else f"{100 * measured.shift:+.1f}%"
    return Evidence(
        what=f"{outcome.name}, change against waves not yet open",
        seen=f"{moved} over {count(measured.count, 'value')}",
        wanted=f"no {word} of more than {100 * (share or 0):g}%",
        source="looks at it, all together" if measured.finding == "harm" else "last look",
    )


def _told(plan: Plan, outcome: Outcome, measured: Measured, place: tuple[Stage, str]) -> Decision:
    stage, rule = place
    at = moment(measured.looks[-1].at, plan.timezone)
    last = ", the last look" if measured.ended else ""
    more = ""
    if measured.more_days:
        more = f" About {count(max(1, round(measured.more_days)), 'day')} more are needed if it stays so."
    why = f"{outcome.name} is {measured.finding} as of {at}{last}: {result_words(measured)}.{more}"
    evidence = [_seen(outcome, measured)]
    if measured.note:
        evidence.append(Evidence(what="data", seen=measured.note, source="last look"))
    return Decision(
        stage=stage,
        verdict="advance" if measured.finding == "achieved" else "hold",
        state=measured.finding,
        rule=rule,
        why=why,
        evidence=tuple(evidence),
    )


def _seen(outcome: Outcome, measured: Measured) -> Evidence:
    return Evidence(
        what=outcome.name,
        seen=f"{measured.finding}: {result_words(measured)}",
        wanted=wanted(outcome),
        source=f"exposed against not yet exposed; {measured.method}",
    )


def wanted(outcome: Outcome) -> str:
    """What the plan wants of an outcome."""
    return f"{outcome.want} by {100 * outcome.by:g}%" if outcome.by else outcome.want

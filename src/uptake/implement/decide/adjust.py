"""The plan's own rules: when everything that a rule names is so, it does one act of the closed list, once per wave.

Rules read the counts of the last look, at or after their own `at`. What an adjustment brought is told as "afterwards",
never as "helped": nothing here was offered to a random part. A person may overrule a rule on a wave, with a reason.
What the acts are stands in `acts`. Pure.
"""

from collections import Counter
from dataclasses import replace

from uptake.core.action import Action
from uptake.core.decision import Decision, Evidence
from uptake.core.picture import Picture
from uptake.core.stage import Stage
from uptake.core.time import NEVER, Instant, after
from uptake.implement import gates
from uptake.implement.decide.acts import Spoke, carry_out, carry_out_approved, give_back
from uptake.implement.decide.outcomes import harm_of
from uptake.plan.model import Plan, Rule, When

Pass = tuple[list[Decision], list[Action], Instant]


def adjustments(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> Pass:
    """What the rules order for an open wave now; at most one rule speaks at a tick, in the plan's order."""
    assert plan.implement is not None
    look = NEVER
    for number, rule in enumerate(plan.implement.adjust):
        spoke = Spoke(number=number, rule=rule, stage=stage)
        if (stage, spoke.name) in picture.overruled:
            back = give_back(plan, picture, spoke)
            if back is not None:
                return [back[0]], back[1], look
            continue
        if picture.stage(stage).state == "rolled back":
            continue
        if (stage, spoke.name) in picture.ruled:
            approved = carry_out_approved(plan, picture, spoke)
            if approved is not None:
                return approved[0], approved[1], look
            continue
        found, due = _when(plan, picture, stage, rule, now)
        look = min(look, due)
        if found:
            decisions, actions = carry_out(plan, picture, spoke)
            return [replace(decision, evidence=found) for decision in decisions], actions, look
    return [], [], look


def _when(plan: Plan, picture: Picture, stage: Stage, rule: Rule, now: Instant) -> tuple[tuple[Evidence, ...], Instant]:
    """The evidence that a rule's condition holds, empty while it does not; and when it is first looked at."""
    opened = picture.opened_at(stage)
    assert opened is not None
    due = gates.late(plan, after(opened, rule.when.at, plan.timezone))
    if now < due:
        return (), due
    if picture.observed.looked_at < due:
        return (), NEVER
    return _holds(plan, picture, stage, rule.when), NEVER


def _holds(plan: Plan, picture: Picture, stage: Stage, when: When) -> tuple[Evidence, ...]:
    """One piece of evidence for each thing that the condition names, empty where one of them is not so."""
    parts: list[Evidence | None] = []
    if when.below is not None or when.above is not None:
        parts.append(_measure(picture, stage, when))
    if when.barrier is not None:
        parts.append(_barrier(picture, stage, when.barrier))
    if when.guardrail:
        parts.append(harm_of(plan, picture, when.guardrail))
    return tuple(part for part in parts if part is not None) if all(parts) else ()


def _measure(picture: Picture, stage: Stage, when: When) -> Evidence | None:
    """The measure against the rule's shares: within both where both are given."""
    measured = {"adoption": _adoption, "trained": _trained, "tickets": _tickets}[when.measure](picture, stage)
    if measured is None:
        return None
    share, evidence = measured
    bounds: list[str] = []
    if when.below is not None:
        if share >= when.below:
            return None
        bounds.append(f"below {100 * when.below:g}%")
    if when.above is not None:
        if share <= when.above:
            return None
        bounds.append(f"above {100 * when.above:g}%")
    return replace(evidence, wanted=f"rule acts {' and '.join(bounds)}")


def _adoption(picture: Picture, stage: Stage) -> tuple[float, Evidence] | None:
    answer = picture.answer(stage.ordinal)
    if answer is None or not answer.present:
        return None
    return gates.share_of(answer), gates.adoption_evidence(answer, wanted="")


def _trained(picture: Picture, stage: Stage) -> tuple[float, Evidence] | None:
    seen = next((one for one in picture.observed.training if one.wave == stage.ordinal), None)
    if seen is None or not seen.people:
        return None
    words = f"{seen.trained} of {seen.people} = {100 * seen.trained / seen.people:.0f}%"
    return seen.trained / seen.people, Evidence(what="people trained", seen=words, source="last look")


def _tickets(picture: Picture, stage: Stage) -> tuple[float, Evidence] | None:
    seen = next((one for one in picture.observed.tickets if one.wave == stage.ordinal), None)
    if seen is None or seen.person_weeks <= 0:
        return None
    rate = seen.tickets / seen.person_weeks
    words = f"{seen.tickets} in {seen.person_weeks:.0f} person-weeks = {100 * rate:.1f} of 100 people in a week"
    return rate, Evidence(what="requests for help", seen=words, source="last look")


def _barrier(picture: Picture, stage: Stage, wanted: str) -> Evidence | None:
    """The barrier that the wave's published answers name most; none where another is named as often."""
    named: Counter[str] = Counter()
    for seen in picture.observed.surveys:
        if seen.wave == stage.ordinal:
            named.update(dict(seen.barriers))
    most = max(named.values(), default=0)
    if not most or [word for word, count in named.items() if count == most] != [wanted]:
        return None
    words = ", ".join(f"{word} {count}" for word, count in sorted(named.items(), key=lambda item: (-item[1], item[0])))
    return Evidence(what="barriers named", seen=words, wanted=f"rule acts on {wanted}", source="published answers")

"""What the implement half decides at one tick: open, judge, adjust, and whether it is in use.

`decide` is pure and total, O(waves). Waves open in order, whole or not at all; a person's
hold is a brake on opening, never on what has been opened. The loop appends only what is
new, so every call may state everything.
"""

from collections.abc import Callable
from dataclasses import replace

from uptake.core.action import Action
from uptake.core.decision import Decision, Evidence, Ground, Verdict, Verdicts
from uptake.core.picture import Drawn, Picture
from uptake.core.stage import Stage, WaveFact
from uptake.core.time import NEVER, Instant, after
from uptake.core.words import count, moment
from uptake.implement import gates
from uptake.implement.decide import audience, training
from uptake.implement.decide.access import access_again
from uptake.implement.decide.adjust import adjustments
from uptake.implement.decide.outcomes import achieved, findings, guarded
from uptake.implement.steps import announcements, booked, opening, surveys
from uptake.implement.targets import HALF, IN_USE, wave_stage
from uptake.plan.freeze import frozen
from uptake.plan.model import Plan

RULES = "implement.adjust."
"""How the plan keys of rules begin."""
Grounds = Callable[[WaveFact], Ground]
Pass = tuple[list[Decision], list[Action], Instant]


def decide(plan: Plan, picture: Picture, now: Instant, *, grounds: Grounds) -> Verdicts:
    """Decide the implement half.

    Args:
        plan: the plan of the ledger's revision.
        picture: the fold up to this tick's `Observed`.
        now: that entry's `now`.
        grounds: whether the hosts that serve a wave carry it now.
    """
    drawn = picture.drawn
    if plan.implement is None or drawn is None:
        return Verdicts(decisions=(), actions=(), look_again=NEVER)
    decisions: list[Decision] = []
    actions: list[Action] = []
    look = gates.look_due(plan, picture)
    for wave in drawn.waves:
        if not wave.holdout:
            found = _of_wave(plan, picture, wave, now, grounds)
            decisions += found[0]
            actions += found[1]
            look = min(look, found[2])
    decisions += [*findings(plan, picture), *_half(plan, picture, drawn)]
    return Verdicts(decisions=tuple(decisions), actions=tuple(actions), look_again=max(look, Instant(now + 1)))


def _of_wave(plan: Plan, picture: Picture, wave: WaveFact, now: Instant, grounds: Grounds) -> Pass:
    """What is sent to a wave, and what is decided about it."""
    stage = wave_stage(wave.ordinal)
    actions, look = _letters(plan, picture, stage, now)
    told, notices = training.without_seat(plan, picture, stage)
    if picture.opened_at(stage) is not None:
        found = _open_wave(plan, picture, stage, now)
        more, again = access_again(plan, picture, stage)
        told += more  # stands before the gate's word, whose state counts
        notices += again if all(decision.state != "rolled back" for decision in found[0]) else []
    elif _is_next(picture, wave):
        found = _next_wave(plan, picture, wave, now, grounds)
    else:
        found = (training.begun(plan, picture, stage), list[Action](), NEVER)
    decided = found[0]
    if training.is_training(plan, picture, stage):
        decided = [replace(one, state="training") if one.state == "planned" else one for one in decided]
    return [*told, *decided], [*actions, *notices, *found[1]], min(look, found[2])


def _letters(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> tuple[list[Action], Instant]:
    """Announcements and the invitation to training that are due, and when the next ones will be."""
    assert plan.implement is not None
    frost = frozen(plan.implement.freeze, now, plan.timezone)
    actions, look = training.invite(plan, picture, stage, now)
    for due, announce in (*announcements(plan, picture, stage), *surveys(plan, picture, stage)):
        if due <= now and picture.hold("implement") is None and frost is None:
            actions.append(announce)
        elif due > now:
            look = min(look, due)
    return actions, look


def _is_next(picture: Picture, wave: WaveFact) -> bool:
    return wave.ordinal == 0 or picture.opened_at(wave_stage(wave.ordinal - 1)) is not None


def _moved(plan: Plan, at: Instant) -> str:
    """That a booking is the end of a freeze, as a clause; empty where it is none."""
    assert plan.implement is not None
    frost = frozen(plan.implement.freeze, Instant(at - 1), plan.timezone)
    return f", when the freeze ends{f' ({frost.why})' if frost.why else ''}" if frost is not None else ""


def _next_wave(plan: Plan, picture: Picture, wave: WaveFact, now: Instant, grounds: Grounds) -> Pass:
    """The first wave that is not open: what it waits for, or its opening."""
    assert plan.implement is not None
    stage, name = wave_stage(wave.ordinal), f"Wave {wave.ordinal + 1}"
    at = booked(plan, picture, wave.ordinal)
    held = picture.hold("implement")
    if held is not None:
        seen = Evidence(what="hold", seen=held.said.who, source=f"entry {held.seq}")
        why = f"{name} does not open: held by {held.said.who}; `uptake resume` lets it go on."
        return [_planned(stage, "hold", why, (seen,))], [], NEVER
    again = audience.good_again(picture, stage) if audience.refused(picture) is None else None
    if again is not None:
        return [again], [], now
    if at is None:
        why = f"{name} waits for the first run to succeed."
        return [_planned(stage, "implement.waves.start", why, grounds(wave).evidence[:1])], [], NEVER
    if now < at:
        why = f"{name} is booked for {moment(at, plan.timezone, seconds=True)}{_moved(plan, at)}."
        return [_planned(stage, "implement.waves.every" if wave.ordinal else "implement.waves.start", why)], [], at
    if wave.ordinal:
        before = picture.stage(wave_stage(wave.ordinal - 1)).state
        if before != "adopted":
            why = f"{name} waits for wave {wave.ordinal}, which is {before}."
            seen = Evidence(what=f"state of wave {wave.ordinal}", seen=before, wanted="adopted")
            return [_planned(stage, "implement.gate", why, (seen,))], [], NEVER
    frost = frozen(plan.implement.freeze, now, plan.timezone)
    if frost is not None:
        reason = f" ({frost.why})" if frost.why else ""
        why = f"{name} does not open before {moment(frost.until, plan.timezone)}: frozen{reason}."
        return [_planned(stage, f"implement.freeze.{frost.item}", why)], [], frost.until
    spoilt = audience.refused(picture)
    if spoilt is not None:
        return [audience.stands_back(stage, spoilt)], [], NEVER
    waits = guarded(picture, stage) or training.lacking(plan, picture, stage)
    if waits is not None:
        return [waits], [], NEVER
    ground = grounds(wave)
    if plan.implement.requires == "deployed" and not ground.ready:
        why = f"{name} does not open: {ground.why}."
        return [_planned(stage, "implement.requires", why, ground.evidence)], [], ground.look_again
    why = f"{name} opens to {count(wave.people, 'person', 'people')}"
    why += f" in {count(len(wave.settings), 'setting')}." if wave.settings else "."
    decision = Decision(
        stage=stage, verdict="advance", state="open", rule="implement.waves", why=why, evidence=ground.evidence
    )
    return [decision], list(opening(plan, picture, stage)), now


def _planned(stage: Stage, rule: str, why: str, evidence: tuple[Evidence, ...] = ()) -> Decision:
    return Decision(stage=stage, verdict="hold", state="planned", rule=rule, why=why, evidence=evidence)


def _open_wave(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> Pass:
    """An open wave: the rules first, then the gate until it has passed."""
    assert plan.implement is not None
    ruled = adjustments(plan, picture, stage, now)
    state = picture.stage(stage).state
    if ruled[0] or state in ("adopted", "rolled back"):
        return ruled
    judged = gates.judge_wave(plan, picture, stage, now)
    gate, name = gates.gate_of(plan, picture, stage.ordinal), f"Wave {stage.ordinal + 1}"
    question = f"gate-wave-{stage.ordinal + 1}"
    approved = picture.approved.get(question) or picture.approved.get(f"rule-wave-{stage.ordinal + 1}")
    look = ruled[2] if judged.answer != "wait" or now >= judged.due else min(ruled[2], judged.due)
    if approved is not None:
        why = f"{name} passes its gate by the word of {approved.said.who}."
        seen = Evidence(what="approval", seen=approved.said.who, source=f"entry {approved.seq}")
        return [_gate(stage, "advance", "adopted", why, (seen, *judged.evidence))], [], look
    if any(n.decision.stage == stage and n.decision.rule.startswith(RULES) for n in picture.questions.values()):
        return [], [], look
    if judged.answer == "wait":
        answer = picture.answer(stage.ordinal)
        if answer is not None and answer.adopters and state == "open":
            return [_gate(stage, "advance", "adopting", f"{name} has its first adopters.")], [], look
        return [], [], look
    if judged.answer == "pass":
        return [_gate(stage, "advance", "adopted", f"{name} passed its gate.", judged.evidence)], [], look
    last = after(judged.due, gate.hold_at_most, plan.timezone)
    if judged.answer == "inconclusive":
        blind = gates.usage(picture)
        cause = "is too small to judge by itself"
        if blind is not None and blind.state != "fresh":
            cause = f"cannot be judged: its source of use is {blind.state}"
        why = f"{name} {cause}; a person must decide: `uptake approve` {question}."
        return [_gate(stage, "hold", "held", why, judged.evidence, question)], [], look
    if now >= last:
        why = f"{name} is below its gate for {gate.hold_at_most}; a person must decide: `uptake approve` {question}."
        return [_gate(stage, "hold", "held", why, judged.evidence, question)], [], look
    return [_gate(stage, "hold", "held", f"{name} is held: below its gate.", judged.evidence)], [], min(look, last)


def _gate(
    stage: Stage, verdict: Verdict, state: str, why: str, evidence: tuple[Evidence, ...] = (), question: str = ""
) -> Decision:
    return Decision(
        stage=stage,
        verdict=verdict,
        state=state,
        rule="implement.gate",
        why=why,
        evidence=evidence,
        question=question,
    )


def _half(plan: Plan, picture: Picture, drawn: Drawn) -> list[Decision]:
    """In use: all waves but the holdout open, none rolled back, adoption at the plan's own target; and implemented."""
    assert plan.implement is not None
    target = plan.implement.adoption.target
    states = [picture.stage(wave_stage(wave.ordinal)).state for wave in drawn.waves if not wave.holdout]
    letting_in = any(state not in ("", "planned", "training") for state in states)
    all_open = all(state in ("open", "adopting", "adopted", "held") for state in states)
    total = gates.whole(picture, drawn.waves)
    before = picture.stage(HALF).state
    seen = gates.adoption_evidence(total, wanted=f"at least {100 * target:g}%") if total.present else None
    if all_open and seen is not None and gates.share_of(total) >= target - 1e-9:
        return _used(plan, picture, before, seen)
    if before in IN_USE:
        assert seen is not None
        return [_of_half("hold", "adopting", "No longer in use: adoption fell below target.", (seen,))]
    if letting_in:
        return [_of_half("advance", "adopting", "People are being let in, wave by wave.")] if not before else []
    return []


def _used(plan: Plan, picture: Picture, before: str, seen: Evidence) -> list[Decision]:
    """In use, and implemented where the outcome that the plan is for is achieved and no guardrail is in harm."""
    assert plan.implement is not None
    reached, found = achieved(plan, picture), list[Decision]()
    if before not in IN_USE or (before == "implemented" and reached is None):
        shown = "The effect is not shown yet." if plan.implement.outcomes else "Nobody measured what it achieved."
        why = "In use: every wave is open and adoption is at target."
        if before == "implemented":
            found.append(_of_half("hold", "in use", f"{why} It is no longer implemented.", (seen,)))
        else:
            found.append(_of_half("advance", "in use", why if reached else f"{why} {shown}", (seen,)))
    if reached is not None and before != "implemented":
        rule, evidence = reached
        why = f"Implemented: in use, and {evidence.what} is achieved."
        found.append(replace(_of_half("advance", "implemented", why, (seen, evidence)), rule=rule))
    return found


def _of_half(verdict: Verdict, state: str, why: str, evidence: tuple[Evidence, ...] = ()) -> Decision:
    return Decision(
        stage=HALF,
        verdict=verdict,
        state=state,
        rule="implement.adoption.target",
        why=why,
        evidence=evidence,
    )

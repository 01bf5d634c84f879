"""The adoption gate of a wave, what counts at a look, and when to look.

A gate is judged from its `at` on, at each look, until it passes; its verdict shows k of n
with a 95 % Wilson interval. Under `min_people` it is inconclusive and asks a person. Counts
come from the last look; a tick is not a look.
"""

from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from uptake.core.action import Announce, Invite, Open
from uptake.core.decision import Evidence
from uptake.core.event import Answer, Ask
from uptake.core.look import SourceSeen, WaveLook
from uptake.core.picture import Picture
from uptake.core.stage import Stage, WaveFact
from uptake.core.time import NEVER, Instant, after
from uptake.implement.targets import wave_stage
from uptake.measure.proportion import wilson
from uptake.plan.model import Gate, Plan

USAGE = "implement.adoption.from"
"""The name of the source of use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A gate's answer, its evidence, and when it is due (None while the wave is not open)."""

    answer: Literal["pass", "hold", "inconclusive", "wait"]
    evidence: tuple[Evidence, ...] = ()
    due: Instant


def gate_of(plan: Plan, picture: Picture, ordinal: int) -> Gate:
    """The gate of a wave: the plan's, or the one that an open wave keeps across a revision."""
    assert plan.implement is not None
    kept = picture.gates.get(ordinal)
    return plan.implement.gate if kept is None else msgspec.convert(kept, type=Gate)


def judge_wave(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> Judged:
    """Judge an open wave's adoption at the last look."""
    gate = gate_of(plan, picture, stage.ordinal)
    opened = picture.opened_at(stage)
    assert opened is not None
    due = late(plan, after(opened, gate.at, plan.timezone))
    answer = picture.answer(stage.ordinal)
    if now < due or answer is None or picture.observed.looked_at < due:
        return Judged(answer="wait", due=due)
    evidence = (adoption_evidence(answer, wanted=f"at least {_percent(gate.adoption)}"),)
    source = usage(picture)
    if source is not None and source.state != "fresh":
        told = f"{source.state}: {source.detail}" if source.detail else source.state
        seen = Evidence(what="source of use", seen=told, wanted="fresh", source=source.name)
        return Judged(answer="inconclusive", evidence=(*evidence, seen), due=due)
    if answer.present < gate.min_people:
        few = Evidence(what="people in the wave", seen=str(answer.present), wanted=f"at least {gate.min_people}")
        return Judged(answer="inconclusive", evidence=(*evidence, few), due=due)
    reached = answer.adopters >= gate.adoption * answer.present - 1e-9
    return Judged(answer="pass" if reached else "hold", evidence=evidence, due=due)


def late(plan: Plan, due: Instant) -> Instant:
    """When what is due can be told: later by the lag of the source of use, where the plan reads one."""
    assert plan.implement is not None
    pull = plan.implement.adoption.from_
    return due if pull is None else after(due, pull.lag, plan.timezone)


def usage(picture: Picture) -> SourceSeen | None:
    """How fresh the source of use was at the last look; None where the plan reads none."""
    return next((seen for seen in picture.observed.sources if seen.name == USAGE), None)


def adoption_evidence(answer: Answer, *, wanted: str) -> Evidence:
    """k of n with its interval at the last look; equal counts at a later look are the same evidence."""
    low, high = wilson(answer.adopters, answer.present)
    share = answer.adopters / answer.present if answer.present else 0.0
    drawn = f"; {answer.adopters} of {answer.drawn} drawn" if answer.drawn != answer.present else ""
    seen = (
        f"{answer.adopters} of {answer.present} = {_percent(share)} "
        f"(95% interval {100 * low:.0f} to {100 * high:.0f}%){drawn}"
    )
    return Evidence(what="adoption", seen=seen, wanted=wanted, source="last look")


def share_of(answer: Answer) -> float:
    """Adopters among the people present, 0 where nobody is."""
    return answer.adopters / answer.present if answer.present else 0.0


def whole(picture: Picture, waves: tuple[WaveFact, ...]) -> Answer:
    """The counts over all waves but the holdout."""
    inside = [picture.answer(wave.ordinal) for wave in waves if not wave.holdout]
    known = [answer for answer in inside if answer is not None]
    return Answer(
        wave=-1,
        drawn=sum(wave.people for wave in waves if not wave.holdout),
        present=sum(answer.present for answer in known),
        adopters=sum(answer.adopters for answer in known),
        early=sum(answer.early for answer in known),
        replaced=sum(answer.replaced for answer in known),
    )


def look_due(plan: Plan, picture: Picture) -> Instant:
    """When the next look is due: `look` after the last one, or earlier where a gate or rule first comes due."""
    implement = plan.implement
    if implement is None or picture.drawn is None:
        return NEVER
    last = picture.observed.looked_at
    if not last:
        return picture.drawn.started_at
    times = [after(last, implement.look, plan.timezone)]
    rules = [rule.when.at for rule in implement.adjust]
    for wave in picture.drawn.waves:
        spans = [gate_of(plan, picture, wave.ordinal).at, *rules]
        opened = picture.opened_at(wave_stage(wave.ordinal))
        if opened is not None:
            dues = (late(plan, after(opened, span, plan.timezone)) for span in spans)
            times += [moment for moment in dues if moment > last]
    return min(times)


def wave_looks(picture: Picture, now: Instant) -> tuple[WaveLook, ...]:
    """What to ask about each wave, beside use, at a look at `now`; none before the draw."""
    if picture.drawn is None:
        return ()
    first: dict[Stage, Instant] = {}
    for act in picture.acts.values():
        if isinstance(act.action, Announce | Invite | Open):
            first[act.action.stage] = min(act.asked_at, first.get(act.action.stage, act.asked_at))
    return tuple(
        WaveLook(
            wave=wave.ordinal,
            opened_at=picture.opened_at(wave_stage(wave.ordinal)),
            until=now,
            first_at=first.get(wave_stage(wave.ordinal)),
            closed_at=picture.stage(wave_stage(wave.ordinal)).first.get("rolled back"),
        )
        for wave in picture.drawn.waves
    )


def asks(plan: Plan, picture: Picture, now: Instant) -> tuple[Ask, ...]:
    """What to ask about each wave at a look at `now`, or up to when the source of use is complete."""
    assert plan.implement is not None
    assert picture.drawn is not None
    adoption = plan.implement.adoption
    back = after(Instant(0), adoption.within, "UTC")
    return tuple(
        Ask(
            wave=wave.ordinal,
            name=adoption.event,
            count=adoption.count,
            since=Instant(max(now - back, opened or 0)),
            until=now,
            opened=opened is not None,
            by=adoption.level,
        )
        for wave in picture.drawn.waves
        for opened in (picture.opened_at(wave_stage(wave.ordinal)),)
    )


def old_way(plan: Plan, picture: Picture, now: Instant) -> tuple[Ask, ...]:
    """What to ask about uses of what the plan replaces, in the same window, in every wave; none where it names none."""
    assert plan.implement is not None
    adoption = plan.implement.adoption
    if not adoption.replaces:
        return ()
    since = Instant(now - after(Instant(0), adoption.within, "UTC"))
    return tuple(
        replace(ask, name=adoption.replaces, count=1, since=since, opened=True) for ask in asks(plan, picture, now)
    )


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"

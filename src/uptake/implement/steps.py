"""A wave's timetable and its actions: booked openings, announcements, exposure, access.

Wave k + 1 is booked at max(opening k + every, gate k's at) and opens at the later of that
and gate k passing. Negative `at` counts from the booked opening, positive from the actual
one. Keys are built here, so each act is the same in every process.
"""

from collections.abc import Iterator
from itertools import count

from uptake.core.action import Action, Announce, Close, Grant, Invite, Notify, Open, Survey, Withdraw
from uptake.core.ids import ActionKey, action_key
from uptake.core.picture import Act, Picture
from uptake.core.stage import Stage
from uptake.core.time import Instant, after, parse_instant
from uptake.implement.gates import gate_of
from uptake.implement.targets import HALF, wave_stage
from uptake.plan.freeze import thawed
from uptake.plan.model import Plan
from uptake.plan.task import Given, given

ROUNDS_MOST = 20
"""A wave is invited so often in all."""


def start(plan: Plan, picture: Picture) -> Instant | None:
    """When the first wave is booked: the plan's date, or when the first run succeeded; the past means now."""
    assert plan.implement is not None
    assert picture.drawn is not None
    words = plan.implement.waves.start
    if words != "deployed":
        return max(parse_instant(words, plan.timezone), picture.drawn.started_at)
    if plan.deploy is None or plan.implement.requires == "nothing":
        return picture.drawn.started_at
    succeeded = [
        known.first["succeeded"]
        for stage, known in picture.stages.items()
        if stage.half == "deploy" and stage.ordinal == -1 and "succeeded" in known.first
    ]
    return max(min(succeeded), picture.drawn.started_at) if succeeded else None


def booked(plan: Plan, picture: Picture, ordinal: int) -> Instant | None:
    """A wave's booked opening, never within a freeze; projected through waves that are not open yet.

    None while no start is known.
    """
    assert plan.implement is not None
    begin = start(plan, picture)
    if begin is None:
        return None
    at = thawed(plan.implement.freeze, begin, plan.timezone)
    for before in range(ordinal):
        opened = picture.opened_at(wave_stage(before)) or at
        spaced = after(opened, plan.implement.waves.every, plan.timezone)
        judged = after(opened, gate_of(plan, picture, before).at, plan.timezone)
        at = thawed(plan.implement.freeze, max(spaced, judged), plan.timezone)
    return at


def announcements(plan: Plan, picture: Picture, stage: Stage) -> Iterator[tuple[Instant, Announce]]:
    """Each announcement to a wave that was not asked for yet, with the instant at which it is due."""
    assert plan.implement is not None
    for item, words in enumerate(plan.implement.announce):
        to_all = words.to == "all"
        if to_all and stage.ordinal != 0:
            continue
        whom = HALF if to_all else stage
        key = action_key(plan.plan, "implement", 1, whom.ordinal, "announce", item)
        if key in picture.acts:
            continue
        base = booked(plan, picture, stage.ordinal) if words.at.is_negative() else picture.opened_at(stage)
        if base is not None:
            due = thawed(plan.implement.freeze, after(base, words.at, plan.timezone), plan.timezone)
            yield due, Announce(key=key, stage=whom, item=item)


def surveys(plan: Plan, picture: Picture, stage: Stage) -> Iterator[tuple[Instant, Survey]]:
    """Each survey to an open wave that was not asked for yet, with the instant at which it is due."""
    assert plan.implement is not None
    opened = picture.opened_at(stage)
    if opened is None:
        return
    for item, asking in enumerate(plan.implement.ask):
        key = action_key(plan.plan, "implement", 1, stage.ordinal, "survey", item)
        if key not in picture.acts:
            due = thawed(plan.implement.freeze, after(opened, asking.at, plan.timezone), plan.timezone)
            yield due, Survey(key=key, stage=stage, item=item)


def ask(plan: Plan, picture: Picture, stage: Stage, item: int) -> tuple[Action, ...]:
    """A survey to a wave now, ahead of its time; nothing where it was sent, since its links can be used once."""
    key = action_key(plan.plan, "implement", 1, stage.ordinal, "survey", item)
    return () if key in picture.acts else (Survey(key=key, stage=stage, item=item),)


def support_more(plan: Plan, stage: Stage, rule: str, text: str) -> tuple[Action, ...]:
    """Word to who helps that a wave needs more of it."""
    assert plan.implement is not None
    support = plan.implement.support
    words = f"{text or 'This wave needs more help.'}\n\nHelp: {support.contact if support else plan.owner}"
    to = support.contact if support is not None and "@" in support.contact else plan.owner
    key = action_key(plan.plan, "implement", 1, stage.ordinal, rule, 0)
    return (
        Notify(key=key, stage=stage, title=f"{plan.title}: more help for wave {stage.ordinal + 1}", text=words, to=to),
    )


def invite_key(plan: Plan, stage: Stage, number: int) -> ActionKey:
    """The key of a wave's invitation; `number` is its round."""
    return action_key(plan.plan, "implement", 1, stage.ordinal, "invite", number)


def invitations(plan: Plan, picture: Picture, stage: Stage) -> tuple[Act, ...]:
    """A wave's invitations so far, first one first."""
    keys = (invite_key(plan, stage, number) for number in range(ROUNDS_MOST))
    return tuple(picture.acts[key] for key in keys if key in picture.acts)


def train_more(plan: Plan, picture: Picture, stage: Stage) -> tuple[Action, ...]:
    """A further session for those of a wave who have not completed the path; nothing where the plan trains nobody."""
    assert plan.implement is not None
    if plan.implement.train is None:
        return ()
    number = max(1, len(invitations(plan, picture, stage)))
    return (Invite(key=invite_key(plan, stage, number), stage=stage, round=number),) if number < ROUNDS_MOST else ()


def opening(plan: Plan, picture: Picture, stage: Stage) -> tuple[Action, ...]:
    """The acts that open a wave, or open it again: the exposure, and real access where the plan names it."""
    assert plan.implement is not None
    expose = Open(key=_next_key(plan, picture, stage, "open"), stage=stage)
    if plan.implement.expose.access is None:
        return (expose,)
    return (expose, Grant(key=_next_key(plan, picture, stage, "grant"), stage=stage))


def _next_key(plan: Plan, picture: Picture, stage: Stage, what: str) -> ActionKey:
    """The key of a wave's next act of a kind: one that was done before is never asked for again."""
    keys = (action_key(plan.plan, "implement", 1, stage.ordinal, what, number) for number in count())
    return next(key for key in keys if key not in picture.acts)


def tasks(plan: Plan, picture: Picture) -> tuple[Given, ...]:
    """The half's tasks, counted from the first wave's booked opening, and those that rules have given."""
    implement = plan.implement
    if implement is None:
        return ()
    first = picture.opened_at(wave_stage(0)) or (booked(plan, picture, 0) if picture.drawn else _dated(plan))
    own = given(picture, implement.tasks, half="implement", timezone=plan.timezone, begins=(first, first))
    return (*own, *_ruled(plan, picture))


def _dated(plan: Plan) -> Instant | None:
    """When the first wave is to open by the plan alone."""
    assert plan.implement is not None
    words = plan.implement.waves.start
    return None if words == "deployed" else parse_instant(words, plan.timezone)


def _ruled(plan: Plan, picture: Picture) -> Iterator[Given]:
    """Tasks that rules have given, wave by wave."""
    assert plan.implement is not None
    for wave in picture.drawn.waves if picture.drawn else ():
        stage = wave_stage(wave.ordinal)
        for number, rule in enumerate(plan.implement.adjust):
            act = picture.acts.get(rule_key(plan, stage, number)) if rule.do == "task" else None
            if act is None:
                continue
            name = f"task-wave-{wave.ordinal + 1}-rule-{number + 1}"
            yield Given(
                name=name,
                do=rule.text,
                owner=rule.owner,
                due=after(act.asked_at, rule.due, plan.timezone) if rule.due is not None else None,
                stage=stage,
                rule=f"implement.adjust.{number}",
                done=picture.done.get(name),
            )


def rule_key(plan: Plan, stage: Stage, number: int) -> ActionKey:
    """The key of the notice or task of a rule on a wave."""
    return action_key(plan.plan, "implement", 1, stage.ordinal, f"implement.adjust.{number}", 0)


def closing(plan: Plan, picture: Picture, stage: Stage) -> tuple[Action, ...]:
    """The acts that withdraw a wave's exposure and access."""
    assert plan.implement is not None
    close = Close(key=_next_key(plan, picture, stage, "close"), stage=stage)
    if plan.implement.expose.access is None:
        return (close,)
    return (close, Withdraw(key=_next_key(plan, picture, stage, "withdraw"), stage=stage))

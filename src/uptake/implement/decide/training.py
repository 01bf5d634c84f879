"""Training before a wave opens: when its people are invited, who found no seat, and whether enough are trained.

A wave waits for its training only where the plan says how much is needed; then a person may let it open all the same.
Further sessions are ordered by rules and persons, never by this. Pure.
"""

from uptake.core.action import Action, Invite, Notify
from uptake.core.decision import Decision, Evidence
from uptake.core.ids import action_key
from uptake.core.look import Trained
from uptake.core.picture import Act, Picture
from uptake.core.stage import Stage
from uptake.core.time import NEVER, Instant, after
from uptake.implement.steps import booked, invitations, invite_key
from uptake.plan.freeze import frozen, thawed
from uptake.plan.model import Plan

RULE = "implement.train"
NAMED_MOST = 3
"""So many reasons for a missing seat are told."""


def invite(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> tuple[list[Action], Instant]:
    """The invitation of a wave that is not open yet where it is due, and when it will be."""
    implement = plan.implement
    assert implement is not None
    at = booked(plan, picture, stage.ordinal)
    key = invite_key(plan, stage, 0)
    if implement.train is None or at is None or key in picture.acts or picture.opened_at(stage) is not None:
        return [], NEVER
    due = thawed(implement.freeze, after(at, implement.train.invite, plan.timezone), plan.timezone)
    if now < due:
        return [], due
    if picture.hold("implement") is not None or frozen(implement.freeze, now, plan.timezone) is not None:
        return [], NEVER
    return [Invite(key=key, stage=stage, round=0, until=at)], NEVER


def is_training(plan: Plan, picture: Picture, stage: Stage) -> bool:
    """Whether a wave that is not open has been invited."""
    return invite_key(plan, stage, 0) in picture.acts


def begun(plan: Plan, picture: Picture, stage: Stage) -> list[Decision]:
    """The word that a wave which is not next is in training."""
    if not is_training(plan, picture, stage) or picture.stage(stage).state == "training":
        return []
    why = f"Wave {stage.ordinal + 1} is invited to its training."
    return [Decision(stage=stage, verdict="advance", state="training", rule=RULE, why=why)]


def without_seat(plan: Plan, picture: Picture, stage: Stage) -> tuple[list[Decision], list[Action]]:
    """What is told of an invitation that did not reach everybody: once, and to the owner too."""
    asked = invitations(plan, picture, stage)
    last = asked[-1] if asked else None
    if last is None or last.outcome is None or last.outcome.ok or not isinstance(last.action, Invite):
        return [], []
    key = action_key(plan.plan, "implement", 1, stage.ordinal, "without-seat", last.action.round)
    why = _no_seat(stage, last)
    if key in picture.acts or any(noted.decision.why == why for noted in picture.decisions):
        return [], []
    reasons = dict.fromkeys(failure.lines[0] for failure in last.outcome.failures if failure.lines)
    evidence = tuple(Evidence(what="no seat", seen=words, source=f"entry {last.seq}") for words in reasons)
    state = picture.stage(stage).state or "training"
    told = Decision(stage=stage, verdict="adjust", state=state, rule=RULE, why=why, evidence=evidence[:NAMED_MOST])
    title = f"{plan.title}: seats are missing (wave {stage.ordinal + 1})"
    notice = Notify(key=key, stage=stage, title=title, text=why, to=plan.owner)
    return [told], [notice] if plan.notify or (plan.mail is not None and plan.owner) else []


def _no_seat(stage: Stage, act: Act) -> str:
    assert act.outcome is not None
    counts, failures = act.outcome.counts, act.outcome.failures
    missing = sum(number for state, number in counts.items() if state != "done")
    first = next((failure.lines[0] for failure in failures if failure.lines), "no reason was given")
    number = f"{missing} of {sum(counts.values())}" if counts else "the"
    return f"Wave {stage.ordinal + 1}: {number} invitations were not made: {first}. Add sessions, or invite by hand."


def lacking(plan: Plan, picture: Picture, stage: Stage) -> Decision | None:
    """Why a wave whose time has come does not open yet: too few of its people are trained."""
    implement = plan.implement
    question = f"training-wave-{stage.ordinal + 1}"
    if implement is None or implement.train is None or not implement.train.needed or question in picture.approved:
        return None
    seen = trained(picture, stage)
    needed = implement.train.needed
    if seen is not None and seen.people and seen.trained >= needed * seen.people - 1e-9:
        return None
    told = f"{seen.trained} of {seen.people}" if seen is not None else "nobody knows how many"
    why = f"Wave {stage.ordinal + 1} does not open: {told} people are trained, {100 * needed:g}% are needed; "
    why += f"`uptake approve` {question} lets it open."
    evidence = (Evidence(what="people trained", seen=told, wanted=f"at least {100 * needed:g}%", source="last look"),)
    return Decision(
        stage=stage,
        verdict="hold",
        state="training",
        rule="implement.train.needed",
        why=why,
        evidence=evidence,
        question=question,
    )


def trained(picture: Picture, stage: Stage) -> Trained | None:
    """A wave's training as of the last look."""
    return next((seen for seen in picture.observed.training if seen.wave == stage.ordinal), None)

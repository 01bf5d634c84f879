"""Access that did not reach everybody: said plainly, and asked for again at the next looks.

Each attempt is an act of its own, so it is asked once like every other; who is nobody in the
system is told and is no reason to ask again. Granting again stands back while a person holds
the half; taking back does not. Pure, called for waves that were opened.
"""

from dataclasses import dataclass

from uptake.core.action import Action, Grant, Outcome, Withdraw
from uptake.core.decision import Decision, Evidence
from uptake.core.ids import ActionKey, action_key
from uptake.core.picture import Act, Picture
from uptake.core.stage import Stage
from uptake.implement.targets import wave_stage
from uptake.plan.model import Plan

ATTEMPTS_MOST = 10
"""A wave's access is asked for so often in all, first attempt included."""
RULE = "implement.expose.access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far an attempt came: people who are where they should be, people who are nobody, people left."""

    done: int
    nobody: int
    left: int

    @property
    def people(self) -> int:
        """All of them."""
        return self.done + self.nobody + self.left


def attempts(plan: Plan, picture: Picture, stage: Stage, what: str) -> tuple[Act, ...]:
    """The attempts at a wave's `grant` or `withdraw`, first one first; at a grant those since somebody joined last."""
    keys = (_key(plan, picture, stage, what, number) for number in range(ATTEMPTS_MOST))
    return tuple(picture.acts[key] for key in keys if key in picture.acts)


def _key(plan: Plan, picture: Picture, stage: Stage, what: str, number: int) -> ActionKey:
    """The key of an attempt: who joins an open wave begins a series of its own."""
    since = _joined(plan, picture, stage) if what == "grant" else 0
    return action_key(plan.plan, "implement", 1, stage.ordinal, what, f"{since}.{number}" if since else number)


def _joined(plan: Plan, picture: Picture, stage: Stage) -> int:
    """The entry with which somebody joined this wave last after it was opened, 0 for nobody."""
    opened = picture.acts.get(action_key(plan.plan, "implement", 1, stage.ordinal, "open", 0))
    since = picture.drawn.joined.get(stage.ordinal, 0) if picture.drawn else 0
    return since if opened is not None and since > opened.seq else 0


def reached(picture: Picture, stage: Stage, outcome: Outcome) -> Reached:
    """An attempt's counts; where it was refused before anybody was looked up, everybody is left."""
    done, nobody = outcome.counts.get("done", 0) + outcome.counts.get("kept", 0), outcome.counts.get("nobody", 0)
    left = sum(outcome.counts.values()) - done - nobody
    if not outcome.counts and not outcome.ok and picture.drawn is not None:
        left = sum(wave.people for wave in picture.drawn.waves if wave_stage(wave.ordinal) == stage)
    return Reached(done=done, nobody=nobody, left=left)


def access_again(plan: Plan, picture: Picture, stage: Stage) -> tuple[list[Decision], list[Action]]:
    """What is to be told of a wave's last attempt, and the next attempt where a look has passed since."""
    what = _wanted(picture, stage)
    held = what == "grant" and picture.hold("implement") is not None
    tried = attempts(plan, picture, stage, what)
    if not tried and _joined(plan, picture, stage) and not held and what == "grant" and _has_access(plan):
        return [], [Grant(key=_key(plan, picture, stage, what, 0), stage=stage)]
    outcome = tried[-1].outcome if tried else None
    if outcome is None or outcome.interrupted or (outcome.ok and len(tried) == 1):
        return [], []
    last, far = tried[-1], reached(picture, stage, outcome)
    goes_on = far.left > 0 and len(tried) < ATTEMPTS_MOST
    told = [_told(picture, stage, last, far, goes_on=goes_on)]
    if _said_last(picture, stage) == told[0].why:
        told = []
    looked = last.ended_at is not None and picture.observed.looked_at > last.ended_at
    if not goes_on or not looked or held:
        return told, []
    key = _key(plan, picture, stage, what, len(tried))
    return told, [Withdraw(key=key, stage=stage) if what == "withdraw" else Grant(key=key, stage=stage)]


def is_unfinished(plan: Plan, picture: Picture) -> bool:
    """Whether somebody is left whose access will be asked for again: a plan in use may still have this to do."""
    for wave in picture.drawn.waves if picture.drawn else ():
        stage = wave_stage(wave.ordinal)
        tried = attempts(plan, picture, stage, _wanted(picture, stage))
        if not tried and _joined(plan, picture, stage) and _has_access(plan):
            return True
        outcome = tried[-1].outcome if tried else None
        may_go_on = outcome is not None and not outcome.interrupted and len(tried) < ATTEMPTS_MOST
        if outcome is not None and may_go_on and reached(picture, stage, outcome).left > 0:
            return True
    return False


def _has_access(plan: Plan) -> bool:
    return plan.implement is not None and plan.implement.expose.access is not None


def _wanted(picture: Picture, stage: Stage) -> str:
    return "withdraw" if picture.stage(stage).state == "rolled back" else "grant"


def _told(picture: Picture, stage: Stage, act: Act, far: Reached, *, goes_on: bool) -> Decision:
    """One sentence with the three numbers; the wave's state stays as it is."""
    assert act.outcome is not None
    wave = f"wave {stage.ordinal + 1}"
    if isinstance(act.action, Grant):
        why = f"Access for {wave}: {far.done} of {far.people} people have it"
    else:
        why = f"Access of {wave} is taken back: {far.done} of {far.people} people have none any more"
    if far.nobody:
        why += f", {far.nobody} {'is' if far.nobody == 1 else 'are'} nobody there"
    if far.left:
        why += f", {far.left} {'is' if far.left == 1 else 'are'} left"
        why += "; asked for again at the next look" if goes_on else f"; not asked for again after {ATTEMPTS_MOST} times"
    wanted = str(far.people)
    evidence = [Evidence(what="people seen to", seen=str(far.done), wanted=wanted, source=f"entry {act.seq}")]
    lines = [failure.lines[-1] for failure in act.outcome.failures if failure.lines]
    if lines:
        evidence.append(Evidence(what="first failure", seen=lines[0], source=f"entry {act.seq}"))
    state = picture.stage(stage).state
    return Decision(stage=stage, verdict="adjust", state=state, rule=RULE, why=f"{why}.", evidence=tuple(evidence))


def _said_last(picture: Picture, stage: Stage) -> str:
    """What was last told of this wave's access."""
    for noted in reversed(picture.decisions):
        if noted.decision.stage == stage and noted.decision.rule == RULE:
            return noted.decision.why
    return ""

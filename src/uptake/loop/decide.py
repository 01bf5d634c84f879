"""Both halves decided as one, and what of it is new.

The deploy half speaks first; the implement half asks it for the ground its waves stand on.
Only decisions that differ from the last word on their stage, and actions not asked before,
are new. Pure, so that a replay is the same call.
"""

from uptake.core.action import Action, Notify
from uptake.core.decision import Decision, Verdicts
from uptake.core.ids import action_key
from uptake.core.picture import Picture
from uptake.core.time import NEVER, Instant
from uptake.deploy.decide import run as deploy
from uptake.deploy.gates import ground
from uptake.deploy.steps import tasks as deploy_tasks
from uptake.implement.decide import waves as implement
from uptake.implement.steps import tasks as implement_tasks
from uptake.plan.model import Notice, Plan
from uptake.plan.task import reminder

TOLD = ("held", "failed", "rolled back", "interrupted")
"""States that the plan's own people are told of when a stage enters them."""
STAGES: dict[str, Notice] = {
    "running": "start",
    "held": "hold",
    "interrupted": "hold",
    "failed": "failure",
    "rolled back": "failure",
    "succeeded": "end",
}
"""State of a whole run -> the word of `deploy.notices` that it is told under; batches speak through their run."""


def decide(plan: Plan, picture: Picture, now: Instant) -> Verdicts:
    """What is new at this tick: decisions, actions (notices among them), and when to look again."""
    first = deploy.decide(plan, picture, now)
    second = implement.decide(plan, picture, now, grounds=lambda wave: ground(plan, picture, wave, now))
    fresh = tuple(d for d in (*first.decisions, *second.decisions) if _is_news(picture, d))
    reminders, due = _reminders(plan, picture, now)
    wanted = (*first.actions, *second.actions, *reminders)
    asked = [action for action in wanted if action.key not in picture.acts]
    return Verdicts(
        decisions=fresh,
        actions=(*asked, *_notices(plan, picture, fresh)),
        look_again=min(first.look_again, second.look_again, due),
    )


def _reminders(plan: Plan, picture: Picture, now: Instant) -> tuple[list[Action], Instant]:
    """A notice for each task that is overdue, and when the next one will be."""
    open_tasks = [task for task in (*deploy_tasks(plan, picture), *implement_tasks(plan, picture)) if not task.done]
    later = [task.due for task in open_tasks if task.due is not None and task.due > now]
    can_tell = picture.revision and (plan.mail is not None or plan.notify)
    overdue = [reminder(plan, task) for task in open_tasks if can_tell and task.is_overdue(now)]
    return list(overdue), min(later, default=NEVER)


def _is_news(picture: Picture, decision: Decision) -> bool:
    return picture.last.get(decision.stage) != decision or picture.stage(decision.stage).state != decision.state


def _notices(plan: Plan, picture: Picture, fresh: tuple[Decision, ...]) -> tuple[Action, ...]:
    if not plan.notify:
        return ()
    told: list[Action] = []
    for number, decision in enumerate(fresh):
        entered = _is_told(plan, decision) and picture.stage(decision.stage).state != decision.state
        asks = decision.question and decision.question not in picture.questions
        wanted = plan.deploy is None or decision.stage.half != "deploy" or "hold" in plan.deploy.notices
        if entered or (asks and wanted):
            stage = decision.stage
            key = action_key(
                plan.plan, stage.half, stage.run, stage.ordinal, "notify", f"{picture.observed_seq}.{number}"
            )
            title = f"{plan.title}: {'needs a person' if asks else decision.state}"
            told.append(Notify(key=key, stage=stage, title=title, text=decision.why))
    return tuple(told)


def _is_told(plan: Plan, decision: Decision) -> bool:
    """Whether the plan's people are told where a stage enters this state."""
    stage = decision.stage
    if stage.half != "deploy" or plan.deploy is None:
        return decision.state in TOLD
    is_run = stage.run > 0 and stage.ordinal < 0
    return is_run and STAGES.get(decision.state, "") in plan.deploy.notices

"""A batch's steps as actions: each plan item once per batch, and the way back.

Keys are built here, so the same step has the same key in every process. A roll back is a
stage of its own: its restart has the same text as the release's and must not be skipped.
"""

from collections.abc import Sequence

from uptake.core.action import CHANGES, EndRun, Part, RunStep
from uptake.core.ids import action_key
from uptake.core.picture import Picture, RunPicture, Spoken
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.time import parse_instant
from uptake.deploy.targets import batches, whole_run
from uptake.plan.model import Deploy, Plan, Step
from uptake.plan.task import Given, given


def run_step(plan: Plan, stage: Stage, part: Part, item: int, *, version: str, hosts: tuple[str, ...]) -> RunStep:
    """The action of one plan item on a stage's hosts; one that runs once is on the first of them, for the whole run."""
    assert plan.deploy is not None
    key = action_key(plan.plan, "deploy", stage.run, stage.ordinal, part, item)
    if runs_once(plan.deploy, part, item):
        key, hosts = action_key(plan.plan, "deploy", stage.run, "once", part, item), hosts[:1]
    return RunStep(key=key, stage=stage, part=part, item=item, version=version, hosts=hosts)


Steps = tuple[tuple[Part, int], ...]
"""(part, item) in order."""


def batch_steps(deploy: Deploy) -> Steps:
    """What is done before the health gate."""
    update = deploy.update
    out = _items("before_host", update.before_host)
    return (*out, *_items("infrastructure", deploy.infrastructure), *_items("configuration", deploy.configuration))


def gate_steps(deploy: Deploy) -> Steps:
    """What follows the health gate: the tests, the way back into service, and what is then measured."""
    update = deploy.update
    analysis: Steps = (("analysis", 0),) if update.analysis is not None else ()
    return (*_items("tests", deploy.tests), *_items("after_host", update.after_host), *analysis)


def rollback_steps(deploy: Deploy) -> Steps:
    """The way back, up to the health gate: configuration alone, but for what runs once; data are not undone."""
    again = [step for step in _items("configuration", deploy.configuration) if not runs_once(deploy, *step)]
    return (*_items("before_host", deploy.update.before_host), *again)


def return_steps(deploy: Deploy) -> Steps:
    """What follows the health gate of the way back."""
    return _items("after_host", deploy.update.after_host)


def step_of(deploy: Deploy, part: Part, item: int) -> Step | None:
    """The step of the plan that stands there; None for what is no step on a host."""
    if part not in CHANGES:
        return None
    return (deploy.infrastructure if part == "infrastructure" else deploy.configuration)[item]


def plan_path(part: Part, item: int) -> str:
    """Where in the plan an item stands, dotted."""
    if part == "analysis":
        return "deploy.update.analysis"
    return f"deploy.update.{part}.{item}" if part in ("before_host", "after_host") else f"deploy.{part}.{item}"


def item_name(part: Part, item: int) -> str:
    """An item as it is called: `configuration 2`."""
    return "analysis" if part == "analysis" else f"{part} {item + 1}"


def runs_once(deploy: Deploy, part: Part, item: int) -> bool:
    """Whether it is done on one host of a run and no more."""
    step = step_of(deploy, part, item)
    return step is not None and step.run_once


def end_run(plan: Plan, picture: Picture, run: RunPicture) -> EndRun:
    """The action that ends a run's worker; a second one where the run was ordered back after its end."""
    ended = action_key(plan.plan, "deploy", run.number, "run", "end", 0)
    again = ordered_back(picture, run) and ended in picture.acts
    key = action_key(plan.plan, "deploy", run.number, "run", "end", 1) if again else ended
    return EndRun(key=key, stage=whole_run(run.number), hosts=tuple(host.name for host in run.hosts))


def changed_batches(deploy: Deploy, picture: Picture, run: RunPicture) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The batches in which this run asked for any step, newest first: (ordinal, hosts)."""
    cut = batches(deploy, run.hosts)
    touching = ("before_host", *CHANGES)
    asked = {
        act.action.stage.ordinal
        for act in picture.acts.values()
        if isinstance(act.action, RunStep) and act.action.stage.run == run.number and act.action.part in touching
    }
    return tuple((ordinal, cut[ordinal]) for ordinal in reversed(range(len(cut))) if ordinal in asked)


def rollback_stage(run: int, batch: int) -> Stage:
    """The stage that takes a batch back."""
    return Stage(half="deploy", run=run, ordinal=ROLLBACK_FROM + batch)


def version_on(picture: Picture, run: RunPicture) -> str:
    """The version that the run's hosts are meant to have now: its own, or the one before once it turns back."""
    turned = any(stage.half == "deploy" and stage.run == run.number and stage.is_rollback for stage in picture.stages)
    before = release_before(picture, run)
    return before.version if turned and before is not None else run.version


ROLLBACK = "rollback"
"""The word by which a person orders a run back, and the rule of what follows."""


def word_back(picture: Picture, run: RunPicture) -> Spoken | None:
    """A person's word that this run is to be taken back."""
    words = (spoken for spoken in picture.words if spoken.said.what == ROLLBACK)
    return next((spoken for spoken in words if spoken.said.data.get("run") == run.number), None)


def ordered_back(picture: Picture, run: RunPicture) -> str:
    """What ordered this run taken back: a person's word, or a rule of the implement half; empty for neither."""
    if word_back(picture, run) is not None:
        return ROLLBACK
    whole = whole_run(run.number)
    return min((rule for stage, rule in picture.ruled if stage == whole and rule.startswith("implement.")), default="")


def release_before(picture: Picture, run: RunPicture) -> RunPicture | None:
    """The latest earlier run that succeeded, None on a first one."""
    for earlier in reversed(picture.runs[: run.number - 1]):
        if picture.stage(whole_run(earlier.number)).state == "succeeded":
            return earlier
    return None


def tasks(plan: Plan, picture: Picture) -> tuple[Given, ...]:
    """The half's tasks: spans count back from the deadline, or from the start of the first run."""
    if plan.deploy is None:
        return ()
    deadline = plan.deploy.deadline
    before = parse_instant(deadline, plan.timezone) if deadline else None
    since = picture.runs[0].started_at if picture.runs else None
    begins = (before, since)
    return tuple(given(picture, plan.deploy.tasks, half="deploy", timezone=plan.timezone, begins=begins))


def _items(part: Part, listed: Sequence[object]) -> Steps:
    return tuple((part, item) for item in range(len(listed)))

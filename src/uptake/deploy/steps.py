"""A batch's steps as actions: each plan item once per batch, and the way back.

Keys are built here, so the same step has the same key in every process. A roll back is a
stage of its own: its restart has the same text as the release's and must not be skipped.
"""

from uptake.core.action import EndRun, Part, RunStep
from uptake.core.ids import action_key
from uptake.core.picture import Picture, RunPicture, Spoken
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.time import parse_instant
from uptake.deploy.targets import batches, whole_run
from uptake.plan.model import Deploy, Plan
from uptake.plan.task import Given, given


def run_step(plan: Plan, stage: Stage, part: Part, item: int, *, version: str, hosts: tuple[str, ...]) -> RunStep:
    """The action of one plan item on one stage's hosts."""
    key = action_key(plan.plan, "deploy", stage.run, stage.ordinal, part, item)
    return RunStep(key=key, stage=stage, part=part, item=item, version=version, hosts=hosts)


def batch_steps(deploy: Deploy) -> tuple[tuple[Part, int], ...]:
    """(part, item) before the health gate, in order."""
    infrastructure = [_of("infrastructure", item) for item in range(len(deploy.infrastructure))]
    return (*infrastructure, *(_of("configuration", item) for item in range(len(deploy.configuration))))


def test_steps(deploy: Deploy) -> tuple[tuple[Part, int], ...]:
    """(part, item) after the health gate, in order."""
    return tuple(_of("tests", item) for item in range(len(deploy.tests)))


def rollback_steps(deploy: Deploy) -> tuple[tuple[Part, int], ...]:
    """(part, item) of the way back: configuration alone, infrastructure and data are not undone."""
    return tuple(_of("configuration", item) for item in range(len(deploy.configuration)))


def end_run(plan: Plan, picture: Picture, run: RunPicture) -> EndRun:
    """The action that ends a run's worker; a second one where the run was ordered back after its end."""
    ended = action_key(plan.plan, "deploy", run.number, "run", "end", 0)
    again = ordered_back(picture, run) and ended in picture.acts
    key = action_key(plan.plan, "deploy", run.number, "run", "end", 1) if again else ended
    return EndRun(key=key, stage=whole_run(run.number), hosts=tuple(host.name for host in run.hosts))


def changed_batches(deploy: Deploy, picture: Picture, run: RunPicture) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The batches in which this run asked for any step, newest first: (ordinal, hosts)."""
    cut = batches(deploy, run.hosts)
    asked = {
        act.action.stage.ordinal
        for act in picture.acts.values()
        if isinstance(act.action, RunStep) and act.action.stage.run == run.number and act.action.part != "tests"
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


def _of(part: Part, item: int) -> tuple[Part, int]:
    return part, item

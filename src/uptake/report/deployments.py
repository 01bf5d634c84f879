"""The deployments that a ledger holds, each with what DORA's metrics need: commits, outcome, failure, recovery.

A run is a deployment once it has changed a host, or once the version that others deploy was seen. Everything is
read from the picture; nothing is guessed: what was never told stays None. The metrics themselves are `dora`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

from uptake.core.action import CHANGES, RunStep
from uptake.core.decision import Decision
from uptake.core.picture import Picture, RunPicture
from uptake.core.time import Instant
from uptake.deploy.gates import run_state
from uptake.deploy.steps import word_back
from uptake.deploy.targets import whole_run

INCONCLUSIVE = "deploy.update.analysis"
"""A run that is held by this rule waits for somebody to look; nothing has failed yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment.

    Args:
        run: the run's number, from 1.
        version: what was deployed.
        settled_at: when its outcome was first known: it succeeded, or it failed.
        deployed_at: when it had succeeded; None if it never did.
        committed_at: when its changes were committed, as told at its start; empty where nobody told.
        rework: whether it was made because of an incident; None where nobody said.
        failed_at: when it was first known that it needs somebody to step in; None where it does not.
        recovered_at: when the service was well again after that; None while it is not.
        mended: whether a rework deployment followed while it was what ran.
    """

    run: int
    version: str
    settled_at: Instant
    deployed_at: Instant | None = None
    committed_at: tuple[Instant, ...] = ()
    rework: bool | None = None
    failed_at: Instant | None = None
    recovered_at: Instant | None = None
    mended: bool = False


def deployments(picture: Picture) -> tuple[Deployment, ...]:
    """The deployments whose outcome is known, in order; one that is under way and has not failed is none yet.

    Args:
        picture: the fold of all entries.
    """
    begun = [run for run in picture.runs if _has_begun(picture, run)]
    found: list[Deployment] = []
    for place, run in enumerate(begun):
        followed = place + 1 < len(begun) and _rework(picture, begun[place + 1]) is True
        mended = followed and run_state(picture, run) == "succeeded"
        one = _deployment(picture, run, begun[place + 1 :], mended=mended)
        found += [one] if one is not None else []
    return tuple(found)


def _has_begun(picture: Picture, run: RunPicture) -> bool:
    """Whether a run has changed a host on its way forth, or what others deployed was seen."""
    if _succeeded_at(picture, run) is not None:
        return True
    steps = (act.action for act in picture.acts.values() if isinstance(act.action, RunStep))
    forth = (step for step in steps if step.stage.run == run.number and not step.stage.is_rollback)
    return any(step.part in CHANGES for step in forth)


def _deployment(picture: Picture, run: RunPicture, later: Sequence[RunPicture], *, mended: bool) -> Deployment | None:
    """A run as a deployment; None while nothing is known of its outcome."""
    deployed_at, failed_at = _succeeded_at(picture, run), _failed_at(picture, run)
    if failed_at is None and mended:
        failed_at = deployed_at
    known = [moment for moment in (deployed_at, failed_at) if moment is not None]
    if not known:
        return None
    one = Deployment(
        run=run.number,
        version=run.version,
        settled_at=min(known),
        deployed_at=deployed_at,
        committed_at=_commits(picture, run),
        rework=_rework(picture, run),
        failed_at=failed_at,
        mended=mended,
    )
    if failed_at is None:
        return one
    back = picture.stage(whole_run(run.number)).first.get("rolled back")
    well = [_succeeded_at(picture, run) for run in later] + ([] if mended else [deployed_at, back])
    return replace(one, recovered_at=min((at for at in well if at is not None and at > failed_at), default=None))


def _succeeded_at(picture: Picture, run: RunPicture) -> Instant | None:
    return picture.stage(whole_run(run.number)).first.get("succeeded")


def _failed_at(picture: Picture, run: RunPicture) -> Instant | None:
    """When the first gate or step of a run failed, or when it was ordered back."""
    found = [noted.at for noted in picture.decisions if is_failure(noted.decision, run)]
    word = word_back(picture, run)
    return min([*found, *([word.at] if word is not None else [])], default=None)


def is_failure(decision: Decision, run: RunPicture) -> bool:
    """Whether a decision says that a run needs somebody to step in; see `question_of` for the question's form."""
    if decision.stage.half != "deploy" or decision.stage.run != run.number:
        return False
    if decision.verdict == "rollback" or decision.state in ("unhealthy", "failed"):
        return True
    return decision.question.startswith(f"run-{run.number}-batch-") and decision.rule != INCONCLUSIVE


def _told(picture: Picture, run: RunPicture, name: str) -> object:
    """A fact of the word that began a run."""
    return next((spoken.said.data.get(name) for spoken in picture.words if spoken.seq == run.seq), None)


def _rework(picture: Picture, run: RunPicture) -> bool | None:
    told = _told(picture, run, "rework")
    return told if isinstance(told, bool) else None


def _commits(picture: Picture, run: RunPicture) -> tuple[Instant, ...]:
    """When the run's changes were committed."""
    commits = cast("list[dict[str, object]]", _told(picture, run, "commits") or [])
    return tuple(Instant(at) for commit in commits if isinstance(at := commit.get("at"), int))

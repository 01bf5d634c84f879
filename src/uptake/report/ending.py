"""Where one deploy run stands, in a line: its state, the latest reason, and whether its end is final.

What a command prints and what a job elsewhere asks again and again, with what failed. It reads the picture and
decides nothing.
"""

from dataclasses import dataclass

from uptake.core.picture import Picture
from uptake.deploy.gates import run_state
from uptake.plan.read import ReadPlan
from uptake.report.board import Failed
from uptake.report.failed import failures
from uptake.report.known import Known

FINAL = ("succeeded", "failed", "rolled back", "interrupted")
"""States after which a run asks for nothing more by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A run as it stands: `ended` once nothing more happens in it unless a person says a word."""

    run: int
    version: str
    state: str
    ended: bool
    why: str
    failures: tuple[Failed, ...] = ()


def standing(read: ReadPlan, picture: Picture, number: int) -> Standing | None:
    """Where a run stands; None where there is no run of this number.

    Args:
        read: the plan that counts.
        picture: what is known.
        number: the run's, from 1.
    """
    if not 0 < number <= len(picture.runs):
        return None
    run = picture.runs[number - 1]
    return Standing(
        run=number,
        version=run.version,
        state=run_state(picture, run),
        ended=has_ended(picture, number),
        why=_latest(picture, number),
        failures=failures(Known(read=read, picture=picture, now=picture.observed.now), number),
    )


def has_ended(picture: Picture, number: int) -> bool:
    """Whether a run is there and asks for nothing more by itself."""
    if len(picture.runs) < number:
        return False
    state = run_state(picture, picture.runs[number - 1])
    return state == "held" or (state in FINAL and not any(f"/deploy/{number}/" in key for key in picture.open_acts))


def _latest(picture: Picture, number: int) -> str:
    """The newest decision's reason about a run."""
    for noted in reversed(picture.decisions):
        stage = noted.decision.stage
        if stage.half == "deploy" and stage.run == number:
            return noted.decision.why
    return ""

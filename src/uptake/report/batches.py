"""The batches of the latest run as a board shows them: when their steps ran, and when their gate was judged.

For the lane of the deploy half, which is minutes where the other half is weeks. A batch that has
not begun has no times and is left out.
"""

from uptake.core.stage import Stage
from uptake.report.board import BatchShown
from uptake.report.known import Known
from uptake.report.run import Run

JUDGED = ("healthy", "unhealthy", "failed")
"""States of a batch in which its gate has spoken."""


def batches(known: Known) -> tuple[BatchShown, ...]:
    """The batches that have begun, in order."""
    run = known.run
    if run is None:
        return ()
    found = (_batch(known, run, ordinal) for ordinal in range(len(run.batches)))
    return tuple(batch for batch in found if batch is not None)


def _batch(known: Known, run: Run, ordinal: int) -> BatchShown | None:
    stage = Stage(half="deploy", run=run.number, ordinal=ordinal)
    acts = [act for act in run.acts if act.action.stage == stage]
    if not acts:
        return None
    seen = known.picture.stage(stage)
    ends = [act.ended_at for act in acts if act.ended_at is not None]
    judged = [seen.first[word] for word in JUDGED if word in seen.first]
    return BatchShown(
        name=run.batch_name(ordinal),
        hosts=len(run.batches[ordinal]),
        state=seen.state,
        begun_at=min(act.asked_at for act in acts),
        stepped_at=max(ends) if len(ends) == len(acts) else None,
        ended_at=max(judged) if judged else None,
    )

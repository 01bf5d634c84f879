"""Hosts as a board shows them: batch, state word, the version they are on, what is seen there, since when.

What a step left behind comes first, then the way back, then the batch's gate, then the probe. States
are the words of the product, no others.
"""

from uptake.core.action import Failure, RunStep
from uptake.core.entry import HostSeen
from uptake.core.picture import Picture
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.deploy.steps import item_name, rollback_stage
from uptake.report.board import Host
from uptake.report.known import Known
from uptake.report.run import Run

LEFT_IN = ("unreachable", "in doubt")
"""States in which a failed step may leave a host, and which a probe cannot see."""
DETAIL_MOST = 200
"""A probe's or a step's words are cut after so many characters."""


def hosts(known: Known) -> tuple[Host, ...]:
    """Every host of the latest run, in inventory order."""
    run = known.run
    if run is None:
        return ()
    left, under_way, old = _left_in(run), _under_way(run), _touched_before(known.picture, run)
    failed_in = {bad.target: act.seq for act in run.acts if act.outcome for bad in act.outcome.failures}
    found: list[Host] = []
    for each in run.run.hosts:
        name, seen = each.name, run.seen[each.name]
        since = _since(known, run, name, seen)
        found.append(
            Host(
                name=name,
                batch=run.batch_name(run.batch_of[name]),
                state=_state(known.picture, run, name, left.get(name), known_before=name in old),
                version=run.versions.get(name, ""),
                detail=_detail(run, seen, left.get(name), under_way.get(name, "")),
                since=known.at(since) if since else "",
                since_at=since,
                lines=left[name].lines if name in left else (),
                seq=failed_in.get(name, 0) if name in left else known.picture.observed_seq,
            )
        )
    return tuple(found)


def _state(picture: Picture, run: Run, name: str, left: Failure | None, *, known_before: bool) -> str:
    """The host's word."""
    if name in run.run.excluded:
        return "excluded"
    if left is not None and left.state in LEFT_IN:
        return left.state
    sick, ordinal = run.seen[name].state == "unhealthy", run.batch_of[name]
    forth = picture.stage(Stage(half="deploy", run=run.number, ordinal=ordinal)).state
    back = picture.stage(rollback_stage(run.number, ordinal)).state
    if back:
        return back if back in ("running", "unhealthy") else "unhealthy" if sick else "rolled back"
    if forth == "running" and left is None:
        return "running"
    if forth:
        return "healthy" if forth == "healthy" and not sick else "unhealthy"
    if run.ended_at is None or not known_before:
        return "pending"
    return "unhealthy" if sick else "healthy" if run.seen[name].state == "healthy" else "pending"


def _touched_before(picture: Picture, run: Run) -> set[str]:
    """Hosts on which an earlier run has put anything."""
    return {
        name
        for act in picture.acts.values()
        if isinstance(act.action, RunStep) and act.action.stage.run < run.number
        for name in act.action.hosts
    }


def _left_in(run: Run) -> dict[str, Failure]:
    """Hosts on which the latest step that ended did not end well, and how."""
    found: dict[str, Failure] = {}
    for act in sorted(run.acts, key=lambda act: act.seq):
        if isinstance(act.action, RunStep) and act.outcome is not None:
            bad = {failure.target: failure for failure in act.outcome.failures}
            for name in act.action.hosts:
                found.pop(name, None)
            found |= {name: failure for name, failure in bad.items() if name in act.action.hosts}
    return found


def _under_way(run: Run) -> dict[str, str]:
    """Hosts on which a step runs now, and which."""
    return {
        name: item_name(act.action.part, act.action.item)
        for act in run.acts
        if isinstance(act.action, RunStep) and act.outcome is None
        for name in act.action.hosts
    }


def _detail(run: Run, seen: HostSeen, left: Failure | None, under_way: str) -> str:
    """The failed step's last line, the step under way, or the failing check's words."""
    if left is not None:
        code = f", exit {left.exit_code}" if left.exit_code is not None else ""
        last = f": {left.lines[-1]}" if left.lines else ""
        return _cut(f"{left.step or 'step'} failed{code}{last}")
    if under_way:
        return under_way
    if seen.state == "unhealthy":
        return _cut(seen.detail or "its checks fail")
    if seen.state == "unknown" and run.ended_at is not None:
        return "not seen by a probe yet"
    return ""


def _since(known: Known, run: Run, name: str, seen: HostSeen) -> Instant:
    """The later of the probe's last change and the batch's."""
    ordinal = run.batch_of[name]
    stages = (Stage(half="deploy", run=run.number, ordinal=ordinal), rollback_stage(run.number, ordinal))
    return Instant(max((*(known.picture.stage(stage).since for stage in stages), seen.since)))


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= DETAIL_MOST else flat[: DETAIL_MOST - 1] + "\u2026"

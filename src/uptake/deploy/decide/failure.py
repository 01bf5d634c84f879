"""When a batch fails: roll back, hold, or exclude the hosts at fault and go on.

Roll back = on every host this run changed, newest batch first: the configuration steps run
again with the version before, then the health gate. Infrastructure and data are not undone.
A first run has nothing to go back to: it stops, its hosts named.
"""

from uptake.core.action import FAILURES_MOST, Action, Failure, Outcome, Part
from uptake.core.decision import Decision, Evidence
from uptake.core.picture import Picture, RunPicture
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.time import NEVER, Instant, after
from uptake.deploy import gates
from uptake.deploy.steps import (
    ROLLBACK,
    changed_batches,
    end_run,
    ordered_back,
    release_before,
    rollback_stage,
    rollback_steps,
    run_step,
    word_back,
)
from uptake.deploy.targets import whole_run
from uptake.plan.model import Plan

Pass = tuple[list[Decision], list[Action], Instant]
Fault = tuple[Stage, str, tuple[str, ...], tuple[Evidence, ...]]
"""The stage that failed, why in a sentence, the hosts at fault, the evidence."""


def fail_batch(plan: Plan, picture: Picture, run: RunPicture, fault: Fault) -> Pass:
    """What follows from a failed batch, as `deploy.update.on_failure` says."""
    assert plan.deploy is not None
    stage, why, at_fault, evidence = fault
    rule = "deploy.update.on_failure"
    match plan.deploy.update.on_failure:
        case "exclude":
            text = f"{why} {', '.join(at_fault)} excluded; the others go on."
            out = Decision(
                stage=stage, verdict="adjust", state="running", rule=rule, why=text, evidence=evidence, targets=at_fault
            )
            return [out], [], NEVER
        case "hold":
            question = f"run-{run.number}-batch-{stage.ordinal + 1}"
            goes_on = " and goes on once the version is told" if plan.deploy.observed is not None else ""
            text = f"{why} The run is held{goes_on}; `uptake approve` with {question} lets it go on as it is."
            held = Decision(
                stage=whole_run(run.number),
                verdict="hold",
                state="held",
                rule=rule,
                why=text,
                evidence=evidence,
                question=question,
            )
            return [held], [], NEVER
        case "rollback":
            return _turn_back(plan, picture, run, fault)


def _turn_back(plan: Plan, picture: Picture, run: RunPicture, fault: Fault) -> Pass:
    stage, why, _, evidence = fault
    rule = "deploy.update.on_failure"
    before = release_before(picture, run)
    bad = Decision(stage=stage, verdict="rollback", state="unhealthy", rule=rule, why=why, evidence=evidence)
    if before is None:
        assert plan.deploy is not None
        touched = [name for _, hosts in changed_batches(plan.deploy, picture, run) for name in hosts]
        text = f"{why} A first run has nothing to go back to: it stops. Changed: {', '.join(sorted(touched))}."
        failed = Decision(
            stage=whole_run(run.number), verdict="hold", state="failed", rule=rule, why=text, evidence=evidence
        )
        return [bad, failed], [end_run(plan, picture, run)], NEVER
    decisions, actions, look = roll_back(plan, picture, run, now=Instant(0))
    return [bad, *decisions], actions, look


def roll_back(plan: Plan, picture: Picture, run: RunPicture, now: Instant) -> Pass:
    """The next act of the way back; the run ends rolled back, or failed with its hosts named."""
    assert plan.deploy is not None
    before = release_before(picture, run)
    assert before is not None
    changed = changed_batches(plan.deploy, picture, run)
    for ordinal, hosts in changed:
        stage = rollback_stage(run.number, ordinal)
        if picture.stage(stage).state in ("rolled back", "unhealthy"):
            continue
        return _batch_back(plan, picture, run, (stage, hosts, before.version), now)
    return _whole_back(plan, picture, run, before.version, [name for _, hosts in changed for name in hosts])


def answer_order(plan: Plan, picture: Picture, run: RunPicture, now: Instant) -> Pass | None:
    """What follows where a person or a rule ordered this run back; None where nobody did, or it is answered."""
    rule, word = ordered_back(picture, run), word_back(picture, run)
    whole = whole_run(run.number)
    answered = ("succeeded", "running") if word is None else ("succeeded", "running", "held")
    if not rule or gates.run_state(picture, run) not in answered:
        return None
    before = release_before(picture, run)
    if before is None:
        why = f"Run {run.number} of {run.version} has no release before it to go back to: the hosts keep it."
        state = gates.run_state(picture, run)
        return [Decision(stage=whole, verdict="hold", state=state, rule=rule, why=why)], [], NEVER
    decisions, actions, look = roll_back(plan, picture, run, now)
    whose = f"ordered by {word.said.who}" if word is not None else "by a rule"
    said = (Evidence(what=ROLLBACK, seen=word.said.who, source=f"entry {word.seq}"),) if word is not None else ()
    why = f"Run {run.number} of {run.version} is being taken back to {before.version}, {whose}."
    begun = Decision(stage=whole, verdict="rollback", state="running", rule=rule, why=why, evidence=said)
    return [begun, *decisions], actions, look


def _batch_back(
    plan: Plan, picture: Picture, run: RunPicture, batch: tuple[Stage, tuple[str, ...], str], now: Instant
) -> Pass:
    assert plan.deploy is not None
    stage, hosts, version = batch
    name = f"Batch {stage.ordinal - ROLLBACK_FROM + 1}"
    begun: list[Decision] = []
    if not picture.stage(stage).state:
        why = f"{name} of run {run.number} goes back from {run.version} to {version} on {', '.join(hosts)}."
        begun = [_back(stage, "running", why)]
    left, lost = hosts, list[Evidence]()
    for part, item in rollback_steps(plan.deploy):
        action = run_step(plan, stage, part, item, version=version, hosts=left)
        act = picture.acts.get(action.key)
        if act is None:
            return begun, [action], after(now, plan.deploy.update.progress_deadline, plan.timezone)
        if act.outcome is None:
            return [], [], NEVER
        failed = failed_on(act.outcome, left)
        lost += step_evidence(part, item, failed)
        left = tuple(name for name in left if name not in {one.target for one in failed})
        if not left:
            break
    judged = _judged_back(plan, picture, run, left, now)
    if judged is not None and judged.answer == "wait":
        return begun, [], judged.look_again
    sick = judged.at_fault if judged is not None and judged.answer == "fail" else ()
    well = tuple(name for name in left if name not in sick)
    seen = judged.evidence if judged is not None else ()
    if not lost and not sick:
        why = f"{name} is back on {version}: {len(hosts)} of {len(hosts)} healthy."
        return [_back(stage, "rolled back", why, seen)], [], Instant(now)
    gone = ", ".join(host for host in hosts if host not in left)
    parts = [f"{name} could not be taken back to {version} on {gone}"] if gone else []
    parts += [f"on {version} again but not healthy: {', '.join(sick)}"] if sick else []
    parts += [f"back and healthy: {', '.join(well)}"] if well else []
    return [_back(stage, "unhealthy", f"{'; '.join(parts)}.", (*lost, *seen))], [], Instant(now)


def _judged_back(
    plan: Plan, picture: Picture, run: RunPicture, hosts: tuple[str, ...], now: Instant
) -> gates.Judged | None:
    """The health gate of the hosts that could be taken back; None where there are none."""
    if not hosts:
        return None
    gate_from = max((gates.last_change(picture, host) for host in hosts), default=run.started_at)
    return gates.judge_batch(plan, picture, hosts, gate_from=gate_from, now=now)


def failed_on(outcome: Outcome, hosts: tuple[str, ...]) -> tuple[Failure, ...]:
    """The failures of a step on these hosts; on all of them where the outcome names none of them, or not every one."""
    if outcome.ok:
        return ()
    named = {failure.target: failure for failure in outcome.failures}
    whole = len(outcome.failures) >= FAILURES_MOST or not any(name in named for name in hosts)
    return tuple(
        named.get(name) or Failure(target=name, state="failed", lines=outcome.failures[0].lines if named else ())
        for name in hosts
        if whole or name in named
    )


def step_evidence(part: Part, item: int, failures: tuple[Failure, ...]) -> list[Evidence]:
    """What a failed step left on each host."""
    return [
        Evidence(
            what=f"{part} {item + 1} on {failure.target}",
            seen=failure.state
            + (f", exit {failure.exit_code}" if failure.exit_code is not None else "")
            + f": {failure.lines[-1] if failure.lines else 'no output'}",
            wanted="done",
            source=f"deploy.{part}.{item}",
        )
        for failure in failures
    ]


def _whole_back(plan: Plan, picture: Picture, run: RunPicture, version: str, hosts: list[str]) -> Pass:
    lost = [
        noted.decision.why
        for noted in picture.decisions
        if noted.decision.stage.half == "deploy"
        and (noted.decision.stage.run, noted.decision.state) == (run.number, "unhealthy")
        and noted.decision.stage.is_rollback
    ]
    whole = whole_run(run.number)
    if lost:
        why = f"Run {run.number} of {run.version} failed, and so did the way back to {version}. {' '.join(lost)}"
        return [_back(whole, "failed", why)], [end_run(plan, picture, run)], NEVER
    where = f"{', '.join(sorted(hosts))} on {version} again" if hosts else "it had changed no host"
    why = f"Run {run.number} of {run.version} was rolled back: {where}. Infrastructure and data were not undone."
    return [_back(whole, "rolled back", why)], [end_run(plan, picture, run)], NEVER


def _back(stage: Stage, state: str, why: str, evidence: tuple[Evidence, ...] = ()) -> Decision:
    return Decision(
        stage=stage, verdict="rollback", state=state, rule="deploy.update.on_failure", why=why, evidence=evidence
    )

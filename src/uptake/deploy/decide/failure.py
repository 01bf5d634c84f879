"""When a batch fails: roll back, hold, or exclude the hosts at fault and go on.

Roll back = on every host this run changed, newest batch first: the configuration steps run
again with the version before, then the health gate. Infrastructure and data are not undone.
A first run has nothing to go back to: it stops, its hosts named.
"""

from dataclasses import dataclass

from uptake.core.action import FAILURES_MOST, Action, Failure, Outcome, Part, RunStep
from uptake.core.decision import Decision, Evidence
from uptake.core.picture import Picture, RunPicture
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.time import NEVER, Instant, after
from uptake.deploy import gates
from uptake.deploy.steps import (
    ROLLBACK,
    Steps,
    changed_batches,
    end_run,
    item_name,
    ordered_back,
    plan_path,
    release_before,
    return_steps,
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
        case "exclude" if too_many(plan, run, at_fault):
            most = f"more than {plan.deploy.update.max_fail_percentage:.0%} of the hosts would be excluded"
            return turn_back(plan, picture, run, (stage, f"{why[:-1]}: {most}.", at_fault, evidence))
        case "exclude":
            text = f"{why} {', '.join(at_fault)} excluded; the others go on."
            out = Decision(
                stage=stage, verdict="adjust", state="running", rule=rule, why=text, evidence=evidence, targets=at_fault
            )
            return [out], [], NEVER
        case "hold":
            goes_on = " and goes on once the version is told" if plan.deploy.observed is not None else ""
            return hold_batch(run, (stage, f"{why} The run is held{goes_on};", at_fault, evidence), rule)
        case "rollback":
            return turn_back(plan, picture, run, fault)


def too_many(plan: Plan, run: RunPicture, at_fault: tuple[str, ...]) -> bool:
    """Whether excluding these hosts too is more than `deploy.update.max_fail_percentage`, or leaves none."""
    assert plan.deploy is not None
    out = len({*run.excluded, *at_fault} - run.left_out)
    return out > plan.deploy.update.max_fail_percentage * len(run.hosts) + 1e-9


def hold_batch(run: RunPicture, fault: Fault, rule: str) -> Pass:
    """The run waits for a person, who may let it go on as it is."""
    stage, why, _, evidence = fault
    question = question_of(run.number, stage)
    held = Decision(
        stage=whole_run(run.number),
        verdict="hold",
        state="held",
        rule=rule,
        why=f"{why} `uptake approve` with {question} lets it go on as it is.",
        evidence=evidence,
        question=question,
    )
    return [held], [], NEVER


def question_of(run: int, stage: Stage) -> str:
    """What a person is asked about a batch: may the run go on as it is."""
    return f"run-{run}-batch-{stage.ordinal + 1}"


def turn_back(plan: Plan, picture: Picture, run: RunPicture, fault: Fault) -> Pass:
    """The way back begins; a first run, which has none, stops."""
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
    done = _walk_back(plan, picture, batch, rollback_steps(plan.deploy))
    if done.asked is not None:
        return begun, [done.asked], after(now, plan.deploy.update.progress_deadline, plan.timezone)
    if done.waits:
        return [], [], NEVER
    judged = _judged_back(plan, picture, run, done.left, now)
    if judged is not None and judged.answer == "wait":
        return begun, [], judged.look_again
    sick = judged.at_fault if judged is not None and judged.answer == "fail" else ()
    served = tuple(name for name in done.left if name not in sick)
    back = _walk_back(plan, picture, (stage, served, version), return_steps(plan.deploy))
    if back.asked is not None:
        return begun, [back.asked], after(now, plan.deploy.update.progress_deadline, plan.timezone)
    if back.waits:
        return [], [], NEVER
    lost = [*done.lost, *back.lost]
    left = tuple(name for name in done.left if name in sick or name in back.left)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far some steps of the way back have come: the next one to ask for, or one that is waited for, or all done.

    `left` are the hosts on which they worked, `lost` the evidence of the others.
    """

    asked: RunStep | None = None
    waits: bool = False
    left: tuple[str, ...] = ()
    lost: tuple[Evidence, ...] = ()


def _walk_back(plan: Plan, picture: Picture, batch: tuple[Stage, tuple[str, ...], str], steps: Steps) -> Walk:
    """Go through steps of the way back. A host that could not be drained is taken back all the same."""
    assert plan.deploy is not None
    stage, left, version = batch
    lost: list[Evidence] = []
    for part, item in steps:
        if not left:
            break
        action = run_step(plan, stage, part, item, version=version, hosts=left)
        act = picture.acts.get(action.key)
        if act is None:
            return Walk(asked=action)
        if act.outcome is None:
            return Walk(waits=True)
        failed = failed_on(act.outcome, left) if part != "before_host" else ()
        lost += step_evidence(part, item, failed)
        left = tuple(name for name in left if name not in {one.target for one in failed})
    return Walk(left=left, lost=tuple(lost))


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
            what=f"{item_name(part, item)} on {failure.target}",
            seen=failure.state
            + (f", exit {failure.exit_code}" if failure.exit_code is not None else "")
            + f": {failure.lines[-1] if failure.lines else 'no output'}",
            wanted="done",
            source=plan_path(part, item),
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

"""What the deploy half decides at one tick: the next step, a gate's verdict, the way back.

`decide` is pure and total. One run at a time: batches in order, each steps, health gate,
tests; on failure roll back, hold or exclude. When no run is under way it says whether the
half is deployed. The loop appends only what is new, so every call may state everything.
"""

from dataclasses import replace

from uptake.core.action import Action, Outcome, RunStep
from uptake.core.decision import Decision, Evidence, Verdict, Verdicts
from uptake.core.picture import Picture, RunPicture
from uptake.core.stage import Stage
from uptake.core.time import NEVER, Instant, after
from uptake.core.words import count, moment
from uptake.deploy import gates
from uptake.deploy.decide.failure import (
    answer_order,
    fail_batch,
    hold_batch,
    question_of,
    roll_back,
    step_evidence,
    turn_back,
)
from uptake.deploy.steps import Steps, batch_steps, end_run, gate_steps, item_name, plan_path, run_step, runs_once
from uptake.deploy.targets import HALF, batch_name, batches, whole_run
from uptake.plan.freeze import frozen
from uptake.plan.model import Plan

ENDED = ("succeeded", "failed", "rolled back")
"""States of a run in which nothing more is asked for it."""

Pass = tuple[list[Decision], list[Action], Instant]


def decide(plan: Plan, picture: Picture, now: Instant) -> Verdicts:
    """Decide the deploy half.

    Args:
        plan: the plan of the ledger's revision.
        picture: the fold up to this tick's `Observed`.
        now: that entry's `now`.
    """
    run = picture.run
    if plan.deploy is None or run is None:
        return Verdicts(decisions=(), actions=(), look_again=NEVER)
    overtaken = _overtaken(plan, picture, run)
    if overtaken is not None:
        return Verdicts(decisions=(overtaken,), actions=(), look_again=now)
    state = gates.run_state(picture, run)
    going_back = any(
        stage.is_rollback and stage.run == run.number for stage in picture.stages if stage.half == "deploy"
    )
    order = None if going_back or picture.hold("deploy") else answer_order(plan, picture, run, now)
    if order is not None and order[1]:
        return Verdicts(decisions=tuple(order[0]), actions=tuple(order[1]), look_again=order[2])
    if state in ENDED:
        decisions, look = _half(plan, picture, run, now)
        return Verdicts(decisions=(*(order[0] if order else ()), *decisions), actions=(), look_again=look)
    if state == "interrupted":
        return Verdicts(decisions=(), actions=(), look_again=NEVER)
    held = picture.hold("deploy")
    if held is not None:
        return Verdicts(decisions=(_held(run, held.said.who, held.seq),), actions=(), look_again=NEVER)
    cut_short = _interrupted(picture, run)
    if cut_short is not None:
        return Verdicts(decisions=(cut_short,), actions=(), look_again=NEVER)
    decisions, actions, look = roll_back(plan, picture, run, now) if going_back else _forward(plan, picture, run, now)
    if plan.deploy.observed is not None:
        decisions = [_of_others(decision) for decision in decisions]
    if picture.stage(HALF).state == "deployed":
        seen = Evidence(what=f"run {run.number} of {run.version}", seen=state, source=f"entry {run.seq}")
        decisions.append(_said_of_half("hold", "not deployed", f"Run {run.number} is under way.", (seen,)))
    if state == "held" and not going_back and not any(d.stage == whole_run(run.number) for d in decisions):
        decisions.insert(0, _goes_on(run))
    return Verdicts(decisions=tuple(decisions), actions=tuple(actions), look_again=look)


def _of_others(decision: Decision) -> Decision:
    """A decision on a run that others do: what it stands on in the plan is `deploy.observed`."""
    return replace(decision, rule="deploy.observed") if decision.rule.startswith("deploy.") else decision


def _overtaken(plan: Plan, picture: Picture, run: RunPicture) -> Decision | None:
    """The end of an earlier run of others that waited for a version when another one came."""
    assert plan.deploy is not None
    for earlier in picture.runs[:-1] if plan.deploy.observed is not None else ():
        if gates.run_state(picture, earlier) not in ENDED:
            why = f"run {run.number} of {run.version} overtook it, and {earlier.version} was not told before"
            return _failed_run(earlier, why)
    return None


def _forward(plan: Plan, picture: Picture, run: RunPicture, now: Instant) -> Pass:
    assert plan.deploy is not None
    cut = batches(plan.deploy, run.hosts)
    canary = plan.deploy.update.canary > 0
    for ordinal, all_hosts in enumerate(cut):
        stage = Stage(half="deploy", run=run.number, ordinal=ordinal)
        hosts = tuple(name for name in all_hosts if name not in run.excluded)
        if picture.stage(stage).state == "healthy" or (not hosts and len(run.excluded) < len(run.hosts)):
            continue
        if not hosts:
            return [_failed_run(run, "every host of the run is excluded")], [end_run(plan, picture, run)], NEVER
        waits = _frozen(plan, picture, stage, now) or _unpromoted(plan, picture, stage)
        if waits is not None:
            return [waits[0]], [], waits[1]
        begin = _may_begin(plan, picture, stage, now)
        if begin > now:
            return [], [], begin
        name = batch_name(ordinal, of=len(cut), canary=canary)
        return _batch(plan, picture, run, (stage, name, hosts), now)
    return [_succeeded(picture, run)], [end_run(plan, picture, run)], NEVER


def _frozen(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> tuple[Decision, Instant] | None:
    """A batch that has not begun waits for the end of a freeze, unless a person lets the run go on."""
    assert plan.deploy is not None
    question = f"freeze-run-{stage.run}"
    freeze = frozen(plan.deploy.freeze, now, plan.timezone)
    if freeze is None or picture.stage(stage).state or question in picture.approved:
        return None
    until = moment(freeze.until, plan.timezone) + (f" ({freeze.why})" if freeze.why else "")
    why = f"Run {stage.run} waits: nothing is deployed before {until}; `uptake approve` {question} lets it go on."
    rule = f"deploy.freeze.{freeze.item}"
    held = Decision(stage=whole_run(stage.run), verdict="hold", state="held", rule=rule, why=why, question=question)
    return held, freeze.until


def _unpromoted(plan: Plan, picture: Picture, stage: Stage) -> tuple[Decision, Instant] | None:
    """The batch after the canary waits for a person where the plan says so."""
    assert plan.deploy is not None
    update, question = plan.deploy.update, f"canary-run-{stage.run}"
    if update.auto_promote or not update.canary or stage.ordinal != 1 or question in picture.approved:
        return None
    if picture.stage(stage).state:
        return None
    why = f"The canary of run {stage.run} passed its gate; `uptake approve` {question} lets the others follow."
    rule = "deploy.update.auto_promote"
    held = Decision(stage=whole_run(stage.run), verdict="hold", state="held", rule=rule, why=why, question=question)
    return held, NEVER


def _may_begin(plan: Plan, picture: Picture, stage: Stage, now: Instant) -> Instant:
    """A batch begins `stagger` after the one before passed."""
    assert plan.deploy is not None
    if stage.ordinal == 0 or picture.stage(stage).state:
        return now
    before = Stage(half="deploy", run=stage.run, ordinal=stage.ordinal - 1)
    return after(picture.stage(before).since, plan.deploy.update.stagger, plan.timezone)


def _batch(
    plan: Plan, picture: Picture, run: RunPicture, batch: tuple[Stage, str, tuple[str, ...]], now: Instant
) -> Pass:
    """Steps, then the health gate, then tests; the first thing that is missing is what is asked."""
    assert plan.deploy is not None
    stage, name, hosts = batch
    decisions = (
        [
            Decision(
                stage=stage,
                verdict="advance",
                state="running",
                rule="deploy.update",
                why=f"Run {run.number} of {run.version} begins {name} on {', '.join(hosts)}.",
            )
        ]
        if not picture.stage(stage).state
        else []
    )
    if not picture.stage(whole_run(run.number)).state:
        decisions.insert(0, _begins(plan, run))
    asked = _next_step(plan, picture, batch, batch_steps(plan.deploy), run, now)
    if asked is not None:
        return decisions + asked[0], asked[1], asked[2]
    gate_from = max((gates.last_change(picture, host) for host in hosts), default=run.started_at)
    judged = gates.judge_batch(plan, picture, hosts, gate_from=max(gate_from, run.started_at), now=now)
    approved = question_of(run.number, stage) in picture.approved
    if judged.answer == "fail" and not approved:
        why = f"{name.capitalize()} was not healthy within {plan.deploy.update.health.healthy_deadline}."
        return fail_batch(plan, picture, run, (stage, why, judged.at_fault, judged.evidence))
    if judged.answer == "wait" and not approved:
        return decisions, [], judged.look_again
    asked = _next_step(plan, picture, batch, gate_steps(plan.deploy), run, now)
    if asked is not None:
        return decisions + asked[0], asked[1], asked[2]
    passed = Decision(
        stage=stage,
        verdict="advance",
        state="healthy",
        rule="deploy.update.health",
        why=f"{name.capitalize()} passed its gate: {len(hosts)} of {len(hosts)} healthy on {run.version}"
        + (f", {count(len(plan.deploy.tests), 'test')} passed." if plan.deploy.tests else "."),
        evidence=(*judged.evidence, *_measured(plan, picture, run, batch)),
    )
    return [*decisions, passed], [], Instant(now)


def _next_step(
    plan: Plan,
    picture: Picture,
    batch: tuple[Stage, str, tuple[str, ...]],
    steps: Steps,
    run: RunPicture,
    now: Instant,
) -> Pass | None:
    """The first step not done yet: asked for, waited for, or failed; None when all are done."""
    assert plan.deploy is not None
    stage, name, hosts = batch
    for part, item in steps:
        action = run_step(plan, stage, part, item, version=run.version, hosts=hosts)
        act = picture.acts.get(action.key)
        if act is None:
            return [], [action], after(now, plan.deploy.update.progress_deadline, plan.timezone)
        if act.outcome is None:
            analysis = plan.deploy.update.analysis
            lasts_s = analysis.lasts_s if part == "analysis" and analysis is not None else 0
            since = Instant(act.asked_at + round(1000 * lasts_s))
            deadline = after(since, plan.deploy.update.progress_deadline, plan.timezone)
            if now < deadline:
                return [], [], deadline
            late = Evidence(
                what=item_name(part, item),
                seen="not ended",
                wanted=f"progress within {plan.deploy.update.progress_deadline}",
            )
            return fail_batch(plan, picture, run, (stage, f"{name.capitalize()} made no progress.", hosts, (late,)))
        if act.outcome.ok or question_of(run.number, act.action.stage) in picture.approved:
            continue
        if part == "analysis":
            return _ill(plan, picture, run, batch, act.outcome)
        once = runs_once(plan.deploy, part, item)
        left = [failure for failure in act.outcome.failures if failure.target in hosts or once]
        if left:
            evidence = tuple(step_evidence(part, item, tuple(left)))
            hosts_failed = tuple(f.target for f in left)
            why = f"{name.capitalize()}: {item_name(part, item)} failed on {', '.join(hosts_failed)}."
            if once and plan.deploy.update.on_failure == "exclude":
                why += " It runs once, so that no other host can do without it; the run is held:"
                return hold_batch(run, (stage, why, hosts_failed, evidence), plan_path(part, item))
            return fail_batch(plan, picture, run, (stage, why, hosts_failed, evidence))
    return None


def _ill(
    plan: Plan, picture: Picture, run: RunPicture, batch: tuple[Stage, str, tuple[str, ...]], seen: Outcome
) -> Pass:
    """What follows from an analysis that was no success: it speaks of the version, so no host is excluded for it."""
    assert plan.deploy is not None
    stage, name, hosts = batch
    rule = "deploy.update.analysis"
    evidence = tuple(
        Evidence(what=f"metric {one.target}", seen="; ".join(one.lines), wanted="success", source=rule)
        for one in seen.failures
    )
    bad = [one.target for one in seen.failures if one.state == "failure"]
    if not bad:
        unsure = ", ".join(one.target for one in seen.failures)
        why = f"{name.capitalize()}: the analysis of {unsure} was inconclusive. The run is held:"
        return hold_batch(run, (stage, why, hosts, evidence), rule)
    why = f"{name.capitalize()}: the analysis found {', '.join(bad)} failing."
    fault = (stage, why, hosts, evidence)
    if plan.deploy.update.on_failure == "exclude":
        return turn_back(plan, picture, run, fault)
    return fail_batch(plan, picture, run, fault)


def _measured(
    plan: Plan, picture: Picture, run: RunPicture, batch: tuple[Stage, str, tuple[str, ...]]
) -> tuple[Evidence, ...]:
    """What the analysis of a batch measured, where there was one."""
    act = picture.acts.get(run_step(plan, batch[0], "analysis", 0, version=run.version, hosts=batch[2]).key)
    lines = act.outcome.lines if act is not None and act.outcome is not None else ()
    return tuple(Evidence(what="analysis", seen=line, source="deploy.update.analysis") for line in lines)


def _half(plan: Plan, picture: Picture, run: RunPicture, now: Instant) -> tuple[tuple[Decision, ...], Instant]:
    """Deployed, or why not; while probes know nothing yet the last word stands."""
    hosts = tuple(host for host in run.hosts if host.name not in run.excluded)
    state = gates.run_state(picture, run)
    seen = {host.name: picture.host(host.name).state for host in hosts}
    if plan.deploy is not None and plan.deploy.update.health.checks and "unknown" in seen.values():
        return (), NEVER
    not_ready, look = gates.on_hosts(plan, picture, hosts, now)
    sick = [name for name in not_ready if seen[name] != "healthy"]
    healthy = len(hosts) - len(not_ready)
    excluded = f", {len(run.excluded)} excluded" if run.excluded else ""
    name = f"run {run.number} of {run.version}"
    evidence = (Evidence(what=name, seen=state, wanted="succeeded", source=f"entry {run.seq}"),)
    if state == "succeeded" and not not_ready:
        why = f"Deployed: {healthy} of {len(run.hosts)} healthy on {run.version}{excluded}."
        return (_said_of_half("advance", "deployed", why, evidence),), look
    if state == "succeeded" and not sick:
        return (), look
    evidence += tuple(gates.host_evidence(picture, name) for name in sick)
    health = f"{healthy} of {len(run.hosts)} healthy{excluded}"
    why = f"Not deployed: run {run.number} of {run.version} {_ended(state)}; {health}."
    return (_said_of_half("hold", "not deployed", why, evidence),), look


def _said_of_half(verdict: Verdict, state: str, why: str, evidence: tuple[Evidence, ...]) -> Decision:
    return Decision(stage=HALF, verdict=verdict, state=state, rule="deploy", why=why, evidence=evidence)


def _ended(state: str) -> str:
    return {"succeeded": "succeeded", "failed": "failed", "rolled back": "was rolled back"}[state]


def _begins(plan: Plan, run: RunPicture) -> Decision:
    assert plan.deploy is not None
    cut = count(len(batches(plan.deploy, run.hosts)), "batch", "batches")
    observed = plan.deploy.observed
    why = f"Run {run.number} waits for {plan.deploy.service} {run.version}, which others deploy."
    if observed is None:
        hosts = count(len(run.hosts), "host")
        only = f"; {', '.join(sorted(run.left_out))} left out" if run.left_out else ""
        why = f"Run {run.number} deploys {plan.deploy.service} {run.version} to {hosts} in {cut}{only}."
    return Decision(stage=whole_run(run.number), verdict="advance", state="running", rule="deploy", why=why)


def _goes_on(run: RunPicture) -> Decision:
    return Decision(
        stage=whole_run(run.number),
        verdict="advance",
        state="running",
        rule="resume",
        why=f"Run {run.number} of {run.version} goes on.",
    )


def _held(run: RunPicture, who: str, seq: int) -> Decision:
    return Decision(
        stage=whole_run(run.number),
        verdict="hold",
        state="held",
        rule="hold",
        why=f"Run {run.number} of {run.version} is held by {who}; `uptake resume` lets it go on.",
        evidence=(Evidence(what="hold", seen=who, source=f"entry {seq}"),),
    )


def _interrupted(picture: Picture, run: RunPicture) -> Decision | None:
    cut_short = any(
        act.outcome is not None and act.outcome.interrupted
        for act in picture.acts.values()
        if isinstance(act.action, RunStep) and act.action.stage.run == run.number
    )
    if not cut_short:
        return None
    why = f"Run {run.number} of {run.version} was interrupted; the same command goes on from where it stopped."
    return Decision(stage=whole_run(run.number), verdict="hold", state="interrupted", rule="deploy", why=why)


def _failed_run(run: RunPicture, reason: str) -> Decision:
    return Decision(
        stage=whole_run(run.number),
        verdict="hold",
        state="failed",
        rule="deploy.update.on_failure",
        why=f"Run {run.number} of {run.version} failed: {reason}.",
    )


def _succeeded(picture: Picture, run: RunPicture) -> Decision:
    hosts = [host.name for host in run.hosts if host.name not in run.excluded]
    excluded = f" {', '.join(sorted(run.excluded))} excluded." if run.excluded else ""
    return Decision(
        stage=whole_run(run.number),
        verdict="advance",
        state="succeeded",
        rule="deploy",
        why=f"Run {run.number} succeeded: {len(hosts)} of {len(run.hosts)} hosts on {run.version}.{excluded}",
        evidence=tuple(gates.host_evidence(picture, name) for name in hosts),
    )

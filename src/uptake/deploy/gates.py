"""The health gate of a batch, and whether the half is deployed.

A host is healthy when all its checks pass without a break for `min_healthy_time`, counted
from the last step that changed it: a restart too quick for a probe to notice must not pass
on health from before it. Nothing here asks a host; it reads what probes reported.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.action import CHANGES, RunStep
from uptake.core.decision import Evidence, Ground
from uptake.core.picture import Picture, RunPicture
from uptake.core.stage import HostFact, WaveFact
from uptake.core.time import NEVER, Instant, after
from uptake.deploy.targets import whole_run
from uptake.plan.model import Plan, Update


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A gate's answer: passed, failed or not yet; the evidence; the hosts at fault; when to look again."""

    answer: Literal["pass", "fail", "wait"]
    evidence: tuple[Evidence, ...]
    at_fault: tuple[str, ...] = ()
    look_again: Instant


def judge_batch(plan: Plan, picture: Picture, hosts: tuple[str, ...], *, gate_from: Instant, now: Instant) -> Judged:
    """Judge a batch's health.

    Args:
        plan: with a deploy half.
        picture: what is known.
        hosts: the batch's hosts, excluded ones left out.
        gate_from: when its last step ended.
        now: the instant of the judgement.

    Past the deadline nothing is judged before its first look: who was away meanwhile has not seen the hosts yet.
    """
    assert plan.deploy is not None
    update = plan.deploy.update
    if not update.health.checks:
        note = Evidence(what="health", seen="no health check in this plan", source="deploy.update.health")
        return Judged(answer="pass", evidence=(note,), look_again=now)
    ready = {name: healthy_from(plan, picture, name, gate_from) for name in hosts}
    evidence = tuple(host_evidence(picture, name) for name in hosts)
    waiting = [name for name, moment in ready.items() if moment is None or moment > now]
    if not waiting:
        return Judged(answer="pass", evidence=evidence, look_again=now)
    deadline = after(gate_from, update.health.healthy_deadline, plan.timezone)
    due = [moment for moment in ready.values() if moment is not None and moment > now]
    if now < deadline:
        return Judged(answer="wait", evidence=evidence, look_again=min([*due, deadline]))
    unseen = any(picture.host(name).state == "unknown" for name in waiting)
    if not unseen and any(ready[name] is None for name in waiting):
        return Judged(answer="fail", evidence=evidence, at_fault=tuple(waiting), look_again=now)
    first_look = Instant(now + round(1000 * max(update.health.timeout.approx_s, 1)))
    return Judged(answer="wait", evidence=evidence, look_again=min([*due, first_look]))


def healthy_from(plan: Plan, picture: Picture, host: str, gate_from: Instant) -> Instant | None:
    """When the host has been (or will have been) healthy long enough; None while it is not healthy.

    A plan without health checks has nothing to wait for: its steps are all that is known.
    """
    assert plan.deploy is not None
    seen = picture.host(host)
    if not plan.deploy.update.health.checks:
        return gate_from
    if seen.state != "healthy":
        return None
    return Instant(max(int(seen.since), int(gate_from)) + settle_ms(plan.deploy.update))


def settle_ms(update: Update) -> int:
    """`min_healthy_time`, but never so short that no probe falls into it."""
    health = update.health
    shortest = health.interval.approx_s + health.timeout.approx_s
    return round(1000 * max(health.min_healthy_time.approx_s, shortest))


def host_evidence(picture: Picture, host: str) -> Evidence:
    """A host's health as evidence, with the failing check's words."""
    seen = picture.host(host)
    words = seen.state + (f": {seen.detail}" if seen.detail else "")
    return Evidence(what=f"health of {host}", seen=words, wanted="healthy", source="probe")


def last_change(picture: Picture, host: str) -> Instant:
    """When the last step that changed a host ended; 0 if none did."""
    ended = [
        act.ended_at
        for act in picture.acts.values()
        if isinstance(act.action, RunStep) and act.ended_at and host in act.action.hosts and act.action.part in CHANGES
    ]
    return max(ended, default=Instant(0))


def on_hosts(plan: Plan, picture: Picture, hosts: tuple[HostFact, ...], now: Instant) -> tuple[list[str], Instant]:
    """Which of these hosts are not healthy for long enough now, and when the first of the others will be."""
    not_ready: list[str] = []
    soonest: list[Instant] = []
    for host in hosts:
        moment = healthy_from(plan, picture, host.name, last_change(picture, host.name))
        if moment is None or moment > now:
            not_ready.append(host.name)
            soonest += [moment] if moment is not None else []
    return not_ready, min(soonest, default=Instant(now + 86_400_000))


def run_state(picture: Picture, run: RunPicture) -> str:
    """The run's state word; running until something else was decided."""
    return picture.stage(whole_run(run.number)).state or "running"


def ground(plan: Plan, picture: Picture, wave: WaveFact, now: Instant) -> Ground:
    """Whether a wave may open on the hosts: the latest run has succeeded or was rolled back, and every host that
    serves any of its people is healthy. Excluded hosts block the waves they serve.

    Args:
        plan: the plan; without a deploy half there is nothing to wait for.
        picture: what is known.
        wave: whose people are to be let in.
        now: the instant of the judgement.
    """
    if plan.deploy is None:
        return Ground(ready=True, look_again=NEVER)
    run = picture.run
    if run is None:
        none = Evidence(what="run", seen="none yet", wanted="succeeded", source="ledger")
        return Ground(ready=False, why="nothing has been deployed yet", evidence=(none,), look_again=NEVER)
    state = run_state(picture, run)
    cited = Evidence(
        what=f"run {run.number} of {run.version}",
        seen=state,
        wanted="succeeded or rolled back",
        source=f"entry {run.seq}",
    )
    serving = tuple(host for host in run.hosts if not host.serves or not wave.serves or host.serves in wave.serves)
    gone = [host.name for host in serving if host.name in run.excluded]
    not_ready, look = on_hosts(plan, picture, serving, now)
    sick = [name for name in not_ready if picture.host(name).state != "healthy"]
    probes = tuple(host_evidence(picture, name) for name in sick)
    if state not in ("succeeded", "rolled back"):
        why = f"run {run.number} of {run.version} is {state}"
        why += f" and {', '.join(sick)} is not healthy" if sick else ""
        return Ground(ready=False, why=why, evidence=(cited, *probes), look_again=look)
    if gone or sick:
        why = " and ".join(
            part
            for part in (
                f"{', '.join(sick)} is not healthy" if sick else "",
                f"{', '.join(gone)} is excluded" if gone else "",
            )
            if part
        )
        return Ground(ready=False, why=why, evidence=(cited, *probes), look_again=look)
    if not_ready:
        words = f"{', '.join(not_ready)} has not been healthy for {plan.deploy.update.health.min_healthy_time} yet"
        return Ground(ready=False, why=words, evidence=(cited,), look_again=look)
    return Ground(ready=True, evidence=(cited,), look_again=NEVER)

"""The latest deploy run in figures: its state, host-steps done and left, pace, who is healthy, deployed or not.

Everything is read from the picture with the deploy half's own rules, so that a screen cannot
say "deployed" where the half does not. No text for screens is made here.
"""

from dataclasses import dataclass
from functools import cached_property

from uptake.core.action import FAILURES_MOST, PARTS, Part, RunStep
from uptake.core.entry import HostSeen
from uptake.core.picture import Act, Noted, Picture, RunPicture
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.time import Instant
from uptake.deploy import gates
from uptake.deploy.steps import batch_steps, gate_steps, run_step, runs_once
from uptake.deploy.targets import HALF, batch_name, batches, whole_run
from uptake.plan.model import Deploy, Plan
from uptake.report.versions import versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Host-steps of a part: done, failed, wanted, and the last entry that says so."""

    done: int = 0
    failed: int = 0
    wanted: int = 0
    seq: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            done=self.done + other.done,
            failed=self.failed + other.failed,
            wanted=self.wanted + other.wanted,
            seq=max(self.seq, other.seq),
        )


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run as the picture knows it."""

    plan: Plan
    picture: Picture
    now: Instant
    run: RunPicture

    @property
    def deploy(self) -> Deploy:
        """The plan's deploy half."""
        assert self.plan.deploy is not None
        return self.plan.deploy

    @property
    def number(self) -> int:
        """The run's number, from 1."""
        return self.run.number

    @property
    def state(self) -> str:
        """The run's state word."""
        return gates.run_state(self.picture, self.run)

    @property
    def stage(self) -> Stage:
        """The stage that stands for the whole run."""
        return whole_run(self.run.number)

    @cached_property
    def batches(self) -> tuple[tuple[str, ...], ...]:
        """Host names, batch by batch."""
        return batches(self.deploy, self.run.hosts)

    @cached_property
    def batch_of(self) -> dict[str, int]:
        """The ordinal of each host's batch."""
        return {name: ordinal for ordinal, names in enumerate(self.batches) for name in names}

    def batch_name(self, ordinal: int) -> str:
        """A batch's name for people."""
        return batch_name(ordinal, of=len(self.batches), canary=self.deploy.update.canary > 0)

    def place(self, stage: Stage) -> str:
        """A batch's name, on the way forth or back."""
        name = self.batch_name(stage.ordinal % ROLLBACK_FROM)
        return f"roll back of {name}" if stage.is_rollback else name

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The hosts that are not excluded, in inventory order."""
        return tuple(host.name for host in self.run.hosts if host.name not in self.run.excluded)

    @cached_property
    def seen(self) -> dict[str, HostSeen]:
        """What the probes last said of each host; unknown where they said nothing."""
        said = {seen.name: seen for seen in self.picture.observed.hosts}
        nothing = Instant(0)
        return {
            host.name: said.get(host.name) or HostSeen(name=host.name, state="unknown", since=nothing)
            for host in self.run.hosts
        }

    @property
    def healthy(self) -> tuple[str, ...]:
        """Hosts, not excluded, that their probes last called healthy."""
        return tuple(name for name in self.names if self.seen[name].state == "healthy")

    @property
    def sick(self) -> tuple[str, ...]:
        """Hosts, not excluded, that their probes last called unhealthy."""
        return tuple(name for name in self.names if self.seen[name].state == "unhealthy")

    @property
    def unseen(self) -> tuple[str, ...]:
        """Hosts, not excluded, of which the probes know nothing now."""
        return tuple(name for name in self.names if self.seen[name].state == "unknown")

    @cached_property
    def versions(self) -> dict[str, str]:
        """The version that each host is on, from all runs and roll backs in the ledger."""
        return versions(self.deploy, self.picture)

    @property
    def on_one_version(self) -> bool:
        """Whether every host that is not excluded is wholly on this run's version."""
        return all(self.versions.get(name, self.run.version) == self.run.version for name in self.names)

    @cached_property
    def tallies(self) -> dict[Part, Tally]:
        """Host-steps of each part over all batches, tests included; an analysis is no step on a host."""
        found: dict[Part, Tally] = {part: Tally() for part in PARTS}
        for ordinal, hosts in enumerate(self.batches):
            inside = tuple(name for name in hosts if name not in self.run.excluded)
            stage = Stage(half="deploy", run=self.run.number, ordinal=ordinal)
            for part, item in (*batch_steps(self.deploy), *gate_steps(self.deploy)):
                once = runs_once(self.deploy, part, item)
                if part == "analysis" or (once and ordinal > 0):
                    continue
                key = run_step(self.plan, stage, part, item, version=self.run.version, hosts=hosts).key
                found[part] += self._tally(self.picture.acts.get(key), inside[:1] if once else inside)
        return found

    @cached_property
    def total(self) -> Tally:
        """All host-steps."""
        return sum(self.tallies.values(), start=Tally())

    @property
    def first_batch_passed(self) -> bool:
        """Whether any batch is through, so that there is a pace."""
        first = Stage(half="deploy", run=self.run.number, ordinal=0)
        return "healthy" in self.picture.stage(first).first

    @cached_property
    def left_ms(self) -> float | None:
        """Remaining host-steps x median of those done; a step's time is shared by the hosts it ran on side by side.

        None before the first batch is through, and where the run is not under way.
        """
        took = sorted(
            (act.ended_at - act.asked_at) / len(act.action.hosts)
            for act in self.acts
            if isinstance(act.action, RunStep)
            and act.outcome is not None
            and act.ended_at
            and act.outcome.ok
            and act.action.part != "analysis"
            for _ in act.action.hosts
        )
        if self.state != "running" or not took or not self.first_batch_passed or self.going_back:
            return None
        middle = len(took) // 2
        median = took[middle] if len(took) % 2 else (took[middle - 1] + took[middle]) / 2
        return (self.total.wanted - self.total.done) * median

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """The step actions of this run, in the ledger's order."""
        return tuple(
            act
            for act in self.picture.acts.values()
            if isinstance(act.action, RunStep) and act.action.stage.run == self.run.number
        )

    @property
    def going_back(self) -> bool:
        """Whether any batch of this run is being, or was, taken back."""
        stages = self.picture.stages
        return any(s.half == "deploy" and s.run == self.run.number and s.is_rollback for s in stages)

    @property
    def ended_at(self) -> Instant | None:
        """When the run succeeded, failed or was rolled back."""
        first = self.picture.stage(self.stage).first
        return next((first[word] for word in ("rolled back", "failed", "succeeded") if word in first), None)

    @cached_property
    def deployed(self) -> Noted | None:
        """The decision that the half is deployed, while it holds.

        This run succeeded, every host that is not excluded is on its version, and none of them is known to be
        unhealthy or not healthy for long enough. A host unseen since a start keeps it.
        """
        noted = next((n for n in reversed(self.picture.decisions) if n.decision.stage == HALF), None)
        if noted is None or noted.decision.state != "deployed" or noted.seq < self.run.seq or self.state != "succeeded":
            return None
        if not self.on_one_version:
            return None
        hosts = tuple(host for host in self.run.hosts if host.name in self.names)
        not_ready, _ = gates.on_hosts(self.plan, self.picture, hosts, self.now)
        return None if set(not_ready) - set(self.unseen) else noted

    def _tally(self, act: Act | None, hosts: tuple[str, ...]) -> Tally:
        if act is None:
            return Tally(wanted=len(hosts))
        if act.outcome is None or act.outcome.interrupted:
            seen = next((s for s in self.picture.observed.steps if s.key == act.action.key), None)
            return Tally(done=min(seen.done, len(hosts)) if seen else 0, wanted=len(hosts), seq=act.seq)
        if act.outcome.ok:
            return Tally(done=len(hosts), wanted=len(hosts), seq=act.seq)
        bad = {failure.target for failure in act.outcome.failures}
        failed = sum(name in bad for name in hosts)
        if len(act.outcome.failures) >= FAILURES_MOST:
            failed = max(failed, len(hosts) - act.outcome.counts.get("done", 0))
        return Tally(done=len(hosts) - failed, failed=failed, wanted=len(hosts), seq=act.seq)


def latest_of(plan: Plan, picture: Picture, now: Instant) -> Run | None:
    """The latest run, None before the first or without a deploy half."""
    if plan.deploy is None or picture.run is None:
        return None
    return Run(plan=plan, picture=picture, now=now, run=picture.run)

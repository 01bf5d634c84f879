"""What stands behind each phrase of the deploy column: from the latest run, the probes and the plan.

One function per phrase; None means that nothing stands there, and the board says so. No text of
the comparison is here: `comparison` holds the phrases.
"""

from collections.abc import Callable
from dataclasses import replace

from uptake.core.action import Announce, Notify, Part
from uptake.core.entry import Said
from uptake.core.time import Instant, parse_instant
from uptake.core.words import count
from uptake.deploy.steps import batch_steps
from uptake.deploy.targets import parallel, whole_run
from uptake.report.board import Mark
from uptake.report.known import Found, Known
from uptake.report.run import Run, Tally
from uptake.report.tasks import tasks_found
from uptake.report.words import length, listed, of

Behind = Callable[[Known, Run | None], Found | None]


def definition(known: Known, run: Run | None) -> Found | None:
    """The service, its version and where it goes."""
    deploy = known.deploy
    version = run.run.version if run is not None else deploy.version
    value = f"{deploy.service} {version} into {deploy.environment}"
    return Found(value=value, source=known.entry(run.run.seq) if run is not None else known.line("deploy.version"))


def positioned(known: Known, run: Run | None) -> Found | None:
    """The hosts that carry this version wholly."""
    if run is None or not (run.total.wanted or known.deploy.observed):
        return None
    there = sum(run.versions.get(name) == run.run.version for name in run.names)
    mark: Mark = "ok" if there == len(run.names) else "going" if run.ended_at is None else "warn"
    value = f"{run.run.version} on {of(there, len(run.names), 'host')}"
    return Found(value=value, source=known.entry(run.total.seq or run.run.seq), mark=mark)


def scope(known: Known, run: Run | None) -> Found | None:
    """Hosts, batches and steps."""
    deploy = known.deploy
    steps = count(len(batch_steps(deploy)), "step")
    tests = count(len(deploy.tests), "test")
    if deploy.observed is not None:
        return Found(value=f"deployed by others, told at {deploy.observed.http}", source=known.line("deploy.observed"))
    if run is None:
        where = deploy.hosts.inventory or f"a list of {len(deploy.hosts.list_)}"
        return Found(value=f"hosts of {where}, {steps}, {tests}", source=known.line("deploy.hosts"))
    batches = count(len(run.batches), "batch", "batches")
    value = f"{count(len(run.run.hosts), 'host')} in {batches}, {steps}, {tests}"
    return Found(value=value, source=known.entry(run.run.seq))


def timing(known: Known, run: Run | None) -> Found | None:
    """When the latest run began and ended."""
    if run is None:
        return Found(value="not begun", source=known.line("deploy"), mark="waiting")
    begun = known.at(run.run.started_at)
    if run.ended_at is None:
        return Found(
            value=f"run {run.number} since {begun}, {run.state}", source=known.entry(run.run.seq), mark="going"
        )
    source = known.decided(run.stage) or known.entry(run.run.seq)
    return Found(value=f"run {run.number}: {begun} to {known.at(run.ended_at)}, {run.state}", source=source)


def focus(known: Known, run: Run | None) -> Found | None:
    """Health as the probes see it, and the checks that they ask."""
    healthy = _healthy(known, run)
    checks = known.deploy.update.health.checks
    if healthy is None or not checks:
        return healthy
    every = known.deploy.update.health.interval
    return replace(healthy, value=f"{healthy.value}, by {count(len(checks), 'check')} every {every}")


def infrastructure(known: Known, run: Run | None) -> Found | None:
    """Host-steps of infrastructure."""
    return _part(known, run, "infrastructure", "step")


def configuration(known: Known, run: Run | None) -> Found | None:
    """Host-steps of configuration."""
    return _part(known, run, "configuration", "step")


def tests(known: Known, run: Run | None) -> Found | None:
    """Tests that passed, host by host."""
    return _part(known, run, "tests", "test")


def timeline(known: Known, run: Run | None) -> Found | None:
    """How far the run is, or how long it took."""
    if run is None:
        return None
    total = run.total
    source = known.entry(max(total.seq, run.run.seq))
    steps = f"{of(total.done, total.wanted)} host-steps" if total.wanted else "no step of ours"
    if run.ended_at is None:
        so_far = length(known.now - run.run.started_at)
        return Found(value=f"{steps}, {so_far} so far", source=source, mark="going")
    took = length(run.ended_at - run.run.started_at)
    mark: Mark = "ok" if run.state == "succeeded" else "bad"
    return Found(value=f"run {run.number} {run.state} in {took}, {steps}", source=source, mark=mark)


def eta(known: Known, run: Run | None) -> Found | None:
    """When the run may end: host-steps left x the median of those done."""
    if run is None or run.left_ms is None:
        return None
    end = known.at(Instant(round(known.now + run.left_ms)))
    left = f"{length(run.left_ms)} left, about {end}"
    return Found(value=left, source=known.entry(run.total.seq), sure="estimated", mark="going")


def deadline(known: Known, run: Run | None) -> Found | None:
    """The plan's deadline, and whether it was met."""
    if not known.deploy.deadline:
        return None
    due = parse_instant(known.deploy.deadline, known.plan.timezone)
    done = run.ended_at if run is not None and run.state == "succeeded" else None
    if done is not None:
        apart = length(abs(due - done))
        words, mark = (f"met, {apart} to spare", "ok") if done <= due else (f"missed by {apart}", "bad")
    else:
        apart = length(abs(due - known.now))
        words, mark = (f"in {apart}", "waiting") if known.now <= due else (f"passed {apart} ago", "bad")
    return Found(value=f"{known.at(due)}, {words}", source=known.line("deploy.deadline"), mark=mark)


def resume(known: Known, run: Run | None) -> Found | None:
    """How a run that stands still goes on."""
    if run is None or run.state not in ("held", "interrupted"):
        return None
    words = "held: `uptake resume`" if run.state == "held" else "interrupted: the same `uptake deploy` goes on"
    return Found(value=words, source=known.decided(run.stage), mark="warn")


def up_and_running(known: Known, run: Run | None) -> Found | None:
    """Deployed, and how quickly; else how far it is from it."""
    if run is None:
        return None
    if run.deployed is not None:
        succeeded = known.picture.stage(run.stage).first["succeeded"]
        took = length(succeeded - run.run.started_at)
        seen = f", {listed(run.unseen)} last seen healthy" if run.unseen else ""
        return Found(value=f"deployed, up in {took}{seen}", source=known.entry(run.deployed.seq), mark="ok")
    source = known.decided(run.stage) or known.entry(run.run.seq)
    mark: Mark = "going" if run.ended_at is None or run.state == "succeeded" else "bad"
    return Found(value=f"not deployed: run {run.number} {_is(run.state)}", source=source, mark=mark)


def requirements(known: Known, run: Run | None) -> Found | None:
    """The plan's own tests."""
    return _part(known, run, "tests", "test")


def functioning(known: Known, run: Run | None) -> Found | None:
    """All systems, by their probes."""
    return _healthy(known, run)


def technical_issues(known: Known, run: Run | None) -> Found | None:
    """Gates passed and failed, and roll backs, over all runs."""
    noted = [n for n in known.picture.decisions if n.decision.stage.half == "deploy" and n.decision.stage.ordinal >= 0]
    if run is None or not noted:
        return None
    forth = [n for n in noted if not n.decision.stage.is_rollback]
    passed = sum(n.decision.state == "healthy" for n in forth)
    failed = sum(n.decision.state == "unhealthy" or n.decision.verdict == "adjust" for n in forth)
    back = sum(known.picture.stage(whole_run(each.number)).state == "rolled back" for each in known.picture.runs)
    value = f"gates: {passed} passed, {failed} failed; {count(back, 'roll back')}"
    mark: Mark = "bad" if run.state == "failed" else "warn" if failed else "ok"
    return Found(value=value, source=known.entry(noted[-1].seq), mark=mark)


def constraints(known: Known, run: Run | None) -> Found | None:
    """How many hosts change at once; nothing where others change them."""
    if known.deploy.observed is not None:
        return None
    update = known.deploy.update
    canary = f"canary {update.canary}, then " if update.canary else ""
    if run is None:
        most = update.max_parallel
        width = count(most, "host") if isinstance(most, int) else f"{100 * most:g}% of the hosts"
    else:
        width = count(parallel(known.deploy, len(run.run.hosts)), "host")
    return Found(value=f"{canary}at most {width} at once", source=known.line("deploy.update.max_parallel"), mark="ok")


def obstacles(known: Known, run: Run | None) -> Found | None:
    """Hosts excluded, holds, interruptions."""
    if run is None:
        return None
    holds = [word for word in known.picture.words if _is_hold(word.said)]
    cut_short = [n for n in known.picture.decisions if n.decision.state == "interrupted"]
    on = known.picture.hold("deploy")
    parts = [f"{count(len(run.run.excluded), 'host')} excluded", count(len(holds), "hold") + (", on now" if on else "")]
    parts.append(count(len(cut_short), "interruption"))
    last = max([run.run.seq, *(w.seq for w in holds), *(n.seq for n in cut_short)])
    mark: Mark = "warn" if on or run.run.excluded or run.state == "interrupted" else "ok"
    return Found(value=", ".join(parts), source=known.entry(last), mark=mark)


def communication(known: Known, _run: Run | None) -> Found | None:
    """Announcements and notices that were sent."""
    mails = [act for act in known.picture.acts.values() if isinstance(act.action, Announce)]
    notices = [act for act in known.picture.acts.values() if isinstance(act.action, Notify)]
    if not mails and not notices:
        return None
    told = sum(act.outcome.counts.get("done", 0) for act in mails if act.outcome is not None)
    bad = sum(act.outcome is not None and not act.outcome.ok for act in (*mails, *notices))
    parts = [f"{count(len(mails), 'announcement')}, {count(told, 'mail')} sent"] if mails else []
    parts += [count(len(notices), "notice")] if notices else []
    parts += [f"{bad} not delivered to all"] if bad else []
    last = max(act.seq for act in (*mails, *notices))
    return Found(value="; ".join(parts), source=known.entry(last), mark="warn" if bad else "ok")


def management(known: Known, _run: Run | None) -> Found | None:
    """Who owns the plan, and how its tasks stand."""
    owner = f"owner {known.plan.owner}" if known.plan.owner else ""
    tasks = tasks_found(known, "deploy")
    if tasks is None:
        return Found(value=owner, source=known.line("owner")) if owner else None
    return replace(tasks, value="; ".join(filter(None, (owner, tasks.value))))


BEHIND: dict[str, Behind] = {
    "releasing a product or service into a live environment": definition,
    "positioning resources for use": positioned,
    "resources and technology": scope,
    "the initial set-up and installation": timing,
    "the technical aspects": focus,
    "setting up infrastructure": infrastructure,
    "configuring software": configuration,
    "testing functionality": tests,
    "time-sensitive: up quickly and smoothly": timeline,
    "up and running, quickly and efficiently": up_and_running,
    "technical requirements met": requirements,
    "all systems functioning": functioning,
    "technical issues": technical_issues,
    "resource constraints": constraints,
    "unexpected obstacles": obstacles,
    "thorough testing": tests,
    "clear communication": communication,
    "effective project management": management,
}
"""The phrase -> what stands behind it."""

MORE: tuple[tuple[str, str, Behind], ...] = (
    ("Timeline", "ETA", eta),
    ("Timeline", "deadline", deadline),
    ("Timeline", "resume", resume),
)
"""Further lines of a row, each shown only while something stands behind it."""


def behind(known: Known, phrase: str) -> Found | None:
    """What stands behind a phrase of this column; None where nothing does, or the plan has no such half."""
    if known.plan.deploy is None or phrase not in BEHIND:
        return None
    return BEHIND[phrase](known, known.run)


def more(known: Known, row: str) -> tuple[tuple[str, Found], ...]:
    """The further lines of a row."""
    if known.plan.deploy is None:
        return ()
    run = known.run
    found = ((phrase, what(known, run)) for at, phrase, what in MORE if at == row)
    return tuple((phrase, value) for phrase, value in found if value is not None)


def _part(known: Known, run: Run | None, part: Part, one: str) -> Found | None:
    """k of n host-steps (or tests) of a part; before the first run, how many the plan has."""
    deploy = known.deploy
    items = len(
        {"infrastructure": deploy.infrastructure, "configuration": deploy.configuration, "tests": deploy.tests}[part]
    )
    if not items:
        return None
    if run is None:
        return Found(
            value=f"{count(items, one)} a host, not begun", source=known.line(f"deploy.{part}"), mark="waiting"
        )
    tally = run.tallies[part]
    failed = f", {tally.failed} failed" if tally.failed else ""
    noun = "tests passed" if part == "tests" else f"host-{one}s done"
    value = f"{of(tally.done, tally.wanted)} {noun}{failed}"
    return Found(value=value, source=known.entry(tally.seq or run.run.seq), mark=_progress(tally))


def _progress(tally: Tally) -> Mark:
    if tally.failed:
        return "bad"
    return "ok" if tally.done == tally.wanted else "going" if tally.seq else "waiting"


def _healthy(known: Known, run: Run | None) -> Found | None:
    if run is None or not known.picture.observed.hosts:
        return None
    excluded = f", {len(run.run.excluded)} excluded" if run.run.excluded else ""
    unseen = f", {len(run.unseen)} not seen yet" if run.unseen else ""
    value = f"{of(len(run.healthy), len(run.run.hosts), 'host')} healthy{excluded}{unseen}"
    mark: Mark = "bad" if run.sick else "ok" if len(run.healthy) == len(run.names) else "going"
    return Found(value=value, source=known.seen(), mark=mark)


def _is(state: str) -> str:
    return {"succeeded": "succeeded, its hosts have to stay healthy first", "failed": "failed"}.get(
        state, f"was {state}" if state in ("rolled back", "interrupted") else f"is {state}"
    )


def _is_hold(said: Said) -> bool:
    return said.what == "hold" and said.half in ("deploy", "")

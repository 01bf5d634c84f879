"""`uptake deploy`: begin a run of a version, or go on with it, and follow it to its end.

Shows what it will do and asks. Where another process turns the ring it follows, else it turns
it itself; Ctrl-C leaves the run resumable by the same command.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
from cyclopts import Parameter

from uptake.app.change import UNTOLD, Told, change_of
from uptake.app.facts import refuse_mistakes
from uptake.app.opened import Opened, in_force, open_plan
from uptake.app.ring import make_site
from uptake.app.start import By, deploy_of, left_out, refuse_edited, resolve_hosts, start_deploy, ticket_of
from uptake.cli.ask import confirm
from uptake.cli.code import CODES, INTERRUPTED, tell_run
from uptake.cli.ending import follow
from uptake.cli.preflight import as_data, looked_at, tell
from uptake.core.problem import refuse
from uptake.core.stage import HostFact
from uptake.core.time import Instant
from uptake.deploy.gates import run_state
from uptake.deploy.targets import batch_name, batches
from uptake.report.ending import Standing, has_ended, standing

if TYPE_CHECKING:
    from uptake.connect.hosts.crew import Crew
    from uptake.connect.hosts.preflight import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How a run is begun.

    Args:
        yes: do not ask.
        dry_run: show what would change on each host, and change nothing.
        diff: with it, what would change in each file.
        limit: only these hosts, by name or pattern, with commas between; the others are left out of the run.
        detach: begin and return; `uptake serve` carries on.
    """

    yes: bool = False
    dry_run: bool = False
    diff: bool = False
    limit: str = ""
    detach: bool = False


def run(
    plan: Path,
    *,
    version: str = "",
    ticket: str = "",
    choice: Annotated[Choice, Parameter(name="*")] = Choice(),
    brings: Annotated[Told, Parameter(name="*")] = UNTOLD,
    json: bool = False,
) -> int:
    """Deploy.

    Args:
        plan: the plan file.
        version: what to deploy; the plan's own version by default.
        ticket: the number of a change ticket, shown by `uptake why`.
        choice: how it is begun.
        brings: the commits, and whether it was planned, for `uptake dora`.
        json: print one JSON object at the end.
    """
    opened = open_plan(plan)
    try:
        change = change_of(brings, opened.read.plan.timezone, _now())
        return _run(opened, (version, By(ticket=ticket, change=change)), choice, as_json=json)
    finally:
        opened.store.close()


def _now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


def _run(opened: Opened, what: tuple[str, By], choice: Choice, *, as_json: bool) -> int:
    version, by = what
    ticket_of(by.ticket)
    picture = opened.picture()
    refuse_edited(opened, picture)
    if not picture.revision:
        refuse_mistakes(opened.path)
    deploy = deploy_of(opened)
    wanted = version or deploy.version
    run = picture.run
    if deploy.observed is not None and choice.dry_run:
        return _ask_address(opened, wanted, as_json=as_json)
    if deploy.observed is not None or (
        run is not None and run_state(picture, run) in ("running", "held") and not choice.dry_run
    ):
        return _deploy(opened, (wanted, by, resolve_hosts(opened)), choice, as_json=as_json)
    if choice.diff and not choice.dry_run:
        raise refuse("UP030", "--diff", "it shows what would change", "add --dry-run")
    with looked_at(opened, deploy, version=wanted, limit=choice.limit) as (crew, report):
        by = replace(by, left_out=left_out(opened, crew.hosts, choice.limit))
        if choice.dry_run:
            return _predict(opened, crew, report, (wanted, by.left_out, choice.diff), as_json=as_json)
        told = tell(report, crew, as_json=as_json)
        return told or _deploy(opened, (wanted, by, crew.hosts), choice, crew, as_json=as_json)


def _deploy(
    opened: Opened,
    what: tuple[str, By, tuple[HostFact, ...]],
    choice: Choice,
    crew: "Crew | None" = None,
    *,
    as_json: bool,
) -> int:
    """Ask, begin or go on, and follow to the end; version, whose word and hosts are `what`."""
    (wanted, by, hosts), detach = what, choice.detach
    if choice.limit and crew is None:
        raise refuse("UP030", "--limit", "a run is under way, with its own hosts", "wait for it to end")
    if not confirm(_intention(opened, hosts, wanted, by.left_out), yes=choice.yes):
        return 1
    if detach and not opened.store.lease.holder():
        hint = "start `uptake serve` first, or leave --detach out"
        raise refuse("UP024", str(opened.path), "nothing turns the ring of this plan", hint)
    with _locked(crew):
        started = start_deploy(opened, version=wanted, hosts=hosts, now=_now(), by=by)
    if detach:
        begun = Standing(run=started.number, version=wanted, state=started.how, ended=False, why="")
        return tell_run(begun, 0, as_json=as_json)
    picture = follow(opened, lambda now: has_ended(now, started.number), quiet=as_json, crew=crew)
    run = standing(in_force(opened, picture).read, picture, started.number)
    assert run is not None
    return tell_run(run, CODES.get(run.state, INTERRUPTED), as_json=as_json)


@contextmanager
def _locked(crew: "Crew | None") -> Iterator[None]:
    """The service's lock, taken by those who will do the run; given back where none was begun."""
    if crew is None:
        yield
        return
    told: list[str] = []

    def tell(words: str) -> None:
        if not told:
            print(f"Waiting for the lock of this service: {words}.", file=sys.stderr)
        told.append(words)

    crew.claim(tell)
    try:
        yield
    except BaseException:
        crew.release()
        raise


def _intention(opened: Opened, hosts: tuple[HostFact, ...], version: str, left_out: tuple[str, ...] = ()) -> str:
    deploy = opened.read.plan.deploy
    assert deploy is not None
    if deploy.observed is not None:
        where = f"{deploy.observed.http} tells {deploy.observed.told_for(version)}"
        return f"Wait until {where}: {deploy.service} {version}, deployed by others ({deploy.environment})."
    cut = batches(deploy, hosts)
    most = len(hosts) - len(left_out)
    lines = [f"Deploy {deploy.service} {version} to {most} hosts in {len(cut)} batches ({deploy.environment})."]
    for ordinal, names in enumerate(cut):
        name = batch_name(ordinal, of=len(cut), canary=deploy.update.canary > 0)
        lines.append(f"  {name}: {', '.join(host for host in names if host not in left_out) or 'nobody'}")
    return "\n".join([*lines, *([f"  left out: {', '.join(left_out)}"] if left_out else [])])


def _ask_address(opened: Opened, version: str, *, as_json: bool) -> int:
    """What the address of a plan that others deploy tells now; 1 where it is not the version."""
    from uptake.connect.told import other_than

    observed = deploy_of(opened).observed
    assert observed is not None
    why = other_than(observed, version, folder=opened.folder)
    if as_json:
        print(msgspec.json.encode({"schema": 1, "version": version, "told": not why, "why": why}).decode())
    else:
        print(_intention(opened, (), version))
        print(why or f"{observed.http} tells {observed.told_for(version)} now.")
        print("Nothing was changed.")
    return int(bool(why))


def _predict(
    opened: Opened, crew: "Crew", report: "Report", what: tuple[str, tuple[str, ...], bool], *, as_json: bool
) -> int:
    """What would change; version, hosts left out and whether files are compared are `what`."""
    version, left_out, diff = what
    from uptake.connect.hosts.predict import predict

    site = make_site(opened, deploy_of(opened))
    names = [host.name for host in crew.hosts if host.name not in left_out]
    changes = predict(site, names, version=version, child=crew.child, diff=diff)
    bad = bool(report.fatal) or any(would.change is None and would.lines for would in changes)
    if as_json:
        value = {"schema": 1, "version": version, "changes": changes, **as_data(report)}
        print(msgspec.json.encode(value).decode())
        return int(bad)
    print(_intention(opened, crew.hosts, version, left_out))
    for would in changes:
        word = {True: "would change", False: "nothing to change", None: "cannot be told before"}[would.change]
        title = f"{would.part} {would.item + 1} ({would.operation or would.step})"
        print(f"  {would.host:<16} {title:<44} {word}" + "".join(f"\n    {line}" for line in would.lines))
        if would.diff:
            print("\n".join(f"      {line}" for line in would.diff))
    tell(report, crew, as_json=False)
    print("Nothing was changed.")
    return int(bad)

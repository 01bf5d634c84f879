"""What must hold between the keys of the deploy half, and between them and the facts.

Each rule appends to the mistakes and goes on. Single values are judged while reading (`value`, `form`);
here stands what takes two of them. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict

from uptake.core.time import parse_instant, zone
from uptake.plan.fact import Facts
from uptake.plan.freeze import ends
from uptake.plan.hint import did_you_mean
from uptake.plan.model import Deploy, Freeze, Task
from uptake.plan.need import PROGRAM, bytes_of
from uptake.plan.observed_rules import check_observed
from uptake.plan.placeholder import keys_in
from uptake.plan.read import ReadPlan
from uptake.plan.secret import is_reference
from uptake.plan.task import is_span
from uptake.plan.update_rules import check_update
from uptake.plan.value import Mistakes

ADDRESS = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)*")
"""A mail address, as far as a plan can tell."""
EVENTS = re.compile(r"https?://[^\s/]+(/\S*)?")
"""Where events are posted."""


def check_deploy(read: ReadPlan, deploy: Deploy, facts: Facts, mistakes: Mistakes) -> None:
    """Every rule of the deploy half."""
    if deploy.observed is not None:
        check_observed(read, deploy.observed, mistakes)
    elif read.is_whole("deploy.hosts"):
        _hosts(read, deploy, mistakes)
    if read.is_whole("deploy.hosts", "implement.audience"):
        _serves(read, deploy, facts, mistakes)
    if deploy.observed is None and read.is_whole("deploy.update", "implement.requires"):
        _health(read, deploy, mistakes)
        check_update(read, deploy, mistakes)
    _host_data(read, deploy, facts, mistakes)
    _needs(read, deploy, mistakes)
    check_freezes(read, deploy.freeze, "deploy.freeze", mistakes)
    check_tasks(read, deploy.tasks, "deploy.tasks", mistakes)
    _events(read, deploy, mistakes)
    if deploy.artifact and not deploy.artifact.startswith("pkg:"):
        what, hint = f"`artifact` must be a package URL; found `{deploy.artifact}`", "write pkg:oci/NAME@{version}"
        mistakes.add("UP125", read.value("deploy.artifact"), what, hint)
    if deploy.deadline and read.is_whole("deploy.deadline") and not is_instant(deploy.deadline, zone_of(read)):
        where = read.value("deploy.deadline")
        what = f"`deadline` must be a date or a date and time; found `{deploy.deadline}`"
        mistakes.add("UP210", where, what, "write 2027-01-11 or 2027-01-11T18:00")


def _needs(read: ReadPlan, deploy: Deploy, mistakes: Mistakes) -> None:
    """Sizes are sizes, programs can be asked, versions can be compared."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    for key, text in (("memory", deploy.needs.memory), ("disk", deploy.needs.disk)):
        if text and read.is_whole(f"deploy.needs.{key}"):
            try:
                bytes_of(text)
            except ValueError:
                what = f"`{key}` must be a size; found `{text}`"
                mistakes.add("UP126", read.value(f"deploy.needs.{key}"), what, "write 512 MB or 2 GiB")
    for program, wanted in deploy.needs.versions.items():
        where = read.value(f"deploy.needs.versions.{program}")
        if PROGRAM.fullmatch(program) is None:
            mistakes.add("UP124", where, f"`{program}` is no name of a program", "write the name alone: python3")
        try:
            SpecifierSet(wanted)
        except InvalidSpecifier:
            what = f"`{program}` must have a version to compare with; found `{wanted}`"
            mistakes.add("UP126", where, what, 'write ">=3.10" or ">=3,<4"')


def _events(read: ReadPlan, deploy: Deploy, mistakes: Mistakes) -> None:
    """Each address that events are sent to is one, and holds no password."""
    for i, address in enumerate(deploy.events):
        at, hint = f"deploy.events.{i}", 'write "env:CDEVENTS_URL", or https://events.example.org/'
        if not read.is_whole(at) or is_reference(address):
            continue
        if EVENTS.fullmatch(address) is None:
            mistakes.add("UP125", read.value(at), f"`events` must hold web addresses; found `{address}`", hint)
        elif "@" in address.partition("://")[2].partition("/")[0]:
            what = "an address with a password in it must not stand in the plan"
            mistakes.add("UP207", read.value(at), what, 'write "env:NAME", the variable holding the whole address')


def check_freezes(read: ReadPlan, freezes: Sequence[Freeze], path: str, mistakes: Mistakes) -> None:
    """Each freeze begins before it ends, at instants there are."""
    timezone = zone_of(read)
    for i, freeze in enumerate(freezes):
        at = f"{path}.{i}"
        if not read.is_whole(at):
            continue
        bad = [key for key, text in (("from", freeze.from_), ("to", freeze.to)) if not is_instant(text, timezone)]
        for key in bad:
            what = f"`{key}` must be a date or a date and time; found `{freeze.from_ if key == 'from' else freeze.to}`"
            mistakes.add("UP210", read.value(f"{at}.{key}"), what, "write 2026-12-20 or 2026-12-20T18:00")
        if not bad and ends(freeze, timezone) <= parse_instant(freeze.from_, timezone):
            what = f"this freeze ends before it begins: from {freeze.from_} to {freeze.to}"
            mistakes.add("UP210", read.value(f"{at}.to"), what, "swap them, or correct the year")


def check_tasks(read: ReadPlan, tasks: Sequence[Task], path: str, mistakes: Mistakes) -> None:
    """Each task has an owner who can be written to, and is due at an instant that can be known."""
    for i, task in enumerate(tasks):
        at = f"{path}.{i}"
        if not read.is_whole(at):
            continue
        check_address(read, f"{at}.owner", task.owner, mistakes)
        if not is_span(task.due) and not is_instant(task.due, zone_of(read)):
            what = f"`due` must be a date or a duration; found `{task.due}`"
            mistakes.add("UP210", read.value(f"{at}.due"), what, "write -5d, +14d, 2027-01-11 or 2027-01-11T18:00")
        deploy = read.plan.deploy
        if task.due.startswith("-") and path.startswith("deploy") and deploy is not None and not deploy.deadline:
            hint = "add `deadline:` to `deploy`, or write a date"
            what = f"`due: {task.due}` counts back from the deadline, and there is none"
            mistakes.add("UP206", read.value(f"{at}.due"), what, hint)


def check_address(read: ReadPlan, path: str, address: str, mistakes: Mistakes) -> None:
    """Somebody's mail address."""
    if ADDRESS.fullmatch(address) is None:
        what = f"`{path.rpartition('.')[2]}` must be a mail address; found `{address}`"
        mistakes.add("UP209", read.value(path), what, "write name@example.org")


def zone_of(read: ReadPlan) -> str:
    """The plan's time zone, or UTC where it has none that exists: one mistake is told once."""
    try:
        zone(read.plan.timezone)
    except (KeyError, ValueError, OSError):
        return "UTC"
    return read.plan.timezone


def is_instant(text: str, timezone: str) -> bool:
    """Whether a text is a date or a date-time that can be counted from."""
    try:
        parse_instant(text, timezone)
    except (ValueError, KeyError, OverflowError, OSError):
        return False
    return True


def _hosts(read: ReadPlan, deploy: Deploy, mistakes: Mistakes) -> None:
    """An inventory or a list, not both and not neither; `group` and `serves` belong to an inventory."""
    hosts = deploy.hosts
    where = read.where("deploy.hosts")
    if "deploy.hosts" not in read.marks:
        hint = "add `hosts:`, or `observed:` where others deploy"
        mistakes.add("UP111", where, "`deploy` needs `hosts`, or `observed`", hint)
        return
    if hosts.inventory and hosts.list_:
        mistakes.add("UP212", where, "`hosts` has both an inventory and a list", "keep one of them")
    if not hosts.inventory and not hosts.list_:
        mistakes.add("UP212", where, "`hosts` names no host", "write {inventory: inventory.csv} or [web-1.example.org]")
    if hosts.list_ and not hosts.inventory:
        for key, named in (("group", hosts.group), ("serves", hosts.serves)):
            if named:
                what = f"`{key}` needs an inventory: a plain list says no more than the hosts' names"
                mistakes.add("UP212", read.where(f"deploy.hosts.{key}"), what, "name the hosts in an inventory file")
    for i, name in enumerate(hosts.list_):
        if name in hosts.list_[:i]:
            path = f"deploy.hosts.list.{i}" if f"deploy.hosts.list.{i}" in read.values else f"deploy.hosts.{i}"
            mistakes.add("UP213", read.value(path), f"the host `{name}` is listed twice", "keep one of them")


def _serves(read: ReadPlan, deploy: Deploy, facts: Facts, mistakes: Mistakes) -> None:
    """`serves` is a column of the audience, and what hosts have there is what people have."""
    hosts, where = deploy.hosts, read.value("deploy.hosts.serves")
    if not hosts.serves:
        return
    implement = read.plan.implement
    columns = () if implement is None else (*implement.audience.attributes, implement.audience.setting)
    if hosts.serves not in columns:
        what = f"`serves` must be a column of the audience; found `{hosts.serves}`"
        hint = "there is no implement half" if implement is None else did_you_mean(hosts.serves, filter(None, columns))
        mistakes.add("UP206", where, what, hint)
        return
    if facts.serves is not None and not any(facts.serves.values()):
        hint = did_you_mean(hosts.serves, facts.host_data or ()) or f"add a column `{hosts.serves}` to the inventory"
        mistakes.add("UP202", where, f"no host has `{hosts.serves}`", hint)
    known = facts.people.served if facts.people is not None else ()
    for name, value in (facts.serves or {}).items():
        if value and known and value not in known:
            what = f"the host {name} serves `{value}`, and nobody in the audience has that `{hosts.serves}`"
            mistakes.add("UP202", where, what, did_you_mean(value, known) or "correct the inventory or the audience")


def _health(read: ReadPlan, deploy: Deploy, mistakes: Mistakes) -> None:
    """A gate that someone waits for needs a check, and a deadline that it can meet."""
    update, implement = deploy.update, read.plan.implement
    health = update.health
    waited_for = "a canary shows nothing" if update.canary else ""
    if implement is not None and implement.requires == "deployed":
        waited_for = waited_for or "nobody could tell when a wave may open"
    if waited_for and not health.checks:
        here = "deploy.update.health" if "deploy.update.health" in read.marks else "deploy.update"
        hint = 'add `health: {checks: [{http: "http://{host}:8080/", expect: 200}]}`'
        mistakes.add("UP215", read.where(here), f"`update` needs a health check: without one {waited_for}", hint)
    for i, check in enumerate(health.checks):
        if check.kind == "test":
            what = "a test file is no health check: hosts are asked every few seconds, and by the probes between runs"
            mistakes.add("UP133", read.where(f"deploy.update.health.checks.{i}"), what, "move it to `deploy.tests`")
    if health.healthy_deadline.approx_s <= health.min_healthy_time.approx_s:
        what = f"no host can be healthy for {health.min_healthy_time} within {health.healthy_deadline}"
        where = "healthy_deadline" if "deploy.update.health.healthy_deadline" in read.marks else "min_healthy_time"
        hint = "make `healthy_deadline` longer than `min_healthy_time`"
        mistakes.add("UP215", read.value(f"deploy.update.health.{where}"), what, hint)


def _host_data(read: ReadPlan, deploy: Deploy, facts: Facts, mistakes: Mistakes) -> None:
    """Each {data.KEY} must be a column that the hosts have."""
    if facts.host_data is None:
        return
    asked: list[tuple[str, object]] = []
    for part, steps in (("infrastructure", deploy.infrastructure), ("configuration", deploy.configuration)):
        asked += [(f"deploy.{part}.{i}", step.arguments) for i, step in enumerate(steps)]
    asked += [(f"deploy.tests.{i}", (check.target, check.contains)) for i, check in enumerate(deploy.tests)]
    checks = enumerate(deploy.update.health.checks)
    asked += [(f"deploy.update.health.checks.{i}", (check.target, check.contains)) for i, check in checks]
    for name, hooks in (("before_host", deploy.update.before_host), ("after_host", deploy.update.after_host)):
        asked += [(f"deploy.update.{name}.{i}", asdict(hook)) for i, hook in enumerate(hooks)]
    for path, value in asked:
        for key in keys_in(value, "data"):
            if key not in facts.host_data:
                what = f"`{{data.{key}}}`: not every host has `{key}`"
                mistakes.add("UP202", read.where(path), what, did_you_mean(key, facts.host_data))

"""Whether a plan that was read can be carried out: rules between its keys, and the facts outside it.

`check(read, facts)` gives every problem at once and is pure; facts (files, people, hosts) are gathered
by the command. What one value alone shows is wrong, `read_plan` has refused already.
"""

import re
from typing import cast

from uptake.core.problem import Problem
from uptake.core.time import zone
from uptake.plan.deploy_rules import ADDRESS, check_deploy
from uptake.plan.fact import Facts, People, named_files
from uptake.plan.hint import did_you_mean
from uptake.plan.implement_rules import check_implement
from uptake.plan.model import HttpCall
from uptake.plan.read import ReadPlan, in_order
from uptake.plan.secret import REFERENCES, is_reference
from uptake.plan.value import Mistakes

__all__ = ["Facts", "People", "Problem", "check", "named_files"]

_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|passwd|^key$|api[-_]?key", re.IGNORECASE)
_SECRET_NAME = re.compile(r"password|passwd|secret|token|api[-_]?key", re.IGNORECASE)
_WITH_PASSWORD = re.compile(r"[a-z][a-z0-9+.-]*://[^/@\s:]*:[^/@\s]+@", re.IGNORECASE)
OPEN_NOTICES = ("json", "jsons", "xml", "xmls", "form", "forms", "syslog", "mailto", "http", "https")
"""Notice addresses whose scheme holds no secret by itself; the tokens of chat services stand in theirs."""


def check(read: ReadPlan, facts: Facts) -> tuple[Problem, ...]:
    """Every problem of a plan, in the order of the file.

    Args:
        read: from `read_plan`.
        facts: what is known of the files it names.
    """
    mistakes = Mistakes(problems=list(facts.problems))
    plan = read.plan
    if plan.deploy is None and plan.implement is None and not read.broken:
        hint = "add `deploy:`, `implement:` or both"
        mistakes.add("UP216", read.where(""), "the plan has neither half: nothing would ever happen", hint)
    _head(read, mistakes)
    _files(read, facts, mistakes)
    _secrets(read, mistakes)
    if plan.deploy is not None:
        check_deploy(read, plan.deploy, facts, mistakes)
    if plan.implement is not None:
        check_implement(read, plan.implement, facts, mistakes)
    return in_order(mistakes.problems)


def _head(read: ReadPlan, mistakes: Mistakes) -> None:
    """Time zone and addresses."""
    name = read.plan.timezone if read.is_whole("timezone") else "UTC"
    try:
        zone(name)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones

        hint = did_you_mean(name, available_timezones()) or "write a name such as Europe/Berlin"
        mistakes.add("UP208", read.value("timezone"), f"`timezone` must be an IANA time zone; found `{name}`", hint)
    mail = read.plan.mail
    addresses = {"owner": read.plan.owner, "mail.from": mail.from_ if mail else ""}
    for path, address in addresses.items():
        if address and ADDRESS.fullmatch(address) is None and not (path == "mail.from" and is_reference(address)):
            what = f"`{path.rpartition('.')[2]}` must be a mail address; found `{address}`"
            mistakes.add("UP209", read.value(path), what, "write name@example.org")
    if (
        mail is not None
        and read.is_whole("mail.server")
        and not mail.server.startswith(("smtp://", "smtps://", *REFERENCES))
    ):
        what = f"`server` must be a mail server's address; found `{mail.server}`"
        mistakes.add("UP125", read.value("mail.server"), what, 'write smtp://mail.example.org:25 or "env:SMTP_URL"')


def _files(read: ReadPlan, facts: Facts, mistakes: Mistakes) -> None:
    """Each named file is there."""
    for path, dotted in named_files(read.plan):
        if path in facts.files and facts.files[path] is None and read.is_whole(dotted):
            there = [name for name, digest in facts.files.items() if digest is not None]
            near = did_you_mean(path, there)
            hint = near if near.startswith("did") else "paths begin at the plan's own folder"
            mistakes.add("UP201", read.value(dotted), f"the file `{path}` is not there", hint)


def _secrets(read: ReadPlan, mistakes: Mistakes) -> None:
    """Secrets stand in the environment or in files, never in the plan."""
    plan = read.plan
    clear: list[tuple[str, str]] = [("mail.server", plan.mail.server)] if plan.mail else []
    for i, address in enumerate(plan.notify):
        scheme = address.partition("://")[0].lower()
        if not read.is_whole(f"notify.{i}"):
            continue
        if scheme not in OPEN_NOTICES and not is_reference(address):
            hint = 'write "env:CHAT_URL" and set the variable where Uptake runs'
            what = "a notice's address holds its secret and must not stand in the plan"
            if "://" not in address:
                what, hint = (
                    f"`notify` must hold addresses; found `{address}`",
                    'write "env:CHAT_URL", or json://HOST:PORT',
                )
            code = "UP207" if "://" in address else "UP125"
            mistakes.add(code, read.value(f"notify.{i}"), what, hint)
        clear.append((f"notify.{i}", address))
    for path, call in _calls(read):
        clear.append((f"{path}.url", call.url))
        for name, value in call.headers.items():
            if _SECRET_HEADER.search(name) and not is_reference(value):
                what = f"the header `{name}` holds a secret and must not stand in the plan"
                hint = f'write {name}: "env:NAME", the variable holding the header\'s whole value'
                mistakes.add("UP207", read.value(f"{path}.headers.{name}"), what, hint)
    for path, value in _free_values(read):
        for name in _clear(value):
            what = f"`{name}` holds a secret and must not stand in the plan"
            mistakes.add("UP207", read.where(path), what, f'write {name}: "env:NAME" or "file:PATH"')
    for path, address in clear:
        if _WITH_PASSWORD.match(address):
            what = "an address with a password in it must not stand in the plan"
            mistakes.add("UP207", read.value(path), what, 'write "env:NAME", the variable holding the whole address')


def _calls(read: ReadPlan) -> list[tuple[str, HttpCall]]:
    """(path, call) of each access call."""
    implement = read.plan.implement
    access = None if implement is None else implement.expose.access
    if access is None or access.http is None:
        return []
    calls = {"grant": access.http.grant, "withdraw": access.http.withdraw, "read": access.http.read}
    path = "implement.expose.access.http"
    return [(f"{path}.{name}", call) for name, call in calls.items() if call is not None]


def _free_values(read: ReadPlan) -> list[tuple[str, object]]:
    """(path, value) of what may hold a named secret: arguments of steps, bodies of calls."""
    found: list[tuple[str, object]] = []
    if read.plan.deploy is not None:
        parts = {"infrastructure": read.plan.deploy.infrastructure, "configuration": read.plan.deploy.configuration}
        for part, steps in parts.items():
            found += [(f"deploy.{part}.{i}.{step.name}", step.arguments) for i, step in enumerate(steps)]
    return found + [(f"{path}.body", cast("object", call.body)) for path, call in _calls(read)]


def _clear(value: object) -> list[str]:
    """Names of secrets whose values stand in clear text within a value."""
    found: list[str] = []
    if isinstance(value, dict):
        for name, inner in cast("dict[str, object]", value).items():
            is_text = isinstance(inner, str) and inner and not is_reference(inner) and "{" not in inner
            found += [name] if is_text and _SECRET_NAME.search(name) else _clear(inner)
    elif isinstance(value, list):
        found = [name for inner in cast("list[object]", value) for name in _clear(inner)]
    return found

"""The plan's short forms made into values: steps, checks, commands.

`- files.directory: {path: /srv}` becomes a Step, `- http: "http://..."` a Check. Operations and
their arguments are held against pyinfra's own names. Mistakes are noted at their places, and what
is returned beside a mistake is only there to go on with.
"""

import shlex
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, cast

from uptake.core.time import Span
from uptake.plan.hint import did_you_mean
from uptake.plan.model import Check, Step
from uptake.plan.operation import Operation, operations
from uptake.plan.placeholder import Filled, check_placeholders
from uptake.plan.source import Node, Row, Table, Text
from uptake.plan.value import Mistakes, kind, plain_value, scalar, switch, text, whole

OWN_STEPS = ("release", "run", "shell")
"""Steps of our own; every other name is a pyinfra operation."""
RELEASE_NEEDS = ("src", "dest")
RELEASE_TAKES = (*RELEASE_NEEDS, "keep_releases")
CHECKS: dict[str, tuple[str, ...]] = {
    "http": ("expect", "contains"),
    "tcp": (),
    "command": ("expect", "contains"),
    "test": (),
}
"""Kind of check -> the keys beside its target."""
TARGETS = {"http": "url", "tcp": "address", "command": "command", "test": "file"}
"""Kind of check -> its target's own key, where the check is written as a section."""
BESIDE = ("run_once", "idempotent")
"""The keys that may stand beside a step's name."""
NO_STEP = Step(name="", arguments={})
NO_CHECK = Check(kind="tcp", target="")


def step(node: Node, mistakes: Mistakes) -> Step:
    """One item of `infrastructure` or `configuration`."""
    if isinstance(node, Text) and not node.empty and node in operations().by_name:
        return _operation(node, Table(), mistakes)
    if not isinstance(node, Table) or not node:
        what = f"a step is a name with its arguments; found {kind(node)}"
        mistakes.add("UP132", node.where, what, "write `- files.directory: {path: /srv/app}`")
        return NO_STEP
    named = Table({key: item for key, item in node.items() if key not in BESIDE})
    if not named:
        first = next(iter(node))
        mistakes.add("UP132", first.where, f"`{first}` stands beside a step's name, and there is none", "name the step")
        return NO_STEP
    name, arguments = next(iter(named.items()))
    for other in list(named)[1:]:
        what = f"a step has one name; `{other}` stands beside `{name}`"
        hint = f"indent it under `{name}:`, or begin a new item with `- {other}:`"
        mistakes.add("UP132", other.where, what, hint)
    check_placeholders(arguments, mistakes, filled=Filled.HOST)
    beside = {str(key): switch(item, mistakes, name=key) for key, item in node.items() if key in BESIDE}
    once, again = beside.get("run_once", False), beside.get("idempotent")
    return replace(_named(name, arguments, mistakes), run_once=once, idempotent=again)


def _named(name: Text, arguments: Node, mistakes: Mistakes) -> Step:
    """A step by its name alone."""
    if name in {"run", "shell"}:
        wanted = "the name of a pyinfra deploy file" if name == "run" else "one command"
        found = scalar(arguments, mistakes, name=name, wanted=wanted)
        return Step(name=str(name), arguments={"": str(found or "")})
    if name == "release":
        return _release(name, arguments, mistakes)
    return _operation(name, arguments, mistakes)


def _release(name: Text, arguments: Node, mistakes: Mistakes) -> Step:
    """`release: {src, dest}`."""
    if not isinstance(arguments, Table):
        what = f"`release` needs `src` and `dest`; found {kind(arguments)}"
        mistakes.add("UP132", arguments.where, what, "write `release: {src: build/app.tar.gz, dest: /srv/app}`")
        return NO_STEP
    for key, value in arguments.items():
        if key not in RELEASE_TAKES:
            mistakes.add("UP131", key.where, f"`release` has no `{key}`", did_you_mean(key, RELEASE_TAKES))
        elif key == "keep_releases":
            whole(value, mistakes, name=key, least=1)
        elif not text(value, mistakes, name=key).startswith(("/", "{")) and key == "dest":
            what = f"`dest` must be a folder on the host, from the root on; found {kind(value)}"
            mistakes.add("UP125", value.where, what, "write /srv/app, say")
    for key in RELEASE_NEEDS:
        if key not in arguments:
            mistakes.add("UP131", name.where, f"`release` needs `{key}`", f"add `{key}:`")
    return Step(name="release", arguments=cast("dict[str, Any]", plain_value(arguments)))


def _operation(name: Text, arguments: Node, mistakes: Mistakes) -> Step:
    """A pyinfra operation; one text alone is its first argument."""
    known = operations()
    found = known.by_name.get(str(name))
    if found is None:
        hint = did_you_mean(name, [*known.by_name, *OWN_STEPS])
        what = f"`{name}` is no step and no pyinfra operation"
        mistakes.add("UP130", name.where, what, hint or "operations are written as `files.directory`")
        return NO_STEP
    if isinstance(arguments, Text):
        if arguments.empty:
            arguments = Table()
        elif found.arguments:
            first = Text.at(found.arguments[0], arguments.where)
            arguments = Table({first: arguments})
    if not isinstance(arguments, Table):
        what = f"`{name}` takes named arguments; found {kind(arguments)}"
        mistakes.add("UP132", arguments.where, what, f"its arguments: {', '.join(found.arguments)}")
        return NO_STEP
    _arguments(name, found, arguments, mistakes)
    return Step(name=str(name), arguments=cast("dict[str, Any]", plain_value(arguments)))


def _arguments(name: Text, found: Operation, arguments: Table, mistakes: Mistakes) -> None:
    """Note arguments that the operation does not take, and those it lacks."""
    taken = (*found.arguments, *operations().everywhere)
    for key in arguments:
        if key not in taken and (key.startswith("_") or not found.open):
            hint = did_you_mean(key, taken) or f"its arguments: {', '.join(found.arguments) or 'none'}"
            mistakes.add("UP131", key.where, f"`{name}` has no argument `{key}`", hint)
    for key in found.required:
        if key not in arguments:
            mistakes.add("UP131", name.where, f"`{name}` needs `{key}`", f"add `{key}: ...` to its arguments")


def check(node: Node, mistakes: Mistakes) -> Check:
    """One test or health check."""
    if not isinstance(node, Table) or not node:
        what = f"a check is http, tcp, command or test; found {kind(node)}"
        hint = 'write `- http: "http://{host}:8080/"`'
        if isinstance(node, Text) and node.startswith(("http://", "https://")):
            hint = f'write `- http: "{node}"`'
        mistakes.add("UP133", node.where, what, hint)
        return NO_CHECK
    name = next((key for key in node if key in CHECKS), None)
    if name is None:
        first = next(iter(node))
        what = f"a check is http, tcp, command or test; found `{first}`"
        mistakes.add("UP133", first.where, what, did_you_mean(first, CHECKS))
        return NO_CHECK
    check_placeholders(node, mistakes, filled=Filled.HOST)
    beside = Table({key: value for key, value in node.items() if key is not name})
    target = node[name]
    if isinstance(target, Table):
        target = _unfold(name, target, beside, mistakes)
    return _check(name, target, beside, mistakes)


def _unfold(name: Text, inner: Table, beside: Table, mistakes: Mistakes) -> Node:
    """`http: {url: ..., expect: 200}`: the keys inside join those beside; returns the target."""
    target: Node = Text.at("", name.where)
    word = TARGETS[str(name)]
    for key, value in inner.items():
        if key == word:
            target = value
        elif key in beside:
            mistakes.add("UP104", key.where, f"the key `{key}` is there twice", "keep one of them")
        else:
            beside[key] = value
    if isinstance(target, Text) and not target and word not in inner:
        mistakes.add("UP111", name.where, f"`{name}` needs `{word}`", f"add `{word}:`")
        return Text.at("-", name.where, plain=False)
    return target


def _check(name: Text, target: Node, beside: Table, mistakes: Mistakes) -> Check:
    """A check of its parts."""
    known = CHECKS[str(name)]
    for key in beside:
        if key not in known:
            hint = did_you_mean(key, [*known, *CHECKS])
            mistakes.add("UP110", key.where, f"unknown key `{key}` in a check by {name}", hint)
    if name == "command":
        goal = shlex.join(command(target, mistakes, name="command"))
    else:
        goal = text(target, mistakes, name=str(name))
        _address(name, target, goal, mistakes)
    wanted = beside.pick("expect") if known else None
    expect = None if wanted is None else whole(wanted, mistakes, name="expect")
    if wanted is not None and expect and name == "http":
        status(wanted, expect, mistakes, name="expect")
    holds = beside.pick("contains") if known else None
    contains = "" if holds is None else text(holds, mistakes, name="contains")
    return Check(
        kind=cast("Literal['http', 'tcp', 'command', 'test']", str(name)), target=goal, expect=expect, contains=contains
    )


def moment(node: Node, mistakes: Mistakes, *, name: str, words: tuple[str, ...] = ()) -> str:
    """A span or a date or date-time, or one of some words, as written."""
    hint = "write -5d, +14d, 2027-01-11 or 2027-01-11T18:00"
    found = scalar(node, mistakes, name=name, wanted="a date or a duration", hint=hint)
    if found is None:
        return "0s"
    text = found.strip()
    if text in words:
        return text
    for read in (Span.parse, datetime.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return text
    mistakes.add("UP210", found.where, f"`{name}` must be a date or a duration; found {kind(found)}", hint)
    return "0s"


def status(node: Node, code: int, mistakes: Mistakes, *, name: str) -> None:
    """Note a number that is no HTTP status."""
    if not 100 <= code <= 599:
        mistakes.add("UP122", node.where, f"`{name}` must be an HTTP status; found the number {code}", "write 200, say")


def _address(name: Text, node: Node, goal: str, mistakes: Mistakes) -> None:
    """Note an http address without its scheme, a tcp address without its port, a test that is no Python file."""
    if not goal.strip() or goal == "-":
        return
    if name == "http" and not goal.startswith(("http://", "https://")):
        what = f"`http` must be an address; found `{goal}`"
        mistakes.add("UP125", node.where, what, f"write http://{goal.lstrip('/')}")
    if name == "tcp":
        host, colon, port = goal.rpartition(":")
        good = port.isascii() and (port.startswith("{") or (port.isdigit() and len(port) < 6 and 0 < int(port) < 65536))
        if not host or not colon or not good:
            what = f"`tcp` must be host:port; found `{goal}`"
            mistakes.add("UP125", node.where, what, 'write "{host}:8080"')
    if name == "test" and not goal.endswith(".py"):
        mistakes.add("UP125", node.where, f"`test` must be a Python file; found `{goal}`", "write smoke_test.py, say")


def command(node: Node, mistakes: Mistakes, *, name: str) -> tuple[str, ...]:
    """A command as words: a list of them, or one text that is split as a shell splits it."""
    if isinstance(node, Row):
        words = tuple(text(item, mistakes, name=name) for item in node)
        if not words:
            mistakes.add("UP114", node.where, f"`{name}` is empty", "write the command and its arguments")
        return words
    found = scalar(
        node, mistakes, name=name, wanted="a command", hint='write "check.sh --quick" or [check.sh, --quick]'
    )
    if found is None:
        return ()
    try:
        words = tuple(shlex.split(found))
    except ValueError:
        mistakes.add("UP125", found.where, f"`{name}` has an open quotation mark", "close it, or write a list of words")
        return ()
    if not words:
        mistakes.add("UP114", found.where, f"`{name}` is empty", "write the command and its arguments")
    return words

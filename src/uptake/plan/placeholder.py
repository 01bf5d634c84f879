"""The placeholders of a plan's strings: {version}, {host}, {data.KEY}, {person.KEY}.

Here they are found and judged; filling them is for the rooms that act. A brace that begins no name
(`{ print }`, `${HOME}`, `{{ jinja }}`) is left alone, because shell commands and JSON are full of them.
"""

import re
from enum import Enum
from typing import Literal, cast

from uptake.plan.hint import did_you_mean
from uptake.plan.source import Node, Row, Table, Text
from uptake.plan.value import Mistakes

_PLACEHOLDER = re.compile(r"(?<![${]){(person\.[^{}]+|[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_.-]+)?)}")


class Filled(Enum):
    """Who fills a string, hence what it may hold."""

    HOST = ("version", "host", "data.KEY")
    """Steps and checks of the deploy half: once per host."""
    RUN = ("version",)
    """What is asked about a run as a whole."""
    PERSON = ("person.KEY",)
    """Mail, and what access is given by: once per person."""
    CALL = ("person.KEY", "found")
    """A call for access: once per person; `found` is what `resolve` has picked."""
    ACT = ("act",)
    """An access command: once per person and act; the person comes on its standard input."""


def placeholders(text: str) -> tuple[tuple[str, int], ...]:
    """What stands in braces, each with its offset: `Dear {person.name}` -> `person.name` at 5."""
    return tuple((match.group(1), match.start()) for match in _PLACEHOLDER.finditer(text))


def keys_in(value: object, head: Literal["person", "data"]) -> tuple[str, ...]:
    """The KEYs that strings within a value ask for: `{person.email}` -> `email`."""
    match value:
        case str():
            names = [name for name, _ in placeholders(value)]
            return tuple(name.removeprefix(f"{head}.") for name in names if name.startswith(f"{head}."))
        case dict():
            inside = list(cast("dict[str, object]", value).values())
        case list() | tuple():
            inside = list(cast("list[object]", value))
        case _:
            inside = []
    return tuple(dict.fromkeys(key for item in inside for key in keys_in(item, head)))


def check_placeholders(node: Node, mistakes: Mistakes, *, filled: Filled) -> None:
    """Note each placeholder beneath a node that nobody would fill."""
    match node:
        case Table():
            for value in node.values():
                check_placeholders(value, mistakes, filled=filled)
        case Row():
            for value in node:
                check_placeholders(value, mistakes, filled=filled)
        case Text():
            for name, _ in placeholders(node):
                _judge(node, name, mistakes, filled)


def _judge(node: Text, name: str, mistakes: Mistakes, filled: Filled) -> None:
    """Note a placeholder that has no meaning at this place."""
    known = filled.value
    head, dot, key = name.partition(".")
    if name in known or (dot and key and f"{head}.KEY" in known):
        return
    here = ", ".join(f"{{{word}}}" for word in known)
    if head in {"version", "host", "data", "person"} and (dot or head in {"version", "host"}):
        mistakes.add("UP134", node.where, f"`{{{name}}}` has no meaning here", f"what is filled here: {here}")
        return
    near = did_you_mean(f"{head}.KEY" if dot else name, known)
    if near.startswith("did") and dot:
        near = near.replace(".KEY", f".{key}")
    hint = near.replace("`", "`{", 1).replace("`?", "}`?") if near.startswith("did") else f"what is filled here: {here}"
    mistakes.add("UP134", node.where, f"`{{{name}}}` is no placeholder", hint)

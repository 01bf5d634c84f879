"""YAML 1.2 text -> tree, without YAML's traps.

Tags, merge keys, doubled keys, second documents and alias bombs are refused at their places; sizes
and depth have limits. Built from ruamel.yaml's events, so that no scalar is ever resolved to a date
or a number on the way. Nothing here knows what a plan is.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, cast

from uptake.core.problem import PlanRefused, Problem, Where
from uptake.plan.source import Node, Places, Row, Table, Text

TEXT_MOST = 1_000_000
"""Characters of a plan; a longer text is no plan that a person can read."""
NODES_MOST = 50_000
"""Keys and values of a plan, aliases counted as often as they are used."""
DEPTH_MOST = 40
"""Levels of nesting."""


class Mark(Protocol):
    """A position that ruamel gives: the offset in the text."""

    index: int


class Event(Protocol):
    """What ruamel's parser yields, as far as it is used here; the rest stands under names of its own."""

    start_mark: Mark
    end_mark: Mark
    tag: str | None
    anchor: str | None
    value: str
    style: str | None
    version: object
    tags: object


class SyntaxMistake(Protocol):
    """What ruamel raises."""

    problem_mark: Mark | None
    context_mark: Mark | None
    problem: str | None
    context: str | None


@dataclass(slots=True)
class Source:
    """A tree under construction, and what was found on the way."""

    places: Places
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    nodes: int = 0

    def add(self, code: str, where: Where, what: str, hint: str = "") -> None:
        """Note a problem and go on."""
        self.problems.append(Problem(code=code, where=where, what=what, hint=hint))

    def stop(self, code: str, where: Where, what: str, hint: str = "") -> PlanRefused:
        """Note a problem after which nothing more can be read."""
        self.add(code, where, what, hint)
        return PlanRefused(*self.problems)

    def count(self, where: Where, *, nodes: int = 1) -> None:
        """Keep within `NODES_MOST`."""
        self.nodes += nodes
        if self.nodes > NODES_MOST:
            raise self.stop("UP107", where, f"the plan grows beyond {NODES_MOST:,} values here", "write it out shorter")


def read_tree(text: str, *, file: str) -> tuple[Table, list[Problem]]:
    """The tree of one YAML document whose root is a mapping, and the problems beside which it still can be read.

    Raises:
        PlanRefused: where no tree can be made.
    """
    body = text.removeprefix("\ufeff")
    source = Source(places=Places(body, file=file))
    start = source.places.where(0)
    if len(body) > TEXT_MOST:
        raise source.stop("UP107", start, f"the file has more than {TEXT_MOST:,} characters", "a plan is shorter")
    lone = re.search("[\ud800-\udfff]", body)
    if lone is not None:
        raise source.stop("UP101", source.places.where(lone.start()), "half a character: the file is not UTF-8")
    root = _root(source, _events(source))
    if root is None or (isinstance(root, Text) and root.empty):
        raise source.stop("UP103", start, "the plan is empty", "`uptake init` writes one to begin with")
    if not isinstance(root, Table):
        kind = "a list" if isinstance(root, Row) else "a text"
        raise source.stop("UP103", root.where, f"a plan is keys and values; found {kind}", "begin with `plan: NAME`")
    return root, source.problems


def _events(source: Source) -> Iterator[Event]:
    """The events of ruamel; whatever it raises becomes a placed problem."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parse = cast("Callable[[str], Iterator[Event]]", YAML(typ="safe", pure=True).parse)
    last = 0
    try:
        for event in parse(source.places.text):
            last = event.end_mark.index
            yield event
    except MarkedYAMLError as error:
        marked = cast("SyntaxMistake", cast("object", error))
        mark = marked.problem_mark or marked.context_mark
        if marked.context_mark is not None and "end" in f"{marked.problem}" and "stream" in f"{marked.problem}":
            mark = marked.context_mark  # what was opened and never closed
        where = source.places.where(last if mark is None else mark.index)
        raise source.stop("UP102", where, *_in_our_words(f"{marked.problem or marked.context}")) from None
    except (YAMLError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError) as error:
        position = cast("object", getattr(error, "position", last))
        where = source.places.where(position if isinstance(position, int) else last)
        raise source.stop("UP102", where, "this is not YAML", "look for a stray character here") from None


_SYNTAX = (
    ("mapping values are not allowed", "a second `: ` on one line", "put quotes round a value that holds `: `"),
    ("could not find expected ':'", "a key without its colon", "write `key: value`, with a space after the colon"),
    ("\\t", "a tab where spaces are needed", "indent with spaces"),
    ("expected <block end>", "the indentation does not fit the lines above", "line it up with its neighbours"),
    ("expected ',' or", "a list or mapping in brackets is not closed, or a comma is missing", ""),
    ("found unexpected end of stream", "a quoted text is not closed", "close the quotation mark"),
    ("while scanning a quoted scalar", "a quoted text is not closed", "close the quotation mark"),
    ("found unknown escape character", "an unknown escape after `\\`", "use single quotes, or write `\\\\`"),
    ("cannot start any token", "this character cannot begin a value", "put quotes round the value"),
    ("undefined alias", "a `*name` whose `&name` is missing", "put quotes round a value that begins with `*`"),
    ("tag handle", "YAML tags are not used in plans", "take the `!...` away"),
)


def _in_our_words(theirs: str) -> tuple[str, str]:
    """What and hint for the parser's own words."""
    for piece, what, hint in _SYNTAX:
        if piece in theirs:
            return what, hint
    return "this is not YAML: " + (theirs.partition("\n")[0] or "it cannot be read"), ""


def _root(source: Source, events: Iterator[Event]) -> Node | None:
    """The first document's node; a second document is refused."""
    root: Node | None = None
    documents = 0
    for event in events:
        name = type(event).__name__
        where = source.places.where(event.start_mark.index, event.end_mark.index)
        if name == "DocumentStartEvent":
            documents += 1
            if documents > 1:
                raise source.stop("UP103", where, "a second document begins here", "one file holds one plan")
            if event.version or event.tags:
                source.add("UP103", where, "`%` directives are not used in plans", "take the line away")
        elif name in {"ScalarEvent", "AliasEvent", "MappingStartEvent", "SequenceStartEvent"}:
            root = _node(source, event, events, depth=0, key=None)
    return root


def _node(source: Source, event: Event, events: Iterator[Event], *, depth: int, key: Where | None) -> Node:
    """Build the node that `event` begins. `key` is the place of its key."""
    start, end = event.start_mark.index, event.end_mark.index
    own = source.places.where(start, end)
    source.count(own)
    if depth > DEPTH_MOST:
        raise source.stop("UP107", own, f"nested deeper than {DEPTH_MOST} levels")
    anchor = event.anchor or ""
    name = type(event).__name__
    if name == "AliasEvent":
        return _alias(source, anchor, own)
    if event.tag is not None:
        source.add("UP105", own, "YAML tags are not used in plans", "take the `!...` away")
    before = source.nodes
    node: Node
    if name == "ScalarEvent":
        value = event.value
        plain = not event.style
        node = Text.at(value, own if value or not plain or key is None else key, plain=plain)
    elif name == "MappingStartEvent":
        node = _table(source, events, where=key or own, depth=depth)
    else:
        node = _row(source, events, where=key or own, depth=depth)
    if isinstance(node, Table) and node and key is None and end == start:
        node.where = next(iter(node)).where  # a block mapping in a list begins with its first key
    if anchor:
        source.anchors[anchor] = (node, source.nodes - before + 1)
    return node


def _row(source: Source, events: Iterator[Event], *, where: Where, depth: int) -> Row:
    """Build a sequence; an item without a value has the place of its dash."""
    row = Row()
    row.where = where
    for event in events:
        if type(event).__name__ == "SequenceEndEvent":
            break
        item = _node(source, event, events, depth=depth + 1, key=None)
        if isinstance(item, Text) and not item and item.plain:
            dash = source.places.text.rfind("-", 0, event.start_mark.index)
            item = Text.at("", source.places.where(max(dash, 0)))
        row.append(item)
    return row


def _alias(source: Source, anchor: str, own: Where) -> Node:
    """The node an alias means, counted again at its full size."""
    if anchor not in source.anchors:
        hint = "put quotes round a value that begins with `*`"
        source.add("UP102", own, f"`*{anchor}` means nothing: there is no `&{anchor}` above", hint)
        return Text.at("*" + anchor, own, plain=False)
    node, nodes = source.anchors[anchor]
    source.count(own, nodes=nodes)
    return node


def _table(source: Source, events: Iterator[Event], *, where: Where, depth: int) -> Table:
    """Build a mapping; doubled, merge and compound keys are noted and left out."""
    table = Table()
    table.where = where
    for event in events:
        if type(event).__name__ == "MappingEndEvent":
            break
        name = _node(source, event, events, depth=depth + 1, key=None)
        value = _node(source, next(events), events, depth=depth + 1, key=name.where)
        if not isinstance(name, Text):
            source.add("UP103", name.where, "a key must be a word", "put quotes round a value that begins with { or [")
        elif name == "<<" and name.plain:
            source.add("UP105", name.where, "merge keys (`<<`) are not used in plans", "write the keys out")
        elif name.empty:
            source.add("UP103", name.where, "a key is missing before the colon")
        elif name in table:
            first = next(k for k in table if k == name)
            hint = f"it stands already in line {first.where.line}: keep one of them"
            source.add("UP104", name.where, f"the key `{name}` is there twice", hint)
        else:
            table[name] = value
    return table

"""What differs between two texts of a plan, key by key, each with its place in both.

Compared is what was written, not how: comments, order of keys and quotes are no difference. Items of
a list are matched by what they say, so that one more at the front is one change. Pure; what
a change means for a plan that runs is not judged here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from uptake.core.problem import Where
from uptake.plan.read import ReadPlan
from uptake.plan.source import Node, Row, Table
from uptake.plan.tree import read_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key that is other than before.

    Args:
        path: the key by dotted path, as it stands now (as it stood where it is gone).
        old: the value before, on one line; None where the key is new.
        new: the value now; None where the key is gone.
        old_where: the place before, None where the key is new.
        new_where: the place now, None where the key is gone.
    """

    path: str
    old: str | None
    new: str | None
    old_where: Where | None
    new_where: Where | None

    @property
    def where(self) -> Where:
        """The place now, or where the key stood before."""
        where = self.new_where or self.old_where
        assert where is not None
        return where

    def touches(self, *paths: str) -> bool:
        """Whether it is at, below or above one of some paths."""
        return any(f"{path}.".startswith(f"{self.path}.") or f"{self.path}.".startswith(f"{path}.") for path in paths)


def difference(old: ReadPlan, new: ReadPlan) -> tuple[Change, ...]:
    """The changes from one text to another, in the order of the new one; what is gone stands where it stood.

    Args:
        old: the plan as it was.
        new: the plan as it is to be.
    """
    before, _ = read_tree(old.text, file=old.file)
    after, _ = read_tree(new.text, file=new.file)
    found = [_change(old, new, *pair) for pair in _pairs(("", before), ("", after))]
    return tuple(sorted(found, key=lambda change: (change.where.line, change.where.column, change.path)))


Placed = tuple[str, Node]
"""A node of a tree with its dotted path."""


def _pairs(old: Placed, new: Placed) -> Iterator[tuple[Placed | None, Placed | None]]:
    """The nodes that differ, as far down as both sides have the same shape."""
    (before, was), (after, now) = old, new
    if _flow(was) == _flow(now):
        return
    if isinstance(was, Table) and isinstance(now, Table):
        for name in dict.fromkeys([*map(str, was), *map(str, now)]):
            mine, its = was.pick(name), now.pick(name)
            left = None if mine is None else (_below(before, name), mine)
            right = None if its is None else (_below(after, name), its)
            if left and right:
                yield from _pairs(left, right)
            else:
                yield left, right
    elif isinstance(was, Row) and isinstance(now, Row):
        yield from _items((before, was), (after, now))
    else:
        yield old, new


def _items(old: tuple[str, Row], new: tuple[str, Row]) -> Iterator[tuple[Placed | None, Placed | None]]:
    """The items of two lists that differ, matched by what they say."""
    lefts: list[Placed] = [(_below(old[0], str(number)), item) for number, item in enumerate(old[1])]
    rights: list[Placed] = [(_below(new[0], str(number)), item) for number, item in enumerate(new[1])]
    matcher = SequenceMatcher(None, [_flow(i) for _, i in lefts], [_flow(i) for _, i in rights], autojunk=False)
    for _, first, last, begin, end in matcher.get_opcodes():
        mine, its = lefts[first:last], rights[begin:end]
        both = min(len(mine), len(its))
        for left, right in zip(mine[:both], its[:both], strict=True):
            yield from _pairs(left, right)
        yield from ((left, None) for left in mine[both:])
        yield from ((None, right) for right in its[both:])


def _change(old: ReadPlan, new: ReadPlan, left: Placed | None, right: Placed | None) -> Change:
    """A pair of nodes as a change."""
    path = right[0] if right else left[0] if left else ""
    return Change(
        path=path,
        old=_flow(left[1]) if left else None,
        new=_flow(right[1]) if right else None,
        old_where=old.value(left[0]) if left else None,
        new_where=new.value(right[0]) if right else None,
    )


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _flow(node: Node) -> str:
    """A node on one line; keys in order, so that their order in the file is no difference."""
    if isinstance(node, Table):
        return "{" + ", ".join(sorted(f"{name}: {_flow(value)}" for name, value in node.items())) + "}"
    if isinstance(node, Row):
        return "[" + ", ".join(_flow(item) for item in node) + "]"
    text = " ".join(node.splitlines()) if "\n" in node else str(node)
    return text if not node.empty else "null"

"""What pydantic reports, in our words and at its place; and how reading goes on beside it.

`rewrite` turns one of its errors into a problem. `mend` takes what is wrong out of the tree and puts
placeholders where something is missing, so that the rest can still be made into values and checked: all mistakes
are told at once, not one layer after another.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from uptake.core.problem import Where
from uptake.plan.hint import did_you_mean
from uptake.plan.keys import Key, all_keys, key_at, keys_of, section_at
from uptake.plan.later import LATER_KEYS, later_section
from uptake.plan.model import Plan
from uptake.plan.source import Node, Row, Table, Text
from uptake.plan.value import Mistakes, kind

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def rewrite(detail: "ErrorDetails", tree: Table, mistakes: Mistakes) -> None:
    """One of pydantic's errors in our words, at its place."""
    loc = list(detail["loc"])
    match detail["type"]:
        case "unexpected_keyword_argument":
            _unknown(loc, tree, mistakes)
        case "missing":
            parent = _node(tree, loc[:-1])
            who = f"`{_name(loc[:-1])}`" if len(loc) > 1 else "the plan"
            hint = f"add `{loc[-1]}:`; see `uptake explain {_dotted(loc)}`"
            mistakes.add("UP111", _place(parent, tree), f"{who} needs `{loc[-1]}`", hint)
        case _:
            _wrong_kind(loc, tree, mistakes)


def _node(tree: Table, loc: Sequence[str | int]) -> Node:
    """The node at a path; the last one there is where the path goes on into nothing."""
    node: Node = tree
    for step in loc:
        match node, step:
            case Table(), str():
                below = node.pick(step)
                node = node if below is None else below
            case Row(), int():
                node = node[step]
            case _:
                pass
    return node


def _place(node: Node, tree: Table) -> Where:
    """A mapping's own place; the whole plan's is its first line."""
    return Where(file=tree.where.file, line=1, column=1) if node is tree else node.where


def _dotted(loc: Sequence[str | int]) -> str:
    """A path as `uptake explain` takes it."""
    return ".".join(step for step in loc if isinstance(step, str))


def _name(loc: Sequence[str | int]) -> str:
    """The last key of a path."""
    return next((step for step in reversed(loc) if isinstance(step, str)), "")


def _unknown(loc: list[str | int], tree: Table, mistakes: Mistakes) -> None:
    """A key that the model does not have."""
    key, above = str(loc[-1]), loc[:-1]
    parent = _node(tree, above)
    where = parent.place(key) if isinstance(parent, Table) else parent.where
    cls = section_at(above) or Plan
    section = cls.__name__.lower()
    later = LATER_KEYS.get((section, key))
    if later is not None:
        mistakes.add("UP112", where, f"`{key}` is not in this version of Uptake", later)
        return
    place = f" in `{_name(above)}`" if above else ""
    mistakes.add("UP110", where, f"unknown key `{key}`{place}", _key_hint(key, cls))


def _key_hint(key: str, cls: type) -> str:
    """Where a key belongs, or which one was meant."""
    homes = [path for path in all_keys() if path.rpartition(".")[2] == key]
    if len(homes) == 1:
        return (
            f"`{key}` belongs under `{homes[0].rpartition('.')[0]}`"
            if "." in homes[0]
            else "it belongs at the left edge"
        )
    near = did_you_mean(key, keys_of(cls))
    if near.startswith("did"):
        return near
    section = later_section(key)
    return f"`{key}` is of `{section}`, and not in this version of Uptake" if section else near


def _wrong_kind(loc: list[str | int], tree: Table, mistakes: Mistakes) -> None:
    """A list where keys are wanted, and the like."""
    node = _node(tree, loc)
    name = _name(loc)
    key = key_at(loc)
    is_item = bool(loc) and isinstance(loc[-1], int)
    if isinstance(node, Text) and node.empty and not is_item:
        hint = (
            f"see `uptake explain {'.'.join(str(step) for step in loc if isinstance(step, str))}`, or take the key away"
        )
        mistakes.add("UP114", node.where, f"`{name}` has no value", hint)
    elif key is not None and key.many == "list" and not is_item:
        hint = f"write [{node}]" if isinstance(node, Text) else "begin each item with `- `"
        mistakes.add("UP113", node.where, f"`{name}` must be a list; found {kind(node)}", hint)
    else:
        section = section_at(loc)
        hint = "" if section is None else f"known here: {', '.join(keys_of(section))}"
        who = f"each item of `{name}`" if is_item else f"`{name}`"
        mistakes.add("UP113", node.where, f"{who} must be keys and values; found {kind(node)}", hint)


def mend(detail: "ErrorDetails", tree: Table) -> None:
    """Change the tree so that this error is gone, with an empty value where one is needed."""
    loc = list(detail["loc"])
    parent, last, key = _node(tree, loc[:-1]), loc[-1], key_at(loc)
    match parent, last:
        case Table(), str() if detail["type"] == "unexpected_keyword_argument":
            del parent[Text(last)]
        case Table(), str():
            name = next((there for there in parent if there == last), Text.at(last, parent.where))
            parent[name] = _nothing(key, parent.where)
        case Row(), int():
            parent[last] = _empty(Table(), parent.where)
        case _:
            raise AssertionError(detail)


def _nothing(key: Key | None, where: Where) -> Node:
    """A value of the right kind that says nothing."""
    if key is not None and key.many == "list":
        return _empty(Row(), where)
    if key is not None and (key.section is not None or key.many == "map"):
        return _empty(Table(), where)
    return Text.at("", where)


def _empty(node: Table | Row, where: Where) -> Node:
    """An empty mapping or list with a place."""
    node.where = where
    return node

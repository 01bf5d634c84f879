"""The plan's text as a tree in which every key and value knows its place.

Every scalar stays text (`NO`, `12:30`, `1.10`, `2026-01-05`): what it means is decided in `value`
and `form`. Here are the tree's parts and the counting of lines; how a text becomes a tree is in
`tree`. Nothing here opens a file.
"""

import re
from bisect import bisect_right

from uptake.core.problem import PlanRefused, Problem, Where

_BREAK = re.compile(r"\r\n|\n|\r")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class Text(str):
    """A scalar as it stands in the file. `plain` is unquoted; an unquoted nothing is `empty`."""

    __slots__ = ("plain", "where")
    where: Where
    plain: bool

    @classmethod
    def at(cls, value: str, where: Where, *, plain: bool = True) -> "Text":
        """A text with its place."""
        text = cls(value)
        text.where = where
        text.plain = plain
        return text

    @property
    def empty(self) -> bool:
        """Whether there is no value: nothing, `~` or `null`."""
        return self.plain and str(self) in _NULLS


class Table(dict[Text, "Node"]):
    """A mapping; `where` is its key's place, or its own where it has no key."""

    __slots__ = ("where",)
    where: Where

    def pick(self, key: str) -> "Node | None":
        """The value of a key by its plain name."""
        return self.get(Text(key))

    def place(self, key: str) -> Where:
        """The place of a key, of the mapping where it is missing."""
        return next((name.where for name in self if name == key), self.where)


class Row(list["Node"]):
    """A sequence; `where` as for `Table`."""

    __slots__ = ("where",)
    where: Where


Node = Text | Table | Row


class Places:
    """Turns offsets into lines and columns as editors count them."""

    def __init__(self, text: str, *, file: str) -> None:
        """Args: text: the whole file; file: its name in messages."""
        self.file = file
        self.text = text
        self._starts = [0, *(match.end() for match in _BREAK.finditer(text))]

    def where(self, start: int, end: int | None = None) -> Where:
        """The place of [start, end), of its first line where it spans several."""
        start = min(max(start, 0), len(self.text))
        line = bisect_right(self._starts, start) - 1
        stop = start + 1 if end is None else end
        break_ = _BREAK.search(self.text, start)
        if break_ is not None:
            stop = min(stop, break_.start())
        shown = self.text[start:stop].rstrip()
        return Where(file=self.file, line=line + 1, column=start - self._starts[line] + 1, width=max(len(shown), 1))


def decode_plan(data: bytes, *, file: str) -> str:
    """The file's bytes as text.

    Raises:
        PlanRefused: bytes that are not UTF-8, at the first that is not.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode("utf-8")
        where = Places(good, file=file).where(len(good))
        what = f"the file is not UTF-8: byte 0x{data[error.start]:02x}"
        raise PlanRefused(Problem(code="UP101", where=where, what=what, hint="save the file as UTF-8")) from None


def places_of(tree: Table) -> tuple[dict[str, Where], dict[str, Where]]:
    """Dotted path -> place of every key and list item, as `implement.gate.adoption`; and the same for the values."""
    keys: dict[str, Where] = {}
    values: dict[str, Where] = {}
    pending: list[tuple[str, Node]] = [("", tree)]
    while pending:
        path, node = pending.pop()
        below: list[tuple[str, Where, Node]] = []
        if isinstance(node, Table):
            below = [(str(name), name.where, value) for name, value in node.items()]
        elif isinstance(node, Row):
            below = [(str(i), value.where, value) for i, value in enumerate(node)]
        for name, where, value in below:
            keys[path + name] = where
            values[path + name] = value.where
            pending.append((f"{path}{name}.", value))
    return keys, values

"""The annotated reference as values: what each key means, from the comments above it.

`reference/*.yaml` are small valid plans; the comment above a key explains it. They serve the docs, `uptake
explain KEY` and the descriptions of the JSON Schema, so that there is one text to keep true.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import cast

from uptake.core.time import Span
from uptake.plan.analysis import Bound
from uptake.plan.hint import did_you_mean
from uptake.plan.keys import Key, all_keys
from uptake.plan.model import Check, Step
from uptake.plan.source import places_of
from uptake.plan.tree import read_tree

EXAMPLE_LINES_MOST = 12
"""So many lines of an example are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A key as the reference explains it.

    `path` is dotted, list positions left out; `example` the lines of the file in which it stands, dedented; `key` is
    None for the words of steps and checks (`deploy.configuration.release`), which the model keeps as plain names.
    """

    path: str
    text: str
    example: str
    file: str
    key: Key | None

    @property
    def form(self) -> str:
        """What kind of value is written, in words."""
        return "" if self.key is None else form_of(self.key)


@cache
def reference() -> dict[str, Explained]:
    """The reference that came with this version, by path, in the model's order."""
    folder = files("uptake.plan").joinpath("reference")
    texts = {item.name: item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".yaml")}
    found = read_reference(texts)
    order = {path: position for position, path in enumerate(all_keys())}
    return dict(sorted(found.items(), key=lambda item: _position(item[0], order)))


def _position(path: str, order: Mapping[str, int]) -> tuple[int, str]:
    """Where a path stands in the model's order; words of steps and checks follow the key above them."""
    known = path
    while known not in order:
        known = known.rpartition(".")[0]
    return order[known], path


def read_reference(texts: Mapping[str, str]) -> dict[str, Explained]:
    """Every explained key of some reference files.

    Args:
        texts: file name -> its text; each is valid YAML.
    """
    found: dict[str, Explained] = {}
    for file, text in sorted(texts.items()):
        tree, problems = read_tree(text, file=file)
        assert not problems, problems
        rows = text.splitlines()
        first: dict[int, str] = {}
        for dotted, where in sorted(places_of(tree)[0].items(), key=lambda item: (item[1].line, item[1].column)):
            if not dotted.rpartition(".")[2].isdigit():
                first.setdefault(where.line, dotted)
        for line, dotted in first.items():
            words = _comment_above(rows, line)
            path = ".".join(part for part in dotted.split(".") if not part.isdigit())
            if words and path not in found:
                example = _example(rows, line)
                found[path] = Explained(path=path, text=words, example=example, file=file, key=all_keys().get(path))
    return found


def _comment_above(rows: list[str], line: int) -> str:
    """The comment lines that stand directly above a line, as one text."""
    words: list[str] = []
    for row in reversed(rows[: line - 1]):
        if not row.lstrip().startswith("#"):
            break
        words.insert(0, row.lstrip().removeprefix("#").strip())
    return " ".join(words)


def _example(rows: list[str], line: int) -> str:
    """The line and what is indented below it, comments left out, without the common indentation."""
    start = rows[line - 1]
    indent = len(start) - len(start.lstrip(" "))
    kept = [start[indent:]]
    for row in rows[line:]:
        depth = len(row) - len(row.lstrip(" "))
        if row.strip() and depth <= indent:
            break
        if row.strip() and not row.lstrip().startswith("#"):
            kept.append(row[indent:])
    return "\n".join(kept[:EXAMPLE_LINES_MOST])


def explained(key: Key) -> Explained | None:
    """The explanation of a key, also where another path to the same section has it."""
    same = (found for found in reference().values() if found.key is not None)
    return next((it for it in same if it.key and (it.key.owner, it.key.name) == (key.owner, key.name)), None)


def look_up(word: str) -> tuple[Explained, ...]:
    """The keys that a word may mean: a whole path, its end (`gate.at`), or a key's bare name."""
    wanted = word.strip().removesuffix(":")
    if wanted in reference():
        return (reference()[wanted],)
    key = all_keys().get(wanted)
    if key is not None:
        found = explained(key)
        return () if found is None else (found,)
    return tuple(it for path, it in reference().items() if path.endswith(f".{wanted}"))


def nearest_key(word: str) -> str:
    """A hint for a word that explains nothing."""
    parts = [path.split(".") for path in reference()]
    depth = word.count(".") + 1
    near = did_you_mean(word, {".".join(names[-depth:]) for names in parts})
    return near if near.startswith("did") else "`uptake explain` lists all keys"


FORMS: tuple[tuple[object, str], ...] = (
    (str, "text"),
    (bool, "true or false"),
    (int, "whole number"),
    (float, "percentage"),
    (Span, "duration"),
    (Step, "step"),
    (Check, "check"),
    (Bound, "comparison"),
)
"""Type -> what a plan has there, in words."""
OWN_FORMS = {
    ("Update", "max_parallel"): "number or percentage",
    ("Access", "command"): "text or list of words",
    ("Hook", "command"): "text or list of words",
    ("Metric", "command"): "text or list of words",
    ("HostCall", "body"): "any value",
}
"""(class, key) -> the same, where the type does not tell."""


def form_of(key: Key) -> str:
    """What is written for a key, in words: `percentage`, `list of texts`, `hold or rollback`."""
    own = OWN_FORMS.get((key.owner.__name__, key.name))
    if own is not None or key.many == "map":
        return own or "names and texts"
    if key.choices:
        one = ", ".join(key.choices[:-1]) + " or " + key.choices[-1] if len(key.choices) > 1 else "".join(key.choices)
    elif key.section is not None:
        one = "section"
    else:
        one = next((word for kind, word in FORMS if kind is key.bare), "any value")
    if key.many == "list":
        return f"list of {one}" if key.choices else f"list of {one}s"
    return one


def default_of(key: Key) -> str | None:
    """A key's default as a plan writes it, `none` for nothing, None where the key is needed."""
    if key.default is None:
        return None
    default = key.default()
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, float):
        return f"{default * 100:g}%"
    if isinstance(default, tuple) and default:
        return "[" + ", ".join(str(item) for item in cast("tuple[object, ...]", default)) + "]"
    if isinstance(default, Span | int | str) and default != "":
        return str(default)
    return "its own defaults" if key.section is not None and default is not None else "none"

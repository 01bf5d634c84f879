"""How single values are read: percentages, durations, whole numbers, names, choices, addresses.

Each reader takes a node of the tree and notes what is wrong with it at its place; it then returns
some value of the right type, so that reading goes on and all mistakes are found at once. The notes
decide whether there is a plan. Which reader stands where is `shape`'s business.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from uptake.core.problem import Problem, Where
from uptake.core.time import Span
from uptake.plan.analysis import Bound
from uptake.plan.hint import did_you_mean
from uptake.plan.source import Node, Row, Table, Text

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_WHOLE = re.compile(r"\d{1,9}")
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_JSON_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\[\d{1,6}\]|\['[^']+'\])*")
_EXACT_MOST = 15
_WORDS: dict[str, bool] = {"true": True, "True": True, "false": False, "False": False}
DAYS_MOST = 36_500
"""A hundred years: the longest duration that a plan may hold."""


@dataclass(slots=True)
class Mistakes:
    """What has been found wrong so far."""

    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, where: Where, what: str, hint: str = "") -> None:
        """Note one mistake."""
        self.problems.append(Problem(code=code, where=where, what=what, hint=hint))


def kind(node: Node) -> str:
    """What a node is, in words."""
    match node:
        case Table():
            return "keys and values"
        case Row():
            return "a list"
        case Text() if node.empty:
            return "nothing"
        case Text() if node.plain and _NUMBER.fullmatch(node):
            return f"the number {node}"
        case _:
            return f"the text `{shorten(node)}`"


def shorten(text: str, most: int = 40) -> str:
    """The text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def scalar(node: Node, mistakes: Mistakes, *, name: str, wanted: str, hint: str = "") -> Text | None:
    """The node as a scalar with a value, else None and a note. `wanted` as in "a duration"."""
    if not isinstance(node, Text):
        mistakes.add("UP113", node.where, f"`{name}` must be {wanted}; found {kind(node)}", hint)
        return None
    if node.empty:
        mistakes.add("UP114", node.where, f"`{name}` has no value", hint or f"write {wanted}, or take the key away")
        return None
    return node


def text(node: Node, mistakes: Mistakes, *, name: str) -> str:
    """A text that is not empty; numbers, dates and `NO` stay as written."""
    found = scalar(node, mistakes, name=name, wanted="a text")
    if found is None:
        return ""
    if not found.strip():
        mistakes.add("UP114", found.where, f"`{name}` is empty", "write a text, or take the key away")
    return str(found)


def share(node: Node, mistakes: Mistakes, *, name: str) -> float:
    """A percentage as a share in [0, 1]: `60%` -> 0.6."""
    found = scalar(node, mistakes, name=name, wanted="a percentage", hint="write it as 60%")
    if found is None:
        return 0.0
    match = _PERCENT.fullmatch(found.strip())
    if match is None:
        mistakes.add("UP120", found.where, f"`{name}` must be a percentage; found {kind(found)}", _percent_hint(found))
        return 0.0
    value = Decimal(match[1])
    if value > 100:
        mistakes.add("UP120", found.where, f"`{name}` is more than 100%; found {found}", "a share is at most 100%")
        return 0.0
    return float(value / 100)


def _percent_hint(found: Text) -> str:
    """What to write instead of something that is no percentage."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)( ?percent| ?pct)?", found.strip())
    if match is None or len(match[1]) > 12:
        return "write a number and %, such as 60%"
    number = Decimal(match[1])
    percent = number * 100 if number <= 1 and not match[2] else number
    return f"write {percent.normalize():f}%" if percent <= 100 else "write a number up to 100 and %, such as 60%"


def parallel(node: Node, mistakes: Mistakes, *, name: str) -> float | int:
    """A share of the hosts (`25%`) or a whole number of them (`3`)."""
    found = scalar(node, mistakes, name=name, wanted="a number of hosts or a percentage", hint="write 3 or 25%")
    if found is None:
        return 1
    if "%" in found:
        value = share(found, mistakes, name=name)
        if value == 0 and _PERCENT.fullmatch(found.strip()):
            mistakes.add("UP120", found.where, f"`{name}` is 0%: no host would ever be updated", "write 25%, say")
        return value
    if _WHOLE.fullmatch(found) is None or int(found) == 0:
        what = f"`{name}` must be a number of hosts or a percentage; found {kind(found)}"
        mistakes.add("UP122", found.where, what, "write 3 or 25%")
        return 1
    return int(found)


def whole(node: Node, mistakes: Mistakes, *, name: str, least: int = 0) -> int:
    """A whole number that is at least `least`."""
    found = scalar(node, mistakes, name=name, wanted="a whole number")
    if found is None:
        return least
    if _WHOLE.fullmatch(found) is None:
        hint = (
            f"write {found.partition('.')[0]}" if re.fullmatch(r"\d+\.\d+", found) else "write digits only, such as 3"
        )
        mistakes.add("UP122", found.where, f"`{name}` must be a whole number; found {kind(found)}", hint)
        return least
    if int(found) < least:
        mistakes.add("UP122", found.where, f"`{name}` must be at least {least}; found {kind(found)}", f"write {least}")
        return least
    return int(found)


def span(node: Node, mistakes: Mistakes, *, name: str, negative: bool = False, zero: bool = False) -> Span:
    """A duration: `30s`, `10m`, `2h`, `7d`, `4w`; negative and zero ones only where they mean something."""
    found = scalar(node, mistakes, name=name, wanted="a duration", hint="write 30s, 10m, 2h, 7d or 4w")
    if found is None:
        return Span(days=1)
    try:
        value = Span.parse(found)
    except (ValueError, OverflowError):
        what = f"`{name}` must be a duration; found {kind(found)}"
        mistakes.add("UP121", found.where, what, _span_hint(found))
        return Span(days=1)
    if abs(value.approx_s) > DAYS_MOST * 86_400:
        mistakes.add("UP121", found.where, f"`{name}` is longer than a hundred years; found `{found}`")
        return Span(days=1)
    if value.is_negative() and not negative:
        hint = f"write {found.strip().lstrip('-')}; only an announcement's `at` may lie before a wave opens"
        mistakes.add("UP121", found.where, f"`{name}` cannot be negative; found `{found}`", hint)
        return Span(days=1)
    if not value.approx_s and not zero and not negative:
        mistakes.add("UP121", found.where, f"`{name}` must be longer than nothing; found `{found}`", "write 1d, say")
    return value


_UNITS = {
    "s": "s",
    "m": "m",
    "h": "h",
    "d": "d",
    "w": "w",
    "sec": "s",
    "min": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
}


def _span_hint(found: Text) -> str:
    """What to write instead of something that is no duration."""
    match = re.fullmatch(r"([+-]?\d{1,6}(?:\.\d{1,6})?)\s*([a-zA-Z]*)", found.strip())
    if match is None:
        return "write a number and a unit: 30s, 10m, 2h, 7d or 4w"
    number, unit = match[1], match[2].lower()
    if not unit:
        return f"add a unit: {number}s, {number}m, {number}h, {number}d or {number}w"
    letter = _UNITS.get(unit) or _UNITS.get(unit[:3]) or (_UNITS.get(unit.removesuffix("s")) if unit != "ms" else None)
    if letter is None:
        return "the units are s, m, h, d and w, as in 30s, 10m, 2h, 7d or 4w"
    if letter in {"d", "w"} and "." in number:
        return "calendar days and weeks are whole numbers"
    return f"write {number}{letter}"


def switch(node: Node, mistakes: Mistakes, *, name: str) -> bool:
    """true or false."""
    found = scalar(node, mistakes, name=name, wanted="true or false")
    if found is None:
        return False
    if found not in _WORDS:
        yes = found.lower() in {"yes", "on", "y", "1"}
        hint = f"write {'true' if yes else 'false'}" if yes or found.lower() in {"no", "off", "n", "0"} else ""
        what = f"`{name}` must be true or false; found {kind(found)}"
        mistakes.add("UP123", found.where, what, hint or "write true or false")
        return False
    return _WORDS[str(found)]


def bound(node: Node, mistakes: Mistakes, *, name: str) -> Bound:
    """A comparison with a number: `< 1%`, `>= 250`."""
    found = scalar(node, mistakes, name=name, wanted="a comparison", hint='write "< 1%", or ">= 250"')
    if found is not None:
        try:
            return Bound.parse(found)
        except ValueError:
            hint = f'write "< {found}" or "> {found}"' if _NUMBER.fullmatch(found) else 'write "< 1%", or ">= 250"'
            mistakes.add(
                "UP122", found.where, f"`{name}` must be a comparison with a number; found {kind(found)}", hint
            )
    return Bound(sign="<", value=0.0)


def is_json_path(text: str) -> bool:
    """Whether a text is a path into JSON: $.a.b, $.items[0], $['a b']."""
    return _JSON_PATH.fullmatch(text) is not None


def choice(node: Node, mistakes: Mistakes, *, name: str, options: Iterable[str]) -> str:
    """One of a few words."""
    words = list(options)
    found = scalar(node, mistakes, name=name, wanted="one of " + ", ".join(words))
    if found is None:
        return words[0]
    if found not in words:
        listed = ", ".join(words[:-1]) + " or " + words[-1] if len(words) > 1 else words[0]
        near = did_you_mean(found, words)
        hint = near if near.startswith("did") else f"write {listed}"
        mistakes.add("UP123", found.where, f"`{name}` must be {listed}; found {kind(found)}", hint)
        return words[0]
    return str(found)


def named(node: Node, mistakes: Mistakes, *, name: str, pattern: str, said: str) -> str:
    """A name of a given form; `said` tells the form in words."""
    found = scalar(node, mistakes, name=name, wanted="a name", hint=said)
    if found is None:
        return ""
    if re.fullmatch(pattern, found) is None:
        slug = re.sub(r"[^a-z0-9]+", "-", found.lower()).strip("-")
        hint = f"write {slug}" if slug and re.fullmatch(pattern, slug) else said
        mistakes.add("UP124", found.where, f"`{name}` must be {said}; found {kind(found)}", hint)
    return str(found)


def plain_value(node: Node, *, decimals: bool = False) -> object:
    """A free value: a step's arguments, the body of a call.

    Unquoted whole numbers, true, false and null are themselves, all else is text; with `decimals`, so are
    numbers such as 0.5 (but not 1.10, which as a number would lose its nought).
    """
    match node:
        case Table():
            return {str(key): plain_value(item, decimals=decimals) for key, item in node.items()}
        case Row():
            return [plain_value(item, decimals=decimals) for item in node]
        case Text() if not node.plain:
            return str(node)
        case Text() if node.empty:
            return None
        case Text() if node in _WORDS:
            return _WORDS[node]
        case Text() if _INTEGER.fullmatch(node):
            return int(node)
        case Text():
            exact = decimals and len(node) < _EXACT_MOST and _DECIMAL.fullmatch(node) and str(float(node)) == node
            return float(node) if exact else str(node)

"""Which keys a plan has: the model's fields as the file writes them, with type and default.

One reading of the type hints serves the validator, the hints, the JSON Schema and the reference.
A key's path leaves list positions out: `implement.adjust.when.below`.
"""

import types
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Literal, cast, get_args, get_origin, get_type_hints

from uptake.core.time import Span
from uptake.plan.analysis import Bound
from uptake.plan.model import Check, Plan, Step

UNIONS = (types.UnionType, get_origin(Literal[""] | None))
"""What `X | None` is at run time; a Literal makes the latter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of one section.

    `bare` is the type without `tuple[...]` and `| None`; `many` says how many values stand there;
    `default` makes the value of a key that is left out, None where the key is needed.
    """

    name: str
    field: str
    owner: type
    bare: object
    many: Literal["one", "list", "map"]
    default: Callable[[], object] | None

    @property
    def section(self) -> type | None:
        """The dataclass whose keys stand below, None for single values, steps and checks."""
        if (
            self.many == "map"
            or any(self.bare is leaf for leaf in (Span, Step, Check, Bound))
            or not is_dataclass(self.bare)
        ):
            return None
        return cast("type", cast("object", self.bare))

    @property
    def choices(self) -> tuple[str, ...]:
        """The words allowed, where there are only some."""
        return cast("tuple[str, ...]", get_args(self.bare)) if get_origin(self.bare) is Literal else ()


@cache
def keys_of(cls: type) -> dict[str, Key]:
    """The keys of a section in the model's order; `from_` is written `from`."""
    hints = cast("dict[str, object]", get_type_hints(cls))
    found: dict[str, Key] = {}
    for item in fields(cls):
        bare, many = _bare(hints[item.name])
        default: Callable[[], object] | None = None
        if item.default is not MISSING:
            default = _constant(cast("object", item.default))
        elif item.default_factory is not MISSING:
            default = item.default_factory
        name = item.name.removesuffix("_")
        found[name] = Key(name=name, field=item.name, owner=cls, bare=bare, many=many, default=default)
    return found


def _constant(value: object) -> Callable[[], object]:
    """A function that gives this value."""
    return lambda: value


def _bare(hint: object) -> tuple[object, Literal["one", "list", "map"]]:
    """A hint's inner type and how many of it there are; of `float | int` the first counts."""
    origin = get_origin(hint)
    arguments = cast("tuple[object, ...]", get_args(hint))
    if origin in UNIONS:
        return _bare(next(arm for arm in arguments if arm is not types.NoneType))
    if origin is tuple:
        return arguments[0], "list"
    if origin is dict:
        return arguments[1], "map"
    return hint, "one"


def section_at(loc: Sequence[str | int]) -> type | None:
    """The dataclass of the mapping at a path of keys and list positions, None where it is none."""
    cls: type = Plan
    for step in loc:
        if isinstance(step, int):
            continue
        key = keys_of(cls).get(step)
        if key is None or key.section is None:
            return None
        cls = key.section
    return cls


def key_at(loc: Sequence[str | int]) -> Key | None:
    """The key that a path ends in, list positions left out."""
    names = [step for step in loc if isinstance(step, str)]
    cls = section_at(names[:-1])
    return None if cls is None or not names else keys_of(cls).get(names[-1])


@cache
def all_keys() -> dict[str, Key]:
    """Every key of the model by its dotted path, in the model's order."""
    found: dict[str, Key] = {}
    _collect(Plan, "", found)
    return found


def _collect(cls: type, above: str, found: dict[str, Key]) -> None:
    """Add a section's keys and those below them."""
    for name, key in keys_of(cls).items():
        found[above + name] = key
        if key.section is not None:
            _collect(key.section, f"{above}{name}.", found)

"""What pyinfra's operations are called and which arguments they take, from a table.

The table is made by `.ci/operations.py` and tested equal to the installed pyinfra, so that a check
never imports pyinfra and never runs anybody's code. Only names are known here, no types.
"""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation: its arguments in order, those it must have, and whether it takes others too (`open`)."""

    name: str
    arguments: tuple[str, ...]
    required: tuple[str, ...]
    open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """All operations by name, and the arguments that each of them takes beside its own."""

    by_name: dict[str, Operation]
    everywhere: tuple[str, ...]


@lru_cache(maxsize=1)
def operations() -> Operations:
    """The table that came with this version."""
    text = files("uptake.plan").joinpath("operations.json").read_text(encoding="utf-8")
    table = msgspec.json.decode(text, type=_Table)
    by_name = {
        name: Operation(name=name, arguments=row.arguments, required=row.required, open=row.open)
        for name, row in table.operations.items()
    }
    return Operations(by_name=by_name, everywhere=table.everywhere)


class _Row(msgspec.Struct):
    """An operation as the file has it."""

    arguments: tuple[str, ...]
    required: tuple[str, ...]
    open: bool


class _Table(msgspec.Struct, rename={"everywhere": "global"}):
    """The file."""

    operations: dict[str, _Row]
    everywhere: tuple[str, ...]

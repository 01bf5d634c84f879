"""The board as plain values for `--json`: the same figures as every screen, under a versioned schema.

Nothing is added, and nothing left out but what `uptake adoption --json` tells; instants are milliseconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import msgspec

from uptake.report.board import Board, Head

SCHEMA = 1
"""The version of what `--json` prints; it grows when a key changes its meaning or goes."""


def board_json(board: Board) -> dict[str, Any]:
    """The board as dicts, lists, text and numbers; heads of halves that the plan does not have are left out."""
    plain = cast("dict[str, Any]", msgspec.to_builtins(replace(board, adoption=None)))
    del plain["adoption"]
    heads = cast("list[Any]", msgspec.to_builtins([head for head in board.heads if head is not None]))
    return {"schema": SCHEMA, **plain, "heads": heads}


def status_json(board: Board, turning: str) -> dict[str, Any]:
    """What `status --json` prints, here and from elsewhere: the board, and who turns the ring now."""
    return {**board_json(board), "turning": turning}


def board_of_json(value: Mapping[str, Any]) -> Board:
    """The board that `board_json` made plain.

    Raises:
        msgspec.ValidationError: of another schema.
    """
    heads = {head.half: head for head in msgspec.convert(value.get("heads", ()), type=tuple[Head, ...])}
    board = msgspec.convert({**value, "heads": (None, None)}, type=Board)
    return replace(board, heads=(heads.get("deploy"), heads.get("implement")))

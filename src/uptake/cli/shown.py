"""What the verbs that only look have in common: the board of an opened plan, and the terminal's width.

Nothing is written and no lease is taken; where nothing was started, the plan file alone is shown.
"""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from uptake.app.events import with_untold
from uptake.app.opened import Opened, open_plan
from uptake.core.picture import Picture, fold
from uptake.core.time import Instant
from uptake.report.board import Board
from uptake.report.figures import figures
from uptake.report.history import History, followed

PIPE_COLUMNS = 160
"""Where there is no terminal, lines are long enough to hold each phrase of the comparison unbroken."""

PLAIN_SIGNS = str.maketrans("\u2501\u2500\u2503\u2713\u25cf\u25cb\u2717\u00b7\u2026", "=-|+*ox..")
"""Meters and marks for a terminal that has ASCII only."""


@contextmanager
def opened_plan(plan: Path) -> Iterator[Opened]:
    """Open a plan and its state, and let both go afterwards."""
    opened = open_plan(plan)
    try:
        yield opened
    finally:
        opened.store.close()


def board_of(opened: Opened) -> Board:
    """The board at this moment."""
    picture, history, seal = folded(opened)
    return with_untold(opened, figures(opened.read, picture, now(), seal=seal, history=history))


def folded(opened: Opened) -> tuple[Picture, History, str]:
    """The picture, the looks and the last hash of the plan's entries."""
    picture, seal, history = Picture(), "", History()
    for entry in opened.store.ledger.read():
        fold(picture, entry)
        history = followed(history, (entry,))
        seal = entry.hash
    return picture, history, seal


def now() -> Instant:
    """This moment, by the machine's clock."""
    return Instant(time.time_ns() // 1_000_000)


def columns() -> int:
    """The terminal's width; COLUMNS has the last word."""
    return shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns


def print_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")


def print_text(text: str) -> None:
    """Text on stdout that ends with its own newline; in letters that the terminal has."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(PLAIN_SIGNS).encode(encoding, "replace").decode(encoding)
    sys.stdout.write(text)

"""How the terminal looks: problems with their source line and caret, in colour where wanted.

Thin: the words come from the plan room and the report; here is only what a terminal is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from uptake.app.settings import wants_plain
from uptake.core.problem import Problem
from uptake.plan.render import render, render_one
from uptake.plan.tree import TEXT_MOST


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour: a terminal, and no NO_COLOR."""
    return stream.isatty() and not wants_plain()


def paint_problems(problems: Sequence[Problem], stream: TextIO) -> str:
    """Problems for a stream, each with its source line where its file can still be read."""
    files = {problem.where.file for problem in problems if problem.where.line}
    sources = {name: text for name in files if (text := _text(Path(name))) is not None}
    return render(problems, sources, colour=wants_colour(stream)).rstrip("\n")


def paint_lost(problems: Sequence[Problem], stream: TextIO) -> str:
    """Problems after which it is not known what was done: nothing is said of that."""
    return "\n".join(render_one(problem, None, colour=wants_colour(stream)) for problem in problems).rstrip("\n")


def _text(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(TEXT_MOST)
    except (OSError, ValueError):
        return None

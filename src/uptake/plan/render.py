"""Problems as a person reads them in a terminal: code, cause, place, the source line with a caret, the hint.

Plain text, or with ANSI colours where `colour` is set; control characters of the source are never passed on.
Not here: printing, and deciding whether the output is a terminal.
"""

import unicodedata
from collections.abc import Mapping, Sequence

from uptake.core.problem import Problem

WIDTH_MOST = 100
"""Characters of a source line that are shown; a longer one is cut to a window round the caret."""
_BEFORE_CARET = 60

_RED = "\x1b[31m"
_BOLD_RED = "\x1b[1;31m"
_BOLD = "\x1b[1m"
_DIM = "\x1b[2m"
_END = "\x1b[0m"


def render(
    problems: Sequence[Problem], sources: Mapping[str, str], *, colour: bool = False, warnings: bool = False
) -> str:
    """All problems and a last line that counts them.

    Args:
        problems: at least one, in the order in which they are to be shown.
        sources: the text of each file that a place may be in; a problem in another file is shown without its line.
        colour: whether to use ANSI colours.
        warnings: whether they are doubts that stop nothing.
    """
    word = "warning" if warnings else "error"
    blocks = [render_one(problem, sources.get(problem.where.file), colour=colour, word=word) for problem in problems]
    return "\n\n".join([*blocks, *([] if warnings else [count(problems)])]) + "\n"


def count(problems: Sequence[Problem]) -> str:
    """`2 errors in plan.yaml. Nothing was changed.`"""
    files = list(dict.fromkeys(problem.where.file for problem in problems))
    number = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
    named = ", ".join(files[:-1]) + " and " + files[-1] if len(files) > 1 else "".join(files)
    return f"{number} in {named}. Nothing was changed."


def render_one(problem: Problem, source: str | None, *, colour: bool = False, word: str = "error") -> str:
    """One problem; `source` is the whole text of its file, None where it is not known; `word` is error or warning."""
    paint = _paint if colour else _plain
    where = problem.where
    title, _, found = _printable(problem.what).partition("; found ")
    note = f"found {found}" if found else ""
    hint = _printable(problem.hint)
    if not note and hint.startswith("did you mean"):
        note, hint = hint, ""
    lines = [paint(_BOLD_RED if word == "error" else _BOLD, f"{word}[{problem.code}]") + paint(_BOLD, f": {title}")]
    rows = (source or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    has_line = source is not None and 0 < where.line <= len(rows)
    gutter = " " * len(str(where.line))
    lines.append(paint(_DIM, f"{gutter} ┌─ ") + _printable(str(where)))
    if has_line:
        lines.append(paint(_DIM, f"{gutter} │"))
        lines += [
            paint(_DIM, f"{number:>{len(gutter)}} │ ") + text
            for number, text in _context(rows, where.line, where.column)
        ]
        pad, carets = _caret(rows[where.line - 1], where.column, where.width)
        lines.append(paint(_DIM, f"{gutter} │ ") + pad + paint(_RED, f"{carets} {note}".rstrip()))
    elif note:
        hint = f"{note}; {hint}" if hint else note
    if hint:
        lines.append(paint(_DIM, f"{gutter} = ") + paint(_BOLD, "help") + f": {hint}")
    return "\n".join(lines)


def as_data(problems: Sequence[Problem]) -> list[dict[str, str | int]]:
    """Problems for `--json`."""
    return [
        {
            "code": problem.code,
            "where": str(problem.where),
            "file": problem.where.file,
            "line": problem.where.line,
            "column": problem.where.column,
            "width": problem.where.width,
            "what": problem.what,
            "hint": problem.hint,
        }
        for problem in problems
    ]


def _paint(style: str, text: str) -> str:
    """Text in a style."""
    return f"{style}{text}{_END}"


def _plain(_style: str, text: str) -> str:
    """Text without a style."""
    return text


def _context(rows: Sequence[str], line: int, column: int) -> list[tuple[int, str]]:
    """The line, and the one above where it is what this line stands under."""
    shown = [(line, _window(rows[line - 1], column))]
    above = rows[line - 2] if line > 1 else ""
    if above.strip() and _indent(above) < _indent(rows[line - 1]):
        shown.insert(0, (line - 1, _window(above, column)))
    return shown


def _indent(row: str) -> int:
    """Spaces before a line's first character."""
    return len(row) - len(row.lstrip(" "))


def _start(row: str, column: int) -> int:
    """Where the window of a long line begins."""
    return max(0, min(column - 1 - _BEFORE_CARET, len(row) - WIDTH_MOST)) if len(row) > WIDTH_MOST else 0


def _window(row: str, column: int) -> str:
    """A line as it is shown: printable, and cut where it is long."""
    start = _start(row, column)
    cut = row[start : start + WIDTH_MOST]
    return ("…" if start else "") + _printable(cut) + ("…" if start + WIDTH_MOST < len(row) else "")


def _caret(row: str, column: int, width: int) -> tuple[str, str]:
    """The spaces before the carets and the carets; wide characters take two columns."""
    start = _start(row, column)
    before = _printable(row[start : column - 1])
    meant = _printable(row[column - 1 : column - 1 + width][:WIDTH_MOST])
    return " " * (_columns(before) + bool(start)), "^" * max(1, _columns(meant))


def _columns(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def _printable(text: str) -> str:
    """A text without line breaks and control characters."""
    return "".join(" " if c == "\t" else c if c.isprintable() else "·" for c in text)

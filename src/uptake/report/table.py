"""The side by side as plain text: Deploy and Implement in two columns, row by row, at a terminal's width.

Where the terminal is too narrow for two columns, each row's halves stand one below the other.
It arranges the board's figures and makes none.
"""

from uptake.core.stage import Half
from uptake.core.words import moment
from uptake.report.board import Board, Figure, Head
from uptake.report.comparison import AIMS, COMPARISON
from uptake.report.curves import curves_text
from uptake.report.foreseen import foreseen
from uptake.report.terminal import Paint, Tone, bounded, cells, pad, plain, wrap
from uptake.report.words import NOT_MEASURED

LABEL_WIDTH = 16
GAP = "  "
TWO_COLUMNS_FROM = 76
"""Narrower than this, the halves stand one below the other."""
NAMES: dict[Half, str] = {"deploy": "Deploy", "implement": "Implement"}
Line = tuple[str, str]
"""A line as it is measured, and as it is printed."""


def compare_text(board: Board, *, width: int = 100, colour: bool = False) -> str:
    """The comparison of a board, ended by a newline.

    Args:
        board: the figures.
        width: of the terminal, in columns.
        colour: with the terminal's colour codes.
    """
    paint, width = Paint(colour=colour), bounded(width)
    lines = [*title(board, paint, width), ""]
    if width < TWO_COLUMNS_FROM:
        lines += _stacked(board, paint, width)
    else:
        lines += _beside(board, paint, width)
    if (ahead := foreseen(board)) is not None:
        lines += ["", *curves_text(board, width), "", *wrap(ahead.words, width)]
    lines += ["", *wrap(_seal(board), width)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def title(board: Board, paint: Paint, width: int) -> list[str]:
    """Title, plan, verdict and what needs a person."""
    owner = f", owned by {board.owner}" if board.owner else ""
    about = f"plan {board.plan}, revision {board.revision[:12]}{owner}, {moment(board.now, board.timezone)}"
    lines = [paint(line, "strong") for line in wrap(board.title, width)]
    lines += [paint(line, "quiet") for line in wrap(about, width)]
    lines += ["", *wrap(board.verdict, width)]
    if board.problems:
        lines.append("")
        for problem in board.problems:
            lines += [
                f"{paint.sign('warn')} {line[2:]}" if number == 0 else line
                for number, line in enumerate(wrap(problem, width, indent="  "))
            ]
    return lines


def _seal(board: Board) -> str:
    seal = f", seal {board.seal[:16]}" if board.seal else ""
    return f"Ledger entry {board.head_seq}{seal}. Each line says where it comes from and how sure it is."


def _beside(board: Board, paint: Paint, width: int) -> list[str]:
    side = (width - LABEL_WIDTH - 2 * len(GAP)) // 2
    lines = _pair("", _head(board, "deploy", paint, side), _head(board, "implement", paint, side), side)
    for row, _, _ in COMPARISON:
        lines.append(paint("─" * width, "quiet"))
        cells_of = [_cell(board, row, half, paint, side) for half in NAMES]
        lines += _pair(row, cells_of[0], cells_of[1], side)
    return lines


def _pair(label: str, left: list[Line], right: list[Line], side: int) -> list[str]:
    found: list[str] = []
    for number in range(max(len(left), len(right), 1)):
        first = pad(label if number == 0 else "", LABEL_WIDTH)
        one = left[number] if number < len(left) else ("", "")
        two = right[number] if number < len(right) else ("", "")
        found.append(f"{first}{GAP}{pad(one[0], side, shown=one[1])}{GAP}{two[1]}")
    return found


def _stacked(board: Board, paint: Paint, width: int) -> list[str]:
    lines: list[str] = []
    for half in NAMES:
        lines += [shown for _, shown in _head(board, half, paint, width)]
    for row, _, _ in COMPARISON:
        lines += [paint("─" * width, "quiet"), paint(row, "strong")]
        for half, name in NAMES.items():
            lines.append(paint(name, half))
            lines += [shown for _, shown in _cell(board, row, half, paint, width)]
    return lines


def _head(board: Board, half: Half, paint: Paint, width: int) -> list[Line]:
    """The half's name and aim, its one number, and its meter."""
    head: Head | None = next((each for each in board.heads if each is not None and each.half == half), None)
    tone: Tone = half
    lines = [(NAMES[half], paint(NAMES[half], tone)), *((line, line) for line in wrap(AIMS[half], width))]
    if head is None:
        return [*lines, ("not in this plan", paint("not in this plan", "quiet"))]
    lines += [(line, line) for line in wrap(f"{head.number} {head.caption}", width)]
    if head.share is not None:
        lines.append(("━" * width, paint.meter(head.share, head.target, width=width, tone=tone)))
    return lines


def _cell(board: Board, row: str, half: Half, paint: Paint, width: int) -> list[Line]:
    lines: list[Line] = []
    for figure in board.figures:
        if figure.row == row and figure.half == half:
            lines += _figure(figure, paint, width)
    return lines


def _figure(figure: Figure, paint: Paint, width: int) -> list[Line]:
    """A phrase under its mark; below it the value, and the source where the line still holds it."""
    lines = [(line, line) for line in wrap(figure.phrase, width, indent="  ")]
    first = lines[0][0]
    sign = " " if figure.sure == "not measured" else paint.sign(figure.mark)
    lines[0] = (first, f"{sign} {first[2:]}")
    if figure.sure == "not measured":
        return [*lines, *((line, paint(line, "quiet")) for line in wrap(NOT_MEASURED, width, indent="    "))]
    value = plain(f"{figure.value} {figure.unit}")
    source = f"({figure.source}, {figure.sure})"
    said = wrap(value, width, indent="    ")
    lines += [(line, line) for line in said[:-1]]
    last = said[-1]
    if cells(last) + 1 + cells(source) <= width:
        return [*lines, (f"{last} {source}", f"{last} {paint(source, 'quiet')}")]
    return [*lines, (last, last), *((line, paint(line, "quiet")) for line in wrap(source, width, indent="    "))]

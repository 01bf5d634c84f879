"""`uptake report`: everything that the page shows, as one HTML file that opens without a server.

The figures, the charts, the ledger entries that they cite and the plan's text; nothing is asked of any
other place. Exit 0 whatever the state is: it only shows.
"""

from pathlib import Path

from uptake.app.adoption import with_adoption
from uptake.app.drawing import draw
from uptake.app.opened import Opened
from uptake.cli.shown import folded, now, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.report.board import Board
from uptake.report.charts.drawn import charts
from uptake.report.entries import cited, shown
from uptake.report.figures import figures
from uptake.report.html import report_html
from uptake.report.known import Known


def run(plan: Path, *, out: Path | None = None, json: bool = False) -> int:
    """Write the report.

    Args:
        plan: the plan file.
        out: the file to write, by default the plan's name with -report.html, here; an existing file is replaced.
        json: print the file's name as one JSON object.
    """
    with opened_plan(plan) as opened:
        board, text = report_of(opened)
    path = out if out is not None else Path(f"{board.plan}-report.html")
    write(path, text)
    if json:
        print_json({"schema": 1, "plan": board.plan, "file": str(path), "entry": board.head_seq})
    else:
        print_text(f"{path}\n")
    return 0


def report_of(opened: Opened) -> tuple[Board, str]:
    """The board at this moment, and the report of it."""
    picture, history, seal = folded(opened)
    board = figures(opened.read, picture, now(), seal=seal, history=history)
    board = with_adoption(opened, picture, board)
    known, wanted = Known(read=opened.read, picture=picture, now=board.now), cited(board)
    entries = [shown(known, entry) for entry in opened.store.ledger.read() if entry.seq in wanted]
    return board, report_html(board, drawn=draw(charts(board)), entries=entries, plan_text=opened.read.text)


def write(path: Path, text: str) -> None:
    """Write the file whole, or leave what was there."""
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise refuse("UP041", str(path), f"the file cannot be written: {error.strerror}", "name another file") from None

"""The board as one HTML file that opens without a server, and what the page of `serve` shares with it.

Every value is escaped by the template engine, a missing one is an error; no script, no address
of another host, light and dark. Markup and look are these files alone, so file and page agree.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from uptake.report import marks, outcomes
from uptake.report.adopted import APART, smd_words
from uptake.report.board import Board
from uptake.report.comparison import AIMS
from uptake.report.curves import curves, table
from uptake.report.entries import EntryShown
from uptake.report.foreseen import foreseen
from uptake.report.timeline import timeline
from uptake.report.words import NOT_MEASURED, percent

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = (
    "marks.html",
    "sprite.html",
    "verdict.html",
    "compare-table.html",
    "timeline.html",
    "adoption.html",
    "adopters.html",
    "waves.html",
    "hosts.html",
    "decisions.html",
    "foot.html",
    "evidence.html",
    "main.html",
    "report.html",
)
"""`main.html` is all that is shown of a board; a page includes it after `sprite.html`."""
NEWEST = 12
"""So many decisions are shown at once; the earlier ones open on demand."""
LOOKS_SHOWN = 40
"""So many looks are listed under the chart, evenly chosen, the newest first."""
TILES_MOST = 60
"""More hosts than this are small squares and a table."""
TROUBLE_TOLD = 3
"""So many failed hosts are told with their lines above everything else."""
NAMES = {"deploy": "Deploy", "implement": "Implement"}
DESIRED = "the desired outcomes achieved"
Where = Callable[[str], str]
"""From a source such as `entry 41` or `plan.yaml:12` to an address, empty where there is none."""


def report_html(
    board: Board,
    *,
    drawn: Mapping[str, str] | None = None,
    entries: Sequence[EntryShown] = (),
    plan_text: str = "",
) -> str:
    """Everything that is shown of a board as one self-contained HTML document.

    Args:
        board: the figures.
        drawn: SVG of its charts, by name.
        entries: ledger entries that the figures cite, listed at the end.
        plan_text: the plan's own text, listed at the end.
    """
    from markupsafe import Markup

    inside = frozenset(shown.seq for shown in entries)
    values = board_values(board, where=partial(in_file, entries=inside, lines=len(plan_text.splitlines())), drawn=drawn)
    # The style sheet is a file of this room and no value of a plan: it is not escaped.
    style = Markup(look())  # noqa: S704
    return (
        environment({}).get_template("report.html").render(look=style, entries=entries, plan_text=plan_text, **values)
    )


def in_file(source: str, *, entries: frozenset[int], lines: int) -> str:
    """Where a source stands in a self-contained document, empty where it does not."""
    if source.startswith("entry "):
        return f"#entry-{source[6:]}" if source[6:].isdigit() and int(source[6:]) in entries else ""
    line = source.partition(" ")[0].rpartition(":")[2]
    return f"#L{line}" if line.isdigit() and int(line) <= lines and " of revision" not in source else ""


@cache
def look() -> str:
    """The style sheet of every screen made of HTML."""
    return files("uptake.report").joinpath("look.css").read_text(encoding="utf-8")


def environment(more: Mapping[str, str]) -> "Environment":
    """The templates of this room, and `more` by name; with the functions that they call."""
    from jinja2 import DictLoader, Environment, StrictUndefined

    made = Environment(
        loader=DictLoader({**_sources(), **more}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    given: dict[str, Any] = {
        "percent": percent,
        "toned": marks.toned,
        "linked": marks.linked,
        "mark": marks.mark,
        "state_mark": marks.state_mark,
        "verdict_mark": marks.verdict_mark,
        "names": NAMES,
        "aims": AIMS,
        "not_measured": NOT_MEASURED,
        "smd_words": smd_words,
        "apart_words": APART,
        "hosts_told": TROUBLE_TOLD,
    }
    cast("dict[str, Any]", made.globals).update(given)
    return made


def board_values(
    board: Board, *, where: Where = lambda _: "", drawn: Mapping[str, str] | None = None, tell: str = ""
) -> dict[str, Any]:
    """What `main.html` reads.

    Args:
        board: the figures.
        where: finds the address of a source.
        drawn: SVG of the board's charts, by name.
        tell: the address of the form for what is wrong, empty for none.
    """
    from markupsafe import Markup

    told, found = marks.permalinks(board.decisions), curves(board)
    return {
        "board": board,
        "clock": marks.clock(board.now, board.timezone),
        "heads": {head.half: head for head in board.heads if head is not None},
        "rows": marks.rows(board.figures),
        "line": timeline(board),
        # Drawings are made of our own specs; the engine escapes the text in them.
        "charts": {name: Markup(svg) for name, svg in (drawn or {}).items()},  # noqa: S704
        "looks": marks.listed_looks(board, most=LOOKS_SHOWN),
        "curves": table(found) if found else None,
        "ahead": foreseen(board),
        "effect_told": outcomes.told,
        "effect": next((figure for figure in board.figures if figure.phrase == DESIRED), None),
        "batches": marks.batches(board.hosts),
        "hosts_words": marks.hosts_words(board.hosts),
        "many": len(board.hosts) > TILES_MOST,
        "trouble": [host for host in board.hosts if marks.state_mark(host.state) == "bad"],
        "by_trouble": marks.by_trouble(board.hosts),
        "newest": told[:NEWEST],
        "earlier": told[NEWEST:],
        "where": where,
        "tell": tell,
    }


@cache
def _sources() -> dict[str, str]:
    room = files("uptake.report").joinpath("templates")
    return {name: room.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATES}

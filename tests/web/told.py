"""A real server's parts over a ledger that was told by hand or rehearsed."""

from collections.abc import Callable
from dataclasses import replace

from tests.web.world import World
from uptake.core.entry import Entry
from uptake.core.picture import Picture, fold
from uptake.core.time import Instant
from uptake.plan.read import ReadPlan
from uptake.report.board import Board
from uptake.report.figures import figures
from uptake.report.history import History, followed
from uptake.simulate.memory import MemoryLedger
from uptake.web.server import Parts


def parts_of(
    world: World, read: ReadPlan, entries: tuple[Entry, ...], shape: Callable[[Board], Board] = lambda b: b
) -> Parts:
    """A real server's parts over entries that were made up."""
    ledger, picture = MemoryLedger(), Picture()
    for entry in entries:
        ledger.entries.append(entry)
        fold(picture, entry)
    now = entries[-1].at if entries else Instant(0)
    board = shape(figures(read, picture, now, history=followed(History(), entries)))
    return replace(world.parts(board=lambda *_: board), ledger=ledger, read=lambda: read)

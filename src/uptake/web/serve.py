"""A plan served: its state, its loop and the server put together, as `uptake serve` wants them.

The plan that counts is the ledger's revision; when a start or a revision brings another text, the loop is made anew
with it. The loop turns in a thread beside the event loop, or follows where another process has the lease.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path

from uptake.app.adoption import Latest
from uptake.app.arrivals import Arrivals
from uptake.app.events import with_untold
from uptake.app.opened import Opened, in_force, is_other, open_plan
from uptake.app.order import order
from uptake.app.personal import Personal
from uptake.app.rehearsed import kept
from uptake.app.ring import drive
from uptake.app.word import Taken, Word, speak
from uptake.connect.secrets import resolve
from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.plan.read import ReadPlan
from uptake.report.board import Board
from uptake.report.figures import figures
from uptake.report.history import History, followed
from uptake.web.listen import Settings
from uptake.web.server import Parts, serve


class Served:
    """The plan that is served: the ledger's revision, read again when another one is brought in."""

    def __init__(self, opened: Opened) -> None:
        """Args: opened: the plan with its state."""
        self._opened = opened
        self._stop = threading.Event()
        self._history = History()
        self._adoption = Latest(opened.store.events.adopted)

    def turn(self) -> None:
        """Turn or follow the ring until `stop`."""
        while not self._stop.is_set():
            self._adopt(drive(self._opened, self._is_other, stopped=self._stop.is_set))

    def stop(self) -> None:
        """Ask `turn` to end."""
        self._stop.set()

    def close(self) -> None:
        """Wait for what is being counted."""
        self._adoption.close()

    def flag(self) -> str:
        """The plan's flag, empty for none."""
        implement = self._opened.read.plan.implement
        return implement.expose.flag if implement else ""

    def read(self) -> ReadPlan:
        """The plan that counts."""
        return self._opened.read

    def board(self, picture: Picture, seal: str) -> Board:
        """The page's figures; the looks of the ledger are followed as far as the picture goes."""
        entries = self._opened.store.ledger.read(self._history.seq)
        self._history = followed(self._history, takewhile(lambda entry: entry.seq <= picture.seq, entries))
        at = now()
        board = figures(self._opened.read, picture, at, seal=seal, history=self._history)
        return with_untold(self._opened, replace(board, adoption=self._adoption.of(self._opened.read, picture, at)))

    def say(self, word: Word, who: str) -> Taken:
        """Append a person's word; a deploy that is asked for is looked at first."""
        if word.what == "deploy":
            return order(self._opened.path, word, who=who, now=now())
        return speak(self._opened, word, who=who, now=now())

    def opened(self) -> Opened:
        """The plan that counts, with its store."""
        return self._opened

    def personal(self) -> Personal:
        """What people see and say by links of their own."""
        return Personal(self._opened)

    def _is_other(self, picture: Picture) -> bool:
        return is_other(self._opened, picture)

    def _adopt(self, picture: Picture) -> None:
        self._opened = in_force(self._opened, picture)


def now() -> Instant:
    """The wall clock."""
    return Instant(time.time_ns() // 1_000_000)


def serve_plan(path: Path, settings: Settings, *, ready: Callable[[str, str], None]) -> int:
    """Serve a plan until SIGINT or SIGTERM.

    Args:
        path: the plan file.
        settings: where to listen.
        ready: told the server's address and the plan's name once it listens.

    Raises:
        Refused: the plan cannot be opened, or `settings` would let strangers in.
    """
    opened = open_plan(path)
    served = Served(opened)
    name = opened.read.plan.plan
    parts = Parts(
        plan=name,
        flag=served.flag,
        ledger=opened.store.ledger,
        directory=opened.store.directory,
        inbox=opened.store.events,
        board=served.board,
        tokens=opened.store.tokens.known,
        read=served.read,
        rehearsal=partial(kept, opened.folder, name),
        say=served.say,
        turning=opened.store.lease.holder,
        find=opened.store.texts.find,
        now=now,
        personal=served.personal,
        secret=partial(resolve, folder=opened.folder),
        arrivals=Arrivals(served.opened),
    )
    try:
        return serve(parts, settings, loop=served.turn, stop=served.stop, ready=lambda address: ready(address, name))
    finally:
        served.close()
        opened.store.close()

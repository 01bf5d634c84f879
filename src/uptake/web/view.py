"""The exposure view: follows the ledger and keeps in memory what flag answers are read from.

A wave is exposed while an `Open` is asked for it and no later `Close`: the ledger entry is the act,
so nothing else has to be told. Before the draw the flag is there and off for everybody. It writes
nothing. When the ledger cannot be read it keeps the last view and says how old it is; `/healthz`
turns that into a failure.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from uptake.core.action import Close, Open
from uptake.core.picture import Picture
from uptake.core.ports import Directory
from uptake.exposure.flag import Flag
from uptake.exposure.view import NOTHING, View
from uptake.exposure.wire import same
from uptake.web.follow import Followed

LOOK_S = 0.2
"""How often the ledger's head is asked for."""
TOKENS_EVERY = 2
"""Tokens are read again every so many looks: one that is made or taken back counts within two seconds."""
STALE_S = 10.0
"""A view that could not be brought up to date for so long makes the server unhealthy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """Which waves are open, and whether the half as a whole is closed."""

    open_waves: frozenset[int] = frozenset()
    killed: bool = False


def exposed(picture: Picture) -> Exposed:
    """What the ledger's `Open` and `Close` entries add up to; a stage below 0 means the whole half."""
    open_waves: set[int] = set()
    killed = False
    for act in sorted(picture.acts.values(), key=lambda act: act.seq):
        match act.action:
            case Open(stage=stage):
                open_waves.add(stage.ordinal)
                killed = False
            case Close(stage=stage) if stage.ordinal < 0:
                open_waves.clear()
                killed = True
            case Close(stage=stage):
                open_waves.discard(stage.ordinal)
            case _:
                pass
    return Exposed(open_waves=frozenset(open_waves), killed=killed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What is followed: the picture, who is in which wave, and the flag's key as the plan now says it (or none)."""

    followed: Followed
    directory: Directory
    plan: str
    flag: Callable[[], str]


class ExposureView:
    """The thread that keeps `view` up to date."""

    def __init__(self, sources: Sources, *, also: Callable[[], None]) -> None:
        """Args: sources: where to look; also: called every `TOKENS_EVERY` looks beside it."""
        self._sources, self._also = sources, also
        self._view = NOTHING
        self._drawn = ("", -1)
        self._wave_of: dict[str, int] = {}
        self._fresh_at = time.monotonic()
        self._trouble = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="uptake-exposure", daemon=True)

    def start(self) -> None:
        """Read once, so that the first request finds a view, then follow."""
        self._sources.followed.use(self._rebuild)
        self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._thread.join()

    def view(self) -> View:
        """The view of this moment."""
        return self._view

    def trouble(self) -> str:
        """Why the view is out of date, empty while it is not."""
        age_s = time.monotonic() - self._fresh_at
        return f"flags are {age_s:.0f} s behind the ledger ({self._trouble})" if age_s > STALE_S else ""

    def _follow(self) -> None:
        looks = 0
        while not self._stop.wait(LOOK_S):
            looks += 1
            try:
                if self._sources.followed.has_grown():
                    self._sources.followed.use(self._rebuild)
                if looks % TOKENS_EVERY == 0:
                    self._also()
                self._fresh_at = time.monotonic()
            except Exception as error:  # noqa: BLE001 - the last view stands; `trouble` tells it
                self._trouble = type(error).__name__

    def _rebuild(self, picture: Picture, _seal: str) -> None:
        key = self._sources.flag()
        if not key:
            return
        assignment = picture.drawn.assignment if picture.drawn else ""
        drawn = (assignment, len(picture.words))
        if drawn != self._drawn:
            people = self._sources.directory.people() if assignment else ()
            self._wave_of = {same(person.external_id): person.wave for person in people if person.wave is not None}
            self._drawn = drawn
        now = exposed(picture)
        flag = Flag(
            key=key,
            plan=self._sources.plan,
            wave_of=self._wave_of,
            open_waves=now.open_waves,
            killed=now.killed,
            assignment=assignment,
        )
        if self._view.flags.get(key) != flag:
            self._view = View.of((flag,))

"""Adoption figures put together: what the ledger says of waves, and what the store counts of first uses.

One place for page, report, verb and JSON, so that all tell the same as of the same look. Nothing is written. For pages
the counting goes on beside whoever asks: with very many people it takes longer than a reader waits.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from uptake.app.opened import Opened
from uptake.core.event import Adopted, FirstAsk
from uptake.core.picture import Picture
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.plan.read import ReadPlan
from uptake.report.adopted import AdoptionShown
from uptake.report.adoption import adoption_of, asked
from uptake.report.board import Board
from uptake.report.known import Known

WAIT_S = 0.5
"""A reader waits so long for counts; then the page shows the last ones, or none yet."""
CLOSE_S = 10.0
"""A server that ends waits so long for counts that are under way; they write nothing."""
Key = tuple[tuple[FirstAsk, ...], int]


def adoption_at(opened: Opened, picture: Picture, now: Instant) -> AdoptionShown | None:
    """The figures as of the last look; None before there is one, and in a plan that lets nobody in."""
    known = Known(read=opened.read, picture=picture, now=now)
    asks = asked(known)
    return adoption_of(known, opened.store.events.adopted(asks)) if asks else None


def with_adoption(opened: Opened, picture: Picture, board: Board) -> Board:
    """The board with the figures on use."""
    return replace(board, adoption=adoption_at(opened, picture, board.now))


class Latest:
    """The figures of the latest look, counted once for it in a thread of its own."""

    def __init__(self, count: Callable[[Sequence[FirstAsk]], tuple[Adopted, ...]]) -> None:
        """Args: count: the events port's `adopted`."""
        self._count = count
        self._counted: tuple[Key, tuple[Adopted, ...]] | None = None
        self._shown: tuple[Key, AdoptionShown | None] | None = None
        self._under_way: threading.Thread | None = None

    def of(self, read: ReadPlan, picture: Picture, now: Instant) -> AdoptionShown | None:
        """The figures of a picture's look, or the last ones while newer are being counted; one caller at a time."""
        known = Known(read=read, picture=picture, now=now)
        asks = asked(known)
        if not asks:
            return None
        key = (asks, len(picture.words))
        if self._shown is None or self._shown[0] != key:
            self._begin(key)
            if self._counted is not None and self._counted[0] == key:
                self._shown = key, adoption_of(known, self._counted[1])
        return self._shown[1] if self._shown is not None else None

    def close(self) -> None:
        """Wait a while for what is being counted."""
        if self._under_way is not None:
            self._under_way.join(CLOSE_S)

    def _begin(self, key: Key) -> None:
        """Count for a key, unless something is being counted; wait a little for what was begun."""
        if self._under_way is not None and self._under_way.is_alive():
            return
        if self._counted is not None and self._counted[0] == key:
            return
        self._under_way = threading.Thread(target=self._finish, args=(key,), name="uptake-adoption", daemon=True)
        self._under_way.start()
        self._under_way.join(WAIT_S)

    def _finish(self, key: Key) -> None:
        with suppress(Refused):  # the state cannot be read just now: the last figures stand, the next reader asks again
            self._counted = key, self._count(key[0])

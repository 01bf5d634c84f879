"""The picture that every page and flag shares: the ledger folded as it grows, read under a lock.

A picture changes in place, so nobody gets it to keep: `use` runs a function over it and hands back
what that made. It polls nothing by itself and writes nothing.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from uptake.core.picture import Picture, fold
from uptake.core.ports import Ledger

Made = TypeVar("Made")


class Followed:
    """One plan's picture, brought up to the ledger's head whenever it is used."""

    def __init__(self, ledger: Ledger) -> None:
        """Args: ledger: the plan's own."""
        self._ledger = ledger
        self._picture = Picture()
        self._seal = ""
        self._lock = threading.Lock()

    def has_grown(self) -> bool:
        """Whether the ledger has entries that the picture does not show yet; one cheap question."""
        return self._ledger.head() != self._picture.seq

    def use(self, make: Callable[[Picture, str], Made]) -> Made:
        """What `make` makes of the picture at the ledger's head and that entry's hash; it must not keep the picture."""
        with self._lock:
            for entry in self._ledger.read(self._picture.seq):
                fold(self._picture, entry)
                self._seal = entry.hash
            return make(self._picture, self._seal)

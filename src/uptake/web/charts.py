"""The charts of the latest board, drawn when its data change and kept until then.

The first reader waits for them; after that nobody does: while new ones are drawn, beside everything
else, the page shows the last. What they show is report's, drawing them is the app's.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from uptake.app.drawing import draw
from uptake.report.board import Board
from uptake.report.charts.drawn import charts

Draw = Callable[[Mapping[str, Any]], dict[str, str]]


class Drawings:
    """SVG by chart, known by the hash of its spec."""

    def __init__(self, make: Draw = draw) -> None:
        """Args: make: draws specs; called in a thread."""
        self._make = make
        self._lock = threading.Lock()
        self._under_way: threading.Thread | None = None
        self._key = ""
        self._drawn: dict[str, str] = {}

    def of(self, board: Board) -> Mapping[str, str]:
        """The drawings of a board, or the last ones while newer are being drawn."""
        specs = charts(board)
        if not specs:
            return {}
        key = hashlib.sha256(msgspec.json.encode(specs, order="sorted")).hexdigest()
        with self._lock:
            if key == self._key or (self._under_way is not None and self._under_way.is_alive()):
                return self._drawn
            work = threading.Thread(target=self._finish, args=(key, specs), name="uptake-charts", daemon=True)
            self._under_way = work
            first = not self._key
            work.start()
        if first:
            work.join()
        with self._lock:
            return self._drawn

    def close(self) -> None:
        """Wait for what is being drawn."""
        if self._under_way is not None:
            self._under_way.join()

    def _finish(self, key: str, specs: Mapping[str, Any]) -> None:
        drawn = self._make(specs)
        with self._lock:
            self._key, self._drawn = key, drawn or self._drawn

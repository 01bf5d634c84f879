"""A clock that jumps: to the next thing that is due, never past it.

Parts of the made-up world put their own due times on it with `at`; waiting ends early, and
as woken, where one of them comes first.
"""

import heapq

from uptake.core.time import Instant


class JumpingClock:
    """Time that passes only in `wait`."""

    def __init__(self, start: Instant) -> None:
        """Args: start: the first instant."""
        self._now = start
        self._due: list[int] = []

    def now(self) -> Instant:
        """The present instant."""
        return self._now

    def at(self, moment: Instant) -> None:
        """Something of the made-up world will have happened at `moment`."""
        heapq.heappush(self._due, int(moment))

    def wait(self, until: Instant) -> bool:
        """Jump to `until`, or to the next due time before it, and say which."""
        while self._due and self._due[0] <= self._now:
            heapq.heappop(self._due)
        woken = bool(self._due) and self._due[0] < until
        self._now = max(self._now, Instant(self._due[0]) if woken else until)
        return woken

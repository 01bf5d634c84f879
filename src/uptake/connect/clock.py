"""The wall clock as a port, and the alarm that ends its waits early.

Not a scheduler: the loop asks for one instant at a time. The same `Alarm` is handed to every
port of the ring, so that an outcome ends the loop's sleep at once.
"""

import threading
import time

from uptake.core.time import Instant

WAIT_MOST_S = 10.0
"""The longest single sleep: after a suspended machine wakes, the wall clock is read at least so often."""


class Alarm:
    """What ends a sleep early; a `set` while nobody sleeps ends the next one."""

    def __init__(self) -> None:
        """An alarm that has not gone off."""
        self._event = threading.Event()

    def set(self) -> None:
        """End the sleep."""
        self._event.set()

    def wait(self, timeout_s: float) -> bool:
        """Sleep for at most `timeout_s`; True, once, where the alarm went off."""
        rung = self._event.wait(max(0.0, timeout_s))
        if rung:
            self._event.clear()
        return rung


class WallClock:
    """The machine's time, which follows its corrections forward and never goes back."""

    def __init__(self, wake: Alarm) -> None:
        """Args: wake: ends `wait` early."""
        self._wake = wake
        self._lock = threading.Lock()
        self._last_ns = 0
        self._last_mono_ns = 0

    def now(self) -> Instant:
        """The present instant; where the machine's clock was set back, time goes on from the last one told."""
        with self._lock:
            mono_ns = time.monotonic_ns()
            self._last_ns = max(time.time_ns(), self._last_ns + mono_ns - self._last_mono_ns)
            self._last_mono_ns = mono_ns
            return Instant(self._last_ns // 1_000_000)

    def wait(self, until: Instant) -> bool:
        """Return at `until`, or earlier and true when woken."""
        while (left_ms := until - self.now()) > 0:
            if self._wake.wait(min(left_ms / 1000, WAIT_MOST_S)):
                return True
        return False

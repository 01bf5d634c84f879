"""Turn the ring until told to stop: the same in production and in rehearsal.

Between turns it sleeps until something is due, until a port wakes it, or until another
process has written; the last is seen by polling the ledger's head.
"""

from collections.abc import Callable

from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.loop.tick import Ring

POLL_MS = 200
"""How often a sleeping loop looks at the ledger's head."""


def run(ring: Ring, *, until: Callable[[Picture], bool], poll_ms: int | None = POLL_MS) -> None:
    """Turn until `until(picture)` holds after a turn.

    Args:
        ring: one plan under its lease.
        until: asked after each turn, and after each sleep.
        poll_ms: None where nobody else writes (rehearsal): the clock may then jump.

    Raises:
        Stale: the lease was lost.
    """
    while True:
        due = ring.tick()
        if until(ring.picture):
            return
        if _sleep(ring, due, until, poll_ms):
            return


def _sleep(ring: Ring, due: Instant, until: Callable[[Picture], bool], poll_ms: int | None) -> bool:
    clock, ledger = ring.ports.clock, ring.ports.ledger
    while (now := clock.now()) < due:
        target = due if poll_ms is None else Instant(min(due, now + poll_ms))
        if clock.wait(target) or (poll_ms is not None and ledger.head() != ring.picture.seq):
            return False
        if until(ring.picture):
            return True
    return False

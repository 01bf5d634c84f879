"""The worker that reads the plan's sources again, each by its own `every`, one after another on one thread.

What a reading brings is written idempotently before the reading is noted, so a kill in between only reads
again. A source that cannot be read keeps what it has told and says why; after three readings missed it is
stale. It wakes nobody: the next look sees what has come.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from uptake.core.look import FeedSeen, SourceSeen
from uptake.core.ports import Clock, Feeds
from uptake.core.problem import Refused
from uptake.core.time import Instant, Span, after

POLL_S = 0.2
"""The longest sleep between two looks at what is due."""
AGAIN = Span(seconds=60)
"""A source that could not be read is tried again after so long, or after its `every` where that is shorter."""
MISSED_MOST = 3
"""After so many readings missed a source is stale."""
DETAIL_MOST = 300
CLOSE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a reading came to: up to when the source is complete, before its declared lag is taken off.

    `note` is what a person should know of it all the same, one clause, empty for nothing.
    """

    complete: Instant
    note: str = ""


class Spoilt(Exception):
    """A source that was read and must not be used as it is: why, and a digest of what it holds."""

    def __init__(self, detail: str, mark: str) -> None:
        """Args: detail: why, one clause; mark: a digest of the contents."""
        super().__init__(detail)
        self.detail, self.mark = detail, mark


class Read(Protocol):
    """Reads a source and keeps what it brings."""

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once.

        Args:
            last: when the source was last read well, 0 for never.
            now: the present instant.

        Raises:
            Refused: it cannot be read.
            Spoilt: it was read and must not be used.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One source: the plan key that declares it, how often, how late, and how it is read.

    A strict source is refused as soon as one reading fails; another one only when it has become stale.
    """

    name: str
    every: Span
    lag: Span
    read: Read
    strict: bool = False


class PulledSources:
    """The `Sources` port over feeds."""

    def __init__(
        self,
        feeds: Sequence[Feed],
        *,
        kept: Feeds,
        clock: Clock,
        timezone: str,
        held: Callable[[], bool],
    ) -> None:
        """Begin to read.

        Args:
            feeds: in the plan's order.
            kept: how each source stood before.
            clock: the ring's.
            timezone: the plan's, in which days are counted.
            held: whether the lease is still ours; nothing is read without it.
        """
        self._feeds, self._kept, self._clock, self._timezone, self._held = feeds, kept, clock, timezone, held
        self._guard = threading.Lock()
        self._seen = {feed.name: kept.seen(feed.name) for feed in feeds}
        self._tried: dict[str, Instant] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sources", daemon=True)
        self._thread.start()

    def seen(self) -> tuple[SourceSeen, ...]:
        """How fresh each source is, in the plan's order."""
        now = self._clock.now()
        with self._guard:
            return tuple(self._one(feed, self._seen[feed.name], now) for feed in self._feeds)

    def close(self) -> None:
        """Stop after the reading under way."""
        self._closing.set()
        self._thread.join(CLOSE_S)

    def _one(self, feed: Feed, seen: FeedSeen, now: Instant) -> SourceSeen:
        late = seen.read_at
        for _ in range(MISSED_MOST + 1):
            late = after(late, feed.every, self._timezone)
        state = seen.state
        if state != "refused" or not (seen.mark or feed.strict):
            state = "unread" if not seen.read_at else "fresh" if now <= late else "stale"
        as_of = after(seen.as_of, Span(seconds=-feed.lag.seconds, days=-feed.lag.days), self._timezone)
        return SourceSeen(
            name=feed.name,
            state=state,
            as_of=as_of if seen.as_of else Instant(0),
            detail=seen.detail if seen.state == "refused" or state == "fresh" else "",
            mark=seen.mark,
        )

    def _work(self) -> None:
        while not self._closing.wait(POLL_S):
            for feed in self._feeds:
                if not self._closing.is_set() and self._held() and self._is_due(feed):
                    self._read(feed)

    def _is_due(self, feed: Feed) -> bool:
        now, seen = self._clock.now(), self._seen[feed.name]
        tried = self._tried.get(feed.name)
        if tried is None:
            return True  # a restart reads at once: nobody knows what has come meanwhile
        pause = feed.every
        if seen.state != "fresh" and AGAIN.approx_s < feed.every.approx_s:
            pause = AGAIN
        return now >= after(tried, pause, self._timezone)

    def _read(self, feed: Feed) -> None:
        now, before = self._clock.now(), self._seen[feed.name]
        self._tried[feed.name] = now
        try:
            brought = feed.read(last=before.read_at, now=now)
        except Spoilt as spoilt:
            seen = replace(before, state="refused", detail=spoilt.detail[:DETAIL_MOST], mark=spoilt.mark)
        except Refused as refused:
            first = refused.problems[0]
            detail = f"{first.where}: {first.what}" if first.where.line else f"{first.where.file}: {first.what}"
            seen = replace(before, state="refused", detail=detail[:DETAIL_MOST], mark="")
        else:
            seen = FeedSeen(state="fresh", read_at=now, as_of=brought.complete, detail=brought.note[:DETAIL_MOST])
        self._kept.keep(feed.name, seen)
        with self._guard:
            self._seen[feed.name] = seen

"""The writer: one thread that makes events durable, many requests in one commit, and then answers them.

The event loop never waits for a disk: it hands a batch over and awaits a future. What waits is
bounded; past the bound the server says 503 and the client repeats. It is no queue that survives:
nothing is acknowledged before the store has it.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from uptake.core.event import Event
from uptake.core.time import Instant

WAITING_MOST = 200_000
"""Events that may wait for their commit."""
GROUP_MOST = 20_000
"""Events that one commit takes."""


class Inbox(Protocol):
    """What the writer needs of the store."""

    def append_each(self, batches: Sequence[Sequence[Event]], *, received_at: Instant) -> tuple[int, ...]:
        """Keep batches in one durable transaction; how many events of each were new."""
        ...


@dataclass(frozen=True, slots=True)
class _Waiting:
    events: Sequence[Event]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[int]"


class Writer:
    """The thread and what waits for it."""

    def __init__(self, inbox: Inbox, now: Callable[[], Instant]) -> None:
        """Args: inbox: the store's events; now: the clock that says when a batch was received."""
        self._inbox, self._now = inbox, now
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._closed = False
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="uptake-intake", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Write what waits, then end; called once no request can come any more."""
        with self._lock:
            self._closed = True
        self._queue.put(None)
        self._thread.join()

    def trouble(self) -> str:
        """Why the last commit failed, empty where it did not."""
        return self._trouble

    async def append(self, events: Sequence[Event]) -> int | None:
        """Keep events; returns once they are durable, with how many were new.

        None says that too much is waiting or that the server is closing: nothing was taken.
        """
        with self._lock:
            if self._closed or self._waiting + len(events) > WAITING_MOST:
                return None
            self._waiting += len(events)
        loop = asyncio.get_running_loop()
        done: asyncio.Future[int] = loop.create_future()
        self._queue.put(_Waiting(events, loop, done))
        return await asyncio.shield(done)

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group, last = self._more(first)
            self._write(group)
            if last:
                return

    def _more(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        """What else waits by now, up to `GROUP_MOST` events, and whether the end was met."""
        group, size = [first], len(first.events)
        while size < GROUP_MOST and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                return group, True
            group.append(following)
            size += len(following.events)
        return group, False

    def _write(self, group: list[_Waiting]) -> None:
        try:
            counts = self._inbox.append_each([waiting.events for waiting in group], received_at=self._now())
        except Exception as error:  # noqa: BLE001 - the requests that wait get it, whatever it is
            self._trouble = f"the last events posted could not be kept ({type(error).__name__})"
            results: list[int | Exception] = [error] * len(group)
        else:
            self._trouble = ""
            results = list(counts)
        with self._lock:  # before anybody is told: who is told may come again at once
            self._waiting -= sum(len(waiting.events) for waiting in group)
        for waiting, result in zip(group, results, strict=True):
            _tell(waiting, result)


def _tell(waiting: _Waiting, result: int | Exception) -> None:
    def settle() -> None:
        if waiting.done.done():
            return
        if isinstance(result, Exception):
            waiting.done.set_exception(result)
        else:
            waiting.done.set_result(result)

    if not waiting.loop.is_closed():
        waiting.loop.call_soon_threadsafe(settle)

"""`GET /stream`: tells an open page that the ledger has grown, so that it asks for itself again.

It carries sequences only, never figures: who may see what is decided where the page is asked for, and a slow
reader misses nothing but steps in between. One look at the ledger serves all streams, and none is taken while
nobody listens. On the ring it follows, and writes nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from uptake.web.answers import refusal
from uptake.web.auth import Tokens, holder_of

TYPE = "text/event-stream"
STREAMS_MOST = 400
"""Open streams; one more is answered with 503, and its page says that it does not follow."""
LOOK_S = 0.05
"""How often the ledger's head is asked for while somebody listens."""
GAP_S = 0.1
"""At the earliest so long after a change the next one is told."""
BEAT_S = 15.0
"""After so long without a change a line is sent that says nothing, so that a dead connection is noticed."""
AGAIN_S = 60.0
"""After so long without a change pages ask again all the same: their clocks and estimates move with time alone."""
LIFE_S = 3600.0
"""A stream ends after so long; the browser opens another one, and passes the door again."""
RETRY_MS = 1000
"""A browser waits so long before it opens a stream again."""


class Streams:
    """The ledger's head as last seen, and who waits for it to move."""

    def __init__(self, head: Callable[[], int], *, most: int = STREAMS_MOST) -> None:
        """Args: head: asks for the ledger's last sequence, called in a thread; most: open streams."""
        self._head, self._most = head, most
        self._seq = 0
        self._open = 0
        self._closed = False
        self._wanted = asyncio.Event()
        self._moved = asyncio.Event()

    @property
    def open(self) -> int:
        """How many streams are open."""
        return self._open

    def close(self) -> None:
        """End every stream; called on the event loop when the server stops."""
        self._closed = True
        self._tell()

    async def follow(self) -> None:
        """Look at the ledger while anybody listens; runs until it is cancelled."""
        while True:
            await self._wanted.wait()
            with suppress(Exception):  # a look that fails is taken again; `/healthz` tells of it
                self._see(await asyncio.to_thread(self._head))
            await asyncio.sleep(LOOK_S)

    async def lines(self, known: Callable[[], bool]) -> AsyncIterator[str]:
        """The lines of one stream: the head at once, then each change.

        Args:
            known: whether who listens may still do so.
        """
        loop = asyncio.get_running_loop()
        until, told_at, seq = loop.time() + LIFE_S, loop.time(), await asyncio.to_thread(self._head)
        yield f"retry: {RETRY_MS}\n{_event(seq)}"
        while loop.time() < until and not self._closed and known():
            moved = await self._move(seq)
            if self._closed:
                return
            if moved or loop.time() - told_at >= AGAIN_S:
                seq, told_at = max(seq, self._seq), loop.time()
                yield _event(seq)
                await asyncio.sleep(GAP_S)
            else:
                yield ":\n\n"

    def enter(self) -> bool:
        """Take a place; False where there is none."""
        if self._closed or self._open >= self._most:
            return False
        self._open += 1
        self._wanted.set()
        return True

    def leave(self) -> None:
        """Give a place back."""
        self._open -= 1
        if not self._open:
            self._wanted.clear()

    async def _move(self, seq: int) -> bool:
        """Wait until the head is beyond `seq`; False after `BEAT_S`, or where the server stops."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_S):
                while self._seq <= seq and not self._closed:
                    await self._moved.wait()
        return self._seq > seq

    def _see(self, seq: int) -> None:
        if seq != self._seq:
            self._seq = seq
            self._tell()

    def _tell(self) -> None:
        """Wake everybody who waits now."""
        self._moved.set()
        self._moved = asyncio.Event()


class _Stream(StreamingResponse):
    """A stream that gives its place back, however it ends."""

    def __init__(self, streams: Streams, lines: AsyncIterator[str]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(lines, media_type=TYPE, headers=headers)
        self._streams = streams

    async def __call__(self, scope, receive, send) -> None:  # noqa: ANN001 - as its parent
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.leave()


def routes(streams: Streams, *, tokens: Tokens) -> list[Route]:
    """The route `/stream`.

    Args:
        streams: who listens, and what is told.
        tokens: a token that is taken back ends its streams.
    """

    async def stream(request: Request) -> Response:
        holder = holder_of(request.scope)
        if request.method == "HEAD":
            return Response(media_type=TYPE)
        if not streams.enter():
            return refusal(
                503,
                code="STREAMS_FULL",
                what=f"{streams.open} pages follow this server already, or it is stopping.",
                hint="Reload the page to see what is new, or close some of the others.",
                headers={"Retry-After": "30"},
            )
        return _Stream(streams, streams.lines(lambda: tokens.knows(holder)))

    return [Route("/stream", stream, methods=["GET"])]


def _event(seq: int) -> str:
    return f"id: {seq}\ndata: {seq}\n\n"

"""The two OFREP routes: flag answers for unmodified OpenFeature clients, read from the view in memory.

Nothing is written on this path and no database is asked. What the answers say is `exposure`'s; this
module adds HTTP: bodies, entity tags, and a generous limit per token (a client that meets 429 stops
asking for every flag until Retry-After, so the limit only stops loops gone wild).
"""

import math
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.exposure.view import Reply, View, matches
from uptake.exposure.wire import Fault
from uptake.web.answers import JSON, BodyRefused, read_body, refusal
from uptake.web.auth import holder_of

CONTEXT_MOST_BYTES = 64 * 1024
"""An evaluation context larger than that is refused."""
BURST_S = 5
"""A token may save up so many seconds of its rate."""


class Rate:
    """A token bucket per holder: `per_s` requests a second, bursts of `burst_s` seconds' worth."""

    def __init__(self, *, per_s: float, burst_s: float = BURST_S, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: per_s: the lasting rate of one token; burst_s: what it saves up; clock: seconds that never go back."""
        self._per_s, self._burst_s, self._clock = per_s, burst_s, clock
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, holder: str) -> int:
        """0 where the request may go on, else the whole seconds to wait."""
        now = self._clock()
        most = max(1.0, self._per_s * self._burst_s)
        left, then = self._left.get(holder, (most, now))
        left = min(most, left + (now - then) * self._per_s)
        if left >= 1:
            self._left[holder] = (left - 1, now)
            return 0
        self._left[holder] = (left, now)
        return max(1, math.ceil((1 - left) / self._per_s))


def routes(view: Callable[[], View], rate: Rate) -> list[Route]:
    """The routes.

    Args:
        view: the view of this moment.
        rate: the limit per token; holders are bounded by the tokens there are.
    """

    async def ask(request: Request) -> bytes | Response:
        wait_s = rate.wait_s(holder_of(request.scope).digest)
        if wait_s:
            return refusal(
                429,
                code="TOO_MANY",
                what="This token asks for flags faster than the server allows.",
                hint=f"Ask again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )
        try:
            return await read_body(request, most_bytes=CONTEXT_MOST_BYTES)
        except BodyRefused as refused:
            if refused.answer.status_code != 413:
                return refused.answer
        too_large = f"The request is larger than {CONTEXT_MOST_BYTES:,} bytes; send less context."
        return _answer(Reply(status=400, body=Fault(code="INVALID_CONTEXT", details=too_large).body()))

    async def single(request: Request) -> Response:
        body = await ask(request)
        return body if isinstance(body, Response) else _answer(view().single(request.path_params["key"], body))

    async def bulk(request: Request) -> Response:
        body = await ask(request)
        if isinstance(body, Response):
            return body
        answer = view().bulk(body)
        if answer.etag and matches(request.headers.get("if-none-match", ""), answer.etag):
            return Response(status_code=304, headers={"ETag": answer.etag})
        return _answer(answer)

    return [
        Route("/ofrep/v1/evaluate/flags", bulk, methods=["POST"]),
        Route("/ofrep/v1/evaluate/flags/{key:path}", single, methods=["POST"]),
    ]


def _answer(answer: Reply) -> Response:
    headers = {"ETag": answer.etag} if answer.etag else None
    return Response(answer.body, status_code=answer.status, media_type=JSON, headers=headers)

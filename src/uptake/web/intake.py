"""`POST /events`: an application says who used what. 202 means durable; anything else means nothing kept.

All or nothing per request, idempotent by (source, id), so a client repeats until it reads 202. It
wakes nobody: the ring sees counts at its looks.
"""

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.plan.read import ReadPlan
from uptake.web.answers import AGAIN_S, BodyRefused, read_body, refusal, reply
from uptake.web.auth import holder_of
from uptake.web.reading import Refusal, read_events
from uptake.web.writer import Writer

BODY_MOST_BYTES = 8 * 1024 * 1024
"""A larger body is refused with 413."""
INLINE_MOST_BYTES = 64 * 1024
"""Bodies up to here are decoded on the event loop, larger ones beside it."""
STATUS = {"UNKNOWN_TYPE": 415, "TOO_MANY": 413}
"""Refusals that are not 400."""


def routes(writer: Writer, *, read: Callable[[], ReadPlan]) -> list[Route]:
    """The route.

    Args:
        writer: makes events durable.
        read: the plan that counts now.
    """

    async def post(request: Request) -> Response:
        if read().plan.counts_by_setting:
            return refusal(
                403,
                code="BY_SETTING",
                what="This plan counts use by setting; nothing was kept about single people.",
                hint="Its counts come from `adoption.from`.",
            )
        try:
            body = await read_body(request, most_bytes=BODY_MOST_BYTES)
        except BodyRefused as refused:
            return refused.answer
        asked = {"content_type": request.headers.get("content-type", ""), "source": holder_of(request.scope).name}
        if len(body) <= INLINE_MOST_BYTES:
            events = read_events(body, **asked)
        else:
            events = await asyncio.to_thread(read_events, body, **asked)
        if isinstance(events, Refusal):
            return _refused(events)
        new = await writer.append(events) if events else 0
        if new is None:
            return refusal(
                503,
                code="BUSY",
                what="Too many events are waiting to be written; nothing was kept.",
                hint="Repeat the request; repeating an event is harmless.",
                headers={"Retry-After": AGAIN_S},
            )
        return reply(202, {"accepted": len(events), "new": new})

    return [Route("/events", post, methods=["POST"])]


def _refused(refused: Refusal) -> Response:
    return refusal(
        STATUS.get(refused.code, 400),
        code=refused.code,
        what=refused.what,
        hint=refused.hint,
        problems=[{"index": bad.index, "what": bad.what} for bad in refused.bad],
    )

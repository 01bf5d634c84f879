"""How the server says no, and how it reads a body: one JSON shape, one limit in bytes and one in seconds.

A refusal carries a code, what is wrong, what to do next, and `errorDetails` besides, because OFREP
clients read that word in every failure. Nothing here knows a route.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"
AGAIN_S = "1"
"""When to repeat after 503."""
DISCARDED_MOST = 4
"""A body up to so many times its limit is read to its end and refused; a longer one is cut off."""
BODY_WITHIN_S = 30.0
"""A body that has not arrived by then is given up."""


class BodyRefused(Exception):
    """A request's body is too large or too slow; `answer` says so."""

    def __init__(self, answer: Response) -> None:
        """Args: answer: what the client gets."""
        super().__init__()
        self.answer = answer


def reply(status: int, value: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON."""
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON, headers=headers)


def refusal(
    status: int,
    *,
    code: str,
    what: str,
    hint: str = "",
    problems: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A refusal in the server's one shape."""
    value: dict[str, Any] = {"code": code, "what": what, "hint": hint, "errorDetails": f"{what} {hint}".strip()}
    if problems:
        value["problems"] = list(problems)
    return reply(status, value, headers=headers)


async def read_body(request: Request, *, most_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyRefused: 413 over `most_bytes`, 408 after `BODY_WITHIN_S`. What is too much is thrown away while it comes,
            up to `DISCARDED_MOST` times the limit: a connection closed on a sender loses her the answer.
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > DISCARDED_MOST * most_bytes:
        raise BodyRefused(_too_large(most_bytes))
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.stream():
                size += len(part)
                if size > DISCARDED_MOST * most_bytes:
                    break
                if size <= most_bytes:
                    parts.append(part)
    except TimeoutError:
        late = refusal(408, code="TOO_SLOW", what=f"The body did not arrive within {BODY_WITHIN_S:g} s.")
        raise BodyRefused(late) from None
    if size > most_bytes:
        raise BodyRefused(_too_large(most_bytes))
    return b"".join(parts)


def _too_large(most_bytes: int) -> Response:
    return refusal(
        413,
        code="TOO_LARGE",
        what=f"The body is larger than {most_bytes:,} bytes.",
        hint="Send it in parts; repeating an event is harmless.",
        headers={"Connection": "close"},
    )

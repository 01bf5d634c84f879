"""`POST /deployments`: another tool says that it has deployed. 202 means durable; a repeat begins nothing.

Let in by a token of the role intake or by a signature with the plan's secret; who signs must pass, token or not. What
is said wakes the plan and names the version to wait for; what the plan's address tells has the last word.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.app.word import Taken, Word
from uptake.core.problem import Refused
from uptake.plan.observed import Observed
from uptake.plan.read import ReadPlan
from uptake.web.answers import BodyRefused, read_body, refusal, reply
from uptake.web.auth import Holder
from uptake.web.foreign import Passed, Told, read_told
from uptake.web.reading import Refusal
from uptake.web.signature import GITHUB, is_signed, why_not
from uptake.web.words import status_of

BODY_MOST_BYTES = 1024 * 1024
"""A larger body is refused with 413."""
SIGNED = "signed deployments"
"""Who speaks where a signature lets in."""


def routes(
    say: Callable[[Word, str], Taken], *, read: Callable[[], ReadPlan], secret: Callable[[str], str]
) -> list[Route]:
    """The route.

    Args:
        say: appends a word; called beside the event loop.
        read: the plan that counts now.
        secret: a secret's value from its reference; raises Refused.
    """

    async def post(request: Request) -> Response:
        headers = {name.lower(): text for name, text in request.headers.items()}
        if request.scope.get("holder") is None and not is_signed(headers):
            return _closed(401, code="NO_TOKEN", what="A token with the role intake, or a signature, is needed.")
        deploy = read().plan.deploy
        if deploy is None or deploy.observed is None:
            what = "This plan deploys by itself, or nothing; nothing was begun."
            return refusal(403, code="NOT_OBSERVED", what=what, hint="Say `deploy.observed` in the plan.")
        try:
            body = await read_body(request, most_bytes=BODY_MOST_BYTES)
        except BodyRefused as refused:
            return refused.answer
        who, turned_away = _who(request.scope.get("holder"), headers, body, deploy.observed, secret)
        if turned_away is not None:
            return turned_away
        told = read_told(body, headers)
        if isinstance(told, Refusal):
            status = 415 if told.code == "UNKNOWN_TYPE" else 400
            return refusal(status, code=told.code, what=told.what, hint=told.hint)
        why = told.why if isinstance(told, Passed) else _elsewhere(told, deploy.service, deploy.environment)
        if why or isinstance(told, Passed):
            return reply(202, {"accepted": 0, "new": False, "why": why})
        word = _word(told, deploy.observed, told.mark or _mark_of(headers, body))
        try:
            taken = await asyncio.to_thread(say, word, who)
        except Refused as refused:
            first = refused.problems[0]
            return refusal(status_of(refused), code=first.code, what=first.what, hint=first.hint)
        return reply(202, {"accepted": 1, "new": taken.new, "version": word.data["version"], "entry": taken.seq})

    return [Route("/deployments", post, methods=["POST"])]


def _who(
    holder: Holder | None, headers: Mapping[str, str], body: bytes, observed: Observed, secret: Callable[[str], str]
) -> tuple[str, Response | None]:
    """Who speaks, or the answer to somebody who may not."""
    if holder is not None and not is_signed(headers):
        return holder.name, None
    if not observed.secret:
        return "", _closed(
            403, code="NO_SECRET", what="The request is signed, and the plan names no secret to hold it to."
        )
    try:
        key = secret(observed.secret)
    except Refused as refused:
        return "", _closed(503, code="NO_SECRET", what=f"The plan's secret cannot be read: {refused}.")
    why = why_not(headers, body, secret=key, now_s=time.time())
    if why:
        return "", _closed(401, code="BAD_SIGNATURE", what=f"Nothing was begun: {why}.")
    return "github" if GITHUB in headers else SIGNED, None


def _closed(status: int, *, code: str, what: str) -> Response:
    hint = "Send Authorization: Bearer TOKEN, or sign with the secret that `deploy.observed.secret` names."
    return refusal(status, code=code, what=what, hint=hint, headers={"WWW-Authenticate": "Bearer"})


def _elsewhere(told: Told, service: str, environment: str) -> str:
    """Why a deployment is not this plan's; empty where it is."""
    if told.service not in ("", service):
        return f"it is about the service {told.service}, and this plan about {service}"
    if told.environment != environment:
        return f"it is about the environment {told.environment}, and this plan about {environment}"
    return ""


def _mark_of(headers: Mapping[str, str], body: bytes) -> str:
    """What marks a signed event without an id of its own: it can be sent again by who has overheard it."""
    if not is_signed(headers):
        return ""
    return hashlib.sha256(headers.get("webhook-id", "").encode() or body).hexdigest()


def _word(told: Told, observed: Observed, key: str) -> Word:
    """The run that is to be begun, under the event's own key."""
    data: dict[str, Any] = {"version": observed.version_of(told.version)}
    if told.at is not None:
        data["told_at"] = int(told.at)
    return Word(what="deploy", key=key, data=data)

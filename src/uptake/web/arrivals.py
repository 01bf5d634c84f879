"""`POST /completions` and `POST /tickets`: learning platforms and ticket systems say what happened. 202 means durable.

Completions come as plain JSON or as xAPI statements (`completed` and `passed` count, others are passed over), requests
for help as plain JSON. All or nothing per request, idempotent, so that a sender repeats until it reads 202.
Source: xAPI 1.0.3, part 2, 2.4 (statements); verbs of ADL's vocabulary.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Protocol

import msgspec
from starlette.requests import Request as Asked
from starlette.responses import Response
from starlette.routing import Route

from uptake.app.arrivals import Request, Taken
from uptake.core.training import Completion
from uptake.plan.model import Implement
from uptake.plan.read import ReadPlan
from uptake.web.answers import BodyRefused, read_body, refusal, reply
from uptake.web.intake import STATUS
from uptake.web.reading import Moment, Part, Refusal, Text, instant_of, read_each, split_body, split_json, split_lines

BODY_MOST_BYTES = 8 * 1024 * 1024
"""A larger body is refused with 413."""
COURSE_MOST = 2000
"""Characters of a course's name or address."""
VERBS = frozenset(f"http://adlnet.gov/expapi/verbs/{verb}" for verb in ("completed", "passed"))
"""The verbs that say that a course is completed."""
FORMS = {"application/json": split_json, "application/x-ndjson": split_lines, "application/ndjson": split_lines}
COMPLETION = 'A completion is {"subject": "00417", "course": "triage", "at": "2027-01-11T09:00:00+01:00"}.'
REQUEST = 'A request is {"id": "T-81", "subject": "00417", "at": "2027-01-11T09:00:00+01:00"}.'


class Keeper(Protocol):
    """Keeps what has arrived, durably."""

    def completions(self, told: Sequence[Completion]) -> Taken:
        """Keep completions."""
        ...

    def requests(self, told: Sequence[Request]) -> Taken:
        """Keep requests for help."""
        ...


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    """A completion in Uptake's own shape."""

    subject: Text
    course: str
    at: Moment


class Ticket(msgspec.Struct, forbid_unknown_fields=True):
    """A request for help."""

    id: Text
    subject: Text
    at: Moment


class Account(msgspec.Struct):
    """An account at a system."""

    name: Text


class Actor(msgspec.Struct):
    """Who: by an account or by a mail address."""

    account: Account | None = None
    mbox: str = ""


class Named(msgspec.Struct):
    """Something with an address."""

    id: str


class Result(msgspec.Struct):
    """How it went."""

    completion: bool | None = None
    success: bool | None = None


class Statement(msgspec.Struct):
    """An xAPI statement, as far as it is read."""

    actor: Actor
    verb: Named
    object: Named
    timestamp: Moment
    result: Result = msgspec.field(default_factory=Result)


def routes(keeper: Keeper, *, read: Callable[[], ReadPlan]) -> list[Route]:
    """The routes.

    Args:
        keeper: makes what arrives durable; called beside the event loop.
        read: the plan that counts now.
    """

    async def completions(request: Asked) -> Response:
        implement = read().plan.implement
        if implement is None or implement.train is None:
            return _not_asked("trains nobody", "train")

        def keep(parts: Sequence[Part]) -> Taken | Refusal:
            told = read_each(parts, _completion, hint=COMPLETION)
            if isinstance(told, Refusal):
                return told
            counted = [one for one in told if one is not None]
            taken = keeper.completions(counted)
            return Taken(
                accepted=taken.accepted, ignored=taken.ignored + len(told) - len(counted), unknown=taken.unknown
            )

        return await _taken(request, keep)

    async def tickets(request: Asked) -> Response:
        implement = read().plan.implement
        if implement is None or not _helps(implement):
            return _not_asked("names no support", "support")

        def keep(parts: Sequence[Part]) -> Taken | Refusal:
            told = read_each(parts, _request, hint=REQUEST)
            return told if isinstance(told, Refusal) else keeper.requests(told)

        return await _taken(request, keep)

    return [
        Route("/completions", completions, methods=["POST"]),
        Route("/tickets", tickets, methods=["POST"]),
    ]


def _helps(implement: Implement) -> bool:
    return implement.support is not None and not _by_setting(implement)


def _by_setting(implement: Implement) -> bool:
    """Whether nothing is to be kept about single people."""
    return implement.adoption.level == "setting"


async def _taken(request: Asked, keep: Callable[[Sequence[Part]], Taken | Refusal]) -> Response:
    try:
        body = await read_body(request, most_bytes=BODY_MOST_BYTES)
    except BodyRefused as refused:
        return refused.answer
    parts = split_body(body, request.headers.get("content-type", ""), FORMS)
    found = parts if isinstance(parts, Refusal) else await asyncio.to_thread(keep, parts)
    if isinstance(found, Refusal):
        problems = [{"index": bad.index, "what": bad.what} for bad in found.bad]
        status = STATUS.get(found.code, 400)
        return refusal(status, code=found.code, what=found.what, hint=found.hint, problems=problems)
    return reply(202, asdict(found))


def _not_asked(what: str, key: str) -> Response:
    return refusal(
        403, code="NOT_ASKED", what=f"This plan {what}; nothing was kept.", hint=f"Add `implement.{key}` to the plan."
    )


def _completion(part: Part) -> Completion | None:
    """One completion; None for a statement about something else."""
    if b'"verb"' not in bytes(part):
        plain = msgspec.json.decode(part, type=Plain)
        return Completion(subject=plain.subject, course=_course(plain.course), at=instant_of(plain.at))
    said = msgspec.json.decode(part, type=Statement)
    if said.verb.id not in VERBS or said.result.completion is False or said.result.success is False:
        return None
    subject = said.actor.account.name if said.actor.account else said.actor.mbox.removeprefix("mailto:")
    if not subject:
        raise ValueError("the actor has neither an account nor an mbox")
    return Completion(subject=subject, course=_course(said.object.id), at=instant_of(said.timestamp))


def _course(name: str) -> str:
    if not 0 < len(name) <= COURSE_MOST:
        raise ValueError(f"a course's name has 1 to {COURSE_MOST} characters")
    return name


def _request(part: Part) -> Request:
    sent = msgspec.json.decode(part, type=Ticket)
    return Request(id=sent.id, subject=sent.subject, at=instant_of(sent.at))

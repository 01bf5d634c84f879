"""What a command or a CI job elsewhere asks and says: a small JSON interface under `/api/`, by token only.

It shows what `uptake status --json` shows and says the words that the commands say, under the token's name. A repeat
with the same Idempotency-Key says nothing twice. A browser's session never reaches it, so that no page of somebody
else's can send anything here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.app.change import Told
from uptake.app.start import ticket_of
from uptake.app.word import Taken, Word
from uptake.core.picture import Picture
from uptake.core.problem import Refused, refuse
from uptake.plan.read import ReadPlan
from uptake.report.board import Board
from uptake.report.ending import Standing, standing
from uptake.report.plain import SCHEMA, status_json
from uptake.web.answers import BodyRefused, read_body, refusal, reply
from uptake.web.auth import holder_of, sent_token
from uptake.web.follow import Followed
from uptake.web.words import NotAllowed, Say, spoken, status_of

BODY_MOST_BYTES = 32 * 1024
"""A larger word is none."""
VERSION_MOST = 200
"""Characters of a version."""


class Sent(msgspec.Struct, forbid_unknown_fields=True):
    """A word as sent; what a word does not need is left out."""

    why: str = ""
    half: str = ""
    question: str = ""
    plan: str = ""
    version: Annotated[str, msgspec.Meta(max_length=VERSION_MOST)] = ""
    ticket: str = ""
    commit: tuple[str, ...] = ()
    committed_at: tuple[str, ...] = ()
    rework: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What the interface stands on.

    Args:
        say: appends a word.
        board: the figures.
        followed: the plan's picture.
        turning: who turns the plan's ring now, empty for nobody.
        read: the plan that counts.
    """

    say: Say
    board: Callable[[], Awaitable[Board]]
    followed: Followed
    turning: Callable[[], str]
    read: Callable[[], ReadPlan]

    def refuse_other(self, named: str) -> None:
        """Refuse what is meant for another plan than the one that is served.

        Raises:
            Refused: a plan or its file is named, and it is not this one.
        """
        read = self.read()
        own = (read.plan.plan, read.file.rpartition("/")[2])
        if named and named not in own:
            what = f"`{named}` is not the plan that is served here, which is {own[0]} ({own[1]})"
            raise refuse("UP064", "uptake", what, "leave it out, or unset UPTAKE_URL to act on this machine")

    async def standing(self, number: int) -> Standing | None:
        """Where a run stands."""
        read = self.read()
        return await asyncio.to_thread(self.followed.use, lambda picture, _seal: standing(read, picture, number))


def routes(counter: Counter) -> list[Route]:
    """`GET /api/status`, `GET /api/runs/{number}`, and `POST /api/{word}` for hold, resume, approve and deploy."""

    async def status(request: Request) -> Response:
        counter.refuse_other(request.query_params.get("plan", ""))
        board = await counter.board()
        turning = await asyncio.to_thread(counter.turning)
        return reply(200, status_json(board, turning), headers=FRESH)

    async def run(request: Request) -> Response:
        found = await counter.standing(int(request.path_params["number"]))
        if found is None:
            return refusal(404, code="NOT_FOUND", what="There is no run of this number.")
        return reply(200, {"schema": SCHEMA, **_plain(found)}, headers=FRESH)

    async def word(request: Request) -> Response:
        sent = msgspec.json.decode(await read_body(request, most_bytes=BODY_MOST_BYTES) or b"{}", type=Sent)
        counter.refuse_other(sent.plan)
        said = _word(request, sent)
        taken = await asyncio.to_thread(spoken, counter.say, holder_of(request.scope), said)
        return await _said(counter, said, taken)

    return [
        Route("/api/status", _answered(status), methods=["GET"]),
        Route("/api/runs/{number:int}", _answered(run), methods=["GET"]),
        *(Route(f"/api/{what}", _answered(word), methods=["POST"]) for what in ("hold", "resume", "approve", "deploy")),
    ]


def _answered(end: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint for tokens, whose refusals are answers."""

    async def answered(request: Request) -> Response:
        if not sent_token(request):
            return refusal(401, code="NO_TOKEN", what="This address wants a token with the request.", hint=BEARER)
        try:
            return await end(request)
        except BodyRefused as refused:
            return refused.answer
        except NotAllowed as refused:
            return refusal(403, code="WRONG_ROLE", what=refused.what, hint=refused.hint)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return refusal(400, code="NOT_JSON", what=f"The body is no word: {error}.", hint='Send {"why": "..."}.')
        except Refused as refused:
            return _refused(refused)

    return answered


BEARER = "Send it as Authorization: Bearer TOKEN."
FRESH = {"Cache-Control": "no-store"}


def _word(request: Request, sent: Sent) -> Word:
    """The word of an address and what was sent.

    Raises:
        Refused: an answer without a reason.
    """
    what = request.url.path.rpartition("/")[2]
    if what == "approve" and not sent.why.strip():
        raise refuse("UP030", request.url.path, "an answer needs a reason", "give it with --why, or as `why`")
    return Word(
        what=what,
        half="deploy" if what == "deploy" else sent.half,
        why=sent.why.strip(),
        question=sent.question if what == "approve" else "",
        key=request.headers.get("idempotency-key", "").strip(),
        data={**(_deploy(sent) if what == "deploy" else {}), **ticket_of(sent.ticket)},
    )


def _deploy(sent: Sent) -> dict[str, object]:
    """What is to be deployed, and what it brings."""
    brings = Told(commit=sent.commit, committed_at=sent.committed_at, rework=sent.rework).words()
    return {**({"version": sent.version} if sent.version else {}), **brings}


async def _said(counter: Counter, said: Word, taken: Taken) -> Response:
    """What became of a word; of a deploy also where its run stands."""
    value: dict[str, Any] = {
        "schema": SCHEMA,
        "entry": taken.seq,
        "said": said.what,
        "half": said.half,
        "new": taken.new,
    }
    if said.what == "deploy":

        def number(picture: Picture, _seal: str) -> int:
            return sum(run.seq <= taken.seq for run in picture.runs)

        found = await counter.standing(await asyncio.to_thread(counter.followed.use, number))
        value |= _plain(found) if found is not None else {}
    return reply(200, value)


def _plain(run: Standing) -> dict[str, Any]:
    return cast("dict[str, Any]", msgspec.to_builtins(run))


def _refused(refused: Refused) -> Response:
    """The refusal that the command would print, with the place of each problem."""
    first = refused.problems[0]
    problems = [{"code": p.code, "where": str(p.where), "what": p.what, "hint": p.hint} for p in refused.problems]
    return refusal(status_of(refused), code=first.code, what=first.what, hint=first.hint, problems=problems)

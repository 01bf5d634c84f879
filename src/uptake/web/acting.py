"""Hold, resume and approve from the page: a form that says what it will do, and a word in the ledger.

Asking for a form changes nothing; sending it says the word that the command says, under the token's name. It
calls no connector: the loop hears the word.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from uptake.app.word import REPORT, Taken, Word, is_held
from uptake.core.picture import Picture
from uptake.core.problem import Refused
from uptake.report.board import Board
from uptake.report.reports import name_of, open_reports
from uptake.report.words import sentence
from uptake.web.auth import Holder, Tokens, holder_of
from uptake.web.consequence import consequence
from uptake.web.follow import Followed
from uptake.web.forms import is_current, new_proof, read_fields
from uptake.web.words import NotAllowed, Say, check_may, may, spoken, status_of

TITLES = {"hold": "Hold the rollout?", "resume": "Resume the rollout?", "approve": "Approve?"}
BUTTONS = {"hold": "Hold", "resume": "Resume", "approve": "Approve"}
NOT_CURRENT = "The form was not current, so nothing was done."
SETTLED = "It is shown as settled from then on, with your reason; no figure changes by it."
AGAIN = "Reload the page and send it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What somebody may do from the page now: hold or resume, and the names of the questions they may answer."""

    may: bool
    signed_in: bool
    held: bool
    questions: tuple[str, ...]


def acts_of(holder: Holder, picture: Picture) -> Acts | None:
    """What a holder may do; None before anything was started."""
    if not picture.revision:
        return None
    return Acts(
        may=may(holder, "hold"),
        signed_in=bool(holder.digest),
        held=is_held(picture, ""),
        questions=tuple(picture.questions),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the forms stand on.

    Args:
        render: makes a page of a template's name and its values.
        tokens: signs and checks the forms.
        say: appends the word.
        board: the page's figures.
        followed: the plan's picture.
    """

    render: Callable[..., str]
    tokens: Tokens
    say: Say
    board: Callable[[], Awaitable[Board]]
    followed: Followed

    def answer(self, status: int, what: str, hint: str = "", *, title: str = "That was not done") -> Response:
        """A page that says what came of a form."""
        body = self.render("answer.html", title=title, what=what, hint=hint)
        return HTMLResponse(body, status_code=status, headers={"Cache-Control": "no-store"})

    def form(self, template: str, **values: Any) -> Response:
        """A page with a form."""
        return HTMLResponse(self.render(template, **values), headers={"Cache-Control": "no-store"})

    async def take(self, request: Request, fields: dict[str, str], word: Word) -> Taken | Response:
        """Say the word of a form that was sent, or why it was not said."""
        holder = holder_of(request.scope)
        if not is_current(self.tokens, request, holder, fields, purpose=word.what):
            return self.answer(400, NOT_CURRENT, AGAIN)
        try:
            return await asyncio.to_thread(spoken, self.say, holder, word)
        except NotAllowed as refused:
            return self.answer(403, refused.what, refused.hint)
        except Refused as refused:
            first = refused.problems[0]
            return self.answer(status_of(refused), sentence(first.what), sentence(first.hint))


def routes(desk: Desk) -> list[Route]:
    """The forms `/hold`, `/resume` and `/approve/{question}`: shown by GET, sent by POST."""

    async def show(request: Request) -> Response:
        what, question = _asked(request)
        holder = holder_of(request.scope)
        try:
            check_may(holder, what)
        except NotAllowed as refused:
            return desk.answer(403, refused.what, refused.hint)
        why = await asyncio.to_thread(desk.followed.use, lambda picture, _seal: _open(picture, what, question))
        if isinstance(why, _Idle):
            return desk.answer(why.status, why.what, why.hint, title="There is nothing to do")
        board = await desk.board()
        is_report = question.startswith(REPORT)
        return desk.form(
            "confirm.html",
            what=what,
            title="Settle this report?" if is_report else TITLES[what],
            button="Settle it" if is_report else BUTTONS[what],
            question=question,
            why=why,
            told=SETTLED if is_report else consequence(board, what),
            halves=tuple(board.states) if len(board.states) > 1 else (),
            who=holder.name,
            proof=new_proof(desk.tokens, holder, what),
            action=request.url.path,
        )

    async def send(request: Request) -> Response:
        what, question = _asked(request)
        fields = await read_fields(request)
        why = fields.get("why", "").strip()
        if what == "approve" and not why:
            return desk.answer(422, "An answer needs a reason, so nothing was done.", "Go back and say why.")
        word = Word(what=what, half=fields.get("half", ""), why=why, question=question, key=fields.get("key", ""))
        taken = await desk.take(request, fields, word)
        return RedirectResponse(f"/entries/{taken.seq}", status_code=303) if isinstance(taken, Taken) else taken

    paths = ("/hold", "/resume", "/approve/{question}")
    return [Route(path, end, methods=[by]) for path in paths for by, end in (("GET", show), ("POST", send))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Idle:
    """Why a form is not shown."""

    what: str
    hint: str
    status: int = 409


def _asked(request: Request) -> tuple[str, str]:
    """The word and the question of an address."""
    return request.url.path.split("/")[1], request.path_params.get("question", "")


def _open(picture: Picture, what: str, question: str) -> str | _Idle:
    """Why the question is asked, empty for the other words; or that there is nothing to do."""
    if what == "approve":
        noted = picture.questions.get(question)
        answered = picture.approved.get(question) or picture.done.get(question)
        if noted is not None:
            return sentence(noted.decision.why)
        if answered is not None:
            return _Idle(what=f"{answered.said.who} answered it already.", hint=f"See entry {answered.seq}.")
        if question in map(name_of, (spoken.seq for spoken in open_reports(picture))):
            return "A reader says that something is wrong; Decisions shows the words."
        hint = "Open questions stand first on the plan's page."
        return _Idle(what="No open question has this name.", hint=hint, status=404)
    if what == "resume" and not is_held(picture, ""):
        return _Idle(what="Nothing is held.", hint="Somebody may have resumed it already.")
    if not picture.revision:
        return _Idle(what="Nothing of this plan was started yet.", hint="There is nothing to hold.")
    return ""

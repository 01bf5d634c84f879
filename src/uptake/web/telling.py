"""`/tell`: anybody who may read the page says what is wrong on it, and reads that it was kept.

A report is a word like any other: it stands in the ledger with the figure's key and the page, its text apart from
it so that it can be erased. It changes no figure and calls nobody.
"""

import asyncio
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from uptake.app.word import WHY_MOST, Taken, Word
from uptake.core.picture import Picture
from uptake.web.acting import AGAIN, NOT_CURRENT, Desk
from uptake.web.auth import holder_of
from uptake.web.forms import is_current, new_proof, read_fields
from uptake.web.ofrep import Rate

PER_S = 1 / 60
BURST_S = 600.0
"""One holder may report once a minute, ten times in a row."""
FIGURE = re.compile(r"[a-z0-9.-]{1,160}")
PAGE = re.compile(r"/(?!/)[a-zA-Z0-9/._-]{0,160}")
SEQ_DIGITS_MOST = 15


def routes(desk: Desk) -> list[Route]:
    """The form `/tell`, and the thanks at `/tell/{seq}`."""
    rate = Rate(per_s=PER_S, burst_s=BURST_S)

    async def show(request: Request) -> Response:
        board = await desk.board()
        holder = holder_of(request.scope)
        page = urlsplit(request.headers.get("referer", "")).path
        return desk.form(
            "tell.html",
            figures=board.figures,
            figure=_fit(FIGURE, request.query_params.get("figure", "")),
            page=_fit(PAGE, request.query_params.get("page", page)),
            most=WHY_MOST,
            proof=new_proof(desk.tokens, holder, "report"),
        )

    async def send(request: Request) -> Response:
        fields = await read_fields(request)
        holder = holder_of(request.scope)
        if not is_current(desk.tokens, request, holder, fields, purpose="report"):
            return desk.answer(400, NOT_CURRENT, AGAIN)
        text = fields.get("text", "").strip()
        if not text:
            return desk.answer(422, "The report was empty, so nothing was kept.", "Go back and say what is wrong.")
        wait_s = rate.wait_s(holder.digest)
        if wait_s:
            return desk.answer(429, "Too many reports came from here.", f"Send this one again in {wait_s} seconds.")
        data = {"figure": _fit(FIGURE, fields.get("figure", "")), "page": _fit(PAGE, fields.get("page", ""))}
        taken = await desk.take(request, fields, Word(what="report", why=text, key=fields.get("key", ""), data=data))
        return RedirectResponse(f"/tell/{taken.seq}", status_code=303) if isinstance(taken, Taken) else taken

    async def thanks(request: Request) -> Response:
        word = request.path_params["seq"]
        seq = int(word) if word.isascii() and word.isdigit() and len(word) <= SEQ_DIGITS_MOST else 0
        if not await asyncio.to_thread(desk.followed.use, lambda picture, _seal: _is_report(picture, seq)):
            return desk.answer(404, "There is no such report.")
        what = f"Your report stands in the ledger as entry {seq}."
        hint = "Everybody who may read this plan sees it under Decisions; its owner also with: uptake status"
        return desk.answer(200, what, hint, title="Thank you")

    return [
        Route("/tell", show, methods=["GET"]),
        Route("/tell", send, methods=["POST"]),
        Route("/tell/{seq}", thanks, methods=["GET"]),
    ]


def _fit(pattern: re.Pattern[str], text: str) -> str:
    """The text where it has this form, else nothing."""
    return text if pattern.fullmatch(text) else ""


def _is_report(picture: Picture, seq: int) -> bool:
    return any(spoken.seq == seq and spoken.said.what == "report" for spoken in picture.words)

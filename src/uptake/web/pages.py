"""The pages: the board of figures as HTML, complete without JavaScript, and their static files.

They show what `report` made and compute nothing. A board is made once a second or when the ledger has
grown, for all readers and beside the event loop; an entity tag lets a page's own script ask quietly.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.core.words import moment
from uptake.exposure.view import matches
from uptake.report import html, marks
from uptake.report.board import Board
from uptake.report.comparison import SUCCESS
from uptake.report.figures import DECISIONS_MOST
from uptake.report.reports import Report, reports
from uptake.report.words import length
from uptake.web.acting import acts_of
from uptake.web.answers import refusal
from uptake.web.auth import Tokens, holder_of
from uptake.web.charts import Drawings
from uptake.web.follow import Followed
from uptake.web.signin import leave_proof

FRESH_S = 1.0
"""While the ledger stands still, a board serves everyone for so long."""
TEMPLATES = (
    "layout.html",
    "page.html",
    "board.html",
    "actions.html",
    "plans-page.html",
    "hosts-page.html",
    "people-page.html",
    "decisions-page.html",
    "decision-page.html",
    "plan-page.html",
    "rehearsal-page.html",
    "signin.html",
    "confirm.html",
    "answer.html",
    "tell.html",
    "survey.html",
    "said.html",
    "own.html",
)
"""The frame of a page; what it shows of a board is report's own markup."""
PAGES = (
    ("/", "Overview"),
    ("/#timeline", "Timeline"),
    ("/hosts", "Hosts"),
    ("/people", "People"),
    ("/#effect", "Effect"),
    ("/decisions", "Decisions"),
    ("/rehearsal", "Rehearsal"),
)
HUMAN = ("training users", "resistance to change", "lack of user buy-in")
"""Phrases of the comparison that the people's page repeats, beside the row of what makes for success."""
STATIC = {
    "look.css": "text/css",
    "fonts.css": "text/css",
    "uptake.css": "text/css",
    "live.js": "text/javascript",
    "theme.js": "text/javascript",
    "mark.svg": "image/svg+xml",
}
FONTS = ("inter.woff2", "source-serif.woff2", "inter-more.woff2", "source-serif-more.woff2")
"""Fetched and cut by the build; without them the pages are shown in the system's own fonts."""


def environment() -> Environment:
    """The templates: every value is escaped, a missing one is an error."""
    room = files("uptake.web").joinpath("templates")
    made = html.environment({name: room.joinpath(name).read_text(encoding="utf-8") for name in TEMPLATES})
    fonts = _has_fonts()
    made.globals["styles"] = [_stamp(name) for name in (*(["fonts.css"] if fonts else []), "look.css", "uptake.css")]
    made.globals["script"] = _stamp("live.js")
    made.globals["theme"] = _stamp("theme.js")
    made.globals["fonts"] = [f"/static/{name}" for name in FONTS[:2]] if fonts else []
    made.globals["pages"] = PAGES
    made.globals["length"] = length
    return made


class Boards:
    """The latest board and its charts, made beside the event loop and shared by all who ask within a second."""

    def __init__(self, source: Callable[[], Board], *, head: Callable[[], int]) -> None:
        """Args: source: makes a board; head: the ledger's last sequence; both are called in a thread."""
        self._source, self._head = source, head
        self._seq = -1
        self._drawings = Drawings()
        self._lock = asyncio.Lock()
        self._shown: tuple[Board, Mapping[str, str]] | None = None
        self._made_at = 0.0

    async def get(self) -> Board:
        """The board of the ledger's head, at most `FRESH_S` old."""
        return (await self.shown())[0]

    async def shown(self) -> tuple[Board, Mapping[str, str]]:
        """The board of the ledger's head, at most `FRESH_S` old, and its charts."""
        async with self._lock:
            return await asyncio.to_thread(self._make)

    def close(self) -> None:
        """Wait for what is being drawn."""
        self._drawings.close()

    def _make(self) -> tuple[Board, Mapping[str, str]]:
        seq = self._head()
        if self._shown is None or seq != self._seq or time.monotonic() - self._made_at >= FRESH_S:
            board = self._source()
            self._shown = board, self._drawings.of(board)
            self._seq, self._made_at = seq, time.monotonic()
        return self._shown


class Shelf:
    """Makes a page of a template and a board, and answers with it or with 304."""

    def __init__(
        self,
        boards: Boards,
        *,
        render: Callable[..., str],
        tokens: Tokens,
        followed: Followed,
        find: Callable[[str], str | None],
    ) -> None:
        """Put a shelf up.

        Args:
            boards: the figures.
            render: makes a page of a template's name and values.
            tokens: for the proof.
            followed: the picture, for what may be done and what was reported.
            find: the text that a person wrote, by its digest; None once it was erased.
        """
        self._boards, self._render, self._tokens = boards, render, tokens
        self._followed, self._find = followed, find

    async def values(self, request: Request) -> dict[str, Any]:
        """What every page reads."""
        board, drawn = await self._boards.shown()
        given = html.board_values(board, where=partial(address, file=board.file), drawn=drawn, tell="/tell")
        holder = holder_of(request.scope)
        acts = await asyncio.to_thread(self._followed.use, lambda picture, _seal: acts_of(holder, picture))
        proof = leave_proof(self._tokens, request) if holder.digest else ""
        return {**given, "proof": proof, "acts": acts, "here": request.url.path, "moment": partial(_moment, board)}

    async def reports(self, board: Board) -> tuple[Report, ...]:
        """What readers say is wrong, the newest first."""

        def make(picture: Picture, _seal: str) -> tuple[Report, ...]:
            return reports(picture, board.timezone, self._find)

        return await asyncio.to_thread(self._followed.use, make)

    async def page(self, request: Request, template: str, **more: Any) -> Response:
        """The page of a template, unless the reader has it already."""
        return self.answer(request, template, {**await self.values(request), **more})

    def answer(self, request: Request, template: str, values: Mapping[str, Any]) -> Response:
        """The page of a template and its values, unless the reader has it already."""
        body = self._render(template, **values).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Authorization, X-API-Key"}
        if matches(request.headers.get("if-none-match", ""), etag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="text/html", headers=headers)


def address(source: str, *, file: str) -> str:
    """Where a page shows a source: `entry 41` or `plan.yaml:12`; empty where none does."""
    if source.startswith("entry ") and source[6:].isdigit():
        return f"/entries/{source[6:]}"
    name, _, line = source.rpartition(":")
    return f"/plan#L{line}" if name == file and line.isdigit() else ""


def routes(shelf: Shelf, *, trouble: Callable[[], str]) -> list[Route]:
    """The pages that a board alone fills, their static files and `/healthz`.

    Args:
        shelf: makes the pages.
        trouble: why the server is not healthy, empty while it is.
    """

    async def plan(request: Request) -> Response:
        return await shelf.page(request, "board.html")

    async def plans(request: Request) -> Response:
        values = await shelf.values(request)
        return shelf.answer(request, "plans-page.html", {**values, "plans": [values["board"]]})

    async def hosts(request: Request) -> Response:
        return await shelf.page(request, "hosts-page.html")

    async def people(request: Request) -> Response:
        values = await shelf.values(request)
        figures = [each for each in values["board"].figures if each.half == "implement"]
        human = [each for each in figures if each.phrase in HUMAN or each.row == SUCCESS]
        return shelf.answer(request, "people-page.html", {**values, "human": human})

    async def decisions(request: Request) -> Response:
        values = await shelf.values(request)
        told = marks.permalinks(values["board"].decisions)
        more = {"all_told": told, "most": DECISIONS_MOST, "reports": await shelf.reports(values["board"])}
        return shelf.answer(request, "decisions-page.html", {**values, **more})

    async def health(_request: Request) -> Response:
        wrong = trouble()
        return refusal(503, code="UNHEALTHY", what=wrong) if wrong else Response(b"ok\n", media_type="text/plain")

    made: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/": plan,
        "/plans": plans,
        "/hosts": hosts,
        "/people": people,
        "/decisions": decisions,
        "/healthz": health,
        "/static/{name}": _static(),
    }
    return [Route(path, endpoint, methods=["GET"]) for path, endpoint in made.items()]


def _moment(board: Board, at: Instant) -> str:
    return moment(at, board.timezone, seconds=True)


def _static() -> Callable[[Request], Awaitable[Response]]:
    served = STATIC | (dict.fromkeys(FONTS, "font/woff2") if _has_fonts() else {})

    async def serve(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in served:
            return refusal(404, code="NOT_FOUND", what="There is no such file.")
        return Response(_read(name), media_type=served[name], headers={"Cache-Control": "public, max-age=3600"})

    return serve


@cache
def _read(name: str) -> bytes:
    if name == "look.css":
        return html.look().encode()
    return files("uptake.web").joinpath("fonts" if name in FONTS else "static", name).read_bytes()


def _has_fonts() -> bool:
    room = files("uptake.web").joinpath("fonts")
    return all(room.joinpath(name).is_file() for name in FONTS)


def _stamp(name: str) -> str:
    """A static file's address, which changes with its content."""
    return f"/static/{name}?{hashlib.sha256(_read(name)).hexdigest()[:8]}"

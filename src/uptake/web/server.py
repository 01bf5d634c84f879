"""The server: one ASGI app of pages, flags and intake, and the loop in a thread of its own beside it.

It refuses to be reached from beyond this machine without tokens and TLS (or a proxy that brings it).
It decides nothing: the loop is handed in, and a page's figures, the ledger and the events are ports.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from uptake.app.personal import Personal
from uptake.core.picture import Picture
from uptake.core.ports import Directory, Ledger
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.plan.read import ReadPlan
from uptake.report.board import Board
from uptake.report.rehearsal import Summary
from uptake.web import (
    acting,
    api,
    arrivals,
    deployments,
    evidence,
    intake,
    ofrep,
    pages,
    personal,
    signin,
    stream,
    telling,
)
from uptake.web.answers import AGAIN_S, refusal
from uptake.web.auth import Door, Tokens, TokenSource
from uptake.web.follow import Followed
from uptake.web.headers import Headers
from uptake.web.listen import Settings, address, bind, check_exposed, door_rule
from uptake.web.view import ExposureView, Sources
from uptake.web.words import Say
from uptake.web.writer import Inbox, Writer

CONNECTIONS_MOST = 2000
"""Connections beyond that are answered with 503."""
COMPRESSED_FROM_BYTES = 2048
"""Smaller answers, such as a flag, go as they are."""
STOP_WITHIN_S = 10
"""Requests under way get so long when the server is asked to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the server stands on.

    Args:
        plan: the plan's name.
        flag: its flag's key as the plan now says it, empty for none.
        ledger: the plan's ledger; here it is only read.
        directory: who is in which wave.
        inbox: where events are kept.
        board: makes the page's figures of a picture and the hash of its last entry; called beside the event loop.
        tokens: digests of tokens, with name and role.
        read: the plan that counts.
        rehearsal: the last rehearsal that was kept, None where there is none.
        say: appends a person's word; called beside the event loop.
        turning: who turns the plan's ring now, empty for nobody.
        find: the text that a person wrote, by its digest; None once it was erased.
        now: the wall clock.
        personal: what people see and say by links of their own.
        secret: a secret's value from its reference in the plan.
        arrivals: keeps completions and requests for help that are posted; called beside the event loop.
    """

    plan: str
    flag: Callable[[], str]
    ledger: Ledger
    directory: Directory
    inbox: Inbox
    board: Callable[[Picture, str], Board]
    tokens: TokenSource
    read: Callable[[], ReadPlan]
    rehearsal: Callable[[], Summary | None]
    say: Say
    turning: Callable[[], str]
    find: Callable[[str], str | None]
    now: Callable[[], Instant]
    personal: Callable[[], Personal]
    secret: Callable[[str], str]
    arrivals: arrivals.Keeper


def make_app(parts: Parts, settings: Settings) -> Starlette:
    """The ASGI app; its lifespan starts and ends the writer and the exposure view, `app.state.streams` are open."""
    tokens = Tokens(parts.tokens)
    writer = Writer(parts.inbox, parts.now)
    followed = Followed(parts.ledger)
    sources = Sources(followed=followed, directory=parts.directory, plan=parts.plan, flag=parts.flag)
    view = ExposureView(sources, also=tokens.refresh)
    streams = stream.Streams(parts.ledger.head)
    templates = pages.environment()

    def render(name: str, **values: Any) -> str:
        return templates.get_template(name).render(**values)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        view.start()
        writer.start()
        following = asyncio.create_task(streams.follow())
        try:
            yield
        finally:
            following.cancel()
            writer.close()
            view.close()
            boards.close()

    def trouble() -> str:
        return writer.trouble() or view.trouble()

    boards = pages.Boards(lambda: followed.use(parts.board), head=parts.ledger.head)
    shelf = pages.Shelf(boards, render=render, tokens=tokens, followed=followed, find=parts.find)
    desk = acting.Desk(render=render, tokens=tokens, say=parts.say, board=boards.get, followed=followed)
    counter = api.Counter(say=parts.say, board=boards.get, followed=followed, turning=parts.turning, read=parts.read)
    behind = evidence.Evidence(parts.ledger, followed, parts.read, parts.rehearsal)
    rule = door_rule(settings)
    app = Starlette(
        routes=[
            *ofrep.routes(view.view, ofrep.Rate(per_s=settings.flags_per_s)),
            *intake.routes(writer, read=parts.read),
            *arrivals.routes(parts.arrivals, read=parts.read),
            *deployments.routes(parts.say, read=parts.read, secret=parts.secret),
            *signin.routes(tokens, render=render, cookie=rule.cookie, secure=settings.secure),
            *stream.routes(streams, tokens=tokens),
            *acting.routes(desk),
            *telling.routes(desk),
            *api.routes(counter),
            *personal.routes(
                lambda token, now: parts.personal().sheet(token, now),
                lambda token, fields, now: parts.personal().answer(token, fields, now),
                lambda token, now: followed.use(lambda picture, _seal: parts.personal().own(token, picture, now)),
                render=render,
                now=parts.now,
            ),
            *pages.routes(shelf, trouble=trouble),
            *evidence.routes(behind, shelf, boards),
        ],
        middleware=[
            Middleware(Door, tokens=tokens, rule=rule),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES),
        ],
        exception_handlers={404: _missing, 405: _wrong_method, 500: _broken, Refused: _refused},
        lifespan=lifespan,
    )
    app.state.streams = streams
    return app


class Server(uvicorn.Server):
    """uvicorn's server, with this process's signals left to `serve`, and streams that end with it."""

    def __init__(self, config: uvicorn.Config, *, close: Callable[[], None] = lambda: None) -> None:
        """Args: config: uvicorn's; close: ends what would else go on for ever, called once nobody else is let in."""
        super().__init__(config)
        self._close = close

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the open streams, then wait for the requests under way."""
        self._close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled by `serve`: one asks to stop, a second one ends at once."""
        yield


def serve(
    parts: Parts,
    settings: Settings,
    *,
    loop: Callable[[], None],
    stop: Callable[[], None],
    ready: Callable[[str], None],
) -> int:
    """Listen until SIGINT or SIGTERM.

    Args:
        parts: what the server stands on.
        settings: where to listen.
        loop: the ring's loop, run in a thread of its own; when it ends by an error, so does the server.
        stop: asks the loop to end.
        ready: told the server's address once it listens.

    Returns:
        0 when asked to stop, 1 when the server could not start.

    Raises:
        Refused: see `check_exposed`, or the address cannot be taken.
    """
    check_exposed(settings, parts.tokens)
    listening = bind(settings)
    app = make_app(parts, settings)
    server = Server(configuration(app, settings), close=app.state.streams.close)
    broken: list[BaseException] = []

    def run_loop() -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the main thread
            broken.append(error)
            server.should_exit = True

    thread = threading.Thread(target=run_loop, name="uptake-loop", daemon=True)
    with _signals(server):
        thread.start()
        ready(address(settings, listening))
        try:
            server.run(sockets=[listening])
        finally:
            stop()
            thread.join(STOP_WITHIN_S)
            listening.close()
    if broken:
        raise broken[0]
    return 0 if server.started else 1


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    """Uvicorn's settings: no name, no access log (addresses are people's), a bounded stop."""
    return uvicorn.Config(
        Headers(app, hsts=bool(settings.tls_cert)),
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=STOP_WITHIN_S,
        timeout_keep_alive=15,
        limit_concurrency=CONNECTIONS_MOST,
        h11_max_incomplete_event_size=32 * 1024,
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
    )


@contextmanager
def _signals(server: Server) -> Iterator[None]:
    """The first signal asks to stop, the second ends the requests under way."""

    def asked(_number: int, _frame: Any) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _missing(_request: Request, _error: Exception) -> Response:
    return refusal(404, code="NOT_FOUND", what="There is nothing at this address.")


async def _wrong_method(request: Request, _error: Exception) -> Response:
    return refusal(405, code="WRONG_METHOD", what=f"{request.method} is not answered at this address.")


async def _refused(_request: Request, error: Exception) -> Response:
    """The state cannot be used just now: nothing was kept, the client repeats, `/healthz` says so too."""
    assert isinstance(error, Refused)
    first = error.problems[0]
    return refusal(503, code=first.code, what=first.what, hint=first.hint, headers={"Retry-After": AGAIN_S})


async def _broken(_request: Request, _error: Exception) -> Response:
    return refusal(500, code="BROKEN", what="The server failed; the cause stands in its log.", hint="Try again.")

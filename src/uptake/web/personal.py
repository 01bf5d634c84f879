"""`/s/TOKEN` and `/me/TOKEN`: a survey, and a person's own page, by a link that is hers alone.

Opening a link records nothing: mail scanners and previews open links too. An answer is a form that is sent; it needs no
script, no account and no cookie. What the pages show stands in `app.personal`.
"""

import asyncio
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from uptake.app.personal import Own, Sheet, State
from uptake.core.time import Instant
from uptake.web.forms import read_fields, same_origin
from uptake.web.ofrep import Rate

PER_S = 50.0
BURST_S = 10.0
"""One address may send forms so often: a whole firm may stand behind one."""
TOKEN_MOST = 64
UNKEPT = {"Cache-Control": "no-store"}
"""What is one person's alone is kept by no browser and no proxy."""
SAID: dict[State, tuple[int, str, str]] = {
    "used": (200, "This link has been used.", "Your answer was kept the first time. Thank you."),
    "over": (410, "This link is over.", "The survey has ended; there is nothing that you need to do."),
    "gone": (404, "There is nothing here.", "The link may be cut off: open it from the mail again."),
    "open": (200, "Thank you.", "Your answer is kept. It is shown only together with others."),
}
"""State of a link -> status, title and words."""

Find = Callable[[str, Instant], Sheet]
Take = Callable[[str, dict[str, str], Instant], State | None]
Look = Callable[[str, Instant], Own | None]


def routes(
    find: Find, take: Take, look: Look, *, render: Callable[..., str], now: Callable[[], Instant]
) -> list[Route]:
    """The pages.

    Args:
        find: the survey of a token.
        take: keeps an answer.
        look: a person's own page.
        render: a template with values.
        now: the wall clock.
    """
    rate = Rate(per_s=PER_S, burst_s=BURST_S)

    def page(name: str, status: int = 200, **values: object) -> Response:
        return HTMLResponse(render(name, **values), status_code=status, headers=UNKEPT)

    def said(state: State) -> Response:
        status, title, words = SAID[state]
        return page("said.html", status, title=title, words=words)

    def form(sheet: Sheet, given: Mapping[str, str] | None = None) -> Response:
        """The survey; with what was given where something was missing."""
        return page("survey.html", 200 if given is None else 422, sheet=sheet, given=given)

    async def show(request: Request) -> Response:
        sheet = await asyncio.to_thread(find, token_of(request), now())
        return form(sheet) if sheet.state == "open" else said(sheet.state)

    async def send(request: Request) -> Response:
        if not same_origin(request):
            return said("gone")
        if rate.wait_s(request.client.host if request.client else ""):
            return page("said.html", 429, title="Too many at once.", words="Send it again.")
        fields, token = await read_fields(request), token_of(request)
        state = await asyncio.to_thread(take, token, fields, now())
        if state is None:
            return form(await asyncio.to_thread(find, token, now()), fields)
        return said(state)

    async def own(request: Request) -> Response:
        hers = await asyncio.to_thread(look, token_of(request), now())
        return said("gone") if hers is None else page("own.html", own=hers)

    return [
        Route("/s/{token}", show, methods=["GET"]),
        Route("/s/{token}", send, methods=["POST"]),
        Route("/me/{token}", own, methods=["GET"]),
    ]


def token_of(request: Request) -> str:
    """The link's token, as it stands in the address."""
    return str(request.path_params["token"])[:TOKEN_MOST]

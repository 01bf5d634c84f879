"""Signing in with a browser: a token posted into a form becomes a signed cookie, never an address.

The form is protected by a nonce in a cookie of its own and by the request's origin. It makes no
accounts: a person is whoever holds the token, and the cookie dies with it.
"""

import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from uptake.web.auth import MAY, SESSION_S, Tokens, holder_of
from uptake.web.forms import proved, read_fields, same_origin

NONCE = "uptake-form"
"""The cookie that binds a form to the browser which was shown it."""
Render = Callable[..., str]


def routes(tokens: Tokens, *, render: Render, cookie: str, secure: bool) -> list[Route]:
    """The routes `/sign-in` and `/sign-out`.

    Args:
        tokens: who is known.
        render: makes a page from a template's name and its values.
        cookie: the session cookie's name.
        secure: whether browsers come by https.
    """

    def form(nonce: str, *, wrong: str = "", status: int = 200) -> Response:
        page = HTMLResponse(render("signin.html", proof=tokens.sign("form", nonce), wrong=wrong), status_code=status)
        page.set_cookie(NONCE, nonce, max_age=3600, path="/", secure=secure, httponly=True, samesite="strict")
        return page

    async def show(_request: Request) -> Response:
        return form(secrets.token_hex(16))

    async def enter(request: Request) -> Response:
        fields = await read_fields(request)
        nonce = request.cookies.get(NONCE, "")
        if not nonce or not proved(tokens.sign("form", nonce), fields) or not same_origin(request):
            return form(secrets.token_hex(16), wrong="The form was not current. Enter the token again.", status=400)
        holder = tokens.holder(fields.get("token", "").strip())
        if holder is None or holder.role not in MAY["viewer"]:
            wrong = "This token is not known." if holder is None else f"This token is for {holder.role}, not for pages."
            return form(nonce, wrong=wrong, status=403)
        entered = RedirectResponse("/", status_code=303)
        entered.set_cookie(
            cookie,
            tokens.session(holder),
            max_age=SESSION_S,
            path="/",
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        entered.delete_cookie(NONCE, path="/", secure=secure, httponly=True, samesite="strict")
        return entered

    async def leave(request: Request) -> Response:
        fields = await read_fields(request)
        if not proved(leave_proof(tokens, request), fields) or not same_origin(request):
            return HTMLResponse("The form was not current. Reload the page.", status_code=400)
        left = RedirectResponse("/sign-in", status_code=303)
        left.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="strict")
        return left

    return [
        Route("/sign-in", show, methods=["GET"]),
        Route("/sign-in", enter, methods=["POST"]),
        Route("/sign-out", leave, methods=["POST"]),
    ]


def leave_proof(tokens: Tokens, request: Request) -> str:
    """What the sign-out form of this holder must carry."""
    return tokens.sign("leave", holder_of(request.scope).digest)

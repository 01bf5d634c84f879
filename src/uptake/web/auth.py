"""The door: who may ask what. Closed by default, one table of roles, tokens known by their digests only.

Machines send a token as `Authorization: Bearer` or `X-API-Key`; a browser gets a signed cookie (see
`signin`). A token in an address is never read: addresses end in logs and histories. Without a token
only `OPEN` answers, and the page while the server listens on loopback alone and no proxy stands before it.
"""

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from uptake.web.answers import refusal

Role = Literal["viewer", "operator", "owner", "flags", "intake"]
Need = Literal["open", "viewer", "flags", "intake", "signed"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "owner", "flags", "intake")
MAY: dict[Need, frozenset[str]] = {
    "viewer": frozenset({"viewer", "operator", "owner"}),
    "flags": frozenset({"flags"}),
    "intake": frozenset({"intake"}),
    "signed": frozenset({"intake"}),
}
"""Which roles a need is met by; each token has one role."""
OPEN = ("/healthz", "/sign-in", "/static/")
"""What answers without a token, beside links that are a person's own: health, the sign-in form, and its style."""
SIGNED = "/deployments"
"""Where a signature lets in, too; what stands there looks at it."""
POSTED = ("/events", "/completions", "/tickets")
"""Where other systems say what happened."""
SESSION_S = 12 * 3600
"""How long a browser stays signed in."""
TOKEN_MOST = 512
"""A longer token is none."""

HOST = re.compile(r"(?:\[(?P<six>[0-9a-fA-F:.]+)\]|(?P<name>[^\s:\[\]@/]+))(?::[0-9]{1,5})?")
"""A well-formed Host header."""

TokenSource = Callable[[], Mapping[str, tuple[str, str]]]
"""SHA-256 of a token in hexadecimal digits -> (its name, its role)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who asks: the token's name and role, and its digest."""

    name: str
    role: str
    digest: str = ""


ANYBODY = Holder(name="this machine", role="viewer")
"""Who reads the page of a server that listens on loopback only."""


def token_digest(token: str) -> str:
    """What is kept of a token. It has 256 random bits, so a plain SHA-256 cannot be searched back."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class Tokens:
    """The tokens as last read, and sessions made from them; a token that is taken back ends its sessions."""

    def __init__(self, source: TokenSource, *, key: bytes | None = None) -> None:
        """Args: source: read by `refresh`; key: signs sessions, random for this process where it is not given."""
        self._source = source
        self._known = dict(source())
        self._key = key or secrets.token_bytes(32)

    def refresh(self) -> None:
        """Read the tokens again."""
        self._known = dict(self._source())

    def holder(self, token: str) -> Holder | None:
        """Who holds this token."""
        return self._by_digest(token_digest(token)) if 0 < len(token) <= TOKEN_MOST else None

    def sign(self, purpose: str, text: str) -> str:
        """A keyed digest of `text` for one purpose."""
        return hmac.new(self._key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()

    def session(self, holder: Holder) -> str:
        """A cookie's value for this holder, good for `SESSION_S`."""
        text = f"{holder.digest}.{int(time.time()) + SESSION_S}"
        return f"{text}.{self.sign('session', text)}"

    def of_session(self, cookie: str) -> Holder | None:
        """Who signed in with this cookie; None for a forged or old one, or one whose token is gone."""
        text, _, signature = cookie.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self.sign("session", text).encode()):
            return None
        digest, _, until = text.partition(".")
        return self._by_digest(digest) if int(until) > time.time() else None

    def knows(self, holder: Holder) -> bool:
        """Whether the token that somebody was let in with is still known; who was let in without one is."""
        return not holder.digest or self._by_digest(holder.digest) is not None

    def _by_digest(self, digest: str) -> Holder | None:
        known = self._known.get(digest)
        return Holder(name=known[0], role=known[1], digest=digest) if known else None


def need_of(path: str) -> Need:
    """What a path needs; everything that is not named here is for viewers."""
    if path in OPEN or path.startswith(("/static/", "/s/", "/me/")):
        return "open"
    if path.startswith("/ofrep/"):
        return "flags"
    if path in POSTED:
        return "intake"
    if path == SIGNED:
        return "signed"
    return "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorRule:
    """How strict the door is: whether the page is read freely on loopback, and the session cookie's name."""

    page_is_free: bool
    cookie: str


class Door:
    """ASGI middleware in front of every route."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens, rule: DoorRule) -> None:
        """Args: app: what stands behind; tokens: who is known; rule: from the server's settings."""
        self._app, self._tokens, self._rule = app, tokens, rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in with `scope["holder"]`, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        need = need_of(scope["path"])
        if need == "open" or (need == "signed" and not sent_token(connection)):
            await self._app(scope, receive, send)
            return
        holder = self._who(connection, need)
        if holder is not None and holder.role in MAY[need]:
            scope["holder"] = holder
            await self._app(scope, receive, send)
            return
        await _turned_away(connection, holder, need)(scope, receive, send)

    def _who(self, connection: HTTPConnection, need: Need) -> Holder | None:
        token = sent_token(connection)
        if token:
            return self._tokens.holder(token)
        if need != "viewer":
            return None
        cookie = connection.cookies.get(self._rule.cookie, "")
        signed_in = self._tokens.of_session(cookie) if cookie else None
        if signed_in is None and self._rule.page_is_free and is_loopback(asked_host(connection)):
            return ANYBODY
        return signed_in


def sent_token(connection: HTTPConnection) -> str:
    """The token of a request's headers, empty where there is none."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return connection.headers.get("x-api-key", "").strip()


def holder_of(scope: Any) -> Holder:
    """Who asks, for endpoints behind the door."""
    return cast("Holder", scope["holder"])


def asked_host(connection: HTTPConnection) -> str:
    """The name or address of the Host header, empty where it is not well formed; nothing is taken in its place."""
    match = HOST.fullmatch(connection.headers.get("host", ""))
    return (match["six"] or match["name"]).lower() if match else ""


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own.

    A browser that was led here under another name (DNS rebinding) sends that name, and fails.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _turned_away(connection: HTTPConnection, holder: Holder | None, need: Need) -> Response:
    role = "intake" if need == "signed" else need
    if holder is not None:
        return refusal(
            403,
            code="WRONG_ROLE",
            what=f"The token {holder.name} has the role {holder.role}; this needs {role}.",
            hint=f"Make one with: uptake token add PLAN --name NAME --role {role}",
        )
    if need == "viewer" and connection.scope["method"] == "GET" and "text/html" in connection.headers.get("accept", ""):
        return RedirectResponse("/sign-in", status_code=303)
    return refusal(
        401,
        code="NO_TOKEN",
        what=f"A token with the role {role} is needed, and none that is known was sent.",
        hint="Send it as Authorization: Bearer TOKEN or X-API-Key: TOKEN, never in the address.",
        headers={"WWW-Authenticate": "Bearer"},
    )

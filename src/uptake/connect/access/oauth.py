"""Tokens for access by HTTP: OAuth client credentials, by a secret or by an assertion that a private key signs.

Kept in memory only, fetched again before they expire or when one was refused. What a server says of a failure is
told by its error word alone, never by its answer.
"""

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from uptake.connect.access.call import Filling, at, said
from uptake.core.problem import refuse
from uptake.plan.model import OAuth

EARLY_S = 60.0
"""A token is fetched again so long before it expires."""
LIFE_S = 3600.0
"""So long a token lives where nobody says how long."""
ASSERTION_S = 300
"""So long an assertion may be used."""
BEARER_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
WORD_MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer of the token server."""

    status: int
    text: str
    wait_s: float | None


class NoToken(Exception):
    """The server that gives tokens is busy or out of reach; `wait_s` is how long it asks to be left alone."""

    def __init__(self, what: str, wait_s: float | None = None) -> None:
        super().__init__(what)
        self.wait_s = wait_s


class Tokens:
    """One client's token, for several threads."""

    def __init__(self, oauth: OAuth, filling: Filling, send: Callable[[str, dict[str, str]], Fetched]) -> None:
        """Args: oauth: where and as whom; filling: what its placeholders stand for; send: posts a form."""
        self._oauth = oauth
        self._filling = filling
        self._send = send
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """The token, fetched where there is none that lasts.

        Raises:
            NoToken: the server is busy or out of reach.
            Refused: it refuses to give one.
        """
        with self._lock:
            if not self._token or time.monotonic() > self._until:
                self._token, life_s = self._fetch()
                self._until = time.monotonic() + max(life_s - EARLY_S, life_s / 2)
            return self._token

    def drop(self, token: str) -> None:
        """Forget a token that was refused."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _fetch(self) -> tuple[str, float]:
        url = self._filling.url(self._oauth.token_url)
        try:
            answer = self._send(url, self._form(url))
        except httpx.TransportError as error:
            raise NoToken(f"{_host(url)} gives no token: {type(error).__name__}") from None
        if answer.status == 429 or answer.status >= 500:
            raise NoToken(f"{_host(url)} gives no token: HTTP {answer.status}", answer.wait_s)
        try:
            told = json.loads(answer.text)
        except ValueError:
            told = None
        token = at(told, "access_token")
        if answer.status != 200 or not isinstance(token, str) or not token:
            word = said(at(told, "error"))[:WORD_MOST] or "no token in the answer"
            hint = "ask whoever runs it: the client, its secret or key, and the scope must be known there"
            raise refuse("access.oauth", _host(url), f"no token is given: HTTP {answer.status}, {word}", hint)
        life = at(told, "expires_in")
        return token, float(life) if isinstance(life, int | float) and life > 0 else LIFE_S

    def _form(self, url: str) -> dict[str, str]:
        """What is posted: client credentials, or the assertion that stands for them."""
        oauth, value = self._oauth, self._filling.value
        scope = {"scope": value(oauth.scope)} if oauth.scope else {}
        client = value(oauth.client)
        if not oauth.key:
            secret = {"client_id": client, "client_secret": value(oauth.secret)}
            return {"grant_type": "client_credentials", **secret, **scope}
        pem, named = _key(value(oauth.key))
        issuer = client or named
        if oauth.subject:
            assertion = _signed(pem, {"iss": issuer, "sub": value(oauth.subject), "aud": url, **scope})
            return {"grant_type": BEARER_GRANT, "assertion": assertion}
        assertion = _signed(pem, {"iss": issuer, "sub": issuer, "aud": url})
        client_by = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
        return {"grant_type": "client_credentials", **client_by, **scope}


def _key(text: str) -> tuple[str, str]:
    """A private key as PEM, and the client that its file names (Google's JSON does)."""
    if not text.lstrip().startswith("{"):
        return text, ""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    return said(at(told, "private_key")), said(at(told, "client_email"))


def _signed(pem: str, claims: dict[str, str]) -> str:
    """A JWT that this key signs.

    Raises:
        Refused: it is no key that could.
    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    now = int(time.time())
    times = {"iat": now, "exp": now + ASSERTION_S, "jti": uuid.uuid4().hex}
    for algorithm, kind in (("RS256", RSAKey), ("ES256", ECKey)):
        try:
            key = kind.import_key(pem)
            return jwt.encode({"alg": algorithm}, {**claims, **times}, key, algorithms=[algorithm])
        except (JoseError, ValueError, TypeError, AttributeError):
            continue
    hint = "it must be PEM of an RSA key or one of P-256, without a passphrase"
    raise refuse("access.oauth", "access.http.oauth.key", "this is no private key that could sign", hint)


def _host(url: str) -> str:
    return httpx.URL(url).host

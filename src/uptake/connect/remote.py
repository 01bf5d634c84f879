"""A running `uptake serve` elsewhere: asked for figures, told words, by its JSON interface and a token.

One request at a time and no open connection between them, so that it may be restarted meanwhile. What nobody answers
is tried again; words carry a key, so that a repeat says nothing twice. What is printed is the command line's affair.
"""

import secrets
import time
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import msgspec

from uptake.connect.patience import Patience
from uptake.connect.secrets import quieten
from uptake.core.problem import Problem, Refused, Where, refuse

ASKING = Patience(attempts_most=5, first_s=0.5, longest_s=5.0, timeout_s=30.0)
"""About ten seconds in which a server may be restarted."""
LOOKING_S = 180.0
"""A deploy is answered once every host was looked at."""
AWAY_FROM = 500
"""Statuses from here on say that a proxy or the server cannot answer now."""
TOO_MANY = 429
"""The status that says: too often."""


class Unreached(Refused):
    """Nobody answers, or something else than Uptake does; what was asked for may have been done."""

    exit_code = 1


class Said(msgspec.Struct):
    """One problem as the server tells it."""

    code: str = ""
    where: str = ""
    what: str = ""
    hint: str = ""


class Refusal(msgspec.Struct):
    """A refusal as the server tells it."""

    code: str = ""
    what: str = ""
    hint: str = ""
    problems: list[Said] = []


class Remote:
    """A server and a token for it."""

    def __init__(self, url: str, token: str, *, patience: Patience = ASKING) -> None:
        """Open nothing yet.

        Args:
            url: https, or http on this machine itself.
            token: what proves who asks.
            patience: with a server that does not answer.

        Raises:
            Refused: no token, an address that cannot be one, or one to which a token may not be sent.
        """
        self.url = _checked(url, token)
        self._patience = patience
        plain = self.url.startswith("http:")
        quieten()
        # A proxy would carry the token in clear: what is asked in clear goes to this machine alone.
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=patience.timeout_s,
            trust_env=not plain,
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._http.close()

    def status(self, plan: str = "") -> dict[str, Any]:
        """What `status --json` prints there; refused where a plan is named and another one is served."""
        return self._patiently(lambda: self._http.get("/api/status", params={"plan": plan} if plan else None))

    def standing(self, number: int) -> dict[str, Any]:
        """Where a run stands; asked once.

        Raises:
            Unreached: nobody answers now.
            Refused: there is no such run, or the token is good no more.
        """
        return self._once(lambda: self._http.get(f"/api/runs/{number}"))

    def say(self, what: str, *, key: str = "", **words: object) -> dict[str, Any]:
        """Say a word and return what became of it; said once, however often it is sent.

        Args:
            what: hold, resume, approve or deploy.
            key: of a word that an earlier command may have said already; a new one by default.
            words: what belongs to it: half, why, question, version; `plan` where another plan must not be meant.

        Raises:
            Unreached: nobody answers; the word may have been taken all the same.
            Refused: the server refuses the word.
        """
        headers = {"Idempotency-Key": key or secrets.token_hex(16)}
        limit_s = LOOKING_S if what == "deploy" else self._patience.timeout_s
        body = {name: text for name, text in words.items() if text}
        return self._patiently(
            lambda: self._http.post(f"/api/{what}", json=body, headers=headers, timeout=limit_s),
        )

    def _patiently(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        """Ask until there is an answer, as often as patience allows."""
        for attempt in range(1, self._patience.attempts_most + 1):
            try:
                return self._once(ask)
            except Unreached:
                if attempt == self._patience.attempts_most:
                    raise
                time.sleep(self._patience.pause_s(attempt))
        raise AssertionError

    def _once(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        try:
            answer = ask()
        except httpx.HTTPError as error:
            hint = (
                "does `uptake serve` run there, and is that UPTAKE_URL? SSL_CERT_FILE names a private CA's certificate"
            )
            raise _unreached(self.url, f"nobody answers: {_reason(error)}", hint) from None
        value = _json(answer)
        if answer.status_code >= AWAY_FROM or answer.status_code == TOO_MANY:
            why = f": {value['what']}" if value and "what" in value else ""
            raise _unreached(self.url, f"it cannot answer now ({answer.status_code}){why}", "try again in a moment")
        if value is None:
            hint = "UPTAKE_URL must name the server itself, not a log-in before it"
            raise _unreached(self.url, f"what answers ({answer.status_code}) is not Uptake", hint)
        if answer.is_success:
            return value
        raise self._told(value)

    def _told(self, value: Mapping[str, Any]) -> Refused:
        """The server's refusal, problem by problem."""
        try:
            told = msgspec.convert(value, type=Refusal)
        except msgspec.ValidationError:
            told = Refusal(code="BROKEN", what="it refuses, and does not say why")
        problems = told.problems or [Said(code=told.code, where=self.url, what=told.what, hint=told.hint)]
        return Refused(*(Problem(code=p.code, where=Where(file=p.where), what=p.what, hint=p.hint) for p in problems))


def _checked(url: str, token: str) -> str:
    """The address without a slash at its end.

    Raises:
        Refused: it is no address of a server, or the token may not be sent there.
    """
    place = urlsplit(url)
    if place.scheme not in {"http", "https"} or not place.hostname or place.username or place.query or place.fragment:
        raise refuse("UP060", "UPTAKE_URL", "this is no address of a server", "write https://uptake.example.org")
    if not token:
        hint = "make one where it is served: uptake token add PLAN --name ci --role operator"
        raise refuse("UP061", "UPTAKE_TOKEN", f"a token for {url} is needed, and it is empty", hint)
    if place.scheme == "http" and not _is_here(place.hostname):
        what = f"{url} is not encrypted, so no token is sent there"
        raise refuse("UP062", "UPTAKE_URL", what, "use https; plain http is for this machine alone")
    return url.rstrip("/")


def _is_here(host: str) -> bool:
    """Whether a name or address is this machine's own, whatever a name server says."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _json(answer: httpx.Response) -> dict[str, Any] | None:
    """A JSON object, None for anything else."""
    try:
        value = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return None
    return value if isinstance(value, dict) else None


def _unreached(url: str, what: str, hint: str) -> Unreached:
    return Unreached(Problem(code="UP063", where=Where(file=url), what=what, hint=hint))


def _reason(error: httpx.HTTPError) -> str:
    """The cause in words that hold no token."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__

"""Access by HTTP: find, read, grant and withdraw as a plan or a template says, one person at a time.

One connection per request, so that a server's idle close never leaves a write in doubt. What
counts as "already so" differs by server and stands in the call. How a call is filled and its
answer read is `call`'s; tokens are `oauth`'s.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from uptake.connect.access.call import Filling, Unnamed, at, items, matching, media_type, said
from uptake.connect.access.oauth import Fetched, NoToken, Tokens
from uptake.connect.access.settle import Act, Reply
from uptake.connect.patience import Patience
from uptake.connect.secrets import masked, quieten
from uptake.connect.template import unnamed
from uptake.core.problem import refuse
from uptake.plan.model import AccessHttp, HttpCall

BODY_BYTES_MOST = 1_048_576
"""So much of an answer is read."""
PAGES_MOST = 100
"""So many pages of a reading are followed."""
EVIDENCE_CHARACTERS_MOST = 300
"""So much of an answer is kept of a failure."""
BUSY = frozenset({429, 502, 503, 504})
"""Answers that ask for another attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call.

    Args:
        status: None means that nobody knows whether the call arrived, 0 that it did not.
        text: the beginning of the body.
        lines: evidence, secrets and the person's own values left out.
        busy: whether another attempt is asked for.
        wait_s: how long the server asks to be left alone.
        onward: the address of the next page.
        nobody: whether it was not sent, because the person has nothing to be called by.
    """

    status: int | None
    text: str = ""
    lines: tuple[str, ...] = ()
    busy: bool = False
    wait_s: float | None = None
    onward: str = ""
    nobody: bool = False

    def failed(self) -> Reply:
        """A call that was answered with a refusal, or with nothing but excuses."""
        if self.nobody:
            return Reply(state="nobody", lines=self.lines)
        return Reply(state="failed", exit_code=self.status or None, lines=self.lines, away=self.busy)


class HttpTool:
    """The calls of a plan's `access`, its own or a template's."""

    def __init__(
        self, access: AccessHttp, *, folder: Path, patience: Patience, given: Mapping[str, str] | None = None
    ) -> None:
        """Get ready; nothing is sent yet.

        Args:
            access: the calls.
            folder: where `file:` begins.
            patience: how often and how long.
            given: a template's parameters.
        """
        quieten()
        self._access = access
        self._folder = folder
        self._given = given or {}
        self._patience = patience
        self._closing = threading.Event()
        limits = httpx.Limits(max_keepalive_connections=0)
        self._client = httpx.Client(timeout=patience.timeout_s, limits=limits, follow_redirects=False)
        self._tokens = Tokens(access.oauth, self._filling({}, ""), self._post) if access.oauth else None

    def find(self, values: Mapping[str, str]) -> Reply:
        """The system's own name for a person, where the plan says how she is looked up."""
        call = self._access.resolve
        if call is None:
            return Reply(state="yes")
        filling = self._filling(values, "")
        answer = self._ask(call, filling)
        if answer.status is None:
            return Reply(state="unsure", lines=answer.lines, away=True)
        if answer.status in call.absent:
            return Reply(state="nobody", exit_code=answer.status, lines=answer.lines)
        if not httpx.codes.is_success(answer.status):
            return answer.failed()
        rows = items(call, answer.text)
        fitting = matching(rows or (), filling.where(call))
        if rows is not None and not fitting:
            return Reply(state="nobody", exit_code=answer.status)
        name = said(at(fitting[0], call.pick)) if len(fitting) == 1 else ""
        if not name:
            what = "is no JSON" if rows is None else f"holds no `{call.pick}`"
            what = f"holds {len(fitting)} people" if len(fitting) > 1 else what
            lines = (f"who she is cannot be told: the answer {what}",)
            return Reply(state="failed", exit_code=answer.status, lines=lines)
        return Reply(state="yes", found=name)

    def read(self, values: Mapping[str, str], found: str) -> Reply:
        """Whether a person has access: `absent` says no, a 2xx says yes where it holds what is wanted."""
        call = self._access.read
        if call is None:
            return Reply(state="unknown")
        filling, onward, answer = self._filling(values, found), "", Answer(status=None)
        where = filling.where(call)
        for _ in range(PAGES_MOST):
            answer = self._ask(call, filling, onward=onward)
            if answer.status is None:
                return Reply(state="unsure", lines=answer.lines, away=True)
            if answer.status in call.absent:
                return Reply(state="no", exit_code=answer.status)
            if not httpx.codes.is_success(answer.status):
                return answer.failed()
            rows = items(call, answer.text) if call.among or where else [None]
            if rows is None:
                lines = ("whether she has access cannot be told: the answer is no JSON",)
                return Reply(state="failed", exit_code=answer.status, lines=lines)
            if matching(rows, where) and (not call.contains or filling.value(call.contains) in answer.text):
                return Reply(state="yes", exit_code=answer.status)
            onward = answer.onward
            if not onward:
                return Reply(state="no", exit_code=answer.status)
        lines = (f"whether she has access cannot be told: more than {PAGES_MOST} pages",)
        return Reply(state="failed", exit_code=answer.status, lines=lines)

    def write(self, act: Act, values: Mapping[str, str], found: str) -> Reply:
        """Grant or withdraw; `absent` means to a grant that she is nobody, to a withdrawal that it is so already."""
        call = self._access.grant if act == "grant" else self._access.withdraw
        answer = self._ask(call, self._filling(values, found))
        status = answer.status
        if status is None:
            return Reply(state="unsure", lines=answer.lines, away=True)
        if status in call.absent and act == "grant":
            return Reply(state="nobody", exit_code=status, lines=answer.lines)
        if httpx.codes.is_success(status) or status in call.already or status in call.absent:
            return Reply(state="yes", exit_code=status)
        return answer.failed()

    def pause(self, attempt: int) -> bool:
        """Wait before reading again."""
        return self._closing.wait(self._patience.pause_s(attempt))

    def close(self) -> None:
        """Wait for nothing more; requests under way end by themselves, at their timeout at the latest."""
        self._closing.set()

    def _filling(self, values: Mapping[str, str], found: str) -> Filling:
        return Filling(person=values, given=self._given, found=found, folder=self._folder)

    def _ask(self, call: HttpCall, filling: Filling, *, onward: str = "") -> Answer:
        """One call, asked again while the server is busy, and once where its token was refused."""
        told, token, renewed = Answer(status=None), "", False
        for attempt in range(1, self._patience.attempts_most + 1):
            try:
                token = self._tokens.token() if self._tokens else ""
                told = self._once(call, filling, onward=onward, token=token)
            except NoToken as away:
                told = Answer(status=0, lines=(str(away),), busy=True, wait_s=away.wait_s)
            except Unnamed:
                lines = ("she has nothing to be called by: a column of hers is empty",)
                return Answer(status=0, lines=lines, nobody=True)
            if told.status == 401 and token and not renewed:
                assert self._tokens is not None
                self._tokens.drop(token)
                renewed = True
                continue
            if not told.busy:
                break
            wait_s = self._patience.pause_s(attempt, spread=_spread(filling.person))
            wait_s = wait_s if told.wait_s is None else min(told.wait_s, self._patience.longest_s)
            if attempt == self._patience.attempts_most or self._closing.wait(wait_s):
                break
        return told

    def _once(self, call: HttpCall, filling: Filling, *, onward: str, token: str) -> Answer:
        """One attempt at a call."""
        headers = filling.headers(call)
        content = filling.content(call)
        if content is not None and not media_type(call):
            headers[b"Content-Type"] = b"application/json"
        if token:
            headers[b"Authorization"] = f"Bearer {token}".encode()
        try:
            url = onward or filling.url(call.url)
            request = self._client.build_request(call.method, url, headers=headers, content=content)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError, TypeError):
            raise refuse("access.http", "access.http", f"this is no address: {call.url}") from None
        host = request.url.host
        try:
            response, text = self._send(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Answer(status=0, lines=(f"{host} cannot be reached: {type(error).__name__}",), busy=True)
        except httpx.TransportError as error:
            return Answer(status=None, lines=(f"{host} did not answer: {type(error).__name__}",))
        status = response.status_code
        busy = status in BUSY or (status >= 400 and any(word in text for word in self._access.busy))
        return Answer(
            status=status,
            text=text,
            lines=self._evidence(call, filling, status, text.replace(token, "***") if token else text),
            busy=busy and status not in (*call.already, *call.absent),
            wait_s=_wait_s(response.headers),
            onward=_onward(response),
        )

    def _post(self, url: str, form: dict[str, str]) -> Fetched:
        """A form, sent to where tokens come from."""
        try:
            request = self._client.build_request("POST", url, data=form, headers={"Accept": "application/json"})
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError, TypeError):
            raise refuse("access.http", "access.http.oauth", "`token_url` is no address") from None
        response, text = self._send(request)
        return Fetched(status=response.status_code, text=text, wait_s=_wait_s(response.headers))

    def _send(self, request: httpx.Request) -> tuple[httpx.Response, str]:
        """The answer to one request, and its text, within the time that one attempt may take in all."""
        until = time.monotonic() + self._patience.timeout_s
        raw = bytearray()
        response = self._client.send(request, stream=True)
        try:
            for piece in response.iter_bytes():
                raw += piece
                if len(raw) > BODY_BYTES_MOST:
                    break
                if time.monotonic() > until:
                    raise httpx.ReadTimeout("the answer does not end", request=request)
        finally:
            response.close()
        return response, bytes(raw[:BODY_BYTES_MOST]).decode(response.charset_encoding or "utf-8", "replace")

    def _evidence(self, call: HttpCall, filling: Filling, status: int, text: str) -> tuple[str, ...]:
        """The status and the beginning of the answer, without secrets or the person's values."""
        if httpx.codes.is_success(status):
            return ()
        told = " ".join(text.split())
        for secret in filling.secrets(call):
            told = masked(told, secret)
        known = {**filling.person, "found": filling.found}
        return tuple(line for line in (f"HTTP {status}", *unnamed([told[:EVIDENCE_CHARACTERS_MOST]], known)) if line)


def _spread(values: Mapping[str, str]) -> float:
    """A share that differs from person to person, so that not all come back at once."""
    return sum(values.get("id", "").encode()) % 97 / 97


def _onward(response: httpx.Response) -> str:
    """The next page as a `Link` header names it, on the same server only: a token goes nowhere else."""
    told = response.links.get("next", {}).get("url", "")
    if not told:
        return ""
    asked = response.request.url
    following = asked.join(told)
    same = (following.scheme, following.host, following.port) == (asked.scheme, asked.host, asked.port)
    return str(following) if same else ""


def _wait_s(headers: httpx.Headers) -> float | None:
    """How long a server asks to be left alone: `Retry-After` in seconds or as a date, or when its limit is reset."""
    text = headers.get("retry-after", "")
    if text.isdigit():
        return float(text)
    if text:
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
        except ValueError:
            return None
    limit = next((headers[name] for name in ("x-rate-limit-reset", "x-ratelimit-reset") if name in headers), "")
    left = next((headers[name] for name in ("x-rate-limit-remaining", "x-ratelimit-remaining") if name in headers), "")
    return max(0.0, float(limit) - time.time()) if limit.isdigit() and left == "0" else None

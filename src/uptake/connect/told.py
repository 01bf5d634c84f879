"""Which version an address tells: a few GETs over connections of their own that must all say the same.

Behind a balancer one answer is that of one host. Redirects are not followed, a page of HTML (a log-in) is no answer,
and what is said of trouble stays the same words, so that it is news once. Secrets are put in at the last moment.
"""

import json
import re
import time
from pathlib import Path

import httpx

from uptake.connect.secrets import quieten, resolve
from uptake.core.problem import Refused
from uptake.plan.observed import Observed

BODY_BYTES_MOST = 1_000_000
DETAIL_MOST = 300
PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")


def other_than(observed: Observed, version: str, *, folder: Path) -> str:
    """Why a version is not what runs at the address; empty where it is.

    Args:
        observed: the address and where in its answer the version stands.
        version: without the declared prefix.
        folder: the plan's, where `file:` references begin.
    """
    wanted = observed.told_for(version)
    try:
        seen = _answers(observed, folder=folder)
    except (Refused, _Untold) as trouble:
        return str(trouble)[:DETAIL_MOST]
    if len(seen) > 1:
        return f"{observed.http}: answers differ: {', '.join(sorted(seen))}"[:DETAIL_MOST]
    (told,) = seen
    return "" if told == wanted else f"{observed.http}: tells {told}, expected {wanted}"[:DETAIL_MOST]


class _Untold(Exception):
    """No version can be read from an answer; says why."""


def _answers(observed: Observed, *, folder: Path) -> set[str]:
    """What is told, by as many answers as the plan wants."""
    quieten()
    headers = {name: resolve(text, folder=folder) for name, text in observed.headers.items()}
    headers = {"Cache-Control": "no-cache", "User-Agent": "uptake", **headers, "Connection": "close"}
    ends = time.monotonic() + observed.timeout.approx_s
    return {_told(observed, headers, ends) for _ in range(observed.agree)}


def _told(observed: Observed, headers: dict[str, str], ends: float) -> str:
    left_s = ends - time.monotonic()
    late = f"{observed.http}: no answer within {observed.timeout}"
    if left_s <= 0:
        raise _Untold(late)
    try:
        with httpx.stream("GET", observed.http, headers=headers, timeout=left_s, follow_redirects=False) as answer:
            if answer.status_code != httpx.codes.OK:
                raise _Untold(f"{observed.http}: {answer.status_code}, expected 200")
            if "html" in answer.headers.get("content-type", ""):
                raise _Untold(f"{observed.http}: answered with a page, perhaps a log-in")
            kind, _, name = observed.version_at.partition(":")
            if kind.lower() == "header":
                return _header(observed, answer, name.strip())
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if time.monotonic() > ends:
                    raise _Untold(late)
                if len(body) > BODY_BYTES_MOST:
                    raise _Untold(f"{observed.http}: answered with more than {BODY_BYTES_MOST} bytes")
    except httpx.TimeoutException:
        raise _Untold(late) from None
    except httpx.HTTPError as error:
        raise _Untold(f"{observed.http}: cannot be asked: {type(error).__name__}") from None
    return _in_body(observed, bytes(body).decode("utf-8", "replace"))


def _header(observed: Observed, answer: httpx.Response, name: str) -> str:
    told = answer.headers.get(name, "").strip()
    if not told:
        raise _Untold(f"{observed.http}: the answer has no header {name}")
    return told


def _in_body(observed: Observed, text: str) -> str:
    """The version in a body: at a path into JSON, or what a pattern's group finds."""
    at = observed.version_at
    if not at.startswith("$"):
        found = re.search(at, text)
        if found is None or not found[1]:
            raise _Untold(f"{observed.http}: the answer holds nothing like {at!r}")
        return found[1]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _Untold(f"{observed.http}: the answer is no JSON") from None
    for key, index, quoted in PART.findall(at):
        try:
            value = value[int(index)] if index else value[key or quoted]
        except (KeyError, IndexError, TypeError):
            raise _Untold(f"{observed.http}: the answer has nothing at {at}") from None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise _Untold(f"{observed.http}: what stands at {at} is no version")
    return str(value)

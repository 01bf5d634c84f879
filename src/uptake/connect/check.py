"""One look at one host: an http address, a tcp address, or a command run here. Healthy or not, in words.

Health probes and the deploy half's tests look with the same eyes. It tries once and never raises for what it
sees; a plan's own mistake (a data key that the host has not) is an unhealthy look with that reason.
"""

import http.client
import os
import shlex
import signal
import socket
import ssl
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from uptake.connect.placeholder import fill
from uptake.core.problem import Refused
from uptake.core.stage import HostFact
from uptake.plan.model import Check

BODY_BYTES_MOST = 1_000_000
DETAIL_MOST = 300
PIECE = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen: whether it is well, and if not why; a command's exit code, last words, and what it printed."""

    ok: bool
    detail: str = ""
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    printed: str = ""


def look(check: Check, host: HostFact, *, version: str, folder: Path, timeout_s: float) -> Look:
    """Look once.

    Args:
        check: what to look at; its strings are filled for the host.
        host: whose address and data fill them.
        version: the run's.
        folder: the plan's folder, where commands run.
        timeout_s: in all.
    """
    try:
        words = [check.target] if check.kind != "command" else shlex.split(check.target)
        filled = [fill(word, version=version, host=host.address, data=host.data) for word in words]
        contains = fill(check.contains, version=version, host=host.address, data=host.data)
        match check.kind:
            case "http":
                seen = _http(filled[0], check.expect, contains, timeout_s)
            case "tcp":
                seen = _tcp(filled[0], timeout_s)
            case "command":
                seen = _command(filled, check.expect or 0, contains, folder=folder, timeout_s=timeout_s)
            case "test" | "version":
                raise AssertionError("the hosts' worker runs test files, `told` asks for versions")
    except Refused as refused:
        return Look(ok=False, detail=str(refused))
    except ValueError as error:
        return Look(ok=False, detail=f"{check.target}: {error}")
    return seen


def _http(url: str, expect: int | None, contains: str, timeout_s: float) -> Look:
    """A GET on a connection of its own (a kept one costs 40 ms more); redirects are not followed."""
    place = urlsplit(url)
    if place.scheme not in {"http", "https"} or not place.hostname:
        raise ValueError("not an http address")
    deadline = time.monotonic() + timeout_s
    connection: http.client.HTTPConnection
    if place.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(place.hostname, place.port, timeout=timeout_s, context=context)
    else:
        connection = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout_s)
    path = (place.path or "/") + (f"?{place.query}" if place.query else "")
    try:
        connection.request("GET", path, headers={"Connection": "close", "User-Agent": "uptake"})
        answer = connection.getresponse()
        body = _read(answer, deadline) if contains else b""
        status = answer.status
    except (OSError, http.client.HTTPException) as error:
        return Look(ok=False, detail=_said(f"{url}: {_reason(error, timeout_s)}"))
    finally:
        connection.close()
    if status != expect if expect is not None else not 200 <= status < 300:
        return Look(ok=False, detail=_said(f"{url}: {status}, expected {expect or '2xx'}"))
    if contains and contains.encode() not in body:
        return Look(ok=False, detail=_said(f"{url}: {status}, but the answer does not hold {contains!r}"))
    return Look(ok=True)


def _read(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    """At most `BODY_BYTES_MOST` of the body, by the deadline."""
    body = b""
    while len(body) < BODY_BYTES_MOST:
        if time.monotonic() > deadline:
            raise TimeoutError
        piece = answer.read1(PIECE)
        if not piece:
            break
        body += piece
    return body


def _tcp(address: str, timeout_s: float) -> Look:
    name, _, port = address.rpartition(":")
    if not name or not port.isdigit():
        raise ValueError("not host:port")
    try:
        socket.create_connection((name.strip("[]"), int(port)), timeout=timeout_s).close()
    except OSError as error:
        return Look(ok=False, detail=_said(f"{address}: {_reason(error, timeout_s)}"))
    return Look(ok=True)


def _command(words: list[str], expect: int, contains: str, *, folder: Path, timeout_s: float) -> Look:
    """A command here, in the plan's folder; what outlives its time is ended with all its children."""
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Look(ok=False, detail=_said(f"{words[0]}: {error.strerror or error}"))
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Look(ok=False, detail=_said(f"{words[0]}: did not end within {timeout_s:g} s"))
    lines = tuple(line for line in (err or out).splitlines() if line.strip())
    code = process.returncode
    if code != expect:
        last = f": {lines[-1]}" if lines else ""
        return Look(ok=False, detail=_said(f"{words[0]}: ended {code}{last}"), exit_code=code, lines=lines)
    if contains and contains not in out:
        what = f"{words[0]}: what it printed does not hold {contains!r}"
        return Look(ok=False, detail=_said(what), exit_code=code, lines=lines)
    return Look(ok=True, exit_code=code, printed=out)


def _reason(error: BaseException, timeout_s: float) -> str:
    """Stable words, so that the same trouble reads the same at every look."""
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return (getattr(error, "strerror", "") or str(error) or type(error).__name__).lower()


def _said(text: str) -> str:
    return text if len(text) <= DETAIL_MOST else text[: DETAIL_MOST - 1] + "…"

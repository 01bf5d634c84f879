"""What is done about hosts from here: a command, an HTTP request, or a server of haproxy drained and made ready.

All of it may be repeated. haproxy is spoken to by its runtime API (its management guide, 9.3): a server is drained,
its sessions have their time to end, then it is in maintenance; afterwards it is ready, and waited for until it serves.
"""

import csv
import shlex
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from uptake.connect.check import Look, look
from uptake.connect.placeholder import fill, fill_all
from uptake.connect.secrets import masked, quieten, resolve
from uptake.core.problem import Refused
from uptake.core.stage import HostFact
from uptake.plan.hook import Haproxy, Hook, HostCall
from uptake.plan.model import Check

When = Literal["before_host", "after_host"]

CALL_LIMIT_S = 30.0
"""An HTTP request may take so long."""
COMMAND_LIMIT_S = 300.0
POLL_S = 0.1
ANSWER_BYTES_MOST = 4_000_000
SOCKET_LIMIT_S = 5.0
DETAIL_MOST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a hook is done with: the run's version, the plan's folder, and what ends a wait early."""

    version: str
    folder: Path
    stop: threading.Event


def perform(hook: Hook, host: HostFact, when: When, around: Around) -> Look:
    """Do one thing about one host; what goes wrong is told, never raised."""
    try:
        if hook.haproxy is not None:
            return _haproxy(hook.haproxy, when, _filler(host, around), around.stop)
        if hook.http is not None:
            return _http(hook.http, host, around)
    except Refused as refused:
        return Look(ok=False, detail=str(refused))
    command = Check(kind="command", target=shlex.join(hook.command))
    return look(command, host, version=around.version, folder=around.folder, timeout_s=COMMAND_LIMIT_S)


def _filler(host: HostFact, around: Around) -> Callable[[str], str]:
    return lambda text: fill(text, version=around.version, host=host.address, data=host.data)


def _http(call: HostCall, host: HostFact, around: Around) -> Look:
    """One request; 2xx alone is well. Redirects are not followed."""
    import httpx

    quieten()
    filled = _filler(host, around)
    url = filled(call.url)
    headers = {name: resolve(filled(text), folder=around.folder) for name, text in call.headers.items()}
    body = fill_all(call.body, version=around.version, host=host.address, data=host.data)
    try:
        answer = httpx.request(call.method, url, headers=headers, json=body, timeout=CALL_LIMIT_S)
    except httpx.TimeoutException:
        return Look(ok=False, detail=f"{call.method} {url}: no answer within {CALL_LIMIT_S:g} s")
    except httpx.HTTPError as error:
        return Look(ok=False, detail=f"{call.method} {url}: {type(error).__name__}")
    if answer.is_success:
        return Look(ok=True)
    said = f"{call.method} {url}: {answer.status_code}, expected 2xx"
    lines = tuple(line for line in answer.text[:DETAIL_MOST].splitlines() if line.strip())
    for text in headers.values():
        said, lines = masked(said, text), tuple(masked(line, text) for line in lines)
    return Look(ok=False, detail=said, lines=lines)


def _haproxy(server: Haproxy, when: When, filled: Callable[[str], str], stop: threading.Event) -> Look:
    where, name = filled(server.socket), filled(server.server)
    try:
        if when == "before_host":
            return _drain(where, name, server.wait.approx_s, stop)
        return _ready(where, name, server.wait.approx_s, stop)
    except OSError as error:
        return Look(ok=False, detail=f"haproxy at {where}: {(error.strerror or str(error)).lower()}")


def _drain(where: str, name: str, wait_s: float, stop: threading.Event) -> Look:
    """No new sessions; those that are open may end; then maintenance."""
    refused = _ask(where, f"set server {name} state drain").strip()
    if refused:
        return Look(ok=False, detail=f"haproxy at {where}: {refused}")
    ends = time.monotonic() + wait_s
    while (open_ := _row(where, name).get("scur", "0")) != "0" and time.monotonic() < ends and not stop.wait(POLL_S):
        continue
    refused = _ask(where, f"set server {name} state maint").strip()
    left = "" if open_ == "0" else f"{open_} sessions of {name} had not ended within {wait_s:g} s"
    return Look(ok=not refused, detail=refused or left)


def _ready(where: str, name: str, wait_s: float, stop: threading.Event) -> Look:
    """Ready, and served by haproxy's own word: `UP 1/3` is one that has been let in and not been asked often enough."""
    refused = _ask(where, f"set server {name} state ready").strip()
    if refused:
        return Look(ok=False, detail=f"haproxy at {where}: {refused}")
    ends = time.monotonic() + max(wait_s, 1.0)
    while True:
        status = _row(where, name).get("status", "")
        if status in ("UP", "no check"):
            return Look(ok=True)
        if time.monotonic() >= ends or stop.wait(POLL_S):
            return Look(ok=False, detail=f"haproxy at {where}: {name} is {status or 'unknown'}, not UP")


def _row(where: str, name: str) -> dict[str, str]:
    """A server's line of `show stat`."""
    backend, _, server = name.partition("/")
    rows = csv.DictReader(_ask(where, "show stat").removeprefix("# ").splitlines())
    return next((row for row in rows if (row["pxname"], row["svname"]) == (backend, server)), {})


def _ask(where: str, command: str) -> str:
    """One command to the runtime API, and its answer."""
    host, _, port = where.rpartition(":")
    path = "/" in where or not port.isdigit()
    with socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM) as line:
        line.settimeout(SOCKET_LIMIT_S)
        line.connect(where if path else (host or "127.0.0.1", int(port)))
        line.sendall(command.encode() + b"\n")
        answer = bytearray()
        while piece := line.recv(65_536):
            answer += piece
            if len(answer) > ANSWER_BYTES_MOST:
                raise OSError("it answers too much")
    return answer.decode("utf-8", "replace")

"""A world for access tests, a command that keeps a file per member, and an HTTP server that keeps a set."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from tests.connect.world import World, world

COMMAND = """
import json, os, pathlib, sys, time
act, person = sys.argv[1], json.load(sys.stdin)
there = pathlib.Path("members") / person["id"]
with open("log", "a") as log:
    log.write(f"{act} {person['id']}\\n")
site = person["site"]
if site == "nowhere":
    sys.exit(4)
if site == "broken" and act != "read":
    sys.stderr.write("".join(f"line {n} about {person['email']}\\n" for n in range(50)))
    sys.exit(7)
if site == "slow" and act != "read":
    time.sleep(60)
if site == "liar" and act != "read":
    sys.exit(0)
if act == "read":
    sys.exit(0 if there.exists() else 3)
if there.exists() == (act == "grant"):
    sys.exit(3)
there.touch() if act == "grant" else there.unlink()
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "members").mkdir()
    (tmp_path / "access.py").write_text(COMMAND)
    with world(tmp_path) as made:
        yield made


class Members:
    """The set that the server keeps, what it was asked, and how it misbehaves."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.people: set[str] | None = None
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.busy: list[tuple[int, dict[str, str]]] = []
        self.connections: Counter[int] = Counter()
        self.write_delay_s = 0.0
        self.tell_body_back = False
        self.lock = threading.Lock()

    def answer(self, method: str, path: str) -> int:
        who = unquote(path.rpartition("/")[2])
        with self.lock:
            if self.people is not None and who not in self.people:
                return 404
            has = who in self.members
            if method == "GET":
                return 200 if has else 404
            if method == "POST":
                self.members.add(who)
                return 400 if has else 204
            self.members.discard(who)
            return 204 if has else 410


def handler(members: Members) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            with members.lock:
                members.connections[self.client_address[1]] += 1
                members.asked.append((self.command, self.path))
                members.headers.append(dict(self.headers.items()))
                members.bodies.append(body)
                busy = members.busy.pop(0) if members.busy else None
            status, more = busy or (members.answer(self.command, self.path), {})
            if self.command != "GET" and members.write_delay_s:
                time.sleep(members.write_delay_s)
            said = json.dumps({"status": status, "headers": dict(self.headers.items())}).encode()
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("content-length", str(len(said)))
            self.end_headers()
            if status != 204:
                self.wfile.write(said)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self.respond
            raise AttributeError(name)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class Service:
    """A running server."""

    def __init__(self, members: Members, url: str) -> None:
        self.members = members
        self.url = url


@pytest.fixture
def service() -> Iterator[Service]:
    members = Members()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(members))
    server.daemon_threads = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that gave up is part of a test
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Service(members, f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

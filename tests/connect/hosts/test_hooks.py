"""Hosts in and out of a real haproxy; an HTTP request and a command about a host."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.connect.hosts.balancer import free_port, haproxy
from uptake.connect.hosts.hooks import Around, perform
from uptake.core.stage import HostFact
from uptake.core.time import Span
from uptake.plan.hook import Haproxy, Hook, HostCall

HOST = HostFact(name="web-1", address="127.0.0.1", data={"name": "a", "pool": "blue"})


class App(BaseHTTPRequestHandler):
    """An application that answers slowly where it is asked to, and keeps what it was sent."""

    got: ClassVar[list[tuple[str, str, str, object]]] = []

    def do_GET(self) -> None:
        if self.path == "/slow":
            time.sleep(1.0)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or "null")
        self.got.append((self.command, self.path, self.headers.get("Authorization", ""), body))
        self.send_response(500 if "bad" in self.path else 204)
        self.end_headers()
        if "bad" in self.path:
            self.wfile.write(b"no secret-abcdefg here")

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def app() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), App)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def around(folder: Path) -> Around:
    return Around(version="2", folder=folder, stop=threading.Event())


def asked(port: int, path: str = "/") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_server_leaves_and_comes_back(app: int, tmp_path: Path) -> None:
    """What is open may end; nothing new comes; afterwards it serves again by haproxy's own word."""
    with haproxy(tmp_path, {"a": f"127.0.0.1:{app}"}) as (port, socket_path, admin):
        hook = Hook(haproxy=Haproxy(socket=socket_path, server="app/{data.name}", wait=Span(seconds=5)))
        slow: list[int] = []
        client = threading.Thread(target=lambda: slow.append(asked(port, "/slow")))
        client.start()
        time.sleep(0.3)
        began = time.monotonic()
        out = perform(hook, HOST, "before_host", around(tmp_path))
        assert out.ok, out
        assert 0.4 < time.monotonic() - began < 4
        client.join()
        assert slow == [200]
        assert asked(port) == 503
        by_port = Hook(haproxy=Haproxy(socket=f"127.0.0.1:{admin}", server="app/a", wait=Span(seconds=5)))
        back = perform(by_port, HOST, "after_host", around(tmp_path))
        assert back.ok, back
        assert asked(port) == 200
        assert perform(by_port, HOST, "after_host", around(tmp_path)).ok


def test_sessions_that_do_not_end_are_told_and_not_waited_for(app: int, tmp_path: Path) -> None:
    with haproxy(tmp_path, {"a": f"127.0.0.1:{app}"}) as (port, socket_path, _):
        client = threading.Thread(target=lambda: asked(port, "/slow"))
        client.start()
        time.sleep(0.3)
        hook = Hook(haproxy=Haproxy(socket=socket_path, server="app/a", wait=Span(seconds=0)))
        out = perform(hook, HOST, "before_host", around(tmp_path))
        client.join()
        assert out.ok
        assert "1 sessions of app/a had not ended within 0 s" in out.detail


def test_a_server_that_does_not_serve_again_fails(tmp_path: Path) -> None:
    with haproxy(tmp_path, {"a": f"127.0.0.1:{free_port()}"}) as (_, socket_path, _admin):
        hook = Hook(haproxy=Haproxy(socket=socket_path, server="app/a", wait=Span(seconds=1)))
        assert perform(hook, HOST, "before_host", around(tmp_path)).ok
        back = perform(hook, HOST, "after_host", around(tmp_path))
        assert not back.ok
        assert "not UP" in back.detail


@pytest.mark.parametrize(
    ("server", "word"), [("app/nobody", "No such server"), ("other/a", "No such backend"), ("app/{data.none}", "data")]
)
def test_what_haproxy_does_not_know_is_told(app: int, tmp_path: Path, server: str, word: str) -> None:
    with haproxy(tmp_path, {"a": f"127.0.0.1:{app}"}) as (_, socket_path, _admin):
        found = perform(Hook(haproxy=Haproxy(socket=socket_path, server=server)), HOST, "before_host", around(tmp_path))
        assert not found.ok
        assert word in found.detail


def test_nobody_at_the_socket(tmp_path: Path) -> None:
    for where in (f"{tmp_path}/none.sock", f"127.0.0.1:{free_port()}"):
        found = perform(Hook(haproxy=Haproxy(socket=where, server="app/a")), HOST, "before_host", around(tmp_path))
        assert not found.ok
        assert where in found.detail


def test_a_request_about_a_host(app: int, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret-abcdefg")
    headers = {"Authorization": "file:token"}
    url = f"http://{{host}}:{app}/{{data.pool}}/{{version}}"
    call = HostCall(url=url, method="PUT", headers=headers, body={"host": "{host}", "n": [1, "{version}"]})
    assert perform(Hook(http=call), HOST, "after_host", around(tmp_path)).ok
    assert App.got[-1] == ("PUT", "/blue/2", "secret-abcdefg", {"host": "127.0.0.1", "n": [1, "2"]})
    bad = perform(
        Hook(http=HostCall(url=url + "/bad", method="PUT", headers=headers)), HOST, "after_host", around(tmp_path)
    )
    assert not bad.ok
    assert "500, expected 2xx" in bad.detail
    assert "secret-abcdefg" not in str(bad)
    nobody = Hook(http=HostCall(url=f"http://127.0.0.1:{free_port()}/"))
    assert "ConnectError" in perform(nobody, HOST, "before_host", around(tmp_path)).detail
    missing = Hook(http=HostCall(url=url, headers={"A": "env:NOT_SET_ANYWHERE"}))
    assert "NOT_SET_ANYWHERE" in perform(missing, HOST, "before_host", around(tmp_path)).detail


def test_a_command_about_a_host(tmp_path: Path) -> None:
    said = Hook(command=("sh", "-c", 'echo "$1 $2" >said', "x", "{host}", "{data.pool}"))
    assert perform(said, HOST, "before_host", around(tmp_path)).ok
    assert (tmp_path / "said").read_text() == "127.0.0.1 blue\n"
    failed = perform(Hook(command=("sh", "-c", "echo no >&2; exit 3")), HOST, "before_host", around(tmp_path))
    assert (failed.ok, failed.exit_code, failed.lines) == (False, 3, ("no",))

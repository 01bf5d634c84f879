"""Notices through apprise to real local servers: URL by URL, the silent, the broken, the repeated, the secret."""

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.connect.notices.conftest import Post
from tests.connect.world import QUICK, World, announce, eventually, notify, outcome, person, plan
from uptake.connect.notices.worker import PostedNotices


class Chat:
    """What a chat server got, by path, and the refusals to come."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[tuple[str, Any]] = []
        self.answers: dict[str, list[int]] = {}

    def url(self, path: str) -> str:
        return f"json://127.0.0.1:{self.port}/{path}"

    def texts(self, path: str) -> list[str]:
        return [body["message"] for where, body in self.got if where == f"/{path}"]


@pytest.fixture
def chat() -> Iterator[Chat]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            waiting = made.answers.get(self.path.strip("/"))
            status = waiting.pop(0) if waiting else 200
            if status == 200:
                made.got.append((self.path.rstrip("/"), body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Chat(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def run(here: World, *urls: str, patience=QUICK) -> Any:
    port = PostedNotices(**here.parts(plan(notify=urls), patience))
    port.accept(notify())
    ended = outcome(port, here.wake)
    port.close()
    return ended


def test_each_url_is_told_once(here: World, chat: Chat) -> None:
    ended = run(here, chat.url("ops"), chat.url("desk"))
    assert (ended.ok, ended.counts) == (True, {"done": 2})
    assert chat.texts("ops") == chat.texts("desk") == ["Wave 2 is held."]
    assert chat.got[0][1]["title"] == "Held"


def test_only_the_one_that_failed_is_told_again(here: World, chat: Chat) -> None:
    chat.answers = {"ops": [500, 429], "desk": [500] * 9}
    ended = run(here, chat.url("ops"), chat.url("desk"), chat.url("third"))
    assert (ended.ok, ended.counts) == (False, {"done": 2, "failed": 1})
    assert [(f.target, f.state) for f in ended.failures] == [("notify[1]", "failed")]
    assert len(chat.answers["desk"]) == 9 - QUICK.attempts_most
    chat.answers = {}
    assert run(here, chat.url("ops"), chat.url("desk"), chat.url("third")).ok
    assert [len(chat.texts(path)) for path in ("ops", "desk", "third")] == [1, 1, 1]


def test_a_silent_server_costs_its_timeout_and_delays_no_other(here: World, chat: Chat, silent: int) -> None:
    port = PostedNotices(
        **here.parts(plan(notify=(f"json://127.0.0.1:{silent}/x", chat.url("ops"))), replace(QUICK, timeout_s=1.0))
    )
    began = time.monotonic()
    port.accept(notify())
    eventually(lambda: chat.texts("ops") == ["Wave 2 is held."])
    told_after_s = time.monotonic() - began
    ended = outcome(port, here.wake)
    took_s = time.monotonic() - began
    port.close()
    assert ended.counts == {"done": 1, "in doubt": 1}
    assert told_after_s < took_s
    assert took_s < 4.0


def test_a_notice_does_not_wait_behind_an_announcement(here: World, chat: Chat, silent: int) -> None:
    here.know(person(1))
    a_plan = plan(server=f"smtp://127.0.0.1:{silent}", notify=(chat.url("ops"),))
    port = PostedNotices(**here.parts(a_plan, replace(QUICK, timeout_s=3.0)))
    port.accept(announce())
    port.accept(notify())
    assert outcome(port, here.wake).key == notify().key
    port.close()


def test_a_url_is_a_secret(
    here: World, chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("CHAT_URL", chat.url("T0KEN-planted"))
    (here.folder / "chat.txt").write_text(chat.url("T0KEN-filed") + "\n")
    chat.answers = {"T0KEN-planted": [500] * 9}
    ended = run(here, "env:CHAT_URL", "file:chat.txt", "env:NOT_SET", "nosuch://x")
    assert ended.counts == {"done": 1, "failed": 3}
    assert chat.texts("T0KEN-filed") == ["Wave 2 is held."]
    assert [f.lines[0] for f in ended.failures[1:]] == [
        "this variable is not set in the environment",
        "apprise knows no service of this form",
    ]
    assert "T0KEN" not in repr(ended) + caplog.text + "".join(capfd.readouterr())


def test_nobody_to_tell(here: World) -> None:
    assert (run(here).ok, run(here).counts) == (True, {})


def test_a_notice_to_one_person_goes_by_mail_and_to_no_chat(here: World, chat: Chat, post: Post) -> None:
    port = PostedNotices(**here.parts(plan(server=post.url, notify=(chat.url("ops"),))))
    port.accept(replace(notify(), to="kim@example.org"))
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts, chat.got) == (True, {"done": 1}, [])
    ((address, message),) = post.mailbox.got
    assert (address, message["Subject"]) == ("kim@example.org", "Held")
    assert message.get_body(("plain",)).get_content().strip() == "Wave 2 is held."

"""The stream: a change reaches whoever listens, a place is given back, and the server's end ends it."""

import socket
import time
from contextlib import ExitStack

import httpx
import pytest

from bench.sse import measured
from tests.web.world import eventually, served
from uptake.web import stream
from uptake.web.listen import Settings
from uptake.web.server import make_app

CHANGES = 20
LIMIT_MS = 3000.0
"""Generous: machines that run tests do other things besides; `bench/sse.py` holds the promise."""


def head_of(lines) -> int:
    """The next sequence that a stream tells."""
    return next(int(line.removeprefix("data: ")) for line in lines if line.startswith("data: "))


def test_a_change_is_told_at_once(client, world):
    with client.stream("GET", "/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        lines = answer.iter_lines()
        assert head_of(lines) == 0
        world.draw()
        assert head_of(lines) == 1
        world.draw()
        world.draw()
        assert head_of(lines) in {2, 3}


def test_it_beats_while_nothing_happens(world, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_S", 0.05)
    monkeypatch.setattr(stream, "AGAIN_S", 0.2)
    with served(world.parts()) as url, httpx.stream("GET", f"{url}/stream", trust_env=False) as answer:
        lines = answer.iter_lines()
        assert head_of(lines) == 0
        assert next(line for line in lines if line.startswith(":")) == ":"
        assert head_of(lines) == 0


def test_no_more_than_there_are_places(world, monkeypatch):
    app = make_app(world.parts(), Settings(port=0))
    monkeypatch.setattr(app.state.streams, "_most", 2)
    with served(app) as url:
        with ExitStack() as open_ones:
            answers = [open_ones.enter_context(httpx.stream("GET", f"{url}/stream", trust_env=False)) for _ in "ab"]
            assert [answer.status_code for answer in answers] == [200, 200]
            refused = httpx.get(f"{url}/stream", trust_env=False)
            assert (refused.status_code, refused.json()["code"]) == (503, "STREAMS_FULL")
            assert refused.json()["hint"]
        assert eventually(lambda: app.state.streams.open == 0, within_s=10)
        with httpx.stream("GET", f"{url}/stream", trust_env=False) as answer:
            assert answer.status_code == 200


def test_a_cut_connection_gives_its_place_back(world):
    app = make_app(world.parts(), Settings(port=0))
    with served(app) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as raw:
            raw.sendall(f"GET /stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert b"text/event-stream" in raw.recv(4096)
            assert app.state.streams.open == 1
        assert eventually(lambda: app.state.streams.open == 0, within_s=10)
        assert httpx.head(f"{url}/stream", trust_env=False).status_code == 200
        assert app.state.streams.open == 0


def test_the_servers_end_ends_it(world):
    with served(world.parts()) as url, httpx.stream("GET", f"{url}/stream", trust_env=False) as answer:
        lines = answer.iter_lines()
        assert head_of(lines) == 0
        begun = time.monotonic()
    assert time.monotonic() - begun < 8


def test_a_token_taken_back_ends_its_stream(world, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_S", 0.1)
    headers, others = ({"X-API-Key": world.tokens[role]} for role in ("viewer", "flags"))
    with served(world.parts(), Settings(port=0, behind_proxy=True)) as url:
        assert httpx.get(f"{url}/stream", trust_env=False).status_code == 401
        assert httpx.get(f"{url}/stream", headers=others, trust_env=False).status_code == 403
        with httpx.stream("GET", f"{url}/stream", headers=headers, trust_env=False, timeout=10) as answer:
            world.store.tokens.revoke("the viewer")
            assert "data: 0" in list(answer.iter_lines())


@pytest.mark.slow
def test_changes_reach_the_page(world):
    took = measured(world, changes=CHANGES)
    assert len(took) == CHANGES
    assert sorted(took)[int(CHANGES * 0.95) - 1] < LIMIT_MS

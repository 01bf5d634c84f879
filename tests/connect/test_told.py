"""Which version an address tells: every way to tell it, every way not to, over real HTTP."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from uptake.connect.told import other_than
from uptake.core.time import Span
from uptake.plan.observed import Observed


class Site(ThreadingHTTPServer):
    """Answers in turn with what it is given: (status, headers, body)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/version"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        self.server.asked.append({name.lower(): text for name, text in self.headers.items()})
        status, headers, body = self.server.answers[(len(self.server.asked) - 1) % len(self.server.answers)]
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def told(site: Site, *answers: tuple[int, dict[str, str], bytes] | str, at: str = "$.version", **more: object) -> str:
    ready = [(200, {}, json.dumps({"version": one}).encode()) if isinstance(one, str) else one for one in answers]
    site.answers, site.asked = ready, []
    observed = Observed(http=site.url, version_at=at, **more)  # pyright: ignore[reportArgumentType]
    return other_than(observed, "2.6.0", folder=Path()).removeprefix(f"{site.url}: ")


def test_each_way_to_tell_it(site: Site) -> None:
    assert told(site, "2.6.0") == ""
    assert told(site, "v2.6.0", expect="v{version}") == ""
    assert told(site, (200, {"X-Version": "2.6.0"}, b""), at="header: x-version") == ""
    assert told(site, (200, {}, b"Helpdesk, version 2.6.0."), at=r"version ([0-9.]+[0-9])") == ""
    nested = json.dumps({"build": [{"the tag": "2.6.0"}]}).encode()
    assert told(site, (200, {}, nested), at="$.build[0]['the tag']") == ""


def test_each_look_asks_anew_and_all_answers_must_agree(site: Site) -> None:
    assert told(site, "2.6.0", "2.6.0", "2.5.0") == "answers differ: 2.5.0, 2.6.0"
    assert len(site.asked) == 3
    assert {one["cache-control"] for one in site.asked} == {"no-cache"}
    assert told(site, "2.6.0", agree=1) == ""
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("answer", "at", "why"),
    [
        ("2.5.0", "$.version", "tells 2.5.0, expected 2.6.0"),
        ((503, {}, b"{}"), "$.version", "503, expected 200"),
        ((302, {"Location": "/elsewhere"}, b""), "$.version", "302, expected 200"),
        ((200, {"Content-Type": "text/html"}, b"2.6.0"), "(2.6.0)", "answered with a page, perhaps a log-in"),
        ((200, {}, b"not json"), "$.version", "the answer is no JSON"),
        ((200, {}, b"[]"), "$.version", "the answer has nothing at $.version"),
        ((200, {}, b'{"version": null}'), "$.version", "what stands at $.version is no version"),
        ((200, {}, b'{"version": true}'), "$.version", "what stands at $.version is no version"),
        ((200, {}, b"x" * 1_000_001), "(2.6.0)", "answered with more than 1000000 bytes"),
        ((200, {}, b"nothing"), "(2.6.0)", "the answer holds nothing like '(2.6.0)'"),
        ((200, {}, b""), "header: X-Version", "the answer has no header X-Version"),
    ],
)
def test_each_way_not_to(site: Site, answer: str | tuple[int, dict[str, str], bytes], at: str, why: str) -> None:
    assert told(site, answer, at=at) == why


def test_a_secret_goes_into_the_header_and_a_missing_one_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_TOKEN", "Bearer abc")
    assert told(site, "2.6.0", headers={"Authorization": "env:THE_TOKEN"}) == ""
    assert site.asked[0]["authorization"] == "Bearer abc"
    assert "env:NOT_SET" in told(site, "2.6.0", headers={"Authorization": "env:NOT_SET"})
    assert site.asked == []


def test_nobody_there_and_nobody_in_time(site: Site) -> None:
    gone = Observed(http="http://127.0.0.1:9/version", version_at="$.version")
    assert other_than(gone, "1", folder=Path()) == "http://127.0.0.1:9/version: cannot be asked: ConnectError"
    assert told(site, "2.6.0", timeout=Span(seconds=0)).startswith("no answer within")

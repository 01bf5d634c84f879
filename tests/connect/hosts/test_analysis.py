"""Metrics against a real Prometheus, real addresses and commands: whatever is no single number is never well."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.connect.hosts.balancer import free_port, prometheus
from uptake.connect.hosts.analysis import Lab, analyse
from uptake.core.action import Outcome
from uptake.core.ids import ActionKey
from uptake.core.time import Span
from uptake.plan.analysis import Analysis, Bound, JsonValue, Metric, Prometheus

METRICS = """# TYPE errors_share gauge
errors_share 0.002
# TYPE many gauge
many{host="a"} 0.001
many{host="b"} 0.001
# TYPE nothing gauge
nothing 0
"""


class Page(BaseHTTPRequestHandler):
    """What is scraped, and JSON answers; it notes who asked with which authority."""

    seen: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self.seen[self.path] = self.headers.get("Authorization", "")
        pages = {
            "/metrics": (200, METRICS),
            "/json/2": (200, json.dumps({"queue": {"length": 3, "name": "a", "open": True}, "all": [7, "8.5"]})),
            "/broken": (500, "no token-1234567 today"),
            "/html": (200, "<html>"),
        }
        status, text = pages.get(self.path, (404, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture(scope="module")
def page() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def url(page: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), scraped=page, dead=free_port()) as address:
        yield address


def ask(metric: Metric, folder: Path, *, count: int = 2, version: str = "2") -> Outcome:
    """An analysis of one metric."""
    lab = Lab(version=version, folder=folder, stop=threading.Event(), tell=lambda words: None)
    found = analyse(ActionKey("k"), Analysis(metrics=(metric,), interval=Span(seconds=0.05), count=count), lab)
    assert found is not None
    return found


def of_prometheus(url: str, query: str, bound: str = "< 1%") -> Metric:
    return Metric(name="m", prometheus=Prometheus(url=url, query=query), success=Bound.parse(bound))


def test_a_single_value_is_measured(url: str, tmp_path: Path) -> None:
    found = ask(of_prometheus(url, "errors_share"), tmp_path)
    assert (found.ok, found.counts) == (True, {"success": 1})
    assert found.lines == ("m: 2 of 2 measurements well (< 0.01 wanted); last 0.002, 0.002",)
    assert ask(of_prometheus(url, "scalar(errors_share)"), tmp_path).ok
    bad = ask(of_prometheus(url, "errors_share * 10"), tmp_path)
    assert (bad.ok, bad.failures[0].state) == (False, "failure")


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("errors_share / nothing * 0", "NaN"),
        ("no_such_metric", "nothing"),
        ('errors_share{job="app"} < 0', "nothing"),
        ('up{instance="127.0.0.1:1"}', "nothing"),
        ("many", "2 rows"),
        ("up", "2 rows"),
        ("sum(", "400"),
        ("errors_share[1m]", "matrix"),
        ('"a text"', "string"),
        ("rate(errors_share[1ms])", "nothing"),
    ],
)
def test_what_is_no_single_number_is_never_well(url: str, tmp_path: Path, query: str, word: str) -> None:
    """Row 15 of the release table: never `advance`, whatever the bound says."""
    for bound in ("< 1e9", "> -1e9"):
        found = ask(of_prometheus(url, query, bound), tmp_path)
        assert (found.ok, found.failures[0].state) == (False, "inconclusive")
        assert word in found.failures[0].lines[-1]
    failing = Metric(name="m", prometheus=Prometheus(url=url, query=query), failure=Bound.parse("> 1e9"))
    assert ask(failing, tmp_path).failures[0].state == "inconclusive"


def test_the_dead_target_itself_is_told(url: str, tmp_path: Path) -> None:
    """Both targets are up or down in `up`: one of them is 0, and a wanted 1 fails."""
    assert ask(of_prometheus(url, "min(up)", ">= 1"), tmp_path).failures[0].state == "failure"
    assert ask(of_prometheus(f"http://127.0.0.1:{free_port()}", "up"), tmp_path).failures[0].state == "inconclusive"


@pytest.mark.parametrize(
    ("path", "at", "state", "word"),
    [
        ("json/{version}", "$.queue.length", "success", ""),
        ("json/{version}", "$.all[1]", "success", ""),
        ("json/{version}", "$.queue.open", "inconclusive", "no number"),
        ("json/{version}", "$.queue.name", "inconclusive", "no number"),
        ("json/{version}", "$.queue.none", "inconclusive", "nothing at"),
        ("json/{version}", "$.all[2]", "inconclusive", "nothing at"),
        ("broken", "$.a", "inconclusive", "500"),
        ("html", "$.a", "inconclusive", "no JSON"),
        ("gone", "$.a", "inconclusive", "404"),
    ],
)
def test_a_number_of_an_answer(page: int, tmp_path: Path, path: str, at: str, state: str, word: str) -> None:
    (tmp_path / "token").write_text("token-1234567")
    where = JsonValue(url=f"http://127.0.0.1:{page}/{path}", at=at, headers={"Authorization": "file:token"})
    found = ask(Metric(name="m", json=where, failure=Bound.parse(">= 250")), tmp_path)
    assert found.counts == {state: 1}
    assert Page.seen["/" + path.replace("{version}", "2")] == "token-1234567"
    assert word in "".join(line for one in found.failures for line in one.lines)
    assert "token-1234567" not in str(found)


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("echo 12", "success"),
        ("echo 12; echo 13", "inconclusive"),
        ("echo many", "inconclusive"),
        ("echo nan", "inconclusive"),
        ("true", "inconclusive"),
        ("echo 12; exit 1", "inconclusive"),
        ("test {version} = 2 && echo 300", "failure"),
    ],
)
def test_a_number_of_a_command(tmp_path: Path, script: str, state: str) -> None:
    metric = Metric(name="m", command=("sh", "-c", script), success=Bound.parse("<= 250"))
    assert ask(metric, tmp_path).counts == {state: 1}


def test_limits_are_borne_and_a_lost_metric_ends_it_early(tmp_path: Path) -> None:
    script = 'n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) >n; [ "$n" -eq 1 ] && echo 9 || echo 0'
    metric = Metric(name="m", command=("sh", "-c", script), success=Bound.parse("< 5"), failure_limit=1)
    assert ask(metric, tmp_path, count=4).ok
    (tmp_path / "n").write_text("0")
    strict = Metric(name="m", command=("sh", "-c", script), success=Bound.parse("< 5"))
    assert ask(strict, tmp_path, count=50).counts == {"failure": 1}
    assert int((tmp_path / "n").read_text()) == 2


def test_it_is_stopped_between_measurements(tmp_path: Path) -> None:
    stop = threading.Event()
    lab = Lab(version="2", folder=tmp_path, stop=stop, tell=lambda words: stop.set())
    metric = Metric(name="m", command=("echo", "1"), success=Bound.parse("< 5"))
    assert analyse(ActionKey("k"), Analysis(metrics=(metric,), interval=Span(seconds=60), count=2), lab) is None

"""Probes against real servers: states, transitions, intervals, and a run that does not matter to them."""

import http.server
import threading
import time
from contextlib import contextmanager

import pytest

from uptake.connect.check import look
from uptake.connect.clock import Alarm, WallClock
from uptake.connect.probes.worker import HealthProbes
from uptake.core.stage import HostFact
from uptake.core.time import Span
from uptake.plan.model import Check, Deploy, Health, Update

LIMIT_S = 30.0
"""Against hanging: what is waited for ends the wait."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with its server's status and body, counting."""

    def do_GET(self):
        self.server.asked.append((time.monotonic(), self.path))
        time.sleep(self.server.slow_s)
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *arguments):
        """Quiet."""


@contextmanager
def serving(address="127.0.0.1", status=200, body=b"hello"):
    server = http.server.ThreadingHTTPServer((address, 0), Handler)
    server.status, server.body, server.asked, server.slow_s = status, body, [], 0.0
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def host(server, name="a"):
    address, port = server.server_address
    return HostFact(name=name, address=address, data={"port": str(port)})


def update(*checks, interval=0.1, watch=30.0, timeout=1.0):
    spans = {"interval": Span(seconds=interval), "timeout": Span(seconds=timeout)}
    gate = Update(health=Health(checks=checks, **spans), watch=Span(seconds=watch))
    return Deploy(service="app", version="1", environment="test", update=gate)


@contextmanager
def probing(plan, tmp_path, wake=None):
    wake = wake or Alarm()
    probes = HealthProbes(plan, folder=tmp_path, clock=WallClock(Alarm()), wake=wake)
    try:
        yield probes
    finally:
        probes.close()


def until(so):
    deadline = time.monotonic() + LIMIT_S
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


CHECK = Check(kind="http", target="http://{host}:{data.port}/{version}", expect=200)


def test_unknown_then_healthy_then_not_then_again(tmp_path):
    """Each change is reported with its reason and since when, and wakes; the same health again does not."""
    wake = Alarm()
    with serving() as server, probing(update(CHECK), tmp_path, wake) as probes:
        probes.watch([host(server)], version="7", in_run=True)
        assert probes.seen()[0].state in {"unknown", "healthy"}
        until(lambda: probes.seen()[0].state == "healthy")
        assert wake.wait(LIMIT_S)
        first = probes.seen()[0].since
        until(lambda: len(server.asked) > 4)
        assert probes.seen()[0].since == first
        assert not wake.wait(0)
        server.status = 500
        until(lambda: probes.seen()[0].state == "unhealthy")
        assert wake.wait(LIMIT_S)
        port = server.server_address[1]
        assert probes.seen()[0].detail == f"http://127.0.0.1:{port}/7: 500, expected 200"
        broken = probes.seen()[0].since
        assert broken > first
        server.status = 200
        until(lambda: probes.seen()[0].state == "healthy")
        assert probes.seen()[0].since >= broken


def test_interval_in_a_run_and_between(tmp_path):
    """In a run the interval holds, between runs `watch`; a new watch looks at once and keeps what is known."""
    with serving() as server, probing(update(CHECK, interval=0.05, watch=30.0), tmp_path) as probes:
        probes.watch([host(server)], version="1", in_run=False)
        until(lambda: probes.seen()[0].state == "healthy")
        time.sleep(0.2)
        assert len(server.asked) == 1
        probes.watch([host(server)], version="2", in_run=True)
        assert probes.seen()[0].state == "healthy"
        until(lambda: len(server.asked) > 5)
        assert {path for _, path in server.asked[1:]} == {"/2"}
        probes.watch([], version="2", in_run=True)
        assert probes.seen() == ()


def test_a_slow_host_holds_up_nobody(tmp_path):
    """A host that does not answer is unhealthy after the timeout; the other is looked at as before."""
    with serving() as slow, serving() as quick, probing(update(CHECK, interval=0.05, timeout=0.3), tmp_path) as probes:
        slow.slow_s = 0.6
        probes.watch([host(slow, "slow"), host(quick, "quick")], version="1", in_run=True)
        until(lambda: {seen.state for seen in probes.seen()} == {"healthy", "unhealthy"})
        assert [seen.state for seen in probes.seen()] == ["unhealthy", "healthy"]
        assert "no answer within 0.3 s" in probes.seen()[0].detail
        assert len(quick.asked) > 3


def test_without_checks_nobody_is_known(tmp_path):
    """A plan without health checks leaves its hosts unknown."""
    with serving() as server, probing(update(), tmp_path) as probes:
        probes.watch([host(server)], version="1", in_run=True)
        assert probes.seen()[0].state == "unknown"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (Check(kind="http", target="http://{host}:{data.port}/", expect=200, contains="hell"), ""),
        (Check(kind="http", target="http://{host}:{data.port}/", contains="nowhere"), "does not hold 'nowhere'"),
        (Check(kind="http", target="http://{host}:{data.port}/", expect=204), "200, expected 204"),
        (Check(kind="http", target="http://{host}:1/"), "connection refused"),
        (Check(kind="http", target="ftp://{host}/"), "not an http address"),
        (Check(kind="http", target="http://{host}:{data.none}/"), "no such data"),
        (Check(kind="tcp", target="{host}:{data.port}"), ""),
        (Check(kind="tcp", target="{host}:1"), "connection refused"),
        (Check(kind="tcp", target="{host}"), "not host:port"),
        (Check(kind="command", target="sh -c 'exit 3'", expect=3), ""),
        (Check(kind="command", target="sh -c 'echo why >&2; exit 3'"), "sh: ended 3: why"),
        (Check(kind="command", target="echo {host} {version}", contains="127.0.0.1 9"), ""),
        (Check(kind="command", target="sleep 30"), "did not end within"),
        (Check(kind="command", target="no-such-program-here"), "no such file"),
    ],
)
def test_every_kind_of_look(tmp_path, check, words):
    """One look: well, or the reason in words."""
    with serving() as server:
        seen = look(check, host(server), version="9", folder=tmp_path, timeout_s=0.5)
    assert seen.ok is (words == "")
    assert words.lower() in seen.detail.lower()

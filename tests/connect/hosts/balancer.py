"""Real parts of tests of what a run does beside its steps: a haproxy and a Prometheus, each a process of its own."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

STARTS_S = 60.0
HAPROXY = """
global
  stats socket {folder}/admin.sock level admin
  stats socket ipv4@127.0.0.1:{admin} level admin
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend front
  bind 127.0.0.1:{port}
  default_backend app
backend app
  balance roundrobin
  option httpchk GET /
  retries 0
{servers}
"""
PROMETHEUS = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
scrape_configs:
  - {{job_name: app, scrape_timeout: 150ms, static_configs: [{{targets: ["127.0.0.1:{scraped}", "127.0.0.1:{dead}"]}}]}}
"""


def program(name: str) -> str:
    """Where a program is; the test is skipped where it is missing, and fails where that may not be."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found is None:
        assert os.environ.get("CI") != "true", f"CI=true: {name} must be there"
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """A port of this machine that nobody has just now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def haproxy(folder: Path, servers: Mapping[str, str]) -> Iterator[tuple[int, str, int]]:
    """A running one with a backend `app`: its port, its admin socket's path, and the same as a port.

    Args:
        folder: for its configuration.
        servers: name -> host:port, asked for their health every 100 ms.
    """
    port, admin = free_port(), free_port()
    lines = [f"  server {name} {address} check inter 100ms fall 2 rise 1" for name, address in servers.items()]
    text = HAPROXY.format(folder=folder, admin=admin, port=port, servers="\n".join(lines))
    (folder / "haproxy.cfg").write_text(text)
    with running([program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")], folder, port):
        yield port, str(folder / "admin.sock"), admin


@contextmanager
def prometheus(folder: Path, *, scraped: int, dead: int) -> Iterator[str]:
    """A running one that asks one address of this machine, and another where nobody is: its own address."""
    port = free_port()
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(scraped=scraped, dead=dead))
    words = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with running([program("prometheus"), *words, f"--web.listen-address=127.0.0.1:{port}"], folder, port):
        url = f"http://127.0.0.1:{port}"
        ends = time.monotonic() + STARTS_S
        while not _has_scraped(url):
            assert time.monotonic() < ends, (folder / "said").read_text()
            time.sleep(0.1)
        yield url


def _has_scraped(url: str) -> bool:
    """Whether it serves, and knows what it was to ask for; until it is ready it answers 503."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/query?query=errors_share", timeout=5) as answer:
            return b'"value"' in answer.read()
    except OSError:
        return False


@contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """A process of its own until it is no longer wanted, from when its port answers."""
    with (folder / "said").open("w") as said, subprocess.Popen(command, stdout=said, stderr=said, cwd=folder) as child:
        try:
            ends = time.monotonic() + STARTS_S
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert child.poll() is None, (folder / "said").read_text()
                    assert time.monotonic() < ends, (folder / "said").read_text()
                    time.sleep(0.05)
            yield
        finally:
            child.kill()

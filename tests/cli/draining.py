"""A release that fails after its second batch while clients ask through a real haproxy: who was failed, who was up.

`ask_all_the_while` posts on fresh connections and samples haproxy's own view of its servers; `Site` is a fleet with an
application on each host, deployed by `uptake deploy` itself.
"""

import csv
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.connect.hosts.balancer import haproxy
from tests.fleet import Fleet

PLAN = """
plan: shop
title: A shop behind a balancer
deploy:
  service: shop
  version: "1"
  environment: test
  hosts: {{inventory: inventory.csv}}
  configuration:
    - files.put: {{src: app.py, dest: "{{data.base}}/app.py"}}
    - files.put: {{src: service.sh, dest: "{{data.base}}/service.sh"}}
    - shell: "test {{version}} != broken || test {{data.server}} != {bad}"
    - shell: "sh {{data.base}}/service.sh {{version}} {{host}} {{data.service_port}}"
  update:
    canary: 1
    max_parallel: {parallel}
    health:
      checks: [{{http: {{url: "http://{{host}}:{{data.service_port}}/", expect: 200, contains: "{{version}}"}}}}]
      interval: 0.2s
      timeout: 1s
      min_healthy_time: 0.5s
      healthy_deadline: 20s
{hooks}
"""
HOOKS = """
    before_host: [{{haproxy: {{socket: {socket}, server: "app/{{data.server}}", wait: 10s}}}}]
    after_host: [{{haproxy: {{socket: {socket}, server: "app/{{data.server}}", wait: 10s}}}}]
"""
APP = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class App(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer()
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        time.sleep(0.03)
        self.answer()
    def answer(self):
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words):
        pass
ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer((sys.argv[2], int(sys.argv[3])), App).serve_forever()
"""
SERVICE = """cd "$(dirname "$0")" && here=$(pwd)
[ -f pid ] && kill $(cat pid) 2>/dev/null; sleep 0.1
setsid python3 app.py "$1" "$2" "$3" </dev/null >/dev/null 2>&1 &
echo $! >"$here/pid"
"""
SAMPLE_S = 0.1
CLIENTS = 4
DEPLOY_LIMIT_S = 300.0


@dataclass(slots=True)
class Seen:
    """What clients and the sampler saw: posts, those that failed, the fewest servers up at once."""

    posts: int = 0
    failed: int = 0
    up: list[int] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)


class Site:
    """A fleet, a balancer before it and the plan's folder."""

    def __init__(self, fleet: Fleet, folder: Path, port: int, admin: str, *, parallel: int) -> None:
        """Write the plan's folder; `parallel` hosts change at once, and a broken version fails in the third batch."""
        self.fleet, self.folder, self.port, self.admin, self.parallel = fleet, folder, port, admin, parallel
        (folder / "app.py").write_text(APP)
        (folder / "service.sh").write_text(SERVICE)

    def plan(self, *, draining: bool) -> None:
        """Write the plan, with hooks or without."""
        hooks = HOOKS.format(socket=self.admin) if draining else ""
        bad = f"s{1 + self.parallel}"
        (self.folder / "plan.yaml").write_text(PLAN.format(hooks=hooks, parallel=self.parallel, bad=bad))

    def deploy(self, version: str) -> "subprocess.CompletedProcess[str]":
        """Run `uptake deploy`."""
        command = [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--version", version, "--yes"]
        return subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=DEPLOY_LIMIT_S, check=False
        )

    def revise(self) -> None:
        """Bring the edited plan in."""
        command = [sys.executable, "-m", "uptake", "revise", "plan.yaml", "--yes"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def told(self) -> dict[str, str]:
        """The version that each application itself tells."""
        found: dict[str, str] = {}
        for host in self.fleet.hosts:
            connection = http.client.HTTPConnection(host.address, host.service_port, timeout=5)
            connection.request("GET", "/")
            found[host.name] = connection.getresponse().read().decode()
            connection.close()
        return found

    @contextmanager
    def ask_all_the_while(self) -> Iterator[Seen]:
        """Clients post through the balancer until the block ends."""
        seen, stop, guard = Seen(), threading.Event(), threading.Lock()
        threads = [threading.Thread(target=self._post, args=(seen, stop, guard)) for _ in range(CLIENTS)]
        threads.append(threading.Thread(target=self._sample, args=(seen, stop)))
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _post(self, seen: Seen, stop: threading.Event, guard: threading.Lock) -> None:
        while not stop.wait(0.01):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
            try:
                connection.request("POST", "/", body=b"x")
                answer = connection.getresponse()
                well, told = answer.status == http.client.OK, answer.read().decode()
            except (OSError, http.client.HTTPException):
                well, told = False, ""
            finally:
                connection.close()
            with guard:
                seen.posts += 1
                seen.failed += not well
                if well:
                    seen.versions.add(told)

    def _sample(self, seen: Seen, stop: threading.Event) -> None:
        while not stop.wait(SAMPLE_S):
            seen.up.append(self.up())

    def up(self) -> int:
        """How many servers haproxy itself calls up."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(self.admin)
            line.sendall(b"show stat\n")
            text = b"".join(iter(lambda: line.recv(65_536), b"")).decode()
        rows = csv.DictReader(text.removeprefix("# ").splitlines())
        return sum(row["pxname"] == "app" and row["svname"][0] == "s" and row["status"][:2] == "UP" for row in rows)


@contextmanager
def behind_a_balancer(fleet: Fleet, folder: Path, *, parallel: int) -> Iterator[Site]:
    """A site whose hosts stand behind a running haproxy; what was deployed is ended afterwards."""
    names = [f"s{i}" for i in range(len(fleet.hosts))]
    fleet.inventory_csv(folder / "inventory.csv", serves=names, column="server")
    servers = {name: f"{host.address}:{host.service_port}" for name, host in zip(names, fleet.hosts, strict=True)}
    with haproxy(folder, servers) as (port, admin, _):
        site = Site(fleet, folder, port, admin, parallel=parallel)
        try:
            yield site
        finally:
            for host in fleet.hosts:
                pid = Path(host.base) / "pid"
                if fleet.mode == "plain" and pid.exists():
                    with_pid = int(pid.read_text() or "0")
                    if with_pid > 1:
                        os.kill(with_pid, signal.SIGKILL)

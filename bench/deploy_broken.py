"""Promise: a broken version is served by one host at most, and ten seconds after it is found out by none.

Twelve real SSH hosts with an application each, a canary and then 25 % at a time, every application asked for its
version ten times a second from outside. Anchor: the good version's deploy.
"""

import http.client
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import ROOT

sys.path.insert(0, str(ROOT))

from tests.cli.test_deploy import SERVICE, stop_services, uptake
from tests.fleet import Fleet
from uptake.app.opened import open_plan

HOSTS = 12
MOST_S = 10.0
SAMPLE_S = 0.1
PLAN = """
plan: hello
title: A page that says its version
deploy:
  service: hello
  version: "1"
  environment: test
  hosts: {inventory: inventory.csv}
  configuration:
    - files.directory: {path: "{data.base}/www"}
    - files.put: {src: service.sh, dest: "{data.base}/service.sh"}
    - shell: "echo {version} >{data.base}/www/index.html"
    - shell: "sh {data.base}/service.sh {version} {host} {data.service_port}"
  update:
    canary: 1
    max_parallel: 25%
    health:
      checks: [{http: {url: "http://{host}:{data.service_port}/", expect: 200, contains: "1"}}]
      interval: 0.5s
      timeout: 1s
      min_healthy_time: 1s
      healthy_deadline: 8s
"""


class Watch:
    """Asks every application for its version until it is stopped."""

    def __init__(self, fleet: Fleet) -> None:
        """Start asking."""
        self.fleet = fleet
        self.broken: set[str] = set()
        self.last_broken_ms = 0
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(host,)) for host in fleet.hosts]
        for thread in self._threads:
            thread.start()

    def _ask(self, host: object) -> None:
        while not self._stop.wait(SAMPLE_S):
            if version(host) == "broken":
                self.broken.add(host.name)  # type: ignore[attr-defined]
                self.last_broken_ms = time.time_ns() // 1_000_000

    def stop(self) -> None:
        """Stop asking."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


def version(host: object) -> str:
    """What a host's application says; nothing while it is down."""
    connection = http.client.HTTPConnection(host.address, host.service_port, timeout=2)  # type: ignore[attr-defined]
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip()
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def main() -> int:
    """Deploy the good one, then the broken one; 1 where it spread or stayed."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        folder = Path(name) / "plan"
        folder.mkdir()
        with Fleet.start(n=HOSTS, folder=Path(name) / "fleet") as fleet:
            fleet.inventory_csv(folder / "inventory.csv")
            (folder / "plan.yaml").write_text(PLAN)
            (folder / "service.sh").write_text(SERVICE)
            try:
                good = uptake(folder, "deploy", "plan.yaml", "--yes")
                assert good.returncode == 0, good.stdout + good.stderr
                watch = Watch(fleet)
                bad = uptake(folder, "deploy", "plan.yaml", "--version", "broken", "--yes")
                watch.stop()
                left = [host.name for host in fleet.hosts if version(host) != "1"]
            finally:
                stop_services(fleet, folder)
            opened = open_plan(folder / "plan.yaml")
            decisions = [n for n in opened.picture().decisions if n.decision.stage.run == 2]
            opened.store.close()
    found_out = min(n.at for n in decisions if n.decision.state == "unhealthy")
    back = min(n.at for n in decisions if n.decision.state == "rolled back" and n.decision.stage.ordinal == -1)
    gone_s = max(0.0, (watch.last_broken_ms - found_out) / 1000)
    print(
        f"deploy_broken: {HOSTS} hosts, exit {bad.returncode}; served by {len(watch.broken)} (at most 1), last"
        f" {gone_s:.1f} s after it was found out; rolled back and healthy {(back - found_out) / 1000:.1f} s after"
        f" (at most {MOST_S:g} s); not on the old version: {', '.join(left) or 'none'}"
    )
    well = bad.returncode == 4 and len(watch.broken) <= 1 and back - found_out <= 1000 * MOST_S and not left
    return int(not well)


if __name__ == "__main__":
    sys.exit(main())

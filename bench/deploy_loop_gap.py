"""Promise: while `uptake serve` deploys to twelve hosts its event loop is never blocked for 50 ms.

The real server in a process of its own, whose event loop's every turn is timed without the time that it waits; the run
is ordered over its own API. Anchor: the same server before the run.
"""

import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import ROOT, uptake, write

sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet

HOSTS = 12
MOST_MS = 50.0
QUIET_S = 5.0
RUN_LIMIT_S = 180.0
SERVER = """
import asyncio, selectors, sys, time
from asyncio.base_events import BaseEventLoop
waited = [0.0]
gaps = open("gaps", "w")
select, run_once = selectors.EpollSelector.select, BaseEventLoop._run_once
def waiting(self, timeout=None):
    began = time.perf_counter()
    try:
        return select(self, timeout)
    finally:
        waited[0] += time.perf_counter() - began
def turn(self):
    began, before = time.perf_counter(), waited[0]
    run_once(self)
    busy = time.perf_counter() - began - (waited[0] - before)
    print(time.time(), busy * 1000, file=gaps, flush=True)
selectors.EpollSelector.select, BaseEventLoop._run_once = waiting, turn
from uptake.cli.verbs import dispatch
sys.exit(dispatch(["serve", "plan.yaml", "--port", "0", "--json"]))
"""


def longest(folder: Path, since: float, until: float) -> float:
    """The longest turn between two moments, in milliseconds."""
    lines = [line.split() for line in (folder / "gaps").read_text().splitlines()]
    found = [float(ms) for at, ms in lines if since <= float(at) <= until]
    assert found, "the event loop was not watched"
    return max(found)


def order(address: str, token: str) -> None:
    """Ask the server for a run."""
    body = json.dumps({"version": "1"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/deploy", data=body, headers=headers, method="POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (200, 202), answer.status


def asked(address: str, token: str) -> dict[str, object]:
    """How the run stands."""
    request = urllib.request.Request(f"{address}/api/runs/1", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def main() -> int:
    """Quiet, then deploying; 1 where a turn took too long."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        folder = Path(name) / "plan"
        with Fleet.start(n=HOSTS, folder=Path(name) / "fleet") as fleet:
            write(fleet, folder)
            made, _ = uptake(folder, "token", "add", "plan.yaml", "--name", "bench", "--role", "operator")
            assert made.returncode == 0, made.stderr
            token = made.stdout.split()[-1]
            server = subprocess.Popen(
                [sys.executable, "-c", SERVER], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            try:
                assert server.stdout is not None
                address = json.loads(server.stdout.readline())["address"]
                time.sleep(1)
                began = time.time()
                time.sleep(QUIET_S)
                ordered = time.time()
                order(address, token)
                ends = time.monotonic() + RUN_LIMIT_S
                while not (told := asked(address, token))["ended"]:
                    assert time.monotonic() < ends, told
                    time.sleep(0.5)
                assert told["state"] == "succeeded", told
                over = time.time()
            finally:
                server.terminate()
                server.wait()
            quiet, busy = longest(folder, began, ordered), longest(folder, ordered, over)
    print(
        f"deploy_loop_gap: {HOSTS} hosts, 10 steps in {over - ordered:.1f} s; longest turn of the event loop while"
        f" quiet {quiet:.1f} ms, while deploying {busy:.1f} ms (at most {MOST_MS:g} ms)"
    )
    return int(busy > MOST_MS)


if __name__ == "__main__":
    sys.exit(main())

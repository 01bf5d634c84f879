"""`uptake serve` as a process: a policy-only plan goes from started to in use, across a kill -9 of its server."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.web.world import eventually

PEOPLE = 24
PLAN = """\
plan: desk
title: A new way to answer requests
owner: it@example.org
timezone: Europe/Berlin
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: setting, sizes: [50%, 50%], order: random, start: 2026-01-01, every: 1s}
  expose: {flag: new-desk}
  requires: nothing
  gate: {adoption: 60%, at: +1s, else: hold, hold_at_most: 4w, min_people: 5}
  look: 1s
  adoption: {event: ticket.created, count: 1, within: 21d, target: 80%}
"""


def uptake(*words: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "uptake", *words], cwd=folder, capture_output=True, text=True, timeout=30, check=False
    )


class Served:
    """A running `uptake serve`."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "uptake", "serve", "plan.yaml", "--port", "0", "--json"]
        with (folder / "serve.log").open("a") as log:
            self.child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True)
        self.address = json.loads(self.child.stdout.readline())["address"]

    def end(self, number: int) -> int:
        if self.child.poll() is None:
            os.kill(self.child.pid, number)
        self.child.stdout.close()
        return self.child.wait(20)


@pytest.fixture
def folder(tmp_path) -> Path:
    people = "".join(f"p{number},team {number % 8}\n" for number in range(PEOPLE))
    (tmp_path / "people.csv").write_text("id,team\n" + people)
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def token(folder: Path, role: str) -> str:
    made = uptake("token", "add", "plan.yaml", "--name", role, "--role", role, folder=folder)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def let_in(served: Served, flags: str) -> list[str]:
    """Who has the flag on."""
    found = []
    with httpx.Client(base_url=served.address, trust_env=False, headers={"X-API-Key": flags}) as http:
        for number in range(PEOPLE):
            body = {"context": {"targetingKey": f"p{number}"}}
            if http.post("/ofrep/v1/evaluate/flags/new-desk", json=body).json().get("value"):
                found.append(f"p{number}")
    return found


def use(served: Served, intake: str, people: list[str], at: str) -> dict:
    events = [{"id": f"{who}", "subject": who, "name": "ticket.created", "at": at} for who in people]
    answer = httpx.post(f"{served.address}/events", json=events, headers={"X-API-Key": intake}, trust_env=False)
    assert answer.status_code == 202
    return answer.json()


@pytest.mark.slow
def test_from_started_to_in_use_across_a_kill(folder):
    intake, flags = token(folder, "intake"), token(folder, "flags")
    served = Served(folder)
    try:
        started = uptake("implement", "plan.yaml", "--yes", "--detach", folder=folder)
        assert started.returncode == 0, started.stderr
        assert eventually(lambda: len(let_in(served, flags)) == PEOPLE // 2, within_s=10)
        first = let_in(served, flags)
        assert "wave 1" in httpx.get(served.address, trust_env=False).text
        served.end(signal.SIGKILL)

        served = Served(folder)
        assert let_in(served, flags) == first
        now = httpx.get(f"{served.address}/healthz", trust_env=False)
        assert now.status_code == 200
        assert use(served, intake, first, "2030-01-01T00:00:00Z") == {"accepted": 12, "new": 12}
        assert use(served, intake, first, "2030-01-01T00:00:00Z") == {"accepted": 12, "new": 0}
        assert eventually(lambda: len(let_in(served, flags)) == PEOPLE, within_s=15)
        rest = [who for who in let_in(served, flags) if who not in first]
        use(served, intake, rest, "2030-01-01T00:00:00Z")
        assert eventually(lambda: "In use" in httpx.get(served.address, trust_env=False).text, within_s=15)
        assert served.end(signal.SIGTERM) == 0
        assert (folder / "serve.log").read_text() == ""
    finally:
        served.end(signal.SIGKILL)


def test_it_refuses_with_cause_and_hint(folder):
    refused = uptake("serve", "plan.yaml", "--port", "0", "--host", "0.0.0.0", folder=folder)
    assert refused.returncode == 2
    assert "can be reached from other machines" in refused.stderr
    assert "--tls-cert" in refused.stderr
    assert "Traceback" not in refused.stderr

"""One run at a time per service and environment, between two plans that know nothing of each other, on real hosts."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fleet import Fleet, processes
from tests.fleet.plugin import why_not

TTL_S = 3
PLAN = """
plan: {name}
title: One of two plans for one service
deploy:
  service: shop
  version: "1"
  environment: test
  hosts: {{inventory: inventory.csv}}
  configuration:
    - shell: "echo {name} begins >>{{data.base}}/log; sleep {first}; echo {name} went on >>{{data.base}}/log"
    - shell: "echo {name} ends >>{{data.base}}/log"
  lock: {{wait: {wait}, ttl: {ttl}s}}
"""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    with Fleet.start(n=3, mode="auto", folder=tmp_path / "fleet") as running:
        yield running


def plan(fleet: Fleet, folder: Path, name: str, *, first: float = 0, wait: str = "60s") -> Path:
    """A folder of its own with a plan for the same service."""
    there = folder / name
    there.mkdir()
    fleet.inventory_csv(there / "inventory.csv")
    (there / "plan.yaml").write_text(PLAN.format(name=name, first=first, wait=wait, ttl=TTL_S))
    return there


def start(folder: Path) -> "subprocess.Popen[str]":
    """`uptake deploy`, on its way."""
    command = [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--yes"]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def lock(folder: Path) -> dict[str, object]:
    """What `uptake lock --json` says."""
    command = [sys.executable, "-m", "uptake", "lock", "plan.yaml", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


def until_logged(fleet: Fleet, words: str, limit_s: float = 60) -> None:
    """Wait until every host's log holds a line."""
    ends = time.monotonic() + limit_s
    for host in fleet.hosts:
        while words not in host.run("cat $HOME/log 2>/dev/null || true"):
            assert time.monotonic() < ends, f"{words!r} not within {limit_s} s on {host.name}"
            time.sleep(0.1)


def logs(fleet: Fleet) -> list[list[str]]:
    return [host.run("cat $HOME/log").splitlines() for host in fleet.hosts]


def end(*children: "subprocess.Popen[str]") -> None:
    for child in children:
        with suppress(ProcessLookupError):
            processes.send([*processes.descendants(child.pid), child.pid], signal.SIGKILL)
        child.communicate()


def test_of_two_one_deploys_and_then_the_other(fleet: Fleet, tmp_path: Path) -> None:
    """Both at once: whoever comes second waits, says for whom, and finds the hosts alone afterwards."""
    one, two = (start(plan(fleet, tmp_path, name, first=1)) for name in ("one", "two"))
    try:
        said = [child.communicate(timeout=120) for child in (one, two)]
    finally:
        end(one, two)
    assert (one.returncode, two.returncode) == (0, 0), said
    waited = [err for _, err in said if "Waiting for the lock of this service: held by " in err]
    assert len(waited) == 1
    for log in logs(fleet):
        order = [line.split()[0] for line in log]
        assert order in (["one"] * 3 + ["two"] * 3, ["two"] * 3 + ["one"] * 3)
    assert lock(tmp_path / "one")["held"] == []


def test_who_holds_it_is_shown_and_who_will_not_wait_begins_nothing(fleet: Fleet, tmp_path: Path) -> None:
    there = plan(fleet, tmp_path, "two", wait="0s")
    one = start(plan(fleet, tmp_path, "one", first=40))
    try:
        until_logged(fleet, "one begins")
        (held,) = lock(there)["held"]  # type: ignore[misc]
        assert held["by"].startswith("one")
        assert 0 < held["seconds_left"] <= TTL_S
        two = start(there)
        out, err = two.communicate(timeout=60)
        assert two.returncode == 1, out + err
        assert "held by one" in err
        status = subprocess.run(
            [sys.executable, "-m", "uptake", "status", "plan.yaml"],
            cwd=there,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "run 1" not in status.stdout.lower()
        assert one.poll() is None
    finally:
        end(one)
    assert all("two" not in line for log in logs(fleet) for line in log)


@pytest.mark.slow
def test_a_dead_holder_is_overtaken_and_its_orphans_waited_for(fleet: Fleet, tmp_path: Path) -> None:
    """kill -9 in the middle of a step: taken over within ttl + 2 s; the orphan ends before anything else begins."""
    one = start(plan(fleet, tmp_path, "one", first=9))
    there = plan(fleet, tmp_path, "two")
    two = None
    try:
        until_logged(fleet, "one begins")
        two = start(there)
        time.sleep(2)
        assert two.poll() is None
        family = [*processes.descendants(one.pid), one.pid]
        processes.send(family, signal.SIGKILL)
        killed = time.monotonic()
        while not str(next(iter(lock(there)["held"]), {}).get("by", "")).startswith("two"):  # type: ignore[call-overload, attr-defined]
            assert time.monotonic() - killed < TTL_S + 2 + 6, "not overtaken"
        took_s = time.monotonic() - killed
        out, err = two.communicate(timeout=120)
        assert two.returncode == 0, out + err
    finally:
        end(one, *([two] if two else []))
    for log in logs(fleet):
        assert log == ["one begins", "one went on", "two begins", "two went on", "two ends"]
    print(f"overtaken within {took_s:.1f} s, looks of a second each included")


@pytest.mark.slow
def test_a_holder_that_was_stopped_is_refused_by_the_hosts(fleet: Fleet, tmp_path: Path) -> None:
    """SIGSTOP to controller and child; another takes over and ends; awake again the old one may do nothing more."""
    one = start(plan(fleet, tmp_path, "one", first=3))
    two = None
    try:
        until_logged(fleet, "one begins")
        family = [*processes.descendants(one.pid), one.pid]
        processes.send(family, signal.SIGSTOP)
        two = start(plan(fleet, tmp_path, "two"))
        out, err = two.communicate(timeout=120)
        assert two.returncode == 0, out + err
        processes.send(family, signal.SIGCONT)
        out, err = one.communicate(timeout=120)
    finally:
        end(one, *([two] if two else []))
    assert one.returncode == 130, out + err
    assert "has taken the lock of this service since: refused" in out + err
    for log in logs(fleet):
        assert Counter(log)["one ends"] == 0
        assert log[-1] == "two ends"
    again = start(tmp_path / "one")
    out, err = again.communicate(timeout=120)
    assert again.returncode == 0, out + err
    assert [log[-1] for log in logs(fleet)] == ["one ends"] * 3

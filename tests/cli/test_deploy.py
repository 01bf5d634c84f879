"""`uptake deploy` as its user meets it, on real SSH hosts: good, broken, interrupted, resumed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.fleet.plugin import why_not

PLAN = """
plan: hello
title: A page that says its version
deploy:
  service: hello
  version: "1"
  environment: test
  hosts: {inventory: inventory.csv}
  infrastructure:
    - files.directory: {path: "{data.base}/www"}
  configuration:
    - files.put: {src: service.sh, dest: "{data.base}/service.sh"}
    - shell: "echo {version} >{data.base}/www/index.html"
    - shell: "echo step {version} >>{data.base}/log; sleep 0.3"
    - shell: "sh {data.base}/service.sh {version} {host} {data.service_port}"
  tests:
    - http: {url: "http://{host}:{data.service_port}/", expect: 200, contains: "{version}"}
  update:
    canary: 1
    health:
      checks: [{http: {url: "http://{host}:{data.service_port}/", expect: 200}}]
      interval: 0.3s
      timeout: 1s
      min_healthy_time: 1s
      healthy_deadline: 4s
    watch: 1s
"""

SERVICE = """cd "$(dirname "$0")" && here=$(pwd)
[ -f pid ] && kill $(cat pid) 2>/dev/null; sleep 0.2
if [ "$1" = bad ]; then exit 0; fi
cd www && setsid python3 -m http.server --bind "$2" "$3" </dev/null >/dev/null 2>&1 &
echo $! >"$here/pid"
"""


@pytest.fixture
def fleet_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Fleet]]:
    """Makes a fleet of n hosts in the mode that this machine has; the worker's own tests run in each mode."""
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    with ExitStack() as stack:
        yield lambda n: stack.enter_context(Fleet.start(n=n, mode="auto", folder=tmp_path_factory.mktemp("fleet")))


def uptake(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "uptake", *words], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def prepare(fleet: Fleet, folder: Path) -> Path:
    fleet.inventory_csv(folder / "inventory.csv")
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "service.sh").write_text(SERVICE)
    return folder


def stop_services(fleet: Fleet, folder: Path) -> None:
    """In plain mode what a deploy started outlives its host: it is ended by its pid file."""
    for host in fleet.hosts:
        pid = Path(host.base) / "pid"
        if fleet.mode == "plain" and pid.exists():
            try:
                os.kill(int(pid.read_text()), signal.SIGKILL)
            except (ProcessLookupError, ValueError):
                continue


def test_good_broken_and_back(fleet_of: Callable[[int], Fleet], tmp_path: Path) -> None:
    fleet = fleet_of(3)
    folder = prepare(fleet, tmp_path)
    try:
        first = uptake(folder, "deploy", "plan.yaml", "--yes", "--json")
        assert first.returncode == 0, first.stdout + first.stderr
        assert json.loads(first.stdout)["state"] == "succeeded"
        broken = uptake(folder, "deploy", "plan.yaml", "--version", "bad", "--yes")
        assert broken.returncode == 4, broken.stdout + broken.stderr
        assert "rolled back" in broken.stdout
        status = json.loads(uptake(folder, "status", "plan.yaml", "--json").stdout)
        assert {host["version"] for host in status["hosts"]} == {"1"}
        second = uptake(folder, "deploy", "plan.yaml", "--version", "2", "--yes")
        assert second.returncode == 0, second.stdout + second.stderr
        assert "0 differences" in uptake(folder, "replay", "plan.yaml").stdout
        assert uptake(folder, "verify", "plan.yaml").returncode == 0
    finally:
        stop_services(fleet, folder)


def test_a_broken_first_version_fails_and_names_the_host(fleet_of: Callable[[int], Fleet], tmp_path: Path) -> None:
    fleet = fleet_of(2)
    folder = prepare(fleet, tmp_path)
    done = uptake(folder, "deploy", "plan.yaml", "--version", "bad", "--yes")
    assert done.returncode == 1, done.stdout + done.stderr
    assert fleet.hosts[0].name in done.stdout
    assert "nothing to go back to" in done.stdout


def test_a_failing_step_shows_host_step_exit_code_and_last_lines(
    fleet_of: Callable[[int], Fleet], tmp_path: Path
) -> None:
    fleet = fleet_of(1)
    folder = prepare(fleet, tmp_path)
    text = (folder / "plan.yaml").read_text()
    broken = '    - shell: "for i in $(seq 30); do echo line $i >&2; done; echo the disk is on fire >&2; exit 9"\n'
    broken = broken.replace("$(seq 30)", " ".join(str(number) for number in range(1, 31)))
    (folder / "plan.yaml").write_text(text.replace("  configuration:\n", "  configuration:\n" + broken))
    done = uptake(folder, "deploy", "plan.yaml", "--yes")
    assert done.returncode == 1
    name = fleet.hosts[0].name
    head = f"{name} failed: configuration 1: shell server.shell, exit 9 (plan.yaml:12)"
    lines = ["      line 12", "      line 30", "      the disk is on fire"]
    assert f"FAILED  batch 1 of 1 (canary)  configuration 1 (shell)  {name}" in done.stderr
    assert head in done.stderr
    for said in (done.stdout, *(uptake(folder, word, "plan.yaml").stdout for word in ("status", "why"))):
        rows = said.split("\n")
        assert any(head in row for row in rows), said
        assert [row for row in lines if row not in rows] == []
        assert "      line 1" not in rows
        assert any("uptake deploy plan.yaml" in row for row in rows)
    assert done.stdout.index(head) < done.stdout.index("nothing to go back to")
    status = json.loads(uptake(folder, "status", "plan.yaml", "--json").stdout)
    (failure,) = status["failures"]
    assert (failure["host"], failure["exit_code"], failure["line"]) == (name, 9, "plan.yaml:12")
    assert len(failure["lines"]) == 20
    why = json.loads(uptake(folder, "why", "plan.yaml", "run-1", "--json").stdout)
    assert any(one["failures"] == [failure] for one in why["decisions"])


MOMENTS = (
    ("Looked at",),
    ("begins batch 1", "infrastructure 1"),
    ("infrastructure 1", "configuration 1"),
    ("configuration 2",),
    ("configuration 3",),
    ("Batch 1 of 2 (canary) passed its gate",),
    ("configuration 2",),
)
"""Words on stderr after which the whole process group gets SIGINT, one start after the other.

What an earlier start has said is not said again; on a busy machine the signal comes late, and the next thing counts.
"""


@pytest.mark.slow
def test_ctrl_c_ends_130_at_any_moment_and_the_same_command_goes_on(
    fleet_of: Callable[[int], Fleet], tmp_path: Path
) -> None:
    """Every start is interrupted somewhere later; the last one ends the run, and each host did each step once."""
    fleet = fleet_of(2)
    folder = prepare(fleet, tmp_path)
    try:
        for words in MOMENTS:
            process = subprocess.Popen(
                [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--yes"],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            assert process.stderr is not None
            for line in process.stderr:
                if any(word in line for word in words):
                    break
            os.killpg(process.pid, signal.SIGINT)
            _, said = process.communicate(timeout=60)
            assert process.returncode == 130, (words, said)
            assert said.splitlines()[-1].endswith("goes on from where it stopped: uptake deploy plan.yaml --yes"), said
            assert "Traceback" not in said
        done = uptake(folder, "deploy", "plan.yaml", "--yes")
        assert done.returncode == 0, done.stdout + done.stderr
        assert [uptake_log(fleet, folder, host.name) for host in fleet.hosts] == [["step 1"], ["step 1"]]
        assert "0 differences" in uptake(folder, "replay", "plan.yaml").stdout
    finally:
        stop_services(fleet, folder)


@pytest.mark.slow
def test_a_frozen_host_is_excluded_and_named_and_the_others_go_on(
    fleet_of: Callable[[int], Fleet], tmp_path: Path
) -> None:
    """With `on_failure: exclude`: a warning before, one exclusion in its batch, the rest deployed; later it joins."""
    fleet = fleet_of(3)
    folder = prepare(fleet, tmp_path)
    text = (folder / "plan.yaml").read_text().replace("    watch: 1s", "    watch: 1s\n    on_failure: exclude")
    (folder / "plan.yaml").write_text(text)
    name = fleet.hosts[1].name
    try:
        fleet.freeze(name)
        done = uptake(folder, "deploy", "plan.yaml", "--yes", "--json")
        told = json.loads(done.stdout)
        assert (done.returncode, told["state"]) == (0, "succeeded"), done.stdout + done.stderr
        assert f"2 of 3 hosts on 1. {name} excluded." in done.stdout
        assert {failure["host"] for failure in told["failures"]} == {name}
        assert told["failures"][0]["state"] == "unreachable"
        assert "uptake deploy plan.yaml" in told["failures"][0]["next"]
        status = json.loads(uptake(folder, "status", "plan.yaml", "--json").stdout)
        assert {host["name"] for host in status["hosts"] if host["state"] == "excluded"} == {name}
        fleet.thaw(name)
        again = uptake(folder, "deploy", "plan.yaml", "--yes")
        assert again.returncode == 0, again.stdout + again.stderr
        status = json.loads(uptake(folder, "status", "plan.yaml", "--json").stdout)
        assert {host["version"] for host in status["hosts"]} == {"1"}
        assert status["failures"] == []
    finally:
        fleet.thaw(name)
        stop_services(fleet, folder)


def test_what_stands_in_the_way_is_told_at_once_and_nothing_begins(
    fleet_of: Callable[[int], Fleet], tmp_path: Path
) -> None:
    """Two dead hosts of three: both named with the plan's line, exit 1, no run begun; the dry run says it too."""
    fleet = fleet_of(3)
    folder = prepare(fleet, tmp_path)
    for host in fleet.hosts[:2]:
        fleet.kill(host.name)
    done = uptake(folder, "deploy", "plan.yaml", "--yes")
    assert done.returncode == 1, done.stdout + done.stderr
    for host in fleet.hosts[:2]:
        assert f"{host.name} cannot be reached" in done.stderr
    assert "plan.yaml:8" in done.stderr
    assert "2 errors in plan.yaml. Nothing was changed." in done.stderr
    told = json.loads(uptake(folder, "deploy", "plan.yaml", "--yes", "--json").stdout)
    assert [problem["code"] for problem in told["problems"]] == ["preflight.reach"] * 2
    dry = uptake(folder, "deploy", "plan.yaml", "--dry-run")
    assert (dry.returncode, "would change" in dry.stdout, "cannot be reached" in dry.stderr) == (1, True, True)
    assert json.loads(uptake(folder, "status", "plan.yaml", "--json").stdout)["runs"] == []


def uptake_log(fleet: Fleet, folder: Path, name: str) -> list[str]:
    """What the counted step wrote on a host, read over SSH."""
    host = next(host for host in fleet.hosts if host.name == name)
    out = subprocess.run(
        [
            "ssh",
            "-F",
            "none",
            "-i",
            str(host.key),
            "-p",
            str(host.port),
            "-o",
            f"UserKnownHostsFile={host.known_hosts}",
            f"{host.user}@{host.address}",
            f"cat {host.base}/log",
        ],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    return out.stdout.split("\n")[:-1]

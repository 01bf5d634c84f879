"""`uptake deploy --limit` and `--dry-run --diff`, on real hosts."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet
from tests.fleet.plugin import why_not

PLAN = """
plan: shop
title: A run for some of the hosts
deploy:
  service: shop
  version: "1"
  environment: test
  hosts: {inventory: inventory.csv}
  configuration:
    - files.template: {src: settings.j2, dest: "{data.base}/settings"}
    - files.line: {path: "{data.base}/lines", line: "version = {version}", replace: "version = {version}"}
    - shell: "echo {version} >>{data.base}/log"
  update: {max_parallel: 1}
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    with Fleet.start(n=3, mode="auto", folder=tmp_path_factory.mktemp("fleet")) as running:
        yield running


def uptake(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "uptake", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def write(fleet: Fleet, folder: Path) -> None:
    fleet.inventory_csv(folder / "inventory.csv")
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "settings.j2").write_text("host = {{ host.name }}\nlevel = info\n")


def test_a_run_for_some_hosts(fleet: Fleet, tmp_path: Path) -> None:
    """The others are left out of batches, counts and the next run's way back; nothing is done on them."""
    write(fleet, tmp_path)
    for bad, word in (("nobody", "means no host"), (" , ", "means no host")):
        refused = uptake(tmp_path, "deploy", "plan.yaml", "--yes", "--limit", bad)
        assert refused.returncode == 2, refused.stdout + refused.stderr
        assert word in refused.stderr
    done = uptake(tmp_path, "deploy", "plan.yaml", "--yes", "--limit", "host-1, host-[3]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "left out: host-2" in done.stderr
    logs = [host.run("cat $HOME/log 2>/dev/null || true") for host in fleet.hosts]
    assert logs == ["1\n", "", "1\n"]
    status = json.loads(uptake(tmp_path, "status", "plan.yaml", "--json").stdout)
    assert {host["name"]: host["state"] for host in status["hosts"]}["host-2"] == "excluded"
    every = uptake(tmp_path, "deploy", "plan.yaml", "--yes", "--version", "2")
    assert every.returncode == 0, every.stdout + every.stderr
    assert [host.run("tail -n 1 $HOME/log") for host in fleet.hosts] == ["2\n"] * 3
    assert "0 differences" in uptake(tmp_path, "replay", "plan.yaml").stdout


def test_what_would_change_in_each_file(fleet: Fleet, tmp_path: Path) -> None:
    write(fleet, tmp_path)
    for host in fleet.hosts:
        host.run(f"rm -f $HOME/log; printf 'host = {host.name}\\nlevel = debug\\n' >$HOME/settings")
        host.run("echo 'version = 0' >$HOME/lines")
    alone = uptake(tmp_path, "deploy", "plan.yaml", "--diff")
    assert alone.returncode == 2
    assert "--dry-run" in alone.stderr
    told = uptake(tmp_path, "deploy", "plan.yaml", "--dry-run", "--diff", "--limit", "host-2", "--json")
    assert told.returncode == 0, told.stdout + told.stderr
    changes = json.loads(told.stdout)["changes"]
    assert {change["host"] for change in changes} == {"host-2"}
    (template,) = [change for change in changes if change["step"] == "files.template"]
    assert [line for line in template["diff"] if line[:2] in ("- ", "+ ")] == ["- level = debug", "+ level = info"]
    shown = uptake(tmp_path, "deploy", "plan.yaml", "--dry-run", "--diff").stdout
    assert shown.count("      - level = debug") == 3
    assert "\x1b" not in shown
    plain = uptake(tmp_path, "deploy", "plan.yaml", "--dry-run").stdout
    assert "level = debug" not in plain
    assert [host.run("cat $HOME/lines; cat $HOME/log 2>/dev/null || true") for host in fleet.hosts] == [
        "version = 0\n"
    ] * 3

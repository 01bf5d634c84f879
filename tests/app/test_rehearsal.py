"""Rehearsals: the same bytes for a seed in any process, replayed without a difference, and quick."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uptake.app.rehearsal import rehearse
from uptake.loop.replay import replay
from uptake.plan.read import read_plan

PLAN = """
plan: long
title: Half a year
timezone: Europe/Berlin
deploy:
  service: long
  version: "1"
  environment: test
  hosts: {inventory: inventory.csv, serves: site}
  configuration: [{shell: "true"}]
  update: {canary: 1, health: {checks: [{tcp: "{host}:1"}]}}
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [site, email]}
  waves: {assign_by: setting, sizes: [10%, 20%, 30%, 30%], holdout: 10%, stratify: [site], start: 2027-01-11, every: 6w}
  expose: {flag: long}
  gate: {adoption: 60%, at: +21d, else: hold, hold_at_most: 8w, min_people: 10}
  look: 1d
  announce: [{at: -14d, to: wave, via: [email], text: coming.md}]
  adoption: {event: used, count: 3, within: 21d, target: 70%}
  adjust: [{when: {measure: adoption, below: 40%, at: +14d}, do: notify, text: Slow}]
mail: {server: "smtp://127.0.0.1:25", from: a@example.org}
"""


def test_half_a_year_of_two_thousand_people_replays_without_a_difference() -> None:
    read = read_plan(PLAN, file="plan.yaml")
    began = time.monotonic()
    rehearsed = rehearse(read, seed=3, people=None, count=2_000)
    assert time.monotonic() - began < 15
    assert replay(read.plan, rehearsed.entries).differing == ()
    states = {n.decision.state for n in rehearsed.picture.decisions}
    assert {"deployed", "open", "adopted", "in use"} <= states
    days = (rehearsed.ended - rehearsed.entries[0].at) / 86_400_000
    assert days > 26 * 7 * 0.8


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_seed_gives_the_same_bytes_in_every_process(tmp_path: Path, seed: int) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    seen: set[str] = set()
    for hash_seed in ("0", "12345"):
        done = subprocess.run(
            [sys.executable, "-m", "uptake", "rehearse", str(plan), "--seed", str(seed), "--people", "300", "--json"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        )
        seen.add(done.stdout)
    assert len(seen) == 1
    assert json.loads(seen.pop())["differing"] == 0


def test_hosts_that_fail_stop_the_rehearsal_before_anyone_is_let_in() -> None:
    from uptake.simulate.world import Behaviour

    read = read_plan(PLAN, file="plan.yaml")
    rehearsed = rehearse(read, seed=1, people=None, count=100, behaviour=Behaviour(host_failure=1.0))
    states = {n.decision.state for n in rehearsed.picture.decisions}
    assert "failed" in states
    assert "open" not in states

"""Rehearsals: the same bytes for a seed in any process, replayed without a difference, and quick."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from uptake.app.rehearsal import Rehearsed, rehearse
from uptake.implement.targets import HALF
from uptake.loop.replay import replay
from uptake.plan.read import read_plan
from uptake.report.rehearsal import summarise
from uptake.simulate.world import Behaviour

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
    read = read_plan(PLAN, file="plan.yaml")
    rehearsed = rehearse(read, seed=1, people=None, count=100, behaviour=Behaviour(host_failure=1.0))
    states = {n.decision.state for n in rehearsed.picture.decisions}
    assert "failed" in states
    assert "open" not in states


OUTCOMES = PLAN.replace(
    "  adjust:",
    """  outcomes:
    - {name: days, from: {csv: d.csv}, by: 4%, primary: true, judge: +120d, looks: 14d}
    - name: calls
      from: {csv: c.csv}
      unit: person
      want: increase
      judge: +90d
      guardrail: {decrease: 3%, looks: 7d, min_count: 100000}
  adjust:""",
).replace("text: Slow}]", "text: Slow}, {when: {guardrail: calls}, do: rollback}]")


def halves(rehearsed: Rehearsed) -> list[str]:
    return [n.decision.state for n in rehearsed.picture.decisions if n.decision.stage == HALF]


def test_what_the_plan_wants_is_rehearsed_to_implemented() -> None:
    """By default outcomes change twice as much as is wanted; looks and findings are the product's own."""
    read = read_plan(OUTCOMES, file="plan.yaml")
    rehearsed = rehearse(read, seed=2, people=None, count=400, behaviour=Behaviour(effect=-0.1))
    assert "rolled back" in {n.decision.state for n in rehearsed.picture.decisions}, "calls fell by a tenth: harm"
    calls = next(one for one in rehearsed.picture.observed.outcomes if one.name == "calls")
    assert calls.finding == "harm"
    assert "implemented" not in halves(rehearsed)
    wanted = rehearse(read, seed=2, people=None, count=400)
    assert halves(wanted) == ["adopting", "in use", "implemented"]
    days = wanted.picture.observed.outcomes[0]
    assert (days.finding, days.level) == ("achieved", 0.96)
    assert replay(read.plan, wanted.entries).differing == ()


def test_without_an_effect_a_rehearsal_ends_in_use() -> None:
    read = read_plan(OUTCOMES, file="plan.yaml")
    rehearsed = rehearse(read, seed=2, people=None, count=400, behaviour=Behaviour(effect=0.0))
    assert halves(rehearsed)[-1] == "in use"
    days = rehearsed.picture.observed.outcomes[0]
    assert (days.finding, days.ended) == ("not achieved", True), "a fall by 4 % would have been seen"
    assert len(days.looks) == 9
    assert any("The effect is not shown yet." in n.decision.why for n in rehearsed.picture.decisions)
    summary = summarise(read, rehearsed.entries, rehearsed.picture, made_up=(), differing=0, seed=2)
    assert any(line.startswith("days is not achieved as of") for line in summary.outcomes)

"""Runs that others do: no step is asked for, the told version is the gate, and a later run overtakes one that waits."""

from tests.ringtest import PLAN, World
from uptake.core.action import EndRun
from uptake.deploy.targets import whole_run

OTHERS = """\
plan: trial
title: A trial
deploy:
  service: h1
  version: "1"
  environment: test
  observed:
    {http: "http://h1/", version_at: $.version, every: 1s, timeout: 1s, min_healthy_time: 10s, healthy_deadline: 60s}
"""


def started() -> World:
    world = World(OTHERS, hosts=1)
    world.start_deploy()
    return world


def test_it_succeeds_once_the_version_was_told_for_long_enough() -> None:
    world = started()
    world.turn(seconds=5)
    world.all_healthy()
    world.turn(seconds=9)
    assert world.state(-1) == "running"
    world.turn(seconds=2)
    assert world.state(-1) == "succeeded"
    assert [type(action) for action in world.hosts.accepted] == [EndRun]
    assert {noted.decision.rule for noted in world.picture.decisions} <= {"deploy", "deploy.observed"}


def test_it_is_held_past_the_deadline_and_goes_on_by_itself() -> None:
    world = started()
    world.probes.set("h1", "unhealthy", world.clock.now(), "tells 0, expected 1")
    world.turn()
    world.turn(seconds=61)
    assert world.state(-1) == "held"
    assert "tells 0, expected 1" in world.picture.last[whole_run(1)].evidence[0].seen
    world.all_healthy()
    world.turn(seconds=1)
    assert world.state(-1) == "running"
    world.turn(seconds=11)
    assert world.state(-1) == "succeeded"


def test_a_run_of_another_version_overtakes_one_that_waits() -> None:
    world = started()
    world.probes.set("h1", "unhealthy", world.clock.now(), "tells 0, expected 1")
    world.turn()
    world.start_deploy("2")
    world.turn()
    assert (world.state(-1, run=1), world.state(-1, run=2)) == ("failed", "running")
    assert "run 2 of 2 overtook it" in world.picture.last[whole_run(1)].why
    world.all_healthy()
    world.turn(seconds=11)
    assert world.state(-1, run=2) == "succeeded"
    world.turn(seconds=600)
    assert world.state(-1, run=1) == "failed"


def test_another_version_that_is_told_later_is_seen() -> None:
    world = started()
    world.all_healthy()
    world.turn(seconds=11)
    world.probes.set("h1", "unhealthy", world.clock.now(), "tells 3, expected 1")
    world.turn(seconds=1)
    assert "Not deployed" in world.whys()[-1]


def test_past_the_deadline_nobody_is_judged_before_the_first_look() -> None:
    """Who was away while the deadline passed has not seen the hosts yet: a run must not fail on that."""
    world = World(PLAN)
    world.start_deploy()
    world.turn()
    world.turn(seconds=61)
    assert world.state(-1) == "running"
    world.all_healthy()
    world.turn(seconds=11)
    assert world.state(0) == "healthy"

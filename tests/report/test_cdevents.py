"""A ledger as CDEvents: every one valid, each thing told once, the same again from the same ledger."""

from typing import Any

import msgspec
import pytest

from tests.cdevents import CONTENTS, faults
from tests.report.test_dora import PLAN, started
from tests.ringtest import World
from uptake.core.action import Outcome
from uptake.report.cdevents import Chronicle

PREPARED = PLAN.replace("  configuration:\n", "  infrastructure: [{shell: prepare}]\n  configuration:\n").replace(
    '    before_host: [{command: ["drain", "{host}"]}]\n', ""
)


def told(world: World) -> list[dict[str, Any]]:
    chronicle = Chronicle(world.read.plan)
    return [event for entry in world.ledger.read() for event in chronicle.tell(entry)]  # type: ignore[misc]


def short(events: list[dict[str, Any]], run: int = 0, *, tasks: bool = False) -> list[str]:
    """The types without what all have, of one run or of all; without its tasks unless wanted."""
    kinds = [e["context"]["type"][13:-6] for e in events if not run or e["customData"]["run"] == run]
    return [kind for kind in kinds if tasks or not kind.startswith("taskrun")]


@pytest.fixture
def world() -> World:
    """Version 1 succeeds; 2 fails its gate and goes back; 3 succeeds, and is ordered back; 1 again."""
    made = World(PREPARED, hosts=2)
    started(made, "1")
    made.turn(seconds=60)
    started(made, "2", well=False)
    made.turn(seconds=300)
    made.all_healthy()
    made.turn(seconds=60)
    started(made, "3")
    made.turn(seconds=60)
    made.say("rollback", "deploy", run=3)
    made.turn()
    made.turn(seconds=60)
    started(made, "1")
    made.turn(seconds=60)
    assert [made.state(-1, run=run) for run in (1, 2, 3, 4)] == ["succeeded", "rolled back", "rolled back", "succeeded"]
    return made


BEGINS = ["pipelinerun.queued", "pipelinerun.started"]
ENDS = ["pipelinerun.finished", "environment.modified"]


def test_what_each_run_says(world: World) -> None:
    events = told(world)
    assert short(events, 1) == [*BEGINS, *ENDS, "service.deployed"]
    assert short(events, 2) == [*BEGINS, "incident.detected", *ENDS, "service.rolledback", "incident.resolved"]
    back = ["incident.detected", "service.rolledback", "incident.resolved"]
    assert short(events, 3) == [*BEGINS, *ENDS, "service.upgraded", *back], "a pipeline run finishes once"
    assert short(events, 4) == [*BEGINS, *ENDS, "service.deployed"], "no other version than was there"
    steps = ["taskrun.started", "taskrun.finished"]
    assert [kind for kind in short(events, 1, tasks=True) if kind in steps] == steps * 2


def test_every_event_is_valid_and_every_type_is_told(world: World) -> None:
    events = told(world)
    assert [fault for event in events for fault in faults(event)] == []
    assert {event["context"]["type"] for event in events} == set(CONTENTS)


def test_the_schemas_find_what_is_wrong(world: World) -> None:
    deployed = next(event for event in told(world) if "service.deployed" in event["context"]["type"])
    for change in (
        {"subject": {"id": "helpdesk", "content": {"environment": {"id": "production"}}}},
        {"subject": {**deployed["subject"], "type": "service"}},
        {"context": {**deployed["context"], "type": "dev.cdevents.service.deployed.0.2.0"}},
        {"context": {**deployed["context"], "timestamp": "yesterday"}},
    ):
        assert faults({**deployed, **change}) != []


def test_what_they_hold(world: World) -> None:
    events = told(world)
    deployed, rolled = (
        next(event for event in events if kind in event["context"]["type"]) for kind in ("deployed", "rolledback")
    )
    content = {"environment": {"id": "production"}, "artifactId": "pkg:generic/helpdesk@1"}
    assert deployed["subject"] == {"id": "helpdesk", "content": content}
    assert rolled["subject"]["content"]["artifactId"] == "pkg:generic/helpdesk@1", "what runs now"
    assert (rolled["customData"]["version"], deployed["context"]["source"]) == ("1", "/uptake/helpdesk")
    ends = [e for e in events if "pipelinerun.finished" in e["context"]["type"]]
    assert [e["subject"]["content"]["outcome"] for e in ends] == ["success", "failure", "success", "success"]
    assert "was rolled back" in ends[1]["subject"]["content"]["errors"]
    detected, resolved = (
        [e["subject"]["id"] for e in events if f"incident.{word}" in e["context"]["type"]]
        for word in ("detected", "resolved")
    )
    assert detected == resolved == ["helpdesk/deploy/2/incident/1", "helpdesk/deploy/3/incident/1"]
    task = next(e for e in events if "taskrun.finished" in e["context"]["type"])
    assert task["subject"] == {
        "id": "helpdesk/deploy/1/0/infrastructure/0",
        "content": {
            "taskName": "infrastructure 1",
            "pipelineRun": {"id": "helpdesk/deploy/1"},
            "outcome": "success",
        },
    }


def test_one_chain_per_run_and_the_same_ids_again(world: World) -> None:
    events = told(world)
    chains = {run: {e["context"]["chainId"] for e in events if e["customData"]["run"] == run} for run in (1, 2, 3, 4)}
    assert [len(chain) for chain in chains.values()] == [1, 1, 1, 1]
    assert len(set.union(*chains.values())) == 4
    assert len({event["context"]["id"] for event in events}) == len(events)
    assert msgspec.json.encode(told(world)) == msgspec.json.encode(events)
    moments = [event["context"]["timestamp"] for event in events]
    assert moments == sorted(moments)


def test_a_failed_step_names_its_hosts_and_not_its_output() -> None:
    world = World(PREPARED, hosts=2)
    world.hosts.failing = {"1": ("h2",)}
    started(world, "1")
    events = told(world)
    task = next(e for e in events if "taskrun.finished" in e["context"]["type"])
    assert task["subject"]["content"]["outcome"] == "failure"
    assert task["subject"]["content"]["errors"] == "failed on h2"
    assert short(events) == [*BEGINS, "incident.detected", "pipelinerun.finished"], "nothing was put there"
    world.hosts.failing = {}
    started(world, "2")
    world.turn(seconds=60)
    assert short(told(world), 2) == [*BEGINS, *ENDS, "service.deployed"]
    resolved = [e for e in told(world) if "incident.resolved" in e["context"]["type"]]
    assert [e["customData"]["run"] for e in resolved] == [1], "the next one that succeeds ends what the first began"
    assert [fault for event in told(world) for fault in faults(event)] == []


def test_an_interrupted_run_is_not_over() -> None:
    world = World(PREPARED, hosts=2)
    world.hosts.silent = True
    started(world, "1")
    world.hosts.waiting = [Outcome(key=world.hosts.accepted[0].key, ok=False, interrupted=True)]
    world.turn(seconds=1)
    assert (world.state(-1), short(told(world), tasks=True)) == ("interrupted", [*BEGINS, "taskrun.started"])
    world.hosts.silent = False
    world.say("resume", "deploy", version="1")
    world.turn(seconds=1)
    world.all_healthy()
    world.turn(seconds=60)
    world.turn(seconds=60)
    assert short(told(world)) == [*BEGINS, *ENDS, "service.deployed"]


def test_of_a_deployment_by_others_only_the_waiting_is_told() -> None:
    text = """\
plan: helpdesk
title: Deployed by others
web: {url: "https://uptake.example.org"}
deploy:
  service: help desk
  version: "1"
  environment: production
  observed: {http: "https://helpdesk.example.org/version", version_at: $.version, min_healthy_time: 1s}
"""
    world = World(text, hosts=1)
    started(world, "1")
    world.turn(seconds=60)
    assert world.state(-1) == "succeeded"
    assert short(told(world)) == [*BEGINS, "pipelinerun.finished"], "who deployed says so; an echo would begin a run"
    assert told(world)[0]["subject"]["content"]["uri"] == "https://uptake.example.org"
    assert [fault for event in told(world) for fault in faults(event)] == []


def test_names_are_those_of_the_plan_that_counted() -> None:
    world = World(PREPARED, hosts=2)
    started(world, "1", text=PREPARED.replace("environment: production", "environment: staging"))
    world.turn(seconds=60)
    last = told(world)[-1]
    assert last["subject"]["content"]["environment"] == {"id": "staging"}

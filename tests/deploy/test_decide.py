"""The deploy half over whole runs: batches, gates, the way back, holds, restarts."""

import pytest

from tests.ringtest import PLAN, World
from uptake.core.action import EndRun, Notify, Outcome, RunStep
from uptake.deploy.targets import HALF, whole_run
from uptake.loop.replay import replay


def steps(world: World) -> list[tuple[int, int, str, int, str, tuple[str, ...]]]:
    return [
        (a.stage.run, a.stage.ordinal, a.part, a.item, a.version, a.hosts)
        for a in world.hosts.accepted
        if isinstance(a, RunStep)
    ]


def test_a_run_goes_batch_by_batch_and_ends_succeeded() -> None:
    world = World()
    world.deployed()
    assert steps(world) == [
        (1, 0, "configuration", 0, "1", ("h1",)),
        (1, 0, "configuration", 1, "1", ("h1",)),
        (1, 0, "tests", 0, "1", ("h1",)),
        (1, 1, "configuration", 0, "1", ("h2", "h3")),
        (1, 1, "configuration", 1, "1", ("h2", "h3")),
        (1, 1, "tests", 0, "1", ("h2", "h3")),
    ]
    assert sum(isinstance(a, EndRun) for a in world.hosts.accepted) == 1
    assert world.state(-1, run=1) == "succeeded"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_health_from_before_the_restart_does_not_pass_the_gate() -> None:
    world = World()
    world.all_healthy(since=0)
    world.start_deploy()
    world.turn()
    assert world.state(0) == "running"
    world.turn(seconds=9)
    assert world.state(0) == "running"
    world.turn(seconds=1.1)
    assert world.state(0) == "healthy"


def test_a_canary_that_stays_sick_is_rolled_back_and_the_others_never_see_it() -> None:
    world = World()
    world.deployed()
    world.start_deploy("2")
    world.turn()
    world.probes.set("h1", "unhealthy", world.clock.now(), "http answered 500")
    world.turn(seconds=61)
    world.probes.set("h1", "healthy", world.clock.now())
    world.turn(seconds=11)
    assert world.state(-1) == "rolled back"
    second = [s for s in steps(world) if s[0] == 2]
    assert second == [
        (2, 0, "configuration", 0, "2", ("h1",)),
        (2, 0, "configuration", 1, "2", ("h1",)),
        (2, 1000, "configuration", 0, "1", ("h1",)),
        (2, 1000, "configuration", 1, "1", ("h1",)),
    ]
    assert any("http answered 500" in e.seen for n in world.picture.decisions for e in n.decision.evidence)
    titles = [a.title for a in world.mail.accepted if isinstance(a, Notify)]
    assert "A trial: rolled back" in titles
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_first_run_has_nothing_to_go_back_to() -> None:
    world = World()
    world.hosts.failing = {"1": ("h1",)}
    world.start_deploy()
    world.turn()
    assert world.state(-1) == "failed"
    assert "h1" in world.whys()[-1]
    assert len(steps(world)) == 1


def test_a_later_batch_takes_every_changed_host_back_newest_first() -> None:
    world = World()
    world.deployed()
    world.hosts.failing = {"2": ("h3",)}
    world.start_deploy("2")
    world.turn()
    world.turn(seconds=11)
    for _ in range(4):
        world.turn(seconds=11)
    assert world.state(-1) == "rolled back"
    back = [s[1] for s in steps(world) if s[1] >= 1000]
    assert back == [1001, 1001, 1000, 1000]


def test_exclude_drops_the_host_and_the_others_go_on() -> None:
    world = World(PLAN.replace("on_failure: rollback", "on_failure: exclude"))
    world.hosts.failing = {"1": ("h2",)}
    world.start_deploy()
    world.all_healthy()
    for _ in range(5):
        world.turn(seconds=11)
    assert world.state(-1) == "succeeded"
    assert world.picture.runs[0].excluded == {"h2"}
    assert "2 of 3" in world.picture.last[whole_run(1)].why


def test_hold_on_failure_asks_and_approve_lets_it_go_on() -> None:
    world = World(PLAN.replace("on_failure: rollback", "on_failure: hold"))
    world.hosts.failing = {"1": ("h1",)}
    world.start_deploy()
    world.all_healthy()
    world.turn()
    assert world.state(-1) == "held"
    assert list(world.picture.questions) == ["run-1-batch-1"]
    world.hosts.failing = {}
    world.say("approve", question="run-1-batch-1")
    for _ in range(5):
        world.turn(seconds=11)
    assert world.state(-1) == "succeeded"
    assert not world.picture.questions


@pytest.mark.parametrize("times", [1, 2])
def test_a_persons_hold_holds_until_resume(times: int) -> None:
    world = World()
    world.start_deploy()
    world.all_healthy()
    for _ in range(times):
        world.say("hold", "deploy")
        world.turn(seconds=30)
        count = len(steps(world))
        world.turn(seconds=600)
        assert world.state(-1) == "held"
        assert len(steps(world)) == count
        world.say("resume", "deploy")
        world.turn()
        assert world.state(-1) == "running"
    for _ in range(5):
        world.turn(seconds=11)
    assert world.state(-1) == "succeeded"


def test_a_restart_hands_over_what_is_open_under_the_same_key() -> None:
    world = World()
    world.hosts.silent = True
    world.start_deploy()
    world.turn()
    first = [a.key for a in world.hosts.accepted]
    world.hosts.accepted.clear()
    world.ring = world.new_ring()
    world.turn()
    assert [a.key for a in world.hosts.accepted] == first


def test_no_progress_fails_the_batch() -> None:
    world = World()
    world.hosts.silent = True
    world.start_deploy()
    world.turn()
    world.turn(seconds=601)
    assert world.state(-1) == "failed"


def test_an_interrupted_run_goes_on_after_resume() -> None:
    world = World()
    world.hosts.silent = True
    world.start_deploy()
    world.turn()
    key = world.hosts.accepted[0].key
    world.hosts.waiting.append(Outcome(key=key, ok=False, interrupted=True))
    world.turn()
    assert world.state(-1) == "interrupted"
    world.hosts.silent = False
    world.say("resume", "deploy")
    world.all_healthy()
    for _ in range(5):
        world.turn(seconds=11)
    assert world.state(-1) == "succeeded"
    assert [a.key for a in world.hosts.accepted].count(key) == 2


def test_deployed_is_said_lost_and_said_again() -> None:
    world = World()
    world.deployed()

    def half() -> str:
        return world.picture.stage(HALF).state

    world.turn(seconds=11)
    assert half() == "deployed"
    world.probes.set("h2", "unhealthy", world.clock.now(), "refused")
    world.turn(seconds=1)
    assert half() == "not deployed"
    world.probes.set("h2", "unknown", 0)
    world.turn(seconds=1)
    assert half() == "not deployed"
    world.probes.set("h2", "healthy", world.clock.now())
    world.turn(seconds=11)
    assert half() == "deployed"
    world.start_deploy("2")
    world.turn(seconds=1)
    assert half() == "not deployed"


def test_a_plan_without_health_checks_is_deployed_by_its_steps() -> None:
    text = PLAN.replace('checks: [{http: {url: "http://{host}/", expect: 200}}]', "checks: []").replace("canary: 1", "")
    world = World(text)
    world.start_deploy()
    world.turn()
    assert world.state(-1) == "succeeded"
    assert world.picture.stage(HALF).state == "deployed"


def test_a_host_that_cannot_be_taken_back_does_not_keep_the_others_from_it() -> None:
    """A host that froze stays behind, named; the rest of its batch gets every step of the way back and its gate."""
    world = World()
    world.deployed()
    world.start_deploy("2")
    world.turn()
    world.turn(seconds=11)
    world.hosts.failing = {"1": ("h3",), "2": ("h3",)}
    world.probes.set("h2", "unhealthy", world.clock.now(), "http answered 500")
    world.turn(seconds=61)
    world.probes.set("h2", "healthy", world.clock.now())
    world.turn(seconds=11)
    world.turn(seconds=11)
    back = [s for s in steps(world) if s[0] == 2 and s[1] >= 1000]
    assert (2, 1001, "configuration", 1, "1", ("h2",)) in back
    assert world.state(-1) == "failed"
    why = " ".join(world.whys())
    assert "could not be taken back to 1 on h3" in why
    assert "back and healthy: h2" in why
    assert replay(world.read.plan, world.ledger.entries).differing == ()


@pytest.mark.parametrize("when", ["succeeded", "running", "held"])
def test_a_person_orders_the_latest_run_back(when: str) -> None:
    world = World(PLAN.replace("on_failure: rollback", "on_failure: hold"))
    world.deployed()
    if when == "held":
        world.hosts.failing = {"2": ("h3",)}
    world.start_deploy("2")
    world.turn()
    for _ in range(0 if when == "running" else 8):
        world.turn(seconds=11)
    assert world.state(-1) == when
    changed = {host for step in steps(world) if step[0] == 2 and step[2] != "tests" for host in step[5]}
    world.hosts.failing = {}
    world.say("rollback", "deploy", run=2)
    for _ in range(8):
        world.turn(seconds=11)
    assert world.state(-1) == "rolled back"
    back = [(step[1], step[4], step[5]) for step in steps(world) if step[1] >= 1000]
    assert {host for _, _, hosts in back for host in hosts} == changed
    assert {version for _, version, _ in back} == {"1"}
    assert [ordinal for ordinal, _, _ in back] == sorted((ordinal for ordinal, _, _ in back), reverse=True)
    assert "Run 2 of 2 is being taken back to 1, ordered by test." in world.whys()
    count = len(steps(world))
    world.turn(seconds=600)
    assert (world.state(-1), len(steps(world))) == ("rolled back", count), "once"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_persons_hold_stands_before_the_way_back() -> None:
    world = World()
    world.deployed()
    world.start_deploy("2")
    world.turn()
    world.say("hold", "deploy")
    world.say("rollback", "deploy", run=2)
    world.turn(seconds=11)
    assert world.state(-1) == "held"
    world.say("resume", "deploy")
    for _ in range(6):
        world.turn(seconds=11)
    assert world.state(-1) == "rolled back"

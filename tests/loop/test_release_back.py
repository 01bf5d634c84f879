"""A rule that takes the release back: the deploy half reads it from the picture, and goes back gate by gate."""

import pytest

from tests.ringtest import PLAN, World
from uptake.core.action import Close, EndRun, RunStep
from uptake.core.entry import Asked
from uptake.loop.replay import replay

DAY = 86_400
RULE = PLAN.replace(
    "notify:",
    "  adjust: [{when: {measure: adoption, below: 50%, at: +12h}, do: rollback_release}]\nnotify:",
)


def asked(world: World, kind: type) -> list[object]:
    return [
        e.body.action for e in world.ledger.entries if isinstance(e.body, Asked) and isinstance(e.body.action, kind)
    ]


def second_run(world: World) -> None:
    world.deployed()
    world.start_deploy("2")
    for _ in range(12):
        world.turn(seconds=11)
        if world.state(-1) == "succeeded":
            return
    raise AssertionError(world.whys())


def test_the_wave_is_closed_and_the_hosts_go_back_newest_batch_first() -> None:
    world = World(RULE)
    second_run(world)
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    world.turn(seconds=DAY / 2)
    for _ in range(12):
        world.turn(seconds=11)
    assert world.wave(0) == "rolled back"
    assert world.state(-1) == "rolled back"
    assert len(asked(world, Close)) == 1
    back = [action for action in asked(world, RunStep) if action.stage.is_rollback]  # type: ignore[attr-defined]
    assert {action.version for action in back} == {"1"}  # type: ignore[attr-defined]
    assert [action.stage.ordinal for action in back] == sorted((a.stage.ordinal for a in back), reverse=True)  # type: ignore[attr-defined]
    assert {action.part for action in back} == {"configuration"}  # type: ignore[attr-defined]
    ends = [action.key for action in asked(world, EndRun)]  # type: ignore[attr-defined]
    assert ends == ["trial/deploy/1/run/end/0", "trial/deploy/2/run/end/0", "trial/deploy/2/run/end/1"]
    assert "Infrastructure and data were not undone." in " ".join(world.whys())
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_hosts_that_are_not_healthy_on_the_way_back_are_named() -> None:
    world = World(RULE)
    second_run(world)
    world.start_implement()
    world.turn()
    world.turn(seconds=DAY / 2)
    world.probes.set("h2", "unhealthy", world.clock.now(), "http answered 500")
    for _ in range(30):
        world.turn(seconds=11)
    assert world.state(-1) == "failed"
    assert "so did the way back to 1" in " ".join(world.whys())


@pytest.mark.parametrize("hold", [True, False])
def test_a_first_run_has_nothing_to_go_back_to_and_says_so_once(hold: bool) -> None:
    world = World(RULE)
    world.deployed()
    world.start_implement()
    world.turn()
    if hold:
        world.say("hold", "deploy")
    world.turn(seconds=DAY / 2)
    if hold:
        world.turn(seconds=60)
        assert not [why for why in world.whys() if "no release before" in why]
        world.say("resume", "deploy")
    for _ in range(5):
        world.turn(seconds=60)
    assert world.wave(0) == "rolled back"
    assert world.state(-1) == "succeeded"
    assert len([why for why in world.whys() if "no release before it to go back to" in why]) == 1
    assert not [action for action in asked(world, RunStep) if action.stage.is_rollback]  # type: ignore[attr-defined]
    assert replay(world.read.plan, world.ledger.entries).differing == ()

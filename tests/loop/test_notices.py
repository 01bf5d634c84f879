"""When the plan's own people are told of a run: as `deploy.notices` says."""

import pytest

from tests.ringtest import PLAN, World
from uptake.core.action import Notify


def told(world: World) -> list[str]:
    return [action.title.removeprefix("A trial: ") for action in world.mail.accepted if isinstance(action, Notify)]


def plan(words: str) -> str:
    return PLAN.replace("  update:\n", f"  notices: [{words}]\n  update:\n", 1)


@pytest.mark.parametrize(
    ("words", "well", "ill"),
    [
        ("hold, failure", [], ["rolled back"]),
        ("start, hold, failure, end", ["running", "succeeded"], ["running", "rolled back"]),
        ("end", ["succeeded"], []),
        ("start", ["running"], ["running"]),
    ],
)
def test_a_run_that_succeeds_and_one_that_fails(words: str, well: list[str], ill: list[str]) -> None:
    world = World(plan(words))
    world.deployed()
    assert told(world) == well
    world.mail.accepted.clear()
    world.hosts.failing = {"2": ("h1",)}
    world.start_deploy("2")
    for _ in range(6):
        world.turn(seconds=11)
    assert [word for word in told(world) if word != "unhealthy"] == ill


@pytest.mark.parametrize(("words", "asked"), [("hold", ["needs a person"]), ("failure", [])])
def test_a_run_that_is_held(words: str, asked: list[str]) -> None:
    world = World(plan(words).replace("on_failure: rollback", "on_failure: hold"))
    world.all_healthy()
    world.hosts.failing = {"1": ("h1",)}
    world.start_deploy()
    world.turn()
    assert told(world) == asked

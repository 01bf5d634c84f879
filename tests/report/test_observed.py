"""A deployment by others on every screen: what is told, what is awaited, and no word of hosts that are not ours."""

from tests.deploy.test_observed import started
from tests.ringtest import World
from uptake.report.board import Board
from uptake.report.figures import figures
from uptake.report.status import status_text


def board_of(world: World) -> Board:
    return figures(world.read, world.picture, world.clock.now())


def test_it_is_awaited_held_and_then_told() -> None:
    world = started()
    world.probes.set("h1", "unhealthy", world.clock.now(), "tells 0, expected 1")
    world.turn()
    world.turn(seconds=61)
    held = board_of(world)
    (failed,) = held.failures
    assert (failed.lines, failed.line.partition(":")[0]) == (("unhealthy: tells 0, expected 1",), "plan.yaml")
    assert "once this version is told" in failed.next
    assert held.hosts[0].version == ""
    world.all_healthy()
    world.turn(seconds=1)
    world.turn(seconds=11)
    told = board_of(world)
    assert (told.failures, told.states["deploy"], told.hosts[0].version) == ((), "deployed", "1")
    values = {figure.phrase: figure.value for figure in told.figures if figure.half == "deploy"}
    assert values["positioning resources for use"] == "1 on 1 of 1 host"
    assert values["resources and technology"] == "deployed by others, told at http://h1/"
    assert values["resource constraints"] == ""
    assert "Failed" not in status_text(told)
    assert "no step of ours" in values["time-sensitive: up quickly and smoothly"]

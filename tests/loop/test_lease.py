"""A ring whose lease is lost does nothing more, also where nothing would be written."""

import pytest

from tests.ringtest import World
from uptake.core.action import RunStep
from uptake.core.problem import Stale
from uptake.loop.run import run
from uptake.loop.tick import Ring


def test_what_another_process_asked_for_is_not_done_by_one_that_lost_the_lease() -> None:
    world = World()
    held = [True]
    late = Ring(world.read.plan, world.ring.ports, epoch=None, held=lambda: held[0])
    late.tick()
    world.start_deploy()
    held[0] = False
    with pytest.raises(Stale):
        run(late, until=lambda _: False)
    assert world.ledger.head() == 1
    assert not world.hosts.accepted


def test_a_lease_lost_within_the_turn_hands_nothing_over() -> None:
    world = World()
    asked = []

    def held() -> bool:
        asked.append(len(world.ledger.entries))
        return len(asked) == 1

    world.start_deploy()
    with pytest.raises(Stale):
        Ring(world.read.plan, world.ring.ports, epoch=None, held=held).tick()
    assert any(type(entry.body).__name__ == "Asked" for entry in world.ledger.entries)
    assert not world.hosts.accepted
    world.turn()
    assert [type(action) for action in world.hosts.accepted][:1] == [RunStep]

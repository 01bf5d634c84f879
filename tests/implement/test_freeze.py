"""A freeze of the implement half: no wave opens in it, and the booking says why it is so late."""

from tests.ringtest import PLAN, World
from uptake.core.time import parse_instant

DAY = 86_400
FROZEN = PLAN.replace("  look: 1d\n", "  look: 1d\n  freeze: [{from: 2027-01-16, to: 2027-01-18, why: Audit}]\n")


def test_a_wave_waits_for_the_end_and_says_so() -> None:
    world = World(FROZEN)
    world.deployed()
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    assert "Wave 2 is booked for 19 Jan 2027 00:00:00, when the freeze ends (Audit)." in world.whys()
    world.counts.adopters = {0: 19}
    end = parse_instant("2027-01-19T00:00", "Europe/Berlin")
    while world.clock.now() < end - DAY * 1000:
        world.turn(seconds=DAY / 2)
        assert world.wave(1) != "open"
    world.turn(seconds=DAY)
    assert world.wave(1) == "open"


def test_a_booking_that_no_freeze_moved_says_nothing_of_one() -> None:
    world = World(FROZEN.replace("2027-01-16, to: 2027-01-18", "2027-03-01, to: 2027-03-02"))
    world.deployed()
    world.start_implement()
    world.turn()
    assert not [why for why in world.whys() if "freeze" in why]

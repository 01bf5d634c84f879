"""A plan whose use lies elsewhere: gates wait for the lag, and ask a person while the source says nothing."""

from tests.ringtest import PLAN, World
from uptake.core.look import SourceSeen
from uptake.core.time import Instant
from uptake.loop.replay import replay

DAY = 86_400
NAME = "implement.adoption.from"
LATE = PLAN.replace("target: 60%}", "target: 60%, from: {csv: use.csv, lag: 2d}}")


def begun() -> World:
    world = World(LATE)
    world.deployed()
    world.turn(seconds=11)
    world.look.sources = (SourceSeen(name=NAME, state="fresh", as_of=world.clock.now()),)
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    return world


def source(world: World, state: str, detail: str = "") -> None:
    world.look.sources = (SourceSeen(name=NAME, state=state, as_of=world.clock.now(), detail=detail),)  # type: ignore[arg-type]


def test_a_gate_is_judged_when_its_day_is_complete() -> None:
    world = begun()
    world.counts.adopters[0] = 15
    for _ in range(2):
        source(world, "fresh")
        world.turn(seconds=DAY)
        assert world.wave(0) == "adopting", "its day has come, but the source knows it only two days later"
    source(world, "fresh")
    world.turn(seconds=DAY)
    assert world.wave(0) == "adopted"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_counts_are_taken_up_to_when_the_source_is_complete() -> None:
    world = begun()
    asked: list[Instant] = []
    count = world.counts.count

    def noted(asks):
        asked.extend(ask.until for ask in asks)
        return count(asks)

    world.counts.count = noted  # type: ignore[method-assign]
    complete = Instant(world.clock.now() + 1_000)
    world.look.sources = (SourceSeen(name=NAME, state="fresh", as_of=complete),)
    world.turn(seconds=DAY)
    assert set(asked) == {complete}


def test_a_source_that_says_nothing_makes_a_gate_ask_a_person_until_it_speaks_again() -> None:
    world = begun()
    world.counts.adopters[0] = 5
    source(world, "stale", "use.csv: the file cannot be read")
    world.turn(seconds=3 * DAY)
    assert world.wave(0) == "held"
    assert list(world.picture.questions) == ["gate-wave-1"]
    assert any("Wave 1 cannot be judged: its source of use is stale; a person must" in why for why in world.whys())
    source(world, "fresh")
    world.turn(seconds=DAY)
    assert (world.wave(0), list(world.picture.questions)) == ("held", [])
    assert "Wave 1 is held: below its gate." in world.whys()
    assert replay(world.read.plan, world.ledger.entries).differing == ()

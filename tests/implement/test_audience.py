"""A refused personnel export keeps the next wave from opening; who joins an open wave gets access too."""

from tests.implement.test_decide import ACCESS, DAY
from tests.ringtest import PLAN, World
from uptake.core.action import Grant, Outcome
from uptake.core.look import SourceSeen
from uptake.loop.replay import replay

FED = PLAN.replace("attributes: [site]}", "attributes: [site], refresh: 1d}")


def export(world: World, state: str, detail: str = "", mark: str = "") -> None:
    seen = SourceSeen(name="implement.audience.from", state=state, detail=detail, mark=mark)  # type: ignore[arg-type]
    world.look.sources = (seen,)


def one_wave_adopted() -> World:
    world = World(FED)
    world.deployed()
    world.turn(seconds=11)
    export(world, "fresh")
    world.start_implement()
    world.turn()
    world.counts.adopters[0] = 15
    return world


def test_no_wave_opens_on_a_refused_export_until_a_person_lets_it_in() -> None:
    world = one_wave_adopted()
    export(world, "refused", "people.csv: 20 of 40 people are gone, more than 10%", mark="0123456789abcdef")
    world.turn(seconds=DAY)
    assert (world.wave(0), world.wave(1)) == ("adopted", "planned")
    assert list(world.picture.questions) == ["audience-01234567"]
    assert any("20 of 40 people are gone" in why for why in world.whys())
    world.say("approve", question="audience-01234567")
    world.turn()
    assert world.wave(1) == "open"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_good_export_ends_it_by_itself() -> None:
    world = one_wave_adopted()
    export(world, "refused", "people.csv, line 7: a quote that is opened here is not closed", mark="")
    world.turn(seconds=DAY)
    assert (world.wave(1), list(world.picture.questions)) == ("planned", [])
    export(world, "refused", "people.csv: half is gone", mark="feedbeef")
    world.turn(seconds=DAY)
    assert list(world.picture.questions) == ["audience-feedbeef"]
    export(world, "fresh")
    world.turn(seconds=DAY)
    assert (world.wave(1), list(world.picture.questions)) == ("open", [])
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_who_joins_an_open_wave_gets_access_too() -> None:
    world = World(ACCESS)
    world.deployed()
    world.turn(seconds=11)
    world.start_implement()
    world.turn()
    grown = [{"ordinal": 0, "people": 21, "serves": ["s1"]}, {"ordinal": 1, "people": 20, "serves": ["s2"]}]

    def granted() -> list[str]:
        return [act.action.key for act in world.picture.acts.values() if isinstance(act.action, Grant)]

    assert granted() == ["trial/implement/1/0/grant/0"]
    seq = world.say("audience", "implement", waves=grown).seq
    world.access.silent = True
    world.turn()
    assert granted()[1:] == [f"trial/implement/1/0/grant/{seq}.0"]
    world.access.waiting.append(Outcome(key=world.access.accepted[-1].key, ok=False, counts={"failed": 1, "done": 20}))
    world.turn()
    world.turn(seconds=DAY)
    assert granted()[2:] == [f"trial/implement/1/0/grant/{seq}.1"], "who is left is asked for again at the next look"
    assert replay(world.read.plan, world.ledger.entries).differing == ()

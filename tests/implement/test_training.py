"""Training before a wave opens: invited in time, waited for where the plan says so, a further session by hand."""

from tests.ringtest import PLAN, World
from uptake.core.action import Failure, Invite, Notify, Outcome
from uptake.core.look import Trained
from uptake.implement.steps import train_more
from uptake.implement.targets import wave_stage
from uptake.loop.replay import replay

DAY = 86_400.0
TAUGHT = (
    PLAN.replace("attributes: [site]}", "attributes: [site, email]}")
    .replace("every: 1d}", "every: 3d}")
    .replace(
        "  look: 1d",
        "  train: {path: [basics], sessions: sessions.csv, invite: -1d, completions: {csv: done.csv}, needed: 60%}\n"
        "  look: 1d",
    )
    + 'mail: {server: "smtp://127.0.0.1:25", from: a@example.org}\nowner: kim@example.org\n'
)


def known(world: World, *trained: int) -> None:
    world.look.training = tuple(
        Trained(wave=wave, people=20, invited=20, trained=number, missed=0) for wave, number in enumerate(trained)
    )


def invites(world: World) -> list[tuple[int, int]]:
    acts = [act.action for act in world.picture.acts.values()]
    return [(act.stage.ordinal, act.round) for act in acts if isinstance(act, Invite)]


def begun(*trained: int) -> World:
    world = World(TAUGHT)
    world.deployed()
    world.turn(seconds=11)
    known(world, *trained)
    world.start_implement()
    world.turn()
    return world


def test_a_wave_is_invited_before_its_opening_and_opens_once_enough_are_trained() -> None:
    world = begun(11, 0)
    assert invites(world) == [(0, 0)]
    assert (world.wave(0), list(world.picture.questions)) == ("training", ["training-wave-1"])
    assert any("11 of 20 people are trained, 60% are needed" in why for why in world.whys())
    known(world, 12, 0)
    world.turn(seconds=DAY)
    assert (world.wave(0), list(world.picture.questions)) == ("open", [])
    world.counts.adopters[0] = 15
    world.turn(seconds=DAY)
    assert invites(world) == [(0, 0)], "wave 2 is booked for the third day, its invitation for the day before"
    world.turn(seconds=DAY)
    assert (invites(world), world.wave(1)) == ([(0, 0), (1, 0)], "training")
    world.turn(seconds=DAY)
    assert world.wave(1) == "training"
    world.say("approve", question="training-wave-2")
    world.turn()
    assert world.wave(1) == "open", "a person lets it open without"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_missing_seats_are_told_once_and_to_the_owner() -> None:
    world = World(TAUGHT)
    world.deployed()
    world.turn(seconds=11)
    world.mail.silent = True
    known(world, 0, 0)
    world.start_implement()
    world.turn()
    failure = Failure(target="p", state="no seat", step="basics", lines=("basics: there is no session of it in time",))
    counts = {"done": 15, "no seat": 5}
    (asked,) = (act.action.key for act in world.picture.acts.values() if isinstance(act.action, Invite))
    world.mail.waiting.append(Outcome(key=asked, ok=False, counts=counts, failures=(failure,)))
    world.turn()
    world.turn(seconds=DAY)
    told = [why for why in world.whys() if "invitations were not made" in why]
    what = "Wave 1: 5 of 20 invitations were not made: basics: there is no session of it in time. "
    assert told == [what + "Add sessions, or invite by hand."]
    notices = [act.action for act in world.picture.acts.values() if isinstance(act.action, Notify)]
    assert [one.to for one in notices if "seats are missing" in one.title] == ["kim@example.org"]
    (more,) = train_more(world.read.plan, world.picture, wave_stage(0))
    assert isinstance(more, Invite)
    assert more.round == 1
    assert replay(world.read.plan, world.ledger.entries).differing == ()

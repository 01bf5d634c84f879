"""The join of the halves over any order of failures, runs, holds and adoption, and what may be said of it."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ringtest import World
from uptake.core.action import Open, RunStep
from uptake.core.entry import Asked, Decided, Observed, Said
from uptake.core.picture import Picture, fold
from uptake.core.stage import Stage
from uptake.loop.replay import replay

HOSTS = ("h1", "h2", "h3")
EVENTS = st.one_of(
    st.tuples(st.just("sick"), st.sampled_from(HOSTS)),
    st.tuples(st.just("well"), st.sampled_from(HOSTS)),
    st.tuples(st.just("unknown"), st.sampled_from(HOSTS)),
    st.tuples(st.just("deploy"), st.sampled_from(["1", "2", "3"])),
    st.tuples(st.just("break"), st.sampled_from(["2", "3"])),
    st.tuples(st.just("hold"), st.sampled_from(["", "deploy", "implement"])),
    st.tuples(st.just("resume"), st.just("")),
    st.tuples(st.just("adopt"), st.integers(0, 20)),
    st.tuples(st.just("pass"), st.sampled_from([3, 30, 4_000, 90_000, 200_000])),
    st.tuples(st.just("restart"), st.just("")),
    st.tuples(st.just("approve"), st.just("")),
)


def act(world: World, what: str, value: object) -> None:
    now = world.clock.now()
    match what:
        case "sick":
            world.probes.set(str(value), "unhealthy", now, "http answered 500")
        case "well":
            world.probes.set(str(value), "healthy", now)
        case "unknown":
            world.probes.set(str(value), "unknown", 0)
        case "deploy":
            if world.state(-1) not in ("running", "held", "") or not world.picture.runs:
                world.start_deploy(str(value))
        case "break":
            world.hosts.failing = {str(value): ("h2",)}
        case "hold" | "resume":
            world.say(what, str(value))
        case "adopt":
            world.counts.adopters = {0: int(str(value)), 1: int(str(value))}
        case "restart":
            world.ring = world.new_ring()
        case "approve":
            for question in list(world.picture.questions):
                world.say("approve", question=question)
        case _:
            pass
    world.turn(seconds=float(str(value)) if what == "pass" else 0.0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENTS, min_size=5, max_size=40))
def test_no_wave_opens_on_an_unhealthy_site_and_nothing_is_said_too_early(events: list[tuple[str, object]]) -> None:
    world = World()
    world.start_deploy()
    world.start_implement()
    world.turn()
    for what, value in events:
        act(world, what, value)
    check_history(world)
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def check_history(world: World) -> None:
    """Walk the ledger again: each opening, each word of being deployed or in use, against its definition."""
    picture = Picture()
    opened: list[int] = []
    for entry in world.ledger.entries:
        before = picture.observed
        fold(picture, entry)
        if isinstance(entry.body, Asked) and isinstance(entry.body.action, Open):
            ordinal = entry.body.action.stage.ordinal
            opened.append(ordinal)
            serving = f"h{ordinal + 1}"
            assert picture.host(serving).state == "healthy"
            assert before.now - picture.host(serving).since >= 10_000
            run = picture.runs[-1]
            state = picture.stage(Stage(half="deploy", run=run.number, ordinal=-1)).state
            assert state in ("succeeded", "rolled back")
        if isinstance(entry.body, Decided):
            for decision in entry.body.decisions:
                if decision.state == "in use":
                    assert opened == [0, 1]
                    assert sum(a.adopters for a in picture.observed.waves) >= 0.6 * 40
                if decision.state == "deployed":
                    assert all(picture.host(h.name).state == "healthy" for h in picture.runs[-1].hosts)
    assert opened == sorted(set(opened))


def test_a_hold_that_stands_in_the_ledger_always_holds() -> None:
    world = World()
    world.start_deploy()
    world.say("hold")
    world.all_healthy()
    world.turn(seconds=100)
    held_at = next(e.seq for e in world.ledger.entries if isinstance(e.body, Said) and e.body.what == "hold")
    later = [e.body.action for e in world.ledger.entries if e.seq > held_at and isinstance(e.body, Asked)]
    assert not [action for action in later if isinstance(action, RunStep)]


def test_unchanged_observations_and_decisions_are_not_written_again() -> None:
    world = World()
    world.deployed()
    world.turn(seconds=11)
    head = world.ledger.head()
    for _ in range(50):
        world.ring.tick()
    assert world.ledger.head() == head
    assert sum(isinstance(e.body, Observed) for e in world.ledger.entries) < 40

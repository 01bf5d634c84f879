"""Access that did not reach everybody: told with its numbers, asked again at looks, ten times at most."""

from tests.implement.test_decide import ACCESS, DAY, begun, opened
from tests.ringtest import PLAN, World
from uptake.core.action import Failure, Grant, Outcome, Withdraw
from uptake.core.picture import Act
from uptake.implement.decide.access import is_unfinished
from uptake.loop.replay import replay

RULE = "implement.expose.access"


def with_access(text: str = ACCESS) -> World:
    world = World(text)
    world.access.silent = True
    world.deployed()
    world.turn(seconds=11)
    world.start_implement()
    world.turn()
    return world


def asked(world: World, kind: type) -> list[Act]:
    return [act for act in world.picture.acts.values() if isinstance(act.action, kind)]


def end(world: World, *, ok: bool = False, line: str = "no such group", **counts: int) -> None:
    """The last thing asked of access ends."""
    key = world.access.accepted[-1].key
    failures = () if ok else (Failure(target="p", state="failed", step="grant", exit_code=1, lines=(line,)),)
    words = {name.replace("_", " "): number for name, number in counts.items()}
    world.access.waiting.append(Outcome(key=key, ok=ok, counts=words, failures=failures))
    world.turn()


def told(world: World) -> list[str]:
    return [n.decision.why for n in world.picture.decisions if n.decision.rule == RULE]


def test_who_is_left_is_asked_for_again_at_the_next_look_until_everybody_has_it() -> None:
    world = with_access()
    end(world, done=15, nobody=1, failed=3, in_doubt=1)
    assert told(world) == [
        "Access for wave 1: 15 of 20 people have it, 1 is nobody there, 4 are left; asked for again at the next look."
    ]
    said = next(n.decision for n in world.picture.decisions if n.decision.rule == RULE)
    assert (said.verdict, said.state) == ("adjust", "open")
    assert [e.seen for e in said.evidence] == ["15", "no such group"]
    assert len(asked(world, Grant)) == 1
    world.turn(seconds=DAY + 1)
    assert [act.action.key.rpartition("/")[2] for act in asked(world, Grant)] == ["0", "1"]
    end(world, done=19, nobody=1)
    assert told(world)[1:] == ["Access for wave 1: 19 of 20 people have it, 1 is nobody there."]
    world.turn(seconds=3 * DAY)
    assert len(asked(world, Grant)) == 2
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_nobody_is_no_reason_to_ask_again() -> None:
    world = with_access()
    end(world, done=18, nobody=2)
    world.turn(seconds=5 * DAY)
    assert told(world) == ["Access for wave 1: 18 of 20 people have it, 2 are nobody there."]
    assert len(asked(world, Grant)) == 1


def test_all_is_well_is_not_worth_a_word() -> None:
    world = with_access()
    end(world, ok=True, done=20)
    world.turn(seconds=5 * DAY)
    assert told(world) == []


def test_it_is_tried_ten_times_and_told_only_when_something_changes() -> None:
    world = with_access()
    for _ in range(12):
        if any(act.outcome is None for act in asked(world, Grant)):
            end(world, done=19, failed=1)
        world.turn(seconds=DAY + 1)
    assert len(asked(world, Grant)) == 10
    assert told(world) == [
        "Access for wave 1: 19 of 20 people have it, 1 is left; asked for again at the next look.",
        "Access for wave 1: 19 of 20 people have it, 1 is left; not asked for again after 10 times.",
    ]
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_refusal_before_anybody_was_looked_up_leaves_everybody() -> None:
    world = with_access()
    end(world, line="this variable is not set in the environment")
    assert told(world) == ["Access for wave 1: 0 of 20 people have it, 20 are left; asked for again at the next look."]


def test_a_hold_keeps_grants_back_until_resume() -> None:
    world = with_access()
    end(world, done=19, failed=1)
    world.say("hold")
    world.turn(seconds=2 * DAY)
    assert len(asked(world, Grant)) == 1
    world.say("resume")
    world.turn()
    assert len(asked(world, Grant)) == 2


def test_an_adopted_wave_is_still_seen_to_and_its_state_stays() -> None:
    world = with_access()
    world.counts.adopters[0] = 20
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "adopted"
    world.access.accepted = [a for a in world.access.accepted if a.stage.ordinal == 0]
    end(world, done=19, failed=1)
    assert world.wave(0) == "adopted"
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "adopted"
    assert [a.action.stage.ordinal for a in asked(world, Grant)].count(0) == 2
    assert opened(world) == [0, 1]


def test_the_gate_of_the_same_turn_has_the_last_word_on_the_state() -> None:
    world = with_access()
    key = world.access.accepted[-1].key
    world.counts.adopters[0] = 20
    world.access.waiting.append(Outcome(key=key, ok=False, counts={"done": 19, "failed": 1}))
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "adopted"
    assert len(told(world)) == 1


def test_taking_back_is_asked_again_also_under_a_hold_and_granting_never_after_it() -> None:
    rule = "  adjust:\n    - {when: {measure: adoption, below: 20%, at: +12h}, do: rollback}\n"
    world = with_access(ACCESS.replace("notify:", rule + "notify:"))
    end(world, done=10, failed=10)
    world.turn(seconds=DAY / 2 + 1)
    assert world.wave(0) == "rolled back"
    end(world, done=18, nobody=1, failed=1)
    assert told(world)[-1] == (
        "Access of wave 1 is taken back: 18 of 20 people have none any more, 1 is nobody there, 1 is left; "
        "asked for again at the next look."
    )
    world.say("hold")
    world.turn(seconds=DAY + 1)
    assert len(asked(world, Withdraw)) == 2
    end(world, ok=True, done=19, nobody=1)
    assert told(world)[-1].startswith("Access of wave 1 is taken back: 19 of 20 people have none any more")
    world.turn(seconds=5 * DAY)
    assert len(asked(world, Withdraw)) == 2
    assert len(asked(world, Grant)) == 1
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_plan_without_access_says_nothing_of_it() -> None:
    world = begun(PLAN)
    world.turn(seconds=5 * DAY)
    assert told(world) == []


def test_access_is_unfinished_until_nobody_is_left_or_it_was_tried_often_enough() -> None:
    world = with_access()
    plan = world.read.plan
    assert not is_unfinished(plan, world.picture)
    end(world, done=15, nobody=1, failed=4)
    assert is_unfinished(plan, world.picture)
    world.turn(seconds=DAY + 1)
    end(world, done=19, nobody=1)
    assert not is_unfinished(plan, world.picture)

"""What is said of outcomes: guardrails hold and ask, findings are told once, what the looks show is acted upon."""

from dataclasses import replace
from typing import Any

from tests.ringtest import PLAN, World
from uptake.core.action import Close, Notify
from uptake.core.entry import Asked
from uptake.core.look import LookShown, Measured
from uptake.core.time import Instant
from uptake.implement.targets import HALF
from uptake.loop.replay import replay

DAY = 86_400
OUTCOMES = """
  outcomes:
    - {name: days, from: {csv: days.csv}, unit: setting, by: 10%, primary: true, judge: +12h}
    - {name: complaints, from: {csv: complaints.csv}, guardrail: {increase: 5%, min_count: 20}}
"""
COMPLAINTS = Measured(name="complaints", as_of=Instant(0), shift=0.12, count=30)


def world_of(rule: str = "", text: str = PLAN) -> World:
    adjust = f"  adjust: [{rule}]\n" if rule else ""
    world = World(text.replace("notify:", f"{OUTCOMES.strip(chr(10))}\n{adjust}notify:"))
    world.deployed()
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    world.counts.adopters = {0: 19, 1: 19}
    return world


def asked(world: World, kind: type) -> list[Any]:
    return [
        e.body.action for e in world.ledger.entries if isinstance(e.body, Asked) and isinstance(e.body.action, kind)
    ]


def test_a_guardrail_in_harm_holds_the_next_wave_asks_once_and_takes_nothing_back() -> None:
    world = world_of()
    world.look.outcomes = (COMPLAINTS,)
    world.turn(seconds=DAY + 1)
    assert (world.wave(0), world.wave(1)) == ("adopted", "planned")
    assert list(world.picture.questions) == ["guardrail-complaints"]
    assert any("needs a person" in one.title for one in asked(world, Notify))
    assert not asked(world, Close)
    world.look.outcomes = (replace(COMPLAINTS, shift=0.01),)
    world.turn(seconds=3 * DAY)
    assert world.wave(1) == "planned"  # who asked once waits for a person, whatever comes
    world.say("approve", question="guardrail-complaints")
    world.turn()
    assert world.wave(1) == "open"
    world.look.outcomes = (COMPLAINTS,)
    world.turn(seconds=DAY)
    assert not world.picture.questions
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_too_few_values_and_a_small_change_hold_nothing() -> None:
    for measured in (replace(COMPLAINTS, count=19), replace(COMPLAINTS, shift=0.05), replace(COMPLAINTS, shift=None)):
        world = world_of()
        world.look.outcomes = (measured,)
        world.turn(seconds=DAY + 1)
        assert world.wave(1) == "open"


def test_a_rule_on_a_guardrail_asks_before_it_takes_anything_from_people() -> None:
    world = world_of("{when: {guardrail: complaints}, do: rollback}")
    world.look.outcomes = (COMPLAINTS,)
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "held"
    assert not asked(world, Close)
    assert set(world.picture.questions) == {"guardrail-complaints", "rule-wave-1-rollback-1"}
    world.say("approve", question="rule-wave-1-rollback-1")
    world.turn()
    assert world.wave(0) == "rolled back"
    assert len(asked(world, Close)) == 1
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def at_look(number: int, estimate: float, low: float, high: float) -> LookShown:
    return LookShown(at=Instant(number * 86_400_000), estimate=estimate, low=low, high=high)


DAYS = Measured(name="days", as_of=Instant(0), units=12, method="draws that might have been, all looks together")
UNDECIDED = replace(DAYS, looks=(at_look(1, -1.2, -2.6, 0.2),), estimate=-1.2, low=-2.6, high=0.2, more_days=6.4)
ACHIEVED = replace(
    DAYS, looks=(*UNDECIDED.looks, at_look(2, -1.4, -2.0, -0.8)), estimate=-1.4, low=-2.0, high=-0.8, finding="achieved"
)


def half_of(world: World) -> list[str]:
    """The states of the implement half, in the order in which they were decided."""
    return [n.decision.state for n in world.picture.decisions if n.decision.stage == HALF]


def test_each_finding_is_told_once_and_in_use_says_no_more_than_it_shows() -> None:
    world = world_of()
    world.look.outcomes = (DAYS,)
    world.turn(seconds=DAY)
    assert not [why for why in world.whys() if why.startswith("days is")]
    world.look.outcomes = (UNDECIDED,)
    for _ in range(3):
        world.turn(seconds=DAY)
    (told,) = [why for why in world.whys() if why.startswith("days is")]
    assert told.startswith("days is undecided as of 2 Jan 1970")
    assert told.endswith(
        "-1.2 (95% interval, all looks together, -2.6 to +0.2). About 6 days more are needed if it stays so."
    )
    world.look.outcomes = (replace(UNDECIDED, ended=True, more_days=None),)
    for _ in range(3):
        world.turn(seconds=DAY)
    assert len([why for why in world.whys() if ", the last look: -1.2" in why]) == 1
    assert world.state(-2, half="implement") == "undecided"
    assert any(why.endswith("The effect is not shown yet.") for why in world.whys())
    assert half_of(world)[-1] == "in use"
    assert "implemented" not in half_of(world)
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_in_use_and_achieved_is_implemented_while_both_last() -> None:
    world = world_of()
    world.look.outcomes = (ACHIEVED,)
    world.turn(seconds=DAY)
    assert "implemented" not in half_of(world), "not every wave is open yet"
    for _ in range(4):
        world.turn(seconds=DAY)
    assert half_of(world) == ["adopting", "in use", "implemented"]
    assert any(why == "Implemented: in use, and days is achieved." for why in world.whys())
    world.look.outcomes = (ACHIEVED, replace(COMPLAINTS, finding="harm"))
    world.turn(seconds=DAY)
    assert half_of(world)[-1] == "in use", "a guardrail in harm takes it back"
    world.look.outcomes = (ACHIEVED, replace(COMPLAINTS, shift=0.0))
    world.turn(seconds=DAY)
    assert half_of(world)[-1] == "implemented"
    world.counts.adopters = {0: 2, 1: 2}
    world.turn(seconds=DAY)
    assert half_of(world)[-1] == "adopting"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_another_outcome_than_the_primary_one_implements_nothing() -> None:
    world = world_of()
    world.look.outcomes = (replace(ACHIEVED, name="complaints"),)
    for _ in range(5):
        world.turn(seconds=DAY)
    assert half_of(world)[-1] == "in use"


def test_harm_that_the_looks_show_withdraws_exposure_unasked() -> None:
    world = world_of("{when: {guardrail: complaints}, do: rollback}")
    world.look.outcomes = (replace(COMPLAINTS, finding="harm"),)
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "rolled back"
    assert len(asked(world, Close)) == 1
    assert set(world.picture.questions) == {"guardrail-complaints"}, "no wave opens until a person decides"
    assert world.state(-3, half="implement") == "harm"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_what_was_suspected_first_is_withdrawn_once_it_is_shown() -> None:
    world = world_of("{when: {guardrail: complaints}, do: rollback}")
    world.look.outcomes = (COMPLAINTS,)
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "held"
    world.look.outcomes = (replace(COMPLAINTS, finding="harm"),)
    world.turn(seconds=DAY)
    assert world.wave(0) == "rolled back"

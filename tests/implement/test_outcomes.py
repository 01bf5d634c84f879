"""What is said of outcomes: guardrails hold and ask, a judged day is told once and as preliminary, nothing more."""

from dataclasses import replace
from typing import Any

from tests.ringtest import PLAN, World
from uptake.core.action import Close, Notify
from uptake.core.entry import Asked
from uptake.core.look import Measured
from uptake.core.time import Instant, Span, after
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


def test_the_judged_day_is_told_once_as_preliminary_and_in_use_never_says_more() -> None:
    world = world_of()
    opened = world.picture.opened_at(
        next(iter(s for s in world.picture.stages if s.half == "implement" and not s.ordinal))
    )
    assert opened is not None
    day = after(opened, Span(seconds=12 * 3600), "Europe/Berlin")
    early = Measured(name="days", as_of=Instant(day - 1))
    world.look.outcomes = (early,)
    world.turn(seconds=DAY)
    assert not [why for why in world.whys() if "judged" in why]
    judged = replace(early, as_of=day, estimate=-1.2, low=-2.0, high=-0.3, units=12)
    world.look.outcomes = (judged,)
    for _ in range(4):
        world.turn(seconds=DAY)
    told = [why for why in world.whys() if "judged as of" in why]
    assert len(told) == 1
    assert "-1.2 (95% permutation interval -2 to -0.3). Preliminary." in told[0]
    assert world.state(-2, half="implement") == "undecided"
    assert any(why.endswith("The effect is not shown yet.") for why in world.whys())
    assert "implemented" not in {n.decision.state for n in world.picture.decisions}
    assert replay(world.read.plan, world.ledger.entries).differing == ()

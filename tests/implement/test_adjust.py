"""Rules: each condition and each act of the closed list, asked for once; overruled by a person; told as afterwards."""

from typing import Any

import pytest

from tests.ringtest import PLAN, World
from uptake.core.action import Close, Invite, Notify, Open, Survey
from uptake.core.entry import Asked
from uptake.core.look import Surveyed, Ticketed, Trained
from uptake.loop.replay import replay

DAY = 86_400
TRAIN = "  train: {path: [basics], sessions: sessions.csv}\n"


def world_of(rule: str, *, more: str = "") -> World:
    """A world with one rule, its first wave open."""
    text = PLAN.replace("implement:\n", f"implement:\n{more}").replace("notify:", f"  adjust: [{rule}]\nnotify:")
    world = World(text)
    world.deployed()
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    return world


def asked(world: World, kind: type) -> list[Any]:
    return [
        e.body.action for e in world.ledger.entries if isinstance(e.body, Asked) and isinstance(e.body.action, kind)
    ]


def spoken(world: World) -> list[Any]:
    return [n.decision for n in world.picture.decisions if n.decision.rule.startswith("implement.adjust.")]


def test_training_below_a_share_orders_one_further_session() -> None:
    rule = "{when: {measure: trained, below: 80%, at: +12h}, do: train_more}"
    world = world_of(rule, more=TRAIN)
    world.look.training = (Trained(wave=0, people=20, invited=20, trained=12, missed=8),)
    world.turn(seconds=DAY / 2)
    world.turn(seconds=DAY)
    assert [(one.stage.ordinal, one.round) for one in asked(world, Invite) if one.round] == [(0, 1)]
    (decision,) = spoken(world)
    assert decision.verdict == "adjust"
    assert decision.evidence[0].seen == "12 of 20 = 60%"
    assert decision.evidence[0].wanted == "rule acts below 80%"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_barrier_acts_only_where_it_is_named_most_in_that_wave() -> None:
    rule = "{when: {measure: adoption, below: 90%, at: +12h, barrier: capability}, do: train_more}"
    world = world_of(rule, more=TRAIN)
    tied = Surveyed(wave=0, survey="u", asked=20, answered=12, barriers=(("capability", 6), ("motivation", 6)))
    other = Surveyed(wave=1, survey="u", asked=20, answered=12, barriers=(("capability", 12),))
    world.look.surveys = (tied, other)
    world.turn(seconds=DAY / 2)
    assert spoken(world) == []
    world.look.surveys = (
        Surveyed(wave=0, survey="u", asked=20, answered=13, barriers=(("capability", 7), ("motivation", 6))),
    )
    world.turn(seconds=DAY)
    (decision,) = spoken(world)
    assert [fact.what for fact in decision.evidence] == ["adoption", "barriers named"]
    assert decision.evidence[1].seen == "capability 7, motivation 6"


def test_many_tickets_call_more_support() -> None:
    rule = "{when: {measure: tickets, above: 10%, at: +12h}, do: support_more, text: Sit with the teams}"
    world = world_of(rule, more="  support: {contact: help@example.org}\n")
    world.look.tickets = (Ticketed(wave=0, tickets=2, person_weeks=20.0),)
    world.turn(seconds=DAY / 2)
    assert spoken(world) == []
    world.look.tickets = (Ticketed(wave=0, tickets=5, person_weeks=40.0),)
    world.turn(seconds=DAY)
    (decision,) = spoken(world)
    assert decision.evidence[0].seen == "5 in 40 person-weeks = 12.5 of 100 people in a week"
    (notice,) = [one for one in asked(world, Notify) if "implement.adjust.0" in one.key]
    assert notice.text == "Sit with the teams\n\nHelp: help@example.org"
    assert notice.to == "help@example.org"


@pytest.mark.parametrize(("adopters", "wave"), [(5, "adopting"), (19, "adopted")])
def test_an_overruled_hold_goes_back_to_the_gate(adopters: int, wave: str) -> None:
    world = world_of("{when: {measure: adoption, below: 100%, at: +12h}, do: hold}")
    world.counts.adopters = {0: adopters}
    world.turn(seconds=DAY / 2)
    assert (world.wave(0), list(world.picture.questions)) == ("held", ["rule-wave-1"])
    overrule(world)
    world.turn()
    assert world.wave(0) == "adopting"
    assert not world.picture.questions
    world.turn(seconds=DAY / 2 + 1)
    assert world.wave(0) == ("held" if wave == "adopting" else wave)  # the gate's own word now
    assert not [one for one in spoken(world)[1:] if one.verdict == "hold"]
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_an_overruled_rollback_opens_the_wave_again_and_another_rule_may_close_it_again() -> None:
    rules = (
        "{when: {measure: adoption, below: 50%, at: +12h}, do: rollback}, "
        "{when: {measure: adoption, below: 50%, at: +36h}, do: rollback}"
    )
    world = world_of(rules)
    world.turn(seconds=DAY / 2)
    assert world.wave(0) == "rolled back"
    overrule(world)
    world.turn()
    assert world.wave(0) == "open"
    world.turn(seconds=DAY)
    assert world.wave(0) == "rolled back"
    assert [one.key.rpartition("/")[2] for one in asked(world, Open)] == ["0", "1"]
    assert [one.key.rpartition("/")[2] for one in asked(world, Close)] == ["0", "1"]
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_what_was_sent_stays_where_a_notice_is_overruled() -> None:
    world = world_of("{when: {measure: adoption, below: 50%, at: +12h}, do: notify, text: Look}")
    world.turn(seconds=DAY / 2)
    before = world.wave(0)
    overrule(world)
    world.turn()
    world.turn(seconds=DAY)
    assert before in ("open", "adopting")
    assert [why for why in world.whys() if "what was sent or opened stays" in why]
    assert len([one for one in asked(world, Notify) if "implement.adjust.0" in one.key]) == 1


def test_a_barrier_may_ask_once_more_and_only_what_was_not_sent() -> None:
    asks = "  ask: [{survey: umux-lite, with: [barrier], at: +2d}]\n"
    world = world_of("{when: {barrier: motivation, at: +12h}, do: ask, survey: umux-lite}", more=asks)
    world.look.surveys = (Surveyed(wave=0, survey="u", asked=20, answered=12, barriers=(("motivation", 12),)),)
    world.turn(seconds=DAY / 2)
    assert [(one.stage.ordinal, one.item) for one in asked(world, Survey)] == [(0, 0)]
    world.turn(seconds=3 * DAY)
    assert len([one for one in asked(world, Survey) if not one.stage.ordinal]) == 1
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def overrule(world: World) -> None:
    decision = next(one for one in reversed(spoken(world)) if one.stage.ordinal == 0)
    stage = {"half": "implement", "run": 1, "ordinal": 0}
    world.say("overrule", stage=stage, rule=decision.rule)

"""The implement half over whole plans: openings, gates, holds, rules, and what each requires of the hosts."""

from tests.ringtest import PLAN, World
from uptake.core.action import Announce, Close, Grant, Notify, Open, Outcome, Withdraw
from uptake.core.stage import WaveFact
from uptake.implement.targets import wave_stage
from uptake.loop.replay import replay

DAY = 86_400.0
ACCESS = PLAN.replace("expose: {flag: trial}", 'expose: {flag: trial, access: {command: ["true"]}}')


def opened(world: World) -> list[int]:
    return [act.action.stage.ordinal for act in world.picture.acts.values() if isinstance(act.action, Open)]


def begun(text: str = PLAN, **more: int) -> World:
    world = World(text, **more)
    world.deployed()
    world.turn(seconds=11)
    world.start_implement()
    world.turn()
    return world


def test_waves_open_in_order_each_behind_the_gate_before() -> None:
    world = begun()
    assert opened(world) == [0]
    world.turn(seconds=DAY - 1)
    assert opened(world) == [0]
    world.counts.adopters[0] = 12
    world.turn(seconds=2)
    assert world.wave(0) == "adopted"
    assert opened(world) == [0, 1]
    world.counts.adopters[1] = 12
    world.turn(seconds=DAY)
    assert world.wave(-1) == "in use"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_gate_below_its_threshold_holds_then_asks_then_takes_an_approval() -> None:
    world = begun()
    world.counts.adopters[0] = 11
    world.turn(seconds=DAY + 1)
    assert world.wave(0) == "held"
    assert not world.picture.questions
    seen = [e.seen for n in world.picture.decisions for e in n.decision.evidence]
    assert "11 of 20 = 55% (95% interval 34 to 74%)" in seen
    world.turn(seconds=DAY)
    assert not world.picture.questions
    world.turn(seconds=DAY)
    assert list(world.picture.questions) == ["gate-wave-1"]
    assert opened(world) == [0]
    world.say("approve", question="gate-wave-1")
    world.turn()
    assert world.wave(0) == "adopted"
    assert opened(world) == [0, 1]


def test_a_gate_passes_at_a_later_look() -> None:
    world = begun()
    world.counts.adopters[0] = 11
    world.turn(seconds=DAY + 1)
    world.counts.adopters[0] = 12
    world.turn(seconds=DAY / 2)
    assert world.wave(0) == "held"
    world.turn(seconds=DAY / 2)
    assert world.wave(0) == "adopted"


def test_a_small_wave_is_inconclusive_and_asks() -> None:
    world = begun(people=9)
    world.counts.adopters[0] = 9
    world.turn(seconds=DAY + 1)
    assert list(world.picture.questions) == ["gate-wave-1"]
    assert world.wave(0) == "held"


def test_a_wave_does_not_open_on_a_sick_host_that_serves_it_but_does_on_another() -> None:
    world = World()
    world.deployed()
    world.turn(seconds=11)
    world.probes.set("h1", "unhealthy", world.clock.now(), "http answered 500")
    world.start_implement()
    world.turn()
    assert opened(world) == []
    refusal = world.picture.last[wave_stage(0)]
    assert refusal.rule == "implement.requires"
    assert any(e.what.startswith("run 1") for e in refusal.evidence)
    assert any("http answered 500" in e.seen for e in refusal.evidence)
    world.probes.set("h1", "healthy", world.clock.now())
    world.probes.set("h3", "unhealthy", world.clock.now(), "refused")
    world.turn(seconds=11)
    assert opened(world) == [0]


def test_a_wave_waits_while_a_run_is_under_way_and_opens_after_its_roll_back() -> None:
    world = begun()
    world.counts.adopters[0] = 20
    world.start_deploy("2")
    world.turn()
    world.probes.set("h1", "unhealthy", world.clock.now(), "http answered 500")
    world.hosts.silent = True
    world.turn(seconds=30)
    world.hosts.silent = False
    assert world.wave(0) == "open"
    world.clock.wait(world.clock.now())
    world.turn(seconds=40)
    world.probes.set("h1", "healthy", world.clock.now())
    world.turn(seconds=11)
    assert world.state(-1) == "rolled back"
    world.turn(seconds=DAY)
    assert opened(world) == [0, 1]


def test_a_hold_is_a_brake_on_opening_only() -> None:
    world = begun()
    world.say("hold", "implement")
    world.counts.adopters[0] = 20
    world.turn(seconds=2 * DAY)
    assert world.wave(0) == "adopted"
    assert opened(world) == [0]
    world.say("resume")
    world.turn()
    assert opened(world) == [0, 1]


def test_the_holdout_is_never_opened_and_not_counted() -> None:
    held_out = WaveFact(ordinal=2, people=5, holdout=True)
    waves = (WaveFact(ordinal=0, people=20), WaveFact(ordinal=1, people=20), held_out)
    world = World()
    world.deployed()
    world.turn(seconds=11)
    world.start_implement(waves)
    world.counts.adopters = {0: 12, 1: 12}
    for _ in range(4):
        world.turn(seconds=DAY)
    assert opened(world) == [0, 1]
    assert world.wave(-1) == "in use"


def test_access_is_granted_with_the_opening_and_withdrawn_by_a_rule() -> None:
    rule = "  adjust:\n    - {when: {measure: adoption, below: 20%, at: +12h}, do: rollback, text: Nobody wants it}\n"
    world = begun(ACCESS.replace("notify:", rule + "notify:"))
    assert [type(a) for a in world.access.accepted] == [Grant]
    world.turn(seconds=DAY / 2 + 1)
    assert world.wave(0) == "rolled back"
    assert [type(a) for a in world.access.accepted] == [Grant, Withdraw]
    assert any(isinstance(act.action, Close) for act in world.picture.acts.values())
    world.turn(seconds=10 * DAY)
    assert opened(world) == [0]


def test_resume_does_not_grant_again_what_a_roll_back_overtook() -> None:
    rule = "  adjust:\n    - {when: {measure: adoption, below: 20%, at: +12h}, do: rollback, text: Nobody wants it}\n"
    world = begun(ACCESS.replace("notify:", rule + "notify:"))
    grant = next(act for act in world.picture.acts.values() if isinstance(act.action, Grant))
    grant.outcome, grant.ended_at = None, None
    world.picture.open_acts.add(grant.action.key)
    world.access.waiting.append(Outcome(key=grant.action.key, ok=False, interrupted=True))
    world.turn(seconds=DAY / 2 + 1)
    world.say("hold", "implement")
    world.turn()
    world.say("resume")
    world.turn()
    assert [type(a) for a in world.access.accepted] == [Grant, Withdraw]


def test_rules_notify_and_give_tasks_once_per_wave() -> None:
    rules = (
        "  adjust:\n"
        "    - {when: {measure: adoption, above: 30%, at: +2h}, do: notify, text: Going well}\n"
        "    - {when: {measure: adoption, below: 90%, at: +3h}, do: task, text: Visit them}\n"
    )
    world = begun(PLAN.replace("notify:", rules + "notify:"))
    world.counts.adopters[0] = 10
    for _ in range(10):
        world.turn(seconds=DAY / 12)
    texts = [a.text for a in world.mail.accepted if isinstance(a, Notify)]
    assert texts.count("Going well") == 1
    assert texts.count("Visit them") == 1


def test_a_rule_holds_until_a_person_approves() -> None:
    rule = "  adjust:\n    - {when: {measure: adoption, below: 20%, at: +2h}, do: hold, text: Look first}\n"
    world = begun(PLAN.replace("notify:", rule + "notify:"))
    world.turn(seconds=DAY / 8)
    assert list(world.picture.questions) == ["rule-wave-1"]
    world.counts.adopters[0] = 20
    world.turn(seconds=2 * DAY)
    assert world.wave(0) == "held"
    world.say("approve", question="rule-wave-1")
    world.turn()
    assert world.wave(0) == "adopted"


def test_announcements_go_once_before_the_booking_and_after_the_opening() -> None:
    words = (
        "  announce:\n"
        "    - {at: -2h, to: wave, via: [email], text: a.md, subject: A}\n"
        "    - {at: 1h, to: wave, via: [email], text: b.md, subject: B}\n"
        'mail: {server: "smtp://127.0.0.1:25", from: a@example.org}\n'
    )
    world = begun(PLAN.replace("notify:", words + "notify:").replace("[site]", "[site, email]"))

    def sent() -> list[tuple[int, int]]:
        return [(a.stage.ordinal, a.item) for a in world.mail.accepted if isinstance(a, Announce)]

    assert sent() == [(0, 0)]
    world.turn(seconds=3601)
    assert sent() == [(0, 0), (0, 1)]
    world.turn(seconds=DAY - 3601 - 7000)
    assert sent() == [(0, 0), (0, 1), (1, 0)]
    world.turn(seconds=10 * DAY)
    assert sent() == [(0, 0), (0, 1), (1, 0)]


def test_uses_of_the_old_way_are_counted_beside_and_never_subtracted() -> None:
    world = begun(PLAN.replace("target: 60%}", "target: 60%, replaces: mail.sent}"))
    world.counts.old = {0: 7, 1: 19}
    world.counts.adopters[0] = 12
    world.turn(seconds=DAY + 1)
    assert [(a.adopters, a.replaced) for a in world.picture.observed.waves] == [(12, 7), (0, 19)]
    assert world.wave(0) == "adopted"


def test_before_any_run_the_first_wave_says_what_it_waits_for() -> None:
    world = World()
    world.start_implement()
    world.turn()
    assert world.whys() == ["Wave 1 waits for the first run to succeed."]

"""A plan revised while its ring turns: the new text counts from its entry on, and replay knows which stood where."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ringtest import PLAN, World
from uptake.app.opened import open_plan
from uptake.app.revise import _judge, revise, revising
from uptake.app.ring import drive
from uptake.app.start import read_audience, start_implement
from uptake.core.entry import Decided
from uptake.core.look import LookShown, Measured
from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.loop.replay import replay
from uptake.plan.difference import difference
from uptake.plan.read import read_plan
from uptake.report.because import because

POLICY = """\
plan: policy
title: Meetings end at five to
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [50%, 50%], start: "2026-01-01", every: 0s}
  gate: {adoption: 50%, at: 1h, hold_at_most: 30d}
  look: 1d
  adoption: {event: ended.early, count: 1, within: 1h, target: 50%}
"""


def revised(world: World, text: str, **data: object) -> None:
    """The word, and a ring made anew with the text, as `drive` and `serve` do."""
    world.read = read_plan(text, file="plan.yaml")
    world.say("revise", revision=world.read.digest, text=text, **data)
    world.ring = world.new_ring()


def begun(text: str = PLAN) -> World:
    world = World(text)
    hosts = [{"name": h.name, "address": h.address, "serves": h.serves, "data": {}} for h in world.facts]
    world.say("start", "deploy", version="1", hosts=hosts, revision=world.read.digest, text=text)
    world.all_healthy()
    for _ in range(12):
        world.turn(seconds=11)
    world.start_implement()
    world.turn()
    assert world.wave(0) == "open"
    return world


def test_a_wave_not_yet_open_is_judged_by_the_new_gate_and_replay_agrees() -> None:
    world = begun()
    world.counts.adopters = {0: 20, 1: 9}
    world.turn(seconds=90_000)
    assert world.wave(0) == "adopted"
    world.say("hold", "implement")
    revised(world, PLAN.replace("adoption: 60%, at", "adoption: 40%, at"))
    world.say("resume", "implement")
    for _ in range(4):
        world.turn(seconds=90_000)
    assert world.wave(1) == "adopted"
    assert replay(world.read.plan, world.ledger.entries).differing == ()
    start = read_plan(PLAN, file="plan.yaml").plan
    assert replay(start, world.ledger.entries).differing == ()


def test_an_open_wave_keeps_the_gate_that_it_was_opened_with() -> None:
    world = begun()
    world.counts.adopters = {0: 9}
    gate = {"adoption": 0.6, "at": {"seconds": 0, "days": 1}, "hold_at_most": {"seconds": 0, "days": 2}}
    revised(world, PLAN.replace("adoption: 60%, at", "adoption: 40%, at"), gates={"0": gate})
    world.turn(seconds=90_000)
    assert world.wave(0) == "held"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_another_measure_judges_nothing_by_what_was_counted_before() -> None:
    world = begun()
    world.turn(seconds=90_000)
    assert world.wave(0) == "held"
    world.counts.adopters = {0: 20}
    revised(world, PLAN.replace("count: 1", "count: 3"), measure=True)
    looked = world.picture.observed.looked_at
    world.turn(seconds=1)
    assert world.picture.observed.looked_at > looked
    assert world.wave(0) == "adopted"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def refusals(world: World, text: str) -> list[str]:
    """The keys that are refused now."""
    new = read_plan(text, file="plan.yaml")
    judged = [_judge(change, world.read, new, world.picture) for change in difference(world.read, new)]
    return [one.change.path for one in judged if one.problem is not None]


def test_what_was_sent_and_what_spoke_keep_their_places() -> None:
    mails = "  announce:\n    - {at: 0s, text: a.md}\n    - {at: 90d, text: b.md}\n"
    rules = "  adjust:\n    - {when: {measure: adoption, at: 1d, below: 99%}, do: notify, text: low}\n"
    mail = 'mail: {server: "smtp://127.0.0.1:9", from: desk@example.org}\n'
    text = PLAN.replace("  look: 1d\n", f"  look: 1d\n{mails}{rules}") + mail
    world = begun(text)
    world.turn(seconds=90_000)
    assert any("implement.adjust.0" in rule for _, rule in world.picture.ruled)
    first, rule = "    - {at: 0s, text: a.md}\n", rules.splitlines(keepends=True)[1]
    more = "    - {at: 1d, text: c.md}\n"
    assert refusals(world, text.replace(first, more + first)) == ["implement.announce.0"]
    assert refusals(world, text.replace(first, "")) == ["implement.announce.0"]
    assert refusals(world, text.replace("b.md}\n", "b.md}\n" + more)) == []
    assert refusals(world, text.replace("a.md", "d.md").replace("b.md", "e.md")) == []
    assert refusals(world, text.replace(rule, rule.replace("99%", "98%") + rule)) == ["implement.adjust.0"]
    assert refusals(world, text.replace(rule, rule.replace("text: low", "text: few"))) == []


def test_an_outcome_is_looked_at_as_was_declared_before() -> None:
    outcomes = "  outcomes:\n    - {name: days, from: {csv: d.csv}, judge: +12h, by: 10%}\n"
    tasks = "  tasks:\n    - {do: Look, owner: k@example.org, due: +1d}\n"
    text = PLAN.replace("  look: 1d\n", f"  look: 1d\n{outcomes}{tasks}")
    world = begun(text)
    later = text.replace("judge: +12h", "judge: +20h")
    assert refusals(world, later) == []
    now = world.clock.now()
    look = LookShown(at=Instant(now + 40_000_000), estimate=-1.0, low=-2.0, high=0.5)
    world.look.outcomes = (Measured(name="days", as_of=Instant(now + 80_000_000), looks=(look,), ended=True),)
    world.turn(seconds=90_000)
    assert world.state(-2, half="implement") == "undecided"
    assert refusals(world, later) == ["implement.outcomes.0.judge"]
    assert refusals(world, text.replace("by: 10%", "by: 5%")) == ["implement.outcomes.0.by"]
    assert refusals(world, text.replace(outcomes, "")) == ["implement.outcomes"]
    more = "    - {name: more, from: {csv: d.csv}}\n"
    assert refusals(world, text.replace(outcomes, outcomes + more)) == []
    world.say("done", task="task-implement-1")
    world.turn()
    first = tasks.splitlines(keepends=True)[1]
    assert refusals(world, text.replace(first, first.replace("Look", "Ask") + first)) == ["implement.tasks.0"]
    assert refusals(world, text.replace(first, first + first.replace("Look", "Ask"))) == []


def test_a_run_under_way_keeps_its_deploy_half_and_the_implement_half_is_free() -> None:
    world = World()
    world.start_deploy()
    world.ring.tick()
    edited = PLAN.replace("restart", "reload").replace("min_people: 10", "min_people: 11")
    assert refusals(world, edited) == ["deploy.configuration.1.shell"]
    world.all_healthy()
    for _ in range(12):
        world.turn(seconds=11)
    assert refusals(world, edited) == []
    assert refusals(world, PLAN[: PLAN.index("deploy:")] + PLAN[PLAN.index("implement:") :]) == ["deploy"]


def test_why_cites_the_line_of_the_revision_that_counted_then() -> None:
    world = begun()
    first = next(noted.seq for noted in world.picture.decisions if noted.decision.rule.startswith("deploy.update"))
    (before,) = because(world.read, world.picture, first)[:1]
    old = world.read.digest
    revised(world, "# a line more\n" + PLAN.replace("max_parallel: 2", "max_parallel: 3"))
    world.turn()
    (after,) = because(world.read, world.picture, first)[:1]
    assert after.plan_text == before.plan_text
    assert after.decided.line == f"{before.decided.line} of revision {old[:12]}"


STEPS = st.one_of(
    st.tuples(st.just("gate"), st.sampled_from([20, 40, 60, 80])),
    st.tuples(st.just("look"), st.sampled_from([1, 2])),
    st.tuples(st.just("adopt"), st.integers(0, 20)),
    st.tuples(st.just("pass"), st.sampled_from([30, 40_000, 90_000, 200_000])),
    st.tuples(st.just("measure"), st.integers(1, 4)),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=3, max_size=15))
def test_replay_over_any_revisions_has_no_difference(steps: list[tuple[str, int]]) -> None:
    world = begun()
    gate, look, count = 60, 1, 1
    for what, value in steps:
        gate, look = (value, look) if what == "gate" else (gate, value if what == "look" else look)
        count = value if what == "measure" else count
        text = PLAN.replace("adoption: 60%, at", f"adoption: {gate}%, at").replace("look: 1d", f"look: {look}d")
        if what in ("gate", "look", "measure"):
            revised(world, text.replace("count: 1", f"count: {count}"), measure=what == "measure")
        elif what == "adopt":
            world.counts.adopters = {0: value, 1: value}
        world.turn(seconds=value if what == "pass" else 0)
    assert any(isinstance(entry.body, Decided) for entry in world.ledger.entries)
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_a_ring_with_the_text_of_before_decides_nothing() -> None:
    world = begun()
    world.ring.revision = world.read.digest
    other = PLAN.replace("adoption: 60%, at", "adoption: 40%, at")
    world.say("revise", revision=read_plan(other, file="plan.yaml").digest, text=other)
    head = world.ledger.head()
    world.clock.wait(Instant(world.clock.now() + 90_000_000))
    world.ring.tick()
    assert world.ledger.head() == head


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    assert what()


@pytest.mark.parametrize("followed", [False, True])
def test_a_running_loop_takes_up_a_revision(tmp_path: Path, *, followed: bool) -> None:
    """The second wave waits for its booked time, which the revision moves to now; the loop that runs opens it."""
    late = POLICY.replace("2026-01-01", "2036-01-01")
    (tmp_path / "plan.yaml").write_text(late)
    (tmp_path / "people.csv").write_text("id\n" + "".join(f"p{number}\n" for number in range(20)))
    opened = open_plan(tmp_path / "plan.yaml")
    start_implement(opened, read_audience(opened), now=Instant(time.time_ns() // 1_000_000))
    stop, ends = threading.Event(), list[Picture]()

    def turn() -> None:
        mine = open_plan(tmp_path / "plan.yaml")
        ends.append(
            drive(mine, lambda picture: any("open" in s.first for s in picture.stages.values()), stopped=stop.is_set)
        )
        mine.store.close()

    threads = [threading.Thread(target=turn) for _ in range(2 if followed else 1)]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: bool(opened.picture().decisions))
        (tmp_path / "plan.yaml").write_text(POLICY)
        edited = open_plan(tmp_path / "plan.yaml")
        revise(edited, revising(edited, edited.picture()), now=Instant(time.time_ns() // 1_000_000))
        edited.store.close()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert all(picture.revision == read_plan(POLICY, file="plan.yaml").digest for picture in ends)
    found = replay(opened.read.plan, opened.store.ledger.read())
    opened.store.close()
    assert (found.differing, found.ticks > 1) == ((), True)

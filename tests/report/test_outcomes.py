"""Outcomes on every screen: what the looks show and no more, with its interval; gaps are told."""

from dataclasses import replace

from tests.implement.test_outcomes import ACHIEVED, COMPLAINTS, DAYS, UNDECIDED, world_of
from tests.ringtest import PLAN, World
from uptake.core.look import Measured, SinceOpening, WaveMean
from uptake.report.board import Board, Figure
from uptake.report.charts.effect import effect_chart
from uptake.report.charts.since import since_chart
from uptake.report.figures import figures
from uptake.report.html import board_values, environment
from uptake.report.outcomes import effects_text
from uptake.report.status import status_text
from uptake.report.table import compare_text

DAY = 86_400
GAPS = "The data hold values of open waves only: nothing can be compared."


def board_of(world: World) -> Board:
    return figures(world.read, world.picture, world.clock.now())


def figure(world: World, phrase: str) -> Figure:
    return next(one for one in board_of(world).figures if one.phrase == phrase and one.half == "implement")


def test_nobody_measured_where_none_is_declared() -> None:
    world = World(PLAN)
    shown = figure(world, "the desired outcomes achieved")
    assert (shown.value, shown.sure) == ("", "not measured")


def test_it_is_not_looked_at_before_its_time_and_every_screen_says_what_the_looks_show() -> None:
    world = world_of()
    means = (
        WaveMean(wave=0, units=3, missing=0, before=8.25, after=7.125),
        WaveMean(wave=1, units=2, missing=1, before=8.0),
    )
    early = replace(DAYS, as_of=world.clock.now(), waves=means)
    world.look.outcomes = (early, COMPLAINTS)
    world.turn(seconds=DAY)
    waiting = figure(world, "the desired outcomes achieved")
    assert waiting.value.startswith("days, wanted: decrease by 10%; is looked at every 1w until 15 Jan 2027")
    assert figure(world, "days").value == (
        "wave 1: 8.25 before, 7.12 since, wave 2, not open: 8 before, 1 without values"
    )
    guard = figure(world, "complaints")
    assert guard.value.endswith("guardrail: +12.0% against waves not yet open, no rise of more than 5%")
    assert guard.mark == "bad"
    world.look.outcomes = (replace(UNDECIDED, as_of=early.as_of, waves=means, note=GAPS, goal=-0.8), COMPLAINTS)
    world.turn(seconds=DAY)
    shown = figure(world, "the desired outcomes achieved")
    assert shown.value == (
        "days, wanted: decrease by 10%; effect not shown yet: -1.2 (95% interval, all looks together, -2.6 to +0.2)"
    )
    assert shown.sure == "estimated"
    (first, second) = board_of(world).effects
    assert (first.name, first.primary, first.estimate, first.low, first.high) == ("days", True, -1.2, -2.6, 0.2)
    assert [(mean.wave, mean.before, mean.since) for mean in first.means] == [(1, 8.25, 7.125), (2, 8.0, None)]
    assert (second.name, second.estimate) == ("complaints", None), "a guardrail has no looks of its own to show"
    told = effects_text(board_of(world).effects).splitlines()
    assert told[:2] == ["days, wanted: decrease by 10% (what the plan is for)", "  wave 1: 8.25 before, 7.12 since"]
    said = (
        "effect not shown yet: -1.2 (95% interval, all looks together, -2.6 to +0.2); about 6 days more if it stays so"
    )
    assert f"  {said}" in told
    assert any(line.startswith("  assumes: the order of waves was drawn") for line in told)
    assert any(line.startswith("  data: as of") for line in told)
    assert effect_chart(second, width=420) is None
    assert "days is looked at every 1w" in figure(world, "difficulty measuring success").value
    assert any(GAPS in line for line in board_of(world).problems)
    assert GAPS in " ".join(status_text(board_of(world)).split())
    assert "achieved: " not in compare_text(board_of(world))


def test_the_band_is_drawn_over_time_with_goal_limit_and_the_day_it_cleared_zero() -> None:
    world = world_of()
    achieved = replace(ACHIEVED, as_of=world.clock.now(), goal=-0.8, limit=0.5, ended=True)
    world.look.outcomes = (achieved,)
    world.turn(seconds=DAY)
    one = board_of(world).effects[0]
    assert one.cleared == one.looks[1].at
    told = effects_text([one]).splitlines()
    assert "  achieved: -1.4 (95% interval, all looks together, -2 to -0.8), the last look" in told
    assert f"  first clear of zero: {one.cleared}" in told
    bars = [line for line in told if "o" in line and "--" in line]
    assert len(bars) == 2
    assert bars[0].index("|") == bars[1].index("|"), "zero stands in one column"
    assert bars[1].index("o") < bars[1].index("|"), "a decrease lies left of it"
    drawn = effect_chart(one, width=420)
    assert drawn is not None
    texts = [layer["mark"]["text"] for layer in drawn["layer"] if layer["mark"]["type"] == "text"]
    assert {"No difference", "Wanted", "Harm", "-1.4", "clear of zero"} < set(texts)
    (band,) = [layer for layer in drawn["layer"] if layer["mark"]["type"] == "area"]
    assert [(row["low"], row["high"]) for row in band["data"]["values"]] == [(-2.6, 0.2), (-2.0, -0.8)]
    low, high = band["encoding"]["y"]["scale"]["domain"]
    assert low < -2.6 < 0.5 < high, "everything is in sight, the limit of harm included"
    alone = effect_chart(replace(one, looks=one.looks[:1]), width=326)
    assert alone is not None
    assert not [layer for layer in alone["layer"] if layer["mark"]["type"] == "area"]


def test_what_was_achieved_is_said_in_the_verdict() -> None:
    world = world_of()
    world.look.outcomes = (ACHIEVED,)
    for _ in range(5):
        world.turn(seconds=DAY)
    board = board_of(world)
    assert "Implemented: 95% of 40 people (target 60%). Days achieved: -1.4" in board.verdict
    assert board.states["implement"] == "implemented"
    world.look.outcomes = (replace(ACHIEVED, finding="not achieved"),)
    world.turn(seconds=DAY)
    assert board_of(world).verdict.endswith("Effect not shown: days fell short of what was wanted.")
    world.look.outcomes = (ACHIEVED, replace(COMPLAINTS, finding="harm"))
    world.turn(seconds=DAY)
    assert board_of(world).verdict.endswith("Harm: complaints went beyond its guardrail.")


def test_of_a_few_people_no_mean_is_told() -> None:
    world = world_of(text=PLAN.replace("implement:\n", "implement:\n  privacy: {min_group: 21}\n"))
    means = (WaveMean(wave=0, units=3, missing=0, before=8.25, after=7.125),)
    world.look.outcomes = (Measured(name="days", as_of=world.clock.now(), waves=means), COMPLAINTS)
    world.turn(seconds=DAY)
    assert figure(world, "days").value == "no values yet"
    assert board_of(world).effects[0].means == ()


def test_in_use_says_that_the_effect_is_not_shown_yet() -> None:
    world = world_of()
    for _ in range(4):
        world.turn(seconds=DAY)
    assert board_of(world).verdict.endswith("Effect not shown yet.")
    assert "implemented" not in board_of(world).verdict.lower()


def test_those_who_use_it_before_their_time_are_told_beside_an_effect() -> None:
    world = world_of()
    world.counts.adopters = {0: 8}
    world.counts.early = {1: 3}
    world.look.outcomes = (replace(UNDECIDED, trust=("12 of 12 settings drawn are in the data.",)),)
    world.turn(seconds=DAY)
    told = effects_text(board_of(world).effects)
    assert "trust: 3 of 20 people who wait use it already (15 %, likely between 5 % and 36 %)" in told
    assert "trust: 12 of 12 settings drawn are in the data." in told


def test_the_effect_by_time_since_opening_is_drawn_and_listed() -> None:
    since = tuple(SinceOpening(period=n, estimate=-2.0 + 0.4 * n, se=0.5) for n in range(5))
    world = world_of()
    world.look.outcomes = (replace(UNDECIDED, since=since),)
    world.turn(seconds=DAY)
    one = board_of(world).effects[0]
    told = effects_text([one]).splitlines()
    assert "       1. period  -2 (give or take 1)" in told
    drawn = since_chart(one, width=420)
    assert drawn is not None
    rows = drawn["layer"][2]["data"]["values"]
    assert [row["x"] for row in rows] == [1, 2, 3, 4, 5]
    assert (rows[0]["low"], rows[0]["high"]) == (-2.98, -1.02)
    low, high = drawn["layer"][2]["encoding"]["y"]["scale"]["domain"]
    assert low < -2.98 < 0.58 < high
    assert since_chart(replace(one, since=since[:2]), width=420) is None
    page = environment({}).get_template("adoption.html").render(**board_values(board_of(world)))
    assert "1 look, how, and whether it may be believed" in page
    assert "method: exposed against not yet exposed" in page


def test_an_order_that_nobody_drew_is_told_with_every_number() -> None:
    """An estimate by itself, what it assumes instead of a draw, and the time before opening drawn beside."""
    world = world_of()
    before = tuple(SinceOpening(period=number, estimate=0.1, se=0.2) for number in (-3, -2, -1))
    since = (*before, *(SinceOpening(period=number, estimate=-1.4, se=0.2) for number in range(4)))
    undrawn = replace(ACHIEVED, finding="undecided", looks=(), ended=True, since=since, assumes="parallel trends hold")
    world.look.outcomes = (replace(undrawn, as_of=world.clock.now(), trust=("Trends did not differ.",)),)
    world.turn(seconds=DAY)
    shown = figure(world, "the desired outcomes achieved")
    assert shown.value.endswith("effect not shown: nobody drew the order: -1.4 (95% interval, by itself, -2 to -0.8)")
    one = board_of(world).effects[0]
    told = effects_text([one]).splitlines()
    assert (
        "  effect not shown: nobody drew the order: -1.4 (95% interval, by itself, -2 to -0.8), the last look" in told
    )
    assert "  assumes: parallel trends hold" in told
    assert "  trust: Trends did not differ." in told
    assert not any("was drawn" in line for line in told)
    assert any(line.strip().startswith("-2. period  +0.1") for line in told)
    drawn = since_chart(one, width=420)
    assert drawn is not None
    texts = [layer["mark"]["text"] for layer in drawn["layer"] if layer["mark"]["type"] == "text"]
    assert {"before", "opening", "4 periods on"} == set(texts)
    assert effect_chart(one, width=420) is None

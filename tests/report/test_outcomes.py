"""Outcomes on every screen: not judged before their day, preliminary on it, never an achievement; gaps are told."""

from dataclasses import replace

from tests.implement.test_outcomes import COMPLAINTS, world_of
from tests.ringtest import PLAN, World
from uptake.core.look import Measured, WaveMean
from uptake.core.time import Instant, Span, after
from uptake.implement.targets import wave_stage
from uptake.report.board import Board, Figure
from uptake.report.charts.effect import effect_chart
from uptake.report.figures import figures
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


def test_it_is_not_judged_before_its_day_and_preliminary_from_then_on() -> None:
    world = world_of()
    opened = world.picture.opened_at(wave_stage(0))
    assert opened is not None
    day = after(opened, Span(seconds=12 * 3600), "Europe/Berlin")
    means = (
        WaveMean(wave=0, units=3, missing=0, before=8.25, after=7.125),
        WaveMean(wave=1, units=2, missing=1, before=8.0),
    )
    early = Measured(name="days", as_of=Instant(day - 1), waves=means)
    world.look.outcomes = (early, COMPLAINTS)
    world.turn(seconds=DAY)
    waiting = figure(world, "the desired outcomes achieved")
    assert waiting.value.startswith("days, wanted: decrease by 10%; is not judged before 15 Jan 2027")
    assert figure(world, "days").value == (
        "wave 1: 8.25 before, 7.12 since, wave 2, not open: 8 before, 1 without values"
    )
    guard = figure(world, "complaints")
    assert guard.value.endswith("guardrail: +12.0% against waves not yet open, no rise of more than 5%")
    assert guard.mark == "bad"
    world.look.outcomes = (
        replace(early, as_of=day, estimate=-1.2, low=-2.0, high=-0.3, units=12, note=GAPS),
        COMPLAINTS,
    )
    world.turn(seconds=DAY)
    shown = figure(world, "the desired outcomes achieved")
    assert shown.value == (
        "days, wanted: decrease by 10%; preliminary: -1.2 (95% permutation interval -2 to -0.3); effect not shown yet"
    )
    assert shown.sure == "estimated"
    (first, second) = board_of(world).effects
    assert (first.name, first.primary, first.estimate, first.low, first.high) == ("days", True, -1.2, -2.0, -0.3)
    assert [(mean.wave, mean.before, mean.since) for mean in first.means] == [(1, 8.25, 7.125), (2, 8.0, None)]
    assert (second.name, second.estimate) == ("complaints", None), "a guardrail is not judged on a day"
    told = effects_text(board_of(world).effects).splitlines()
    assert told[:2] == ["days, wanted: decrease by 10% (what the plan is for)", "  wave 1: 8.25 before, 7.12 since"]
    assert "  preliminary: -1.2 (95% permutation interval -2 to -0.3)" in told
    drawn = effect_chart(first, width=420)
    assert drawn is not None
    told = [layer["mark"]["text"] for layer in drawn["layer"] if layer["mark"]["type"] == "text"]
    assert told == ["No difference", "-1.2", "-2", "-0.3"]
    low, high = drawn["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < -2.0 < 0 < high, "zero is always in sight"
    assert effect_chart(second, width=420) is None
    assert "days was judged as of" in figure(world, "difficulty measuring success").value
    assert any(GAPS in line for line in board_of(world).problems)
    assert GAPS in " ".join(status_text(board_of(world)).split())
    assert "achieved: " not in compare_text(board_of(world))


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

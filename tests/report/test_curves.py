"""Adoption by wave and its forecast: the looks' own numbers, no small group, and no fan before there is one to draw."""

import random
import subprocess
import sys
import time
from dataclasses import replace
from itertools import accumulate, pairwise

import pytest

from tests.report.story import Story
from uptake.core.time import Instant
from uptake.report import foreseen as craft
from uptake.report.axis import axis_of
from uptake.report.board import Board, Counted, Look, Wave
from uptake.report.charts.drawn import charts
from uptake.report.charts.forecast import fan_layers
from uptake.report.charts.waves import waves_chart
from uptake.report.curves import Curve, curves, curves_text, moments, table
from uptake.report.figures import figures
from uptake.report.foreseen import foreseen
from uptake.report.history import History, followed
from uptake.report.html import report_html
from uptake.report.table import compare_text
from uptake.report.terminal import cells

START, DAY = 1_764_000_000_000, 86_400_000
GATE = 21 * DAY


def bass(people: int, days: int, *, seed: int, ceiling: float = 0.7) -> list[int]:
    """Adopters by the end of each day, people deciding one by one."""
    chance, ever, had = random.Random(seed), 0, [0]
    ever = sum(chance.random() < ceiling for _ in range(people))
    for _ in range(days):
        rate = 0.02 + 0.25 * had[-1] / max(1, ever)
        had.append(had[-1] + sum(chance.random() < rate for _ in range(ever - had[-1])))
    return had


def wave(number: int, people: int, opened: int | None, **more) -> Wave:
    """A wave of the made-up board; `opened` is a day, None for one that is booked for day 28 after the third."""
    at = Instant(START + opened * DAY) if opened is not None else None
    booked = Instant(START + 28 * (number - 1) * DAY) if at is None else None
    given = {
        "number": number,
        "name": f"Wave {number}",
        "people": people,
        "present": people,
        "state": "adopting" if at is not None else "planned",
        "adopters": 0,
        "share": 0.0 if at is not None else None,
        "low": None,
        "high": None,
        "opened": "",
        "booked": "",
        "holdout": False,
        "opened_at": at,
        "booked_at": booked,
        "gate_at": Instant((at or booked or START) + GATE),
    }
    return Wave(**{**given, **more})


def board_of(waves: list[Wave], adopters: dict[int, list[int]], today: int) -> Board:
    """A board with a look each day: `adopters` of a wave by days since its opening."""
    looks = []
    for day in range(today + 1):
        counted = []
        for one in waves:
            age = day - round(((one.opened_at or START + 10_000 * DAY) - START) / DAY)
            known = adopters.get(one.number, [0])[age] if age >= 0 else 0
            counted.append(Counted(wave=one.number, adopters=known, present=one.present))
        looks.append(
            Look(
                at=Instant(START + day * DAY),
                seq=day + 1,
                adopters=sum(one.adopters for one in counted),
                present=sum(one.present for one in counted),
                waves=tuple(one for one in counted if one.present >= 5),
            )
        )
    bare = Story().board()
    return replace(bare, waves=tuple(waves), looks=tuple(looks), now=looks[-1].at, timezone="UTC")


@pytest.fixture(scope="module")
def grown() -> Board:
    """Two of three waves of 400 are open on day 49, the third is booked for day 56."""
    waves = [wave(1, 400, 0), wave(2, 400, 28), wave(3, 400, None)]
    return board_of(waves, {1: bass(400, 90, seed=1), 2: bass(400, 90, seed=2)}, today=49)


def test_each_open_wave_has_its_curve_since_its_own_opening(grown):
    first, second = curves(grown)
    assert (first.number, first.people, second.number) == (1, 400, 2)
    assert first.ages[:3] == (0, DAY, 2 * DAY)
    assert first.ages[-1] == 49 * DAY
    assert second.ages[-1] == 21 * DAY
    assert first.shares[0] == 0
    assert first.shares[-1] == bass(400, 90, seed=1)[49] / 400
    assert second.shares[7] == bass(400, 90, seed=2)[7] / 400


def test_small_groups_and_waves_that_nobody_is_in_have_none(grown):
    waves = [
        wave(1, 400, 0),
        wave(2, 4, 0),
        wave(3, 50, 0, state="rolled back"),
        wave(4, 50, 0, holdout=True),
        wave(5, 50, None),
        wave(6, 50, 0, present=4, share=None, small=True),
    ]
    had = {number: bass(50, 90, seed=number) for number in range(1, 7)}
    found = curves(board_of(waves, had, today=10))
    assert [curve.number for curve in found] == [1]
    assert [curve.number for curve in curves(replace(grown, looks=()))] == []


def test_the_table_has_the_looks_own_numbers(grown):
    made = table(curves(grown))
    had = bass(400, 90, seed=1)
    assert made.names == ("Wave 1", "Wave 2")
    assert [head for head, _ in made.rows] == [*(f"{days} days" for days in range(7, 50, 7)), "latest look"]
    assert [row[0] for _, row in made.rows[:2]] == [f"{round(had[day] / 4)}%" for day in (7, 14)]
    assert [row[1] for _, row in made.rows][2:5] == [made.rows[-1][1][1], "", ""], "wave 2 is 21 days old"


def test_moments_are_whole_and_in_the_plans_own_unit():
    def told(span: int) -> tuple[str, tuple[int, ...]]:
        made = moments([Curve(number=1, name="", people=9, opened_at=0, ages=(0, span), shares=(0.0, 0.5))])
        return made.unit, made.numbers

    assert told(36_000) == ("second", (5, 10, 15, 20, 25, 30, 35))
    assert told(1_800_000) == ("minute", (5, 10, 15, 20, 25, 30))
    assert told(10 * 3_600_000) == ("hour", (2, 4, 6, 8, 10))
    assert told(5 * DAY + 3000) == ("day", (1, 2, 3, 4, 5))
    assert told(DAY // 2)[0] == "hour"
    assert told(400) == ("second", ())
    brief = moments([Curve(number=1, name="", people=9, opened_at=0, ages=(0, 36_000), shares=(0.0, 0.5))])
    assert (brief.label(1), brief.brief(5)) == ("1 second", "5 s")


def test_a_look_a_little_late_counts_and_a_day_without_one_does_not():
    late = Curve(number=1, name="", people=9, opened_at=0, ages=(0, DAY + 60_000, 3 * DAY), shares=(0.0, 0.25, 0.5))
    assert late.at(DAY, DAY // 20) == 0.25
    assert late.at(2 * DAY, DAY // 20) == 0.25, "as known then"
    assert late.at(3 * DAY, 0) == 0.5
    assert late.at(4 * DAY, DAY // 20) is None


def texts(spec) -> list[str]:
    return [layer["mark"]["text"] for layer in spec["layer"] if layer["mark"].get("text")]


def test_a_line_for_each_wave_with_its_name_at_its_end(grown):
    wide, narrow = (waves_chart(curves(grown), width=width) for width in (640, 326))
    assert wide is not None
    assert narrow is not None
    lines = [layer for layer in wide["layer"] if layer["mark"]["type"] == "line"]
    shares = [line["data"]["values"][-1]["y"] for line in lines]
    assert shares == [round(100 * curve.shares[-1], 2) for curve in curves(grown)]
    assert [line["data"]["values"][-1]["x"] for line in lines] == [49, 21]
    assert lines[0]["mark"]["opacity"] < lines[1]["mark"]["opacity"] == 1
    assert set(texts(wide)) == {f"Wave {number} {round(share)}%" for number, share in enumerate(shares, start=1)}
    assert {text[:3] for text in texts(narrow)} == {"1: ", "2: "}
    below = [row["words"] for row in narrow["layer"][0]["data"]["values"]]
    assert below == ["Opened", "14 days", "28 days", "42 days"]
    for spec, width in ((wide, 640), (narrow, 326)):
        assert spec["width"] + spec["padding"]["left"] + spec["padding"]["right"] == width
    assert waves_chart((), width=640) is None


def test_lines_are_thin_in_points_and_names_stand_apart():
    ages = tuple(range(0, 480 * DAY, DAY))
    found = [
        Curve(
            number=n, name=f"Wave {n}", people=50, opened_at=0, ages=ages, shares=tuple(age / ages[-1] for age in ages)
        )
        for n in range(1, 6)
    ]
    spec = waves_chart(found, width=640)
    assert spec is not None
    for layer in spec["layer"]:
        if layer["mark"]["type"] == "line":
            assert len(layer["data"]["values"]) <= 42
            assert (layer["data"]["values"][0]["x"], layer["data"]["values"][-1]["y"]) == (0, 100)
    tops = sorted({layer["encoding"]["y"]["value"] for layer in spec["layer"] if layer["mark"].get("text")})
    assert len(tops) == 5
    assert all(below - above >= 15 for above, below in pairwise(tops))


def test_the_forecast_holds_what_comes(grown):
    found = foreseen(grown)
    assert found is not None
    assert found.reach is not None
    assert found.low <= 0.7 <= found.high, "the ceiling of those who were made up"
    assert found.high - found.low < 0.2
    assert [found.fan[0].at, found.fan[-1].at] == [grown.looks[-1].at, Instant(START + 77 * DAY)]
    assert len(found.fan) == 1 + 28
    share = grown.looks[-1].adopters / grown.looks[-1].present
    assert found.fan[0].low == found.fan[0].high == share
    for one in found.fan:
        assert one.low <= one.lower <= one.middle <= one.upper <= one.high <= 1
    truth = (bass(400, 90, seed=1)[77] + bass(400, 90, seed=2)[49] + bass(400, 90, seed=3)[21]) / 1200
    assert found.fan[-1].low <= truth <= found.fan[-1].high
    end = found.fan[-1]
    words = (
        f"about {round(100 * end.middle)}% ({round(100 * end.low)} to {round(100 * end.high)}%) by 9 Feb, and about "
    )
    assert found.words.startswith(f"If people go on as they did, {words}")
    assert found.words.endswith("in the end, 90% intervals.")
    assert found.rows[-1][0] == "9 Feb"
    assert len(found.rows) <= 7


@pytest.mark.slow
def test_nine_of_ten_forecasts_hold():
    held = 0
    for seed in range(20):
        had = {number: bass(400, 90, seed=100 + 3 * seed + number) for number in (1, 2, 3)}
        found = foreseen(board_of([wave(1, 400, 0), wave(2, 400, 28), wave(3, 400, None)], had, today=45))
        assert found is not None
        assert found.fan
        truth = (had[1][77] + had[2][49] + had[3][21]) / 1200
        held += found.fan[-1].low <= truth <= found.fan[-1].high
    assert held >= 16, held


def test_it_says_when_it_does_not_know_yet():
    board = board_of([wave(1, 200, 0), wave(2, 200, None)], {1: bass(200, 90, seed=4)}, today=4)
    found = foreseen(board)
    assert found is not None
    assert (found.reach, found.fan, found.rows) == (None, (), ())
    assert found.words.startswith("Where it ends is not yet identifiable: the looks so far agree with ")
    assert found.words.endswith(" as well as 100%.")
    assert found.words in compare_text(board, width=160)
    assert foreseen(replace(board, looks=())) is None


def test_nobody_yet_is_not_identifiable_either():
    found = foreseen(board_of([wave(1, 200, 0)], {1: [0] * 30}, today=10))
    assert found is not None
    assert found.words == "Where it ends is not yet identifiable: the looks so far agree with 0% as well as 100%."


def test_what_cannot_be_forecast_is_not(grown):
    def words(board: Board) -> str:
        found = foreseen(board)
        assert found is not None
        assert found.fan == ()
        return found.words

    first, second, third = grown.waves
    back = replace(second, state="rolled back")
    assert words(replace(grown, waves=(first, back, third))) == "Nothing is forecast: Wave 2 was taken back."
    lost = replace(third, booked_at=None)
    assert words(replace(grown, waves=(first, second, lost))) == "Nothing is forecast: Wave 3 is not booked yet."
    falling = [*bass(400, 90, seed=1)[:40], *(200 - 10 * day for day in range(20))]
    fallen = board_of([wave(1, 400, 0)], {1: falling}, today=45)
    assert words(fallen) == f"Nothing is forecast: use went down, from {max(falling)} people to {falling[45]}."


def test_after_the_last_gate_there_are_words_and_no_fan():
    found = foreseen(board_of([wave(1, 400, 0)], {1: bass(400, 90, seed=1)}, today=60))
    assert found is not None
    assert found.reach is not None
    assert found.fan == ()
    assert found.words.endswith("in the end, 90% interval.")
    assert " by " not in found.words


def test_it_is_made_once_for_the_same_counts_and_quickly_for_many_people():
    people, days = 100_000, 63
    had = [round(people * 0.7 * share) for share in accumulate([0.04] * 15 + [0.01] * 48, initial=0.0)]
    waves = [wave(number, people, 14 * (number - 1)) for number in range(1, 6)]
    board = board_of(waves, dict.fromkeys(range(1, 6), had), today=days)
    craft._forecast((((1,), 9),), (), 1)
    craft._forecast.cache_clear()  # what is loaded on the first call is no part of what is measured
    began = time.process_time()
    first = foreseen(board)
    took = time.process_time() - began
    assert took < 2, f"{took:.2f} s; a quarter of that on an idle machine"
    assert foreseen(replace(board, now=Instant(board.now + 5000))) == first
    assert (craft._forecast.cache_info().misses, craft._forecast.cache_info().hits) == (1, 1)


def test_periods_are_days_and_coarser_where_they_would_be_too_many(grown):
    assert craft._period(grown, curves(grown), Instant(START + 77 * DAY)) == DAY
    assert craft._period(grown, curves(grown) * 4, Instant(START + 77 * DAY)) == 2 * DAY
    weekly = replace(grown, looks=grown.looks[::7])
    assert craft._period(weekly, curves(weekly), Instant(START + 77 * DAY)) == 7 * DAY


def test_the_fan_stands_in_the_adoption_chart(grown):
    found = foreseen(grown)
    assert found is not None
    specs = charts(replace(grown, runs=()))
    assert set(specs) == {"adoption-wide", "adoption-narrow", "waves-wide", "waves-narrow"}
    bands = [layer for layer in specs["adoption-wide"]["layer"] if layer["mark"]["type"] == "area"]
    assert len(bands) == 2
    assert bands[0]["data"]["values"][-1]["high"] == round(100 * found.fan[-1].high, 2)
    assert any(text.startswith("Forecast ") for text in texts(specs["adoption-wide"]))
    early = charts(replace(grown, looks=grown.looks[:3]))
    assert not [layer for layer in early["adoption-wide"]["layer"] if layer["mark"]["type"] == "area"]
    axis = axis_of(Instant(START), Instant(START + 10_000 * DAY), "UTC")
    assert fan_layers(found.fan, axis, 580) == [], "too narrow to be seen"
    assert fan_layers((), axis, 580) == []


@pytest.mark.parametrize("width", [24, 40, 60, 100, 160])
def test_the_terminal_has_the_same_numbers_in_any_width(grown, width):
    lines = curves_text(grown, width)
    assert max(cells(line) for line in lines) <= width
    text = " ".join(lines)
    for curve in curves(grown):
        assert f"{round(100 * curve.shares[-1])}%" in text
    assert curves_text(replace(grown, looks=()), width) == []


def test_page_file_and_terminal_say_the_same(grown):
    found = foreseen(grown)
    assert found is not None
    source, text = report_html(grown), " ".join(compare_text(grown, width=100).split())
    assert found.words in source
    assert found.words in text
    assert '<table class="rows" id="forecast">' in source
    for head, row in table(curves(grown)).rows:
        cells_of = "".join(f"<td>{share}</td>" for share in row)
        assert f'<th scope="row">{head}</th>{cells_of}' in source


def test_a_plan_of_seconds_is_told_in_seconds():
    story = Story.looked_at(5, 10, 25)
    board = figures(story.read, story.picture, story.now, history=followed(History(), story.entries))
    (curve,) = curves(board)
    assert (curve.number, curve.shares[-1]) == (1, 0.5)
    assert moments([curve]).unit == "second"
    assert " seconds" in "".join(curves_text(board, 100))
    assert foreseen(board) is not None


def test_what_only_shows_loads_no_numpy():
    rooms = ("figures", "status", "table", "html", "curves", "foreseen", "charts.drawn")
    lines = [*(f"import uptake.report.{room}" for room in rooms), "import sys", "assert 'numpy' not in sys.modules"]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)

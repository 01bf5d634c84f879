"""One axis for both halves: places in order, marks on whole moments, nothing before its time."""

from itertools import pairwise

import pytest

from tests.report.story import Story
from uptake.core.time import Instant, as_datetime, parse_instant
from uptake.report.axis import TICKS_MOST, axis_of
from uptake.report.charts.drawn import charts
from uptake.report.figures import figures
from uptake.report.history import History, followed
from uptake.report.timeline import timeline

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize("span", [900, 20_000, 7 * MINUTE, 3 * HOUR, 2 * DAY, 77 * DAY, 3 * 365 * DAY, 30 * 365 * DAY])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns"])
def test_marks_are_few_and_in_order(span, zone):
    begin = parse_instant("2026-10-20T09:17:03", zone)
    axis = axis_of(begin, Instant(begin + span), zone)
    assert 1 <= len(axis.ticks) <= TICKS_MOST + 1
    assert all(one.place < other.place for one, other in pairwise(axis.ticks))
    assert axis.at(begin) == 0
    assert axis.at(Instant(begin + span)) < 100
    assert axis.ticks[0].larger


def test_a_mark_of_a_day_is_its_midnight_on_both_sides_of_the_clocks_change():
    begin = parse_instant("2026-10-20T09:00", "Europe/Berlin")
    axis = axis_of(begin, Instant(begin + 9 * DAY), "Europe/Berlin")
    for tick in axis.ticks:
        at = as_datetime(Instant(round(begin + tick.place / 100 * (axis.end - begin))), "Europe/Berlin")
        minutes = at.hour * 60 + at.minute
        assert min(minutes, 24 * 60 - minutes) <= 2, "a place is kept to a hundredth of a percent"


def test_nothing_begun_has_no_timeline():
    board = Story().board()
    assert timeline(board) is None
    assert charts(board) == {}


def test_a_run_alone_has_its_lane_and_no_axis():
    story = Story(implement=False)
    story.deploy()
    drawn = timeline(story.board())
    assert drawn is not None
    assert (drawn.axis, drawn.lanes, drawn.spot) == (None, (), None)
    assert [bar.label for bar in drawn.run_bars if bar.kind == "steps"] == ["Batch 1", "Batch 2"]
    assert all(bar.left >= 0 and bar.left + bar.width <= 100.01 for bar in drawn.run_bars)


def test_lanes_say_what_was_looked_at():
    story = Story.looked_at(5, 10, 25)
    board = figures(story.read, story.picture, story.now, history=followed(History(), story.entries))
    drawn = timeline(board)
    assert drawn is not None
    assert drawn.axis is not None
    first, second = drawn.lanes
    assert first.use is not None
    assert first.path.startswith("M0,100 L")
    assert first.path.endswith("L100,50 L100,100Z"), "25 of 50, at half the height"
    assert second.use is None
    assert second.path == ""
    assert second.ahead is not None
    assert second.ahead.left >= drawn.today
    assert drawn.last is not None
    assert drawn.title.count(", then ") == 1
    specs = charts(board)
    assert set(specs) == {"adoption-wide", "adoption-narrow", "waves-wide", "waves-narrow"}
    assert specs["adoption-narrow"]["width"] < specs["adoption-wide"]["width"]

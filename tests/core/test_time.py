"""Spans and instants: elapsed time is elapsed, days are calendar days in the plan's zone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.time import Instant, Span, after, as_datetime, iso, parse_instant


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", Span(seconds=30)),
        ("0.5s", Span(seconds=0.5)),
        ("10m", Span(seconds=600)),
        ("+2h", Span(seconds=7200)),
        ("-14d", Span(days=-14)),
        ("4w", Span(days=28)),
    ],
)
def test_spans_are_read_and_written_alike(text: str, span: Span) -> None:
    assert Span.parse(text) == span
    assert Span.parse(str(span)) == span


@pytest.mark.parametrize("text", ["", "5", "d", "1.5d", "5 years", "1h30m", "--3d", "inf s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"30s|whole"):
        Span.parse(text)


def test_a_day_over_the_change_of_summer_time_keeps_the_clock_and_24_hours_do_not() -> None:
    evening = parse_instant("2027-03-27T18:00", "Europe/Berlin")
    assert iso(after(evening, Span(days=1), "Europe/Berlin"), "Europe/Berlin") == "2027-03-28T18:00:00+02:00"
    assert iso(after(evening, Span(seconds=86_400), "Europe/Berlin"), "Europe/Berlin") == "2027-03-28T19:00:00+02:00"


@given(st.integers(0, 4_000_000_000_000), st.integers(-400, 400), st.sampled_from(["UTC", "Asia/Tokyo"]))
def test_days_forth_and_back_are_where_they_began(at: int, days: int, zone: str) -> None:
    assert after(after(Instant(at), Span(days=days), zone), Span(days=-days), zone) == at


def test_an_offset_in_the_text_wins_over_the_zone() -> None:
    assert parse_instant("2027-01-11T09:00+00:00", "Europe/Berlin") == parse_instant(
        "2027-01-11T10:00", "Europe/Berlin"
    )
    assert as_datetime(Instant(1_500), "UTC").microsecond == 500_000

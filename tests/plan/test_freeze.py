"""Days in which nothing new begins: their edges, and ranges that touch."""

import pytest

from uptake.core.time import Instant, parse_instant
from uptake.plan.freeze import frozen, thawed
from uptake.plan.model import Freeze

ZONE = "Europe/Berlin"
YEAR_END = Freeze(from_="2026-12-20", to="2027-01-04", why="Year-end close")
AUDIT = Freeze(from_="2027-01-05T00:00", to="2027-01-05T18:00", why="Audit")
FAR = Freeze(from_="2027-03-01", to="2027-03-01")


def at(text: str) -> Instant:
    return parse_instant(text, ZONE)


@pytest.mark.parametrize(
    ("moment", "why", "until"),
    [
        ("2026-12-19T23:59:59", "", ""),
        ("2026-12-20T00:00", "Year-end close", "2027-01-05T18:00"),
        ("2027-01-04T23:59:59", "Year-end close", "2027-01-05T18:00"),
        ("2027-01-05T17:59", "Audit", "2027-01-05T18:00"),
        ("2027-01-05T18:00", "", ""),
        ("2027-03-01T12:00", "", "2027-03-02T00:00"),
    ],
)
def test_a_day_is_whole_and_ranges_that_touch_are_one(moment: str, why: str, until: str) -> None:
    found = frozen((AUDIT, YEAR_END, FAR), at(moment), ZONE)
    assert (found is None) == (not until)
    if found is not None:
        assert (found.why, found.until) == (why, at(until))
    assert thawed((AUDIT, YEAR_END, FAR), at(moment), ZONE) == (at(until) if until else at(moment))

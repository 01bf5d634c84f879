"""What bands show, how they are added to, how long it still takes; and how often looking daily errs."""

import math
from typing import get_args

import numpy as np
import pytest

from tests.measure.test_looks import PERIODS, STARTS, panel
from uptake.measure.findings import Band, Found, Want, bands, cleared, correlation, finding, more_periods
from uptake.measure.looks import against, joint, looks, views
from uptake.measure.power import planned
from uptake.measure.spending import Kind, Spending, boundaries, shares
from uptake.measure.statistics import NEVER

AT = [7, 10, 13, 16, 20]
SHARES = [0.2, 0.4, 0.6, 0.8, 1.0]
LATE = Spending(kind="late", seed=1, paths=20_000)


def band(low: float, high: float) -> Band:
    return Band(period=1, estimate=(low + high) / 2, se=1, boundary=2, low=low, high=high)


@pytest.mark.parametrize(
    ("success", "guard", "want", "found"),
    [
        ((0.1, 0.6), (0.5, 1.0), "increase", "achieved"),
        ((-0.1, 0.6), (0.2, 0.9), "increase", "undecided"),
        ((-0.2, -0.1), (0.1, 0.2), "increase", "not achieved"),
        ((-0.2, 0.0), None, "increase", "not achieved"),
        ((-0.9, -0.4), (-0.6, -0.1), "increase", "harm"),
        ((-0.9, 0.4), (-0.6, 0.7), "increase", "undecided"),
        ((-0.6, -0.2), None, "decrease", "achieved"),
        ((0.2, 0.6), (-0.1, 0.3), "decrease", "not achieved"),
        ((0.4, 0.9), (0.1, 0.6), "decrease", "harm"),
        ((-math.inf, math.inf), (-math.inf, math.inf), "decrease", "undecided"),
        (None, None, "decrease", "undecided"),
        (None, (0.1, 0.6), "decrease", "harm"),
    ],
)
def test_what_a_band_shows(
    success: tuple[float, float] | None, guard: tuple[float, float] | None, want: Want, found: Found
) -> None:
    told = finding(band(*success) if success else None, band(*guard) if guard else None, want=want)
    assert told == found
    assert told in get_args(Found)


def test_bands_are_made_one_after_another() -> None:
    known = panel(1, effect=0.8)
    seen = looks(known, views(known, AT))
    covariance = joint(known, seen)
    made = tuple[Band, ...]()
    for count in range(1, 6):
        more = bands(covariance[:count, :count], seen[:count], SHARES[:count], LATE, before=made)
        assert more[:-1] == made
        made = more
    whole = bands(covariance, seen, SHARES, LATE)
    assert [one.boundary for one in made] == pytest.approx([one.boundary for one in whole], rel=1e-9)
    assert made[-1].low > 0
    first = cleared(made)
    assert first is not None
    assert [one.low > 0 or one.high < 0 for one in made].index(True) == made.index(first)
    assert 1.96 < made[-1].boundary < made[1].boundary


def test_few_degrees_of_freedom_widen_the_band_and_leave_the_boundary() -> None:
    known = panel(1)
    seen = looks(known, views(known, AT))
    plain, few = (
        bands(joint(known, seen), seen, SHARES, Spending(kind="late", seed=1, paths=20_000, df=df)) for df in (None, 10)
    )
    assert [one.boundary for one in plain] == [one.boundary for one in few]
    assert few[-1].high - few[-1].low > 1.1 * (plain[-1].high - plain[-1].low)


def test_a_target_in_per_cent_is_found_with_its_own_band() -> None:
    """Level 5, effect -1: less than it was, surely; 10 % less, surely; 30 % less, surely not."""
    known = panel(3, people=480, effect=-1.0, level=5.0)
    seen = looks(known, views(known, AT))
    told: list[Found] = []
    for share in (0.0, -0.1, -0.3):
        moved = against(known, seen, share=share)
        told.append(finding(bands(joint(known, moved), moved, SHARES, LATE)[-1], want="decrease"))
    assert told == ["achieved", "achieved", "not achieved"]
    guard = against(known, seen, share=0.05)
    made = bands(joint(known, guard), guard, SHARES, Spending(kind="early", seed=2, paths=20_000))
    assert finding(None, made[-1], want="decrease") == "undecided"
    assert finding(None, made[-1], want="increase") == "harm"


def test_how_much_longer() -> None:
    """With the estimate as it is and errors as planned the band clears zero at the look that the plan says."""
    known = panel(2, effect=0.35)
    seen = looks(known, views(known, AT))
    assumed = planned([60] * 4, [*STARTS, NEVER], PERIODS, correlation=correlation(known))
    coming = looks(assumed, views(assumed, AT))
    covariance, told = joint(assumed, coming), shares([one.se**2 for one in coming])
    made = bands(joint(known, seen[:2]), seen[:2], told[:2], LATE)
    more = more_periods(made, [one.period for one in seen[2:]], covariance, told, LATE)
    far = boundaries(covariance, told, LATE, before=[one.boundary for one in made])
    errors = np.sqrt(np.diag(covariance)) * made[-1].se / coming[1].se
    clear = [one.period for one, c, se in zip(seen, far, errors, strict=True) if abs(made[-1].estimate) > c * se]
    assert clear
    assert more == clear[0] - made[-1].period
    weak = looks(panel(2), views(known, AT))[:2]
    assert more_periods(bands(joint(known, weak), weak, told[:2], LATE), [12, 15, 19], covariance, told, LATE) is None
    done = bands(joint(known, seen), seen, told, LATE)
    assert more_periods(done, [], covariance, told, LATE) == 0


def test_the_correlation_between_periods() -> None:
    """Persistent differences and daily noise of one size: a half."""
    assert correlation(panel(1, people=2000)) == pytest.approx(0.5, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["late", "early"])
def test_looking_every_period_errs_as_often_as_allowed(kind: Kind) -> None:
    """Without an effect: an ordinary test at each of 14 looks errs far too often, the band together at most at .05."""
    at, runs = list(range(7, 21)), 600
    seen = views(panel(0, people=400), at)
    told = shares([one.se**2 for one in looks(planned([100] * 4, [*STARTS, NEVER], PERIODS, correlation=0.5), seen)])
    naive, together = 0, 0
    for run in range(runs):
        known = panel(run, people=400)
        found = looks(known, seen)
        naive += any(abs(one.estimate) > 1.96 * one.se for one in found)
        rule = Spending(kind=kind, seed=run, paths=20_000, df=396)
        together += cleared(bands(joint(known, found), found, told, rule)) is not None
    assert naive / runs > 0.12
    assert together / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
    assert together / runs >= 0.02

"""Sums from elsewhere: the statistics they give, when they have lost digits, and one more day."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.core.chance import stream
from uptake.measure import NoPanel
from uptake.measure.statistics import NEVER, Floats, Ints, Statistics, summarise
from uptake.measure.sums import Sums, day_of, day_shift, summary, with_day

COHORTS = np.array([3.0, 5.0, NEVER])


def made(seed: int, *, units: int = 60, width: int = 5, level: float = 0.0) -> tuple[Floats, Ints]:
    """Values, and labels of `COHORTS`."""
    chance = stream(seed, "sums")
    values = level + chance.normal(size=(units, 1)) + chance.normal(size=(units, width)) * np.arange(1, width + 1)
    return values, chance.permutation(np.resize([0, 1, 2], units))


def added(values: Floats, starts: Floats, shift: Floats) -> Sums:
    """A group for each unit: what may come back is finer than cohorts."""
    away = values - shift
    return Sums(
        starts=starts,
        sizes=np.ones(len(values)),
        totals=away,
        products=away[:, :, None] * away[:, None, :],
        shift=shift,
    )


def apart(one: Statistics, other: Statistics) -> float:
    """The largest difference of covariances, in squares of standard deviations."""
    spread = np.sqrt(np.einsum("gtt->gt", other.covariances))
    assert one.cohorts.tolist() == other.cohorts.tolist()
    assert one.periods.tolist() == other.periods.tolist()
    assert one.means == pytest.approx(other.means, rel=1e-12, abs=1e-12 * np.abs(other.means).max())
    return float(np.abs((one.covariances - other.covariances) / (spread[:, :, None] * spread[:, None, :])).max())


def known(values: Floats, labels: Ints, periods: int) -> Statistics:
    return summarise(values, labels, cohorts=COHORTS, periods=np.arange(1.0, periods + 1))


@given(seed=st.integers(0, 10_000), shift=st.floats(-3, 3))
@settings(max_examples=25, deadline=None)
def test_the_shift_does_not_matter_while_it_is_near(seed: int, shift: float) -> None:
    values, labels = made(seed)
    found = summary(added(values, COHORTS[labels], np.full(5, shift)), periods=np.arange(1.0, 6))
    assert apart(found.statistics, known(values, labels, 5)) < 1e-12
    assert found.dropped == ()


def test_sums_tell_which_columns_lost_digits() -> None:
    values, labels = made(1, units=300)
    values[:, 2] += 1e8
    values[:, 4] = 7.0
    sums = added(values, COHORTS[labels], np.zeros(5)).gathered()
    nearer = sums.nearer()
    assert nearer is not None
    assert np.flatnonzero(nearer).tolist() == [2, 4]
    assert nearer[[2, 4]] == pytest.approx(values[:, [2, 4]].mean(axis=0))
    again = added(values, COHORTS[labels], nearer).gathered()
    exact = known(values, labels, 5).covariances[:, 2, 2]
    lost = summary(sums, periods=np.arange(1.0, 6)).statistics.covariances[:, 2, 2]
    kept = summary(again, periods=np.arange(1.0, 6)).statistics.covariances[:, 2, 2]
    assert kept == pytest.approx(exact, rel=1e-9)
    assert np.abs(lost / exact - 1).max() > 1e-3
    near, _ = made(2)
    assert added(near, COHORTS[labels[:60]], np.zeros(5)).gathered().nearer() is None


@given(seed=st.integers(0, 10_000), level=st.sampled_from([0.0, 1e6]), covariates=st.integers(0, 2))
@settings(max_examples=25, deadline=None)
def test_a_day_added_is_a_day_summarised(seed: int, level: float, covariates: int) -> None:
    values, labels = made(seed, level=level)
    periods = 5 - covariates
    before = np.delete(values, periods - 1, axis=1)
    grown = with_day(
        known(before, labels, periods - 1),
        day_of(known(before, labels, periods - 1), before, labels, values[:, periods - 1]),
        period=periods,
    )
    assert apart(grown, known(values, labels, periods)) < 1e-9
    assert grown.covariates == covariates


def test_ten_days_added_one_by_one() -> None:
    values, labels = made(4, width=12, level=50.0)
    found = known(values[:, :2], labels, 2)
    for day in range(2, 12):
        found = with_day(found, day_of(found, values[:, :day], labels, values[:, day]), period=day + 1)
    assert apart(found, known(values, labels, 12)) < 1e-12


def test_a_new_day_is_taken_to_lie_where_the_last_one_does() -> None:
    values, labels = made(5, level=1e6)
    shift = day_shift(known(values, labels, 5))
    assert shift[-1] == shift[-2] == pytest.approx(1e6, rel=1e-3)
    assert not day_shift(known(values - 1e6, labels, 5)).any()


def test_what_cannot_be_added_is_refused() -> None:
    values, labels = made(6)
    before = known(values[:, :4], labels, 4)
    day = day_of(before, values[:, :4], labels, values[:, 4])
    with pytest.raises(NoPanel, match="period 4 is not behind the last one, 4"):
        with_day(before, day, period=4)
    with pytest.raises(NoPanel, match="19 units of cohort 5 have the new day, and 20 are in the statistics"):
        with_day(before, replace(day, sizes=day.sizes - [0, 1, 0]), period=5)
    with pytest.raises(NoPanel, match="40 units of cohort 3 have the new day, and 20 are"):
        with_day(before, replace(day, starts=np.array([3.0, 5.0, 3.0])), period=5)
    with pytest.raises(NoPanel, match="is infinite"):
        with_day(before, replace(day, totals=day.totals + np.inf), period=5)
    with pytest.raises(NoPanel, match="missing or infinite"):
        day_of(before, values[:, :4], labels, np.where(values[:, 4] > 0, np.nan, 0))


def test_what_is_left_out_is_told() -> None:
    values, _ = made(7, units=8)
    starts = np.array([3.0, 3, NEVER, NEVER, 5, NEVER, 3, 7])
    found = summary(added(values, starts, np.zeros(5)), periods=np.arange(1.0, 6), missing=1_200)
    assert found.dropped == ("1,200 of 1,208 units miss a period or a covariate", "2 cohorts have a single unit")
    assert found.statistics.cohorts.tolist() == [3, NEVER]
    assert found.statistics.sizes.tolist() == [3, 3]
    with pytest.raises(NoPanel, match="fewer than two cohorts"):
        summary(added(values, np.full(8, 3.0), np.zeros(5)), periods=np.arange(1.0, 6))

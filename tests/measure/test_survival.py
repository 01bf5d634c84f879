"""Kaplan-Meier, Greenwood and the log-rank test: against published figures and against what must hold of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.core.chance import stream
from uptake.measure.survival import Counts, NotComparable, chi_squared_above, counts, kaplan_meier, log_rank, stayed

# Freireich et al. (1963), "The effect of 6-mercaptopurine on the duration of steroid-induced remissions in acute
# leukemia", Blood 21: weeks of remission, + while it lasts.
MERCAPTOPURINE = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def group(told: str, followed: int = 35) -> Counts:
    weeks = told.split()
    return counts(
        [int(week.rstrip("+")) for week in weeks], [not week.endswith("+") for week in weeks], followed_days=followed
    )


def test_the_leukaemia_data_give_the_published_curve() -> None:
    """The 6-MP group as textbooks print it, e.g. Kleinbaum & Klein, "Survival Analysis", chapter 2."""
    curve = kaplan_meier(group(MERCAPTOPURINE))
    assert curve.days.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert [round(float(one), 3) for one in curve.share] == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert [round(float(one), 4) for one in curve.se] == [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert curve.median() == 23
    assert kaplan_meier(group(PLACEBO)).median() == 8


def test_the_log_rank_test_of_the_leukaemia_data_is_the_published_one() -> None:
    """Kleinbaum & Klein, chapter 2: 16.79 on one degree of freedom."""
    found = log_rank([group(MERCAPTOPURINE), group(PLACEBO)])
    assert round(found.statistic, 2) == 16.79
    assert found.df == 1
    assert found.p == pytest.approx(4.17e-5, rel=0.01)


def test_the_interval_is_that_of_the_log_log_scale() -> None:
    """By hand for week 6: S = 18/21, Greenwood's sum 3 / (21 x 18)."""
    point = kaplan_meier(group(MERCAPTOPURINE)).at(8)
    first = kaplan_meier(group(MERCAPTOPURINE)).at(6)
    assert first is not None
    assert point is not None
    share, spread = 18 / 21, 1.959964 * np.sqrt(3 / (21 * 18)) / abs(np.log(18 / 21))
    assert first.low == pytest.approx(share ** np.exp(spread), abs=1e-6)
    assert first.high == pytest.approx(share ** np.exp(-spread), abs=1e-6)
    assert round(point.share, 3) == 0.807


def test_without_censoring_it_is_the_share_and_its_binomial_error() -> None:
    curve = kaplan_meier(counts([1, 1, 2, 4, 4, 4, 7, 9], [True] * 8))
    for day, left in ((1, 6), (2, 5), (4, 2), (7, 1)):
        point = curve.at(day)
        assert point is not None
        assert point.share == pytest.approx(left / 8)
        assert point.se == pytest.approx(np.sqrt(left / 8 * (1 - left / 8) / 8))
    last = curve.at(9)
    assert last is not None
    assert (last.share, last.se, last.low) == (0.0, 0.0, 0.0)
    assert last.high == pytest.approx(float(curve.high[-2]))


def test_before_anybody_the_interval_is_exact_and_beyond_the_watching_there_is_none() -> None:
    curve = kaplan_meier(counts([5, 9, 9, 9], [True, False, False, False], followed_days=12))
    point = curve.at(3)
    assert point is not None
    assert (point.share, point.high) == (1.0, 1.0)
    assert point.low**4 == pytest.approx(0.025)
    assert curve.at(10) is None, "nobody was watched for ten days"
    assert curve.at(13) is None
    assert curve.median() is None
    assert curve.median_interval()[1] is None


def test_a_weight_counts_as_so_many_people() -> None:
    days, happened = [2, 3, 3, 5], [True, True, False, False]
    weighted = kaplan_meier(counts(days, happened, weights=[3, 1, 2, 4]))
    repeated = kaplan_meier(counts(np.repeat(days, [3, 1, 2, 4]), np.repeat(happened, [3, 1, 2, 4])))
    assert weighted.share.tolist() == pytest.approx(repeated.share.tolist())
    assert weighted.se.tolist() == pytest.approx(repeated.se.tolist())
    assert weighted.people == 10


def test_its_intervals_cover_the_truth() -> None:
    """1,000 groups of 60 with a constant daily hazard of .05 and leavers: within three errors of 95 %."""
    covered = 0
    for seed in range(1000):
        chance = stream(seed, "survival")
        until, left = chance.geometric(0.05, 60), np.minimum(chance.geometric(0.02, 60), 30)
        point = kaplan_meier(counts(np.minimum(until, left), until <= left, followed_days=30)).at(20)
        assert point is not None
        covered += point.low <= 0.95**20 <= point.high
    assert abs(covered / 1000 - 0.95) <= 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_days_off_are_left_out_and_nobody_with_them() -> None:
    """Days 2, 3 and 6 are off: 2, 3 and 4 become one day, and what comes on 6 counts on 5."""
    group = counts([0, 2, 3, 4, 5, 6, 6], [True, True, False, True, False, True, False])
    found = group.working([True, True, False, False, True, True, False])
    assert found.happened.tolist() == [1, 0, 2, 1]
    assert found.ended.tolist() == [0, 0, 1, 2]
    assert (found.followed_days, found.people) == (3, 7)
    everyday = group.working([True] * 7)
    assert (everyday.happened.tolist(), everyday.ended.tolist()) == (group.happened.tolist(), group.ended.tolist())


def test_groups_that_were_watched_for_different_times_are_not_compared() -> None:
    short = group(PLACEBO, 23)
    with pytest.raises(NotComparable, match=r"\(23, 35 days\): cut them to 23"):
        log_rank([group(MERCAPTOPURINE), short])
    assert log_rank([group(MERCAPTOPURINE).cut(23), short]).statistic == pytest.approx(16.793, abs=0.001), (
        "the last event of both lies at 23 weeks, so nothing is lost"
    )
    with pytest.raises(NotComparable, match="nobody"):
        log_rank([counts([4], [False]), counts([4], [False])])


def test_the_same_groups_do_not_differ_and_their_order_does_not_matter() -> None:
    one, two, three = group(MERCAPTOPURINE), group(PLACEBO), group(PLACEBO[:19] + " " + MERCAPTOPURINE[:25])
    assert log_rank([one, one, one]).statistic == pytest.approx(0, abs=1e-12)
    assert log_rank([one, two, three]).statistic == pytest.approx(log_rank([three, one, two]).statistic)
    assert log_rank([one, two, three]).df == 2


@pytest.mark.parametrize(("x", "df"), [(2.705543, 1), (4.605170, 2), (6.251389, 3), (7.779440, 4), (9.236357, 5)])
def test_chi_squared_is_as_tabulated(x: float, df: int) -> None:
    """The 90 % points of Abramowitz & Stegun (1964), table 26.8."""
    assert chi_squared_above(x, df) == pytest.approx(0.1, abs=1e-6)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20, unique=True), st.integers(1, 15), st.integers(0, 20))
def test_relapse_is_known_on_its_day_and_not_before(days: list[int], relapse_days: int, more: int) -> None:
    used = sorted(days)
    today = used[-1] + more
    length, relapsed = stayed(used, today=today, relapse_days=relapse_days)
    day = used[0] + length
    assert day <= today
    if relapsed:
        assert stayed(used, today=day, relapse_days=relapse_days) == (length, True)
        assert not any(day - relapse_days < one <= day for one in used)
    else:
        assert day == today
    if day > used[0]:
        assert not stayed(used, today=day - 1, relapse_days=relapse_days)[1], "the day before nothing was known"


def test_sustainment_is_the_same_estimator_on_those_who_stayed() -> None:
    """Four adopters, relapse after 7 days: two relapse on days 9 and 12, one is watched to day 10, one to day 30."""
    uses = [([0, 2], 30), ([0, 5], 30), ([0, 4, 8], 10), (list(range(0, 31, 6)), 30)]
    pairs = [stayed(used, today=today, relapse_days=7) for used, today in uses]
    assert pairs == [(9, True), (12, True), (10, False), (30, False)]
    point = kaplan_meier(counts([days for days, _ in pairs], [relapsed for _, relapsed in pairs])).at(30)
    assert point is not None
    assert point.share == pytest.approx(3 / 4 * 1 / 2)

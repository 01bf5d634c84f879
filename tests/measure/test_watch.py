"""One effect through all looks: bands that stand, gaps filled blindly, waves in transition, relative targets."""

from dataclasses import replace

import numpy as np
import pytest

from uptake.measure.statistics import NEVER
from uptake.measure.watch import Course, Followed, Walked, fill, follow

PERIODS = np.arange(-3.0, 9.0)
STARTS = np.array([1.0, 3.0, 5.0, NEVER])
COURSE = Course(method="spending", kind="late", alpha=0.05, planned=tuple(np.linspace(0.2, 1, 8)), seed="looks")


def known(seed: int = 1, *, each: int = 120, effect: float = -0.5, share: float = 0.0) -> Followed:
    """Four waves, noise and a level of each unit's own; from its opening on an effect, or a share of the value."""
    chance = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), each)
    values = 20 + chance.normal(size=(labels.size, 1)) + chance.normal(size=(labels.size, PERIODS.size))
    exposed = (STARTS[:, None] <= PERIODS)[labels]
    values = np.where(exposed, values * (1 + share) + effect, values)
    orders = np.stack([labels, *(chance.permutation(labels) for _ in range(399))])
    return Followed(values=values, labels=labels, cohorts=STARTS, first=STARTS, periods=PERIODS, orders=orders)


def upto(whole: Followed, look: int) -> Followed:
    """As it was known at a look."""
    seen = whole.periods <= look
    later = whole.cohorts > look
    starts = np.where(later, NEVER, whole.cohorts)
    cohorts, places = np.unique(starts, return_inverse=True)
    assert whole.orders is not None
    return replace(
        whole,
        values=whole.values[:, seen],
        periods=whole.periods[seen],
        labels=places[whole.labels],
        cohorts=cohorts,
        first=cohorts,
        orders=places[whole.orders],
    )


@pytest.mark.parametrize("method", ["spending", "paths", "sequence"])
def test_a_band_that_stands_is_never_changed_and_looks_one_by_one_are_the_looks_at_once(method: str) -> None:
    whole, course = known(), replace(COURSE, method=method)
    made, walked = (), Walked()
    for look in range(1, 9):
        before = made
        made = follow(upto(whole, look), course, range(1, look + 1), before=before, walked=walked)
        assert made[: len(before)] == before
    assert [band.period for band in made] == list(range(1, 9))
    again = follow(whole, course, range(1, 9)) if method != "sequence" else made
    for one, other in zip(made, again, strict=True):
        assert (one.estimate, one.se, one.boundary) == pytest.approx(
            (other.estimate, other.se, other.boundary), rel=0.01
        ), "the factor on differences before knows a little less while waves to come are one"
    assert made[-1].low < -0.5 < made[-1].high < 0


def test_what_was_walked_is_only_memory() -> None:
    """A process that starts again, and so walks everything again, makes the same band."""
    whole, course = known(each=30), replace(COURSE, method="paths")
    walked = Walked()
    first = follow(upto(whole, 4), course, range(1, 5), walked=walked)
    remembered = follow(upto(whole, 5), course, range(1, 6), before=first, walked=walked)
    afresh = follow(upto(whole, 5), course, range(1, 6), before=first)
    assert remembered[-1].estimate == pytest.approx(afresh[-1].estimate)
    assert remembered[-1].boundary == pytest.approx(afresh[-1].boundary)


def test_a_wave_that_was_told_is_no_control_and_its_days_since_are_no_time_before() -> None:
    """With everybody told two periods ahead, what changes then is in no estimate."""
    whole = known(effect=0.0)
    told = STARTS - 2
    jump = ((told[:, None] <= PERIODS) & (STARTS[:, None] > PERIODS))[whole.labels]
    upset = replace(whole, values=whole.values + 50 * jump, first=told)
    calm = replace(whole, first=told)
    for one, other in zip(follow(upset, COURSE, range(1, 9)), follow(calm, COURSE, range(1, 9)), strict=True):
        assert one.estimate == pytest.approx(other.estimate)
    naive = follow(replace(upset, first=STARTS), COURSE, range(1, 9))
    assert abs(naive[-1].estimate) > 1


@pytest.mark.parametrize("method", ["spending", "paths"])
def test_a_target_in_per_cent_is_met_where_the_effect_goes_beyond_it(method: str) -> None:
    whole = known(effect=0.0, share=-0.1)
    course = replace(COURSE, method=method, share=-0.05)
    beyond = follow(whole, course, range(1, 9))[-1]
    assert beyond.high < 0, "a tenth less is more than 5 % less"
    short = follow(whole, replace(course, share=-0.15), range(1, 9))[-1]
    assert short.low > 0, "a tenth less is not 15 % less"
    just = follow(whole, replace(course, share=-0.1), range(1, 9))[-1]
    assert just.low < 0 < just.high


def test_gaps_are_filled_whatever_the_wave_is() -> None:
    values = np.array([[1.0, 2.0, np.nan], [3.0, np.nan, 5.0], [2.0, 4.0, 7.0]])
    filled, share = fill(values)
    assert share == pytest.approx(2 / 9)
    means = [2.0, 3.0, 6.0]
    assert filled[0, 2] == pytest.approx(means[2] + ((1 - 2) + (2 - 3)) / 2)
    assert filled[1, 1] == pytest.approx(means[1] + (3 - 2)), "what comes later plays no part"
    late = np.array([[np.nan, 2.0], [4.0, 6.0]])
    assert fill(late)[0][0, 0] == 4.0, "nothing is known of it yet: the period's mean"
    there = ~np.isnan(values)
    assert (filled[there] == values[there]).all()
    assert fill(filled) == (pytest.approx(filled), 0.0)

"""Looking again and again by orders drawn anew: exact however few settings there are."""

import math

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.looks import looks, views
from uptake.measure.paths import Drawn, confidence, crossed, method_for, statistics, thresholds
from uptake.measure.power import planned
from uptake.measure.spending import allowed
from uptake.measure.staggered import Beta
from uptake.measure.statistics import NEVER, Ints, summarise

PERIODS = 12
WHEN = np.array([3.0, 6.0, 9.0, NEVER])
AT = [4, 6, 8, 10, 12]
SPENDABLE = [allowed("early", share) for share in (0.2, 0.4, 0.6, 0.8, 1.0)]
SEEN = views(planned([3] * 4, WHEN.tolist(), PERIODS, correlation=0.5), AT)


def orders(run: int, *, redraws: int = 399, each: int = 3) -> Ints:
    """Settings in four waves of three, as drawn and drawn anew."""
    chance = stream(run, "orders")
    return np.array([chance.permutation(np.repeat(np.arange(4), each)) for _ in range(redraws + 1)])


def outcome(run: int, order: Ints, effect: float = 0.0) -> np.ndarray:
    """Settings of their own level, with heavy tails and days that go together."""
    chance = stream(run, "outcome")
    values = (
        1.5 * chance.standard_normal((order.size, 1)) + chance.standard_t(4, (order.size, PERIODS)).cumsum(axis=1) / 2
    )
    return values + effect * exposed(order)


def exposed(order: Ints) -> np.ndarray:
    return (np.arange(PERIODS) >= WHEN[order][:, None]).astype(float)


@pytest.mark.parametrize(
    ("sizes", "drawn", "open_ended", "method"),
    [
        ([120, 100, 300], 520, False, "spending"),
        ([120, 100, 300], 520, True, "sequence"),
        ([120, 99, 300], 519, False, "paths"),
        ([240, 240, 240], 12, False, "paths"),
        ([240, 240, 240], 12, True, "paths"),
    ],
)
def test_which_method(sizes: list[int], drawn: int, open_ended: bool, method: str) -> None:
    assert method_for(sizes, drawn, open_ended=open_ended) == method


@pytest.mark.parametrize("beta", ["efficient", "0", "1"])
def test_the_statistic_is_the_estimate(beta: Beta) -> None:
    """For any order the statistic is the estimate that looks make of it, and studentised that over its error."""
    some = orders(1, redraws=4)
    values = outcome(1, some[0], 1.0)
    plain, over = (
        statistics(Drawn(values=values, orders=some, views=SEEN, beta=beta, studentised=one)) for one in (False, True)
    )
    for row, order in enumerate(some):
        known = summarise(values, order, cohorts=WHEN, periods=np.arange(PERIODS, dtype=float))
        told = looks(known, SEEN, beta=beta)
        assert plain[row] == pytest.approx([one.estimate for one in told], rel=1e-9)
        assert over[row] == pytest.approx([one.estimate / one.se for one in told], rel=1e-7)


def test_as_many_paths_cross_as_may_by_hand() -> None:
    """Ten paths: two may cross by the first look, three by the second: one of those that are left."""
    first = np.array([1, -9, 2, 3, 8, 4, -5, 0, 6, 7.0])
    second = np.array([5, 99, 1, 2, 98, 0, 3, -6, 4, 2.0])
    paths = np.stack([first, second], axis=1)
    (one,) = thresholds(paths[:, :1], [0.2])
    assert one == 7
    assert thresholds(paths, [0.2, 0.3], before=[one]) == (one, 5)
    assert thresholds(paths, [0.2, 0.3]) == (7, 5)
    assert thresholds(paths, [0.2, 0.3], before=[8.5]) == (8.5, 5)  # one crossed at first, so 98 and -6 do now
    assert crossed(paths, (7, 5)) is None
    assert crossed(paths[[7, 1]], (7, 5)) == 1
    assert thresholds(paths, [0.05, 0.1]) == (math.inf, 98)


def test_ties_cross_together_or_not_at_all() -> None:
    paths = np.array([[1.0, 2], [1, 3], [1, 4], [1, 1], [0, 0]])
    assert thresholds(paths, [0.4, 0.4]) == (1, 2)
    assert np.sum(np.abs(paths[:, 0]) > 1) == 0


def test_orders_that_are_alike_cross_as_often_as_is_spent() -> None:
    """Whichever of the paths was drawn: of 400, no more than 20 ever cross."""
    some = orders(3)
    paths = statistics(Drawn(values=outcome(3, some[0]), orders=some, views=SEEN))
    found = thresholds(paths, SPENDABLE)
    ever = [crossed(np.roll(paths, -row, axis=0), found) is not None for row in range(len(paths))]
    assert 15 <= sum(ever) <= 20
    assert list(found[:3]) == list(thresholds(paths[:, :3], SPENDABLE[:3]))
    assert thresholds(paths, SPENDABLE, before=found[:2]) == found


def test_a_large_effect_is_found_and_bounded() -> None:
    some = orders(4)
    values = outcome(4, some[0], 12.0)
    drawn = Drawn(values=values, orders=some, views=SEEN)
    paths = statistics(drawn)
    assert crossed(paths, thresholds(paths, SPENDABLE)) is not None
    told = confidence(drawn, exposed(some[0]), SPENDABLE)
    assert 0 < told.low < told.estimate < told.high
    assert told.low < 12 < told.high
    moved = confidence(
        Drawn(values=values + 5 * exposed(some[0]), orders=some, views=SEEN), exposed(some[0]), SPENDABLE
    )
    assert (moved.low, moved.high) == pytest.approx((told.low + 5, told.high + 5), rel=1e-6)


def test_nothing_is_bounded_while_nothing_may_be_spent() -> None:
    some = orders(5, redraws=19)
    drawn = Drawn(values=outcome(5, some[0]), orders=some, views=SEEN[:1])
    told = confidence(drawn, exposed(some[0]), [0.01])
    assert (told.low, told.high) == (-math.inf, math.inf)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 2.0])
def test_the_sets_of_all_looks_hold_the_truth_together(effect: float) -> None:
    """600 made-up plans: with the effect taken out the drawn path crosses at most as often as is spent."""
    runs, left, inside = 600, 0, 0
    for run in range(runs):
        some = orders(run, redraws=99)
        values = outcome(run, some[0], effect)
        paths = statistics(Drawn(values=values - effect * exposed(some[0]), orders=some, views=SEEN, beta="efficient"))
        left += crossed(paths, thresholds(paths, SPENDABLE)) is not None
        if run < 40:
            told = confidence(Drawn(values=values, orders=some, views=SEEN), exposed(some[0]), SPENDABLE)
            inside += told.low <= effect <= told.high
    assert left / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5
    assert left / runs >= 0.02
    assert inside >= 33

"""The contrast by hand, and the permutation interval: exact under no effect, covering a constant one."""

import numpy as np
import pytest

from uptake.measure.contrast import CONTROL, EXPOSED, TRANSITION, Panel, contrast, interval
from uptake.measure.smallest import smallest_effect

C, T, X = CONTROL, TRANSITION, EXPOSED
NAN = float("nan")


def panel(values: list[list[float]], status: list[list[int]], sizes: list[float], days: list[float]) -> Panel:
    return Panel(values=np.array(values), status=np.array(status), days=np.array(days), sizes=np.array(sizes))


def test_a_small_table_by_hand() -> None:
    """Wave 0 opens in period 1, wave 1 in period 2, wave 2 is held out.

    Period 1: wave 0 has 6, the others (9 + 11 + 10 + 10) / 4 = 10: -4; before 10 - 10.5 = -0.5: -3.5, weight 2 * 7.
    Period 2: wave 0 has 7, the holdout 12: -5; before 10 - 10 = 0: -5, weight 2 * 14.
              wave 1 has 9, the holdout 12: -3; before 11 - 10 = 1: -4, weight 2 * 14.
    (14 * -3.5 + 28 * -5 + 28 * -4) / 70 = -301 / 70 = -4.3
    """
    made = panel(
        [[8, 5, 6], [12, 7, 8], [10, 9, 8], [12, 11, 10], [9, 10, 12], [11, 10, 12]],
        [[C, X, X], [C, C, X], [C, C, C]],
        [2, 2, 2],
        [56, 7, 14],
    )
    found = contrast(made, np.array([0, 0, 1, 1, 2, 2]))
    assert found is not None
    assert found.estimate == pytest.approx(-4.3)
    exposed = (14 * 6 + 28 * 7 + 28 * 9) / 70
    assert found.expected == pytest.approx(exposed + 4.3)


def test_missing_values_and_transitions_are_left_out() -> None:
    made = panel([[10, 6], [10, NAN], [12, 9], [12, 9], [4, 99]], [[C, X], [C, C], [C, T]], [2, 2, 1], [7, 7])
    found = contrast(made, np.array([0, 0, 1, 1, 2]))
    assert found is not None
    assert found.estimate == pytest.approx((6 - 9) - (10 - 12))


def test_nothing_to_compare_with() -> None:
    all_open = panel([[1, 2], [1, 2]], [[C, X], [C, X]], [1, 1], [7, 7])
    assert contrast(all_open, np.array([0, 1])) is None
    only_exposed = panel([[1, 2], [1, NAN]], [[C, X], [C, C]], [1, 1], [7, 7])
    assert contrast(only_exposed, np.array([0, 1])) is None
    assert interval(all_open, np.array([0, 1]), np.array([[1, 0]])) is None


def test_an_interval_by_hand() -> None:
    """Four units, two open: T(L) for each of the six draws; the ends are roots of |T(L) - t d(L)| = |T - t|."""
    made = panel([[0, 5], [0, 4], [0, 1], [0, 0]], [[C, X], [C, C]], [2, 2], [7, 7])
    labels = np.array([0, 0, 1, 1])
    draws = [[0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 1, 0], [1, 1, 0, 0]]
    redraws = np.array([draw for draw in draws for _ in range(10)])
    # T = 4 as drawn; 1, 0, 0 and -1 with slope 0; -4 with slope -1, as extreme whatever the effect, like the own draw
    found = interval(made, labels, redraws, alpha=0.5)
    assert found is not None
    # roots: 3 and 5 for T = 1 and T = -1 (20 draws), 4 alone for T = 0 (20), none for 20; the 30th is 3, and 5
    assert (found.estimate, found.low, found.high) == (4.0, 3.0, 5.0)
    assert np.isinf(interval(made, labels, redraws, alpha=0.05).low)  # type: ignore[union-attr]


def made_up(rng: np.random.Generator, effect: float) -> tuple[Panel, np.ndarray, np.ndarray]:
    """Twelve settings in three waves of three and a holdout, drift and settings of their own level."""
    status = np.array([[C, X, X, X], [C, C, X, X], [C, C, T, X], [C, C, C, C]])
    labels = rng.permutation(np.repeat(np.arange(4), 3))
    level = rng.normal(10, 3, size=(12, 1)) + np.cumsum(rng.normal(0, 1, size=(1, 4)), axis=1)
    values = level + rng.standard_t(4, size=(12, 4)) + effect * (status[labels] == X)
    values[rng.random((12, 4)) < 0.05] = np.nan
    made = Panel(values=values, status=status, days=np.array([56.0, 14, 14, 14]), sizes=np.full(4, 3.0))
    return made, labels, np.array([rng.permutation(labels) for _ in range(99)])


@pytest.mark.parametrize("effect", [0.0, -2.0])
def test_coverage_is_what_it_says(effect: float) -> None:
    """600 made-up plans: the interval holds the truth in 95 %, within 2 standard errors."""
    runs, hits = 600, 0
    for seed in range(runs):
        found = interval(*made_up(np.random.default_rng(seed), effect))
        assert found is not None
        hits += found.low <= effect <= found.high
    assert hits / runs >= 0.95 - 2 * (0.95 * 0.05 / runs) ** 0.5
    assert hits / runs <= 0.99


def test_the_smallest_effect_falls_with_units() -> None:
    assert smallest_effect(8, 32) == smallest_effect(32, 8) > smallest_effect(20, 20)

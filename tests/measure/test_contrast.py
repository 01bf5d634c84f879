"""The contrast by hand, and where there is nothing to compare with."""

import numpy as np
import pytest

from uptake.measure.contrast import CONTROL, EXPOSED, TRANSITION, Panel, contrast
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


def test_the_smallest_effect_falls_with_units() -> None:
    assert smallest_effect(8, 32) == smallest_effect(32, 8) > smallest_effect(20, 20)

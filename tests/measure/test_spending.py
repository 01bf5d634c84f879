"""Boundaries of repeated looks: textbook values for independent increments, and what must hold for any covariance."""

import itertools
import math

import numpy as np
import pytest

from uptake.measure.spending import Kind, Spending, allowed, boundaries, crossing, next_boundary, shares, student


def brownian(shares: list[float]) -> np.ndarray:
    """Covariance of estimates with independent increments of information."""
    return np.array([[1 / max(a, b) for b in shares] for a in shares])


def found(covariance: np.ndarray, planned: list[float], kind: Kind, seed: int) -> tuple[float, ...]:
    return boundaries(covariance, planned, Spending(kind=kind, seed=seed))


def test_five_equal_looks_of_the_late_kind() -> None:
    """Lan & DeMets' O'Brien-Fleming type at .05, two-sided: 4.877, 3.357, 2.680, 2.290, 2.031 (Proschan, Lan & Wittes,
    "Statistical Monitoring of Clinical Trials", 2006). The first is exact; at the second 158 paths may cross."""
    planned = [0.2, 0.4, 0.6, 0.8, 1.0]
    first, *others = found(brownian(planned), planned, "late", 1)
    assert first == pytest.approx(4.877, abs=5e-4)
    assert others == pytest.approx([3.357, 2.680, 2.290, 2.031], abs=0.05)
    assert others[1:] == pytest.approx([2.680, 2.290, 2.031], abs=0.02)


def test_five_equal_looks_of_the_early_kind() -> None:
    """Pocock type at .05: 2.438, 2.427, 2.410, 2.397, 2.386 (the same source)."""
    planned = [0.2, 0.4, 0.6, 0.8, 1.0]
    told = found(brownian(planned), planned, "early", 1)
    assert told[0] == pytest.approx(2.438, abs=5e-4)
    assert told == pytest.approx([2.438, 2.427, 2.410, 2.397, 2.386], abs=0.02)


def test_one_look_is_the_ordinary_test() -> None:
    assert found(np.array([[4.0]]), [1.0], "late", 3)[0] == pytest.approx(1.959964, abs=1e-6)


@pytest.mark.parametrize("kind", ["late", "early"])
def test_what_may_be_spent_grows_to_alpha(kind: Kind) -> None:
    told = [allowed(kind, share / 20, alpha=0.1) for share in range(21)]
    assert told[0] == 0
    assert told[-1] == pytest.approx(0.1)
    assert all(a < b for a, b in itertools.pairwise(told))
    assert allowed(kind, 7.0, alpha=0.1) == pytest.approx(0.1)


@pytest.mark.parametrize("kind", ["late", "early"])
def test_other_paths_are_crossed_as_often_as_is_spent(kind: Kind) -> None:
    """Looks that go together in no textbook's way: what is spent by each is what `allowed` says, within 4 s.e."""
    rows = np.array([[1.0, 0, 0, 0], [0.3, 1, 0, 0], [0.2, 0.5, 1, 0], [-0.4, 0.1, 0.9, 0.6]])
    covariance, planned = rows @ rows.T, [0.3, 0.5, 0.8, 1.0]
    told = crossing(covariance, found(covariance, planned, kind, 1), [0.0] * 4, seed=2)
    for share, spent in zip(planned, told, strict=True):
        wanted = allowed(kind, share)
        assert spent == pytest.approx(wanted, abs=4 * math.sqrt(2 * wanted / 200_000))


def test_power_of_one_look_is_the_closed_form() -> None:
    """A drift of 1.959964 + 0.841621 standard errors is found in 80 %, the other tail being next to nothing."""
    (told,) = crossing(np.array([[4.0]]), [1.959964], [2 * 2.801585], seed=1)
    assert told == pytest.approx(0.8, abs=0.004)


def test_a_look_that_is_made_is_never_changed_by_later_ones() -> None:
    planned = [0.3, 0.5, 0.9, 1.0]
    whole = found(brownian(planned), planned, "early", 5)
    for looks in range(1, 5):
        assert found(brownian(planned[:looks]), planned[:looks], "early", 5) == pytest.approx(whole[:looks], rel=1e-9)
    assert found(brownian(planned), planned, "early", 5) == whole
    assert found(brownian(planned), planned, "early", 6) != whole


def test_boundaries_that_stand_are_kept_whatever_the_data_say_later() -> None:
    """Corrected data change how looks go together: earlier boundaries stay, the next one makes up for them."""
    planned, rule = [0.3, 0.6, 1.0], Spending(kind="early", seed=5)
    stood = (2.0, 2.1)
    told = boundaries(brownian([0.2, 0.3, 1.0]), planned, rule, before=stood)
    assert told[:2] == stood
    assert told[2] == next_boundary(brownian([0.2, 0.3, 1.0]), stood, 0.05, seed=5)
    assert boundaries(brownian(planned), planned, rule)[2] < told[2]


def test_what_was_not_spent_is_left_for_later() -> None:
    """With nothing spent at the first look the second has all of it: the ordinary boundary."""
    covariance = brownian([0.5, 1.0])
    assert next_boundary(covariance[:1, :1], [], 0.0, seed=1) == math.inf
    assert next_boundary(covariance, [math.inf], 0.05, seed=1) == pytest.approx(1.96, abs=0.015)
    assert next_boundary(covariance, [math.inf], 0.00005, seed=1) == math.inf  # 10 paths: too few to say where
    assert next_boundary(covariance, [2.0], 0.05, seed=1) > 2.1
    assert next_boundary(covariance, [1.0], 0.05, seed=1) == math.inf


def test_looks_that_tell_the_same_cost_nothing() -> None:
    first, *others = found(np.ones((3, 3)), [0.4, 0.4, 1.0], "early", 2)
    assert others[0] == math.inf or others[0] == pytest.approx(first, abs=0.02)
    assert others[1] == pytest.approx(1.96, abs=0.02)
    assert first > 2.2


def test_shares_of_information_never_fall() -> None:
    assert shares([4.0, 2.0, 2.5, 1.0]) == (0.25, 0.5, 0.5, 1.0)
    assert shares([4.0, 0.5, 1.0]) == (0.25, 1.0, 1.0)


def test_students_quantiles() -> None:
    """Printed tables, two-sided .05: 12.706, 3.182, 2.228, 2.042, 1.984; .001 at 5 and 20: 6.869, 3.850."""
    told = [student(1.959963985, df) for df in (1, 3, 10, 30, 100)]
    assert told == pytest.approx([12.706, 3.182, 2.228, 2.042, 1.984], abs=6e-4)
    assert [student(3.290526731, df) for df in (5, 20)] == pytest.approx([6.869, 3.850], abs=6e-4)
    assert student(2.5, None) == 2.5
    assert student(math.inf, 10) == math.inf

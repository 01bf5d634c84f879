"""Boundaries of repeated looks: textbook values for independent increments, and what must hold for any covariance."""

import itertools
import math

import numpy as np
import pytest

from uptake.measure.spending import allowed, boundaries, next_boundary


def brownian(shares: list[float]) -> np.ndarray:
    """Covariance of estimates with independent increments of information."""
    return np.array([[1 / max(a, b) for b in shares] for a in shares])


def test_five_equal_looks_of_the_late_kind() -> None:
    """Lan & DeMets' O'Brien-Fleming type at .05, two-sided: 4.877, 3.357, 2.680, 2.290, 2.031 (Proschan, Lan & Wittes,
    "Statistical Monitoring of Clinical Trials", 2006). The first spends 1e-6, for which there are too few paths."""
    shares = [0.2, 0.4, 0.6, 0.8, 1.0]
    first, *others = boundaries(brownian(shares), shares, "late", seed=1)
    assert first > 4.3
    assert others == pytest.approx([3.357, 2.680, 2.290, 2.031], abs=0.05)
    assert others[1:] == pytest.approx([2.680, 2.290, 2.031], abs=0.02)


def test_five_equal_looks_of_the_early_kind() -> None:
    """Pocock type at .05: 2.438, 2.427, 2.410, 2.397, 2.386 (the same source)."""
    shares = [0.2, 0.4, 0.6, 0.8, 1.0]
    found = boundaries(brownian(shares), shares, "early", seed=1)
    assert found == pytest.approx([2.438, 2.427, 2.410, 2.397, 2.386], abs=0.02)


def test_one_look_is_the_ordinary_test() -> None:
    assert boundaries(np.array([[4.0]]), [1.0], "late", seed=3)[0] == pytest.approx(1.96, abs=0.015)


@pytest.mark.parametrize("kind", ["late", "early"])
def test_what_may_be_spent_grows_to_alpha(kind) -> None:
    told = [allowed(kind, share / 20, alpha=0.1) for share in range(21)]
    assert told[0] == 0
    assert told[-1] == pytest.approx(0.1)
    assert all(a < b for a, b in itertools.pairwise(told))
    assert allowed(kind, 7.0, alpha=0.1) == pytest.approx(0.1)


def test_a_look_that_is_made_is_never_changed_by_later_ones() -> None:
    shares = [0.3, 0.5, 0.9, 1.0]
    whole = boundaries(brownian(shares), shares, "early", seed=5)
    for looks in range(1, 5):
        assert boundaries(brownian(shares[:looks]), shares[:looks], "early", seed=5) == whole[:looks]
    assert boundaries(brownian(shares), shares, "early", seed=6) != whole


def test_what_was_not_spent_is_left_for_later() -> None:
    """With nothing spent at the first look the second has all of it: the ordinary boundary."""
    covariance = brownian([0.5, 1.0])
    assert next_boundary(covariance[:1, :1], [], 0.0, seed=1) == math.inf
    assert next_boundary(covariance, [math.inf], 0.05, seed=1) == pytest.approx(1.96, abs=0.01)
    assert next_boundary(covariance, [2.0], 0.05, seed=1) > 2.1
    assert next_boundary(covariance, [1.0], 0.05, seed=1) == math.inf


def test_looks_that_tell_the_same_cost_nothing() -> None:
    same = np.ones((3, 3))
    first, *others = boundaries(same, [0.4, 0.4, 1.0], "early", seed=2)
    assert others[0] == math.inf
    assert others[1] == pytest.approx(1.96, abs=0.02)
    assert first > 2.2

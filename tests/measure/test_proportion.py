"""Shares and gates: against published intervals and against counting every case."""

from itertools import product

import pytest

from uptake.measure.proportion import PEOPLE_MOST, passes, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(successes: int, n: int, low: float, high: float) -> None:
    assert tuple(round(bound, 4) for bound in wilson(successes, n)) == (low, high)


def test_nobody_asked_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.6, 1.0])
def test_a_gates_chance_is_that_of_counting_every_case(threshold: float) -> None:
    n, share = 10, 0.55
    total = sum(
        share ** sum(case) * (1 - share) ** (n - sum(case))
        for case in product((0, 1), repeat=n)
        if sum(case) / n >= threshold - 1e-12
    )
    assert passes(share, n, threshold) == pytest.approx(total)


def test_the_approximation_for_many_people_meets_the_exact_sum() -> None:
    assert passes(0.58, PEOPLE_MOST + 1, 0.6) == pytest.approx(passes(0.58, PEOPLE_MOST, 0.6), abs=0.03)
    assert passes(1.0, PEOPLE_MOST + 1, 0.6) == 1.0
    assert passes(0.0, PEOPLE_MOST + 1, 0.6) == 0.0

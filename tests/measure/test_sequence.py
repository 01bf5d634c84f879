"""The asymptotic confidence sequence: its closed form, where it is narrowest, and how rarely running means leave it."""

import math

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.looks import Look
from uptake.measure.sequence import multiplier, sequence


def published(n: float, rho2: float, alpha: float) -> float:
    """Half the width for unit variance, Waudby-Smith et al. (arXiv:2103.06476), theorem 2.2, in their own letters."""
    return math.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * math.log(math.sqrt(n * rho2 + 1) / alpha))


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_it_is_the_published_form(alpha: float) -> None:
    """With the tuning of their appendix, rho^2 = (-W(-alpha^2 / e) - 1) / n; W is found here by bisection."""
    low, high = 1.0 + 1e-9, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if middle * math.exp(-middle) > alpha**2 / math.e else (low, middle)
    rho2 = (low - 1) / 5000
    for n in (100.0, 1000.0, 5000.0, 80_000.0):
        assert multiplier(n, 5000.0, alpha=alpha) / math.sqrt(n) == pytest.approx(published(n, rho2, alpha), rel=1e-9)


def test_it_is_narrowest_where_it_was_told_to_be() -> None:
    widths = [multiplier(500.0, best) for best in (100.0, 400.0, 500.0, 600.0, 2500.0)]
    assert min(widths) == widths[2]


def test_bands_are_as_wide_as_it_says() -> None:
    nothing = np.zeros((2, 2))
    seen = [Look(period=t, estimate=1.0, se=1 / t, weights=nothing, exposed=nothing) for t in (1.0, 2.0, 4.0)]
    told = sequence(seen, best=4.0)
    assert [one.period for one in told] == [1, 2, 4]
    for one in told:
        assert one.high - one.low == pytest.approx(2 * one.se * multiplier(1 / one.se**2, 4.0))
        assert one.low < 1 < one.high


def test_running_means_leave_it_rarely() -> None:
    """2,000 running means of 2,000 normal values, looked at after each from the tenth on: at most .05 ever leave."""
    runs, length = 2000, 2000
    values = stream(3, "sequence").standard_normal((runs, length))
    n = np.arange(1, length + 1)
    z = np.abs(np.cumsum(values, axis=1)) / np.sqrt(n)
    far = np.array([multiplier(float(one), 500.0) for one in n])
    left = np.mean((z > far)[:, 9:].any(axis=1))
    assert left <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)
    assert left > 0.005
    assert np.mean((z > 1.96)[:, 9:].any(axis=1)) > 0.3

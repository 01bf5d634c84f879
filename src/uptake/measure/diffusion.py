"""How use spreads: the Bass curve of one series, by least squares, with its standard errors.

For series as they are published: adopters per period of one group whose size nobody knows. Where people at risk are
known, wave by wave, `hazard` takes them too, and tells the final reach without a normal approximation.
Source: Bass (1969), "A New Product Growth for Model Consumer Durables".
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from uptake.measure.statistics import Floats

STEPS_MOST = 200
"""So many steps; a fit that has not come to rest by then is taken as it stands."""
REST = 1e-12
"""A relative gain below this is none."""
SMALL = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class BassFit:
    """The Bass curve of one series.

    Args:
        m: all who will ever adopt, in the series' unit.
        p: innovation, per period: who adopts by herself.
        q: imitation, per period: who adopts because others have.
        se_m: standard error of m, of least squares; so are the next two.
        se_p: of p.
        se_q: of q.
        residual: the residuals' standard error.
        df: periods less 3.
    """

    m: float
    p: float
    q: float
    se_m: float
    se_p: float
    se_q: float
    residual: float
    df: int


def bass_share(t: Floats, p: float, q: float) -> Floats:
    """The share F(t) of those who will ever adopt that has adopted by time t >= 0; p above 0, q at least 0."""
    gone = np.exp(-(p + q) * t)
    return (1 - gone) / (1 + q / p * gone)


def bass_rate(t: Floats, p: float, q: float) -> Floats:
    """The rate f(t) = dF/dt = (p + q F)(1 - F) at time t >= 0; p above 0, q at least 0."""
    share = bass_share(t, p, q)
    return (p + q * share) * (1 - share)


def bass(adopted: Sequence[float], *, curve: Literal["rate", "cumulative"] = "rate") -> BassFit:
    """Fits the Bass curve to the adopters of periods t = 1, 2, ... by non-linear least squares.

    Args:
        adopted: adopters in each period of equal length, from the launch on; at least 5, with some above 0.
        curve: `rate` fits m f(t) to them, `cumulative` m F(t) to their sums. Sums carry each period's noise on, so the
            errors of the second are far too small.

    Raises:
        ValueError: the series has no such curve: it does not bend yet.

    Source: Bass (1969); Srinivasan & Mason (1986), "Nonlinear Least Squares Estimation of New Product Diffusion
        Models", for the method and its errors, s^2 (J'J)^-1.
    """
    values = np.asarray(adopted, dtype=np.float64)
    assert values.size >= 5
    t = np.arange(1, values.size + 1, dtype=np.float64)

    def expected(logs: Floats) -> Floats:
        unit = bass_rate if curve == "rate" else bass_share
        return np.exp(logs[0]) * unit(t, float(np.exp(logs[1])), float(np.exp(logs[2])))

    seen = values if curve == "rate" else np.cumsum(values)
    logs = _least_squares(seen, expected, np.log(_started(values)))
    m, p, q = (float(one) for one in np.exp(logs))
    if not m < 1e3 * values.sum():
        raise ValueError("the series does not bend yet, so it has no ceiling")
    jacobian = _slopes(expected, logs) / np.array([m, p, q])
    df = values.size - 3
    variance = float(((seen - expected(logs)) ** 2).sum()) / df
    errors = np.sqrt(variance * np.diag(np.linalg.inv(jacobian.T @ jacobian)))
    se_m, se_p, se_q = (float(one) for one in errors)
    return BassFit(m=m, p=p, q=q, se_m=se_m, se_p=se_p, se_q=se_q, residual=sqrt(variance), df=df)


def _started(values: Floats) -> Floats:
    """Bass's own estimate (1969): adopters as a parabola of those before; where it has none, a guess."""
    before = np.cumsum(values) - values
    a, b, c = (float(one) for one in np.polynomial.polynomial.polyfit(before, values, 2))
    root = b * b - 4 * a * c
    if root > 0 and c < 0 < a:
        m = (-b - sqrt(root)) / (2 * c)
        if m > 0 and -c * m > 0:
            return np.array([max(m, float(values.sum())), a / m, -c * m])
    return np.array([1.5 * float(values.sum()), 0.01, 0.4])


def _slopes(curve: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Central differences, columns as in `at`."""
    step = 1e-5
    return np.column_stack([(curve(at + step * one) - curve(at - step * one)) / (2 * step) for one in np.eye(at.size)])


def _least_squares(values: Floats, curve: Callable[[Floats], Floats], start: Floats) -> Floats:
    """Levenberg and Marquardt's way downhill."""
    at, damp = start, 1e-3
    left = values - curve(at)
    for _ in range(STEPS_MOST):
        slopes = _slopes(curve, at)
        square = slopes.T @ slopes
        step = np.linalg.solve(square + damp * np.diag(np.diag(square) + SMALL), slopes.T @ left)
        following = values - curve(at + step)
        gain = float(left @ left - following @ following)
        if gain >= 0:
            at, damp, before, left = at + step, damp / 10, float(left @ left), following
            if gain <= REST * before and float(np.abs(step).max()) < 1e-7:
                break
        else:
            damp *= 10
    return at

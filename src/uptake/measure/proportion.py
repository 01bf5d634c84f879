"""A share seen in a sample, with its interval, and how often a threshold on it misleads.

Counts in, numbers out. It is not an effect: nothing here says what caused the share.
On the ring it serves gates, which judge adoption as k of n.
"""

from math import comb, sqrt

Z_95 = 1.959963984540054
"""The standard normal's 97.5 % point."""


def wilson(successes: int, n: int, *, z: float = Z_95) -> tuple[float, float]:
    """The Wilson score interval of a proportion.

    Args:
        successes: count in [0, n].
        n: sample size, at least 0; with 0 the interval is all of [0, 1].
        z: the standard normal's quantile, 95 % two-sided by default.

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", eq. 5.

    >>> tuple(round(x, 4) for x in wilson(18, 30))
    (0.4232, 0.7541)
    """
    assert 0 <= successes <= n
    if n == 0:
        return (0.0, 1.0)
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return (max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def passes(share: float, n: int, threshold: float) -> float:
    """The chance that a gate at `threshold` passes when each of `n` people adopts with chance `share`.

    Args:
        share: the true chance in [0, 1], independent between people.
        n: people, at least 1 and at most `PEOPLE_MOST` exactly; above that a normal approximation.
        threshold: the gate's share in [0, 1]; the gate passes at adopters / n >= threshold.

    Returns:
        P(X >= threshold * n) for X ~ Binomial(n, share).

    >>> round(passes(0.6, 30, 0.6), 3)
    0.578
    """
    assert n >= 1
    least = _least(threshold, n)
    if n > PEOPLE_MOST:
        return _normal_above(least - 0.5, n * share, sqrt(n * share * (1 - share)))
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(least, n + 1))


PEOPLE_MOST = 500
"""Above so many people the binomial sum is replaced by its normal approximation."""


def _least(threshold: float, n: int) -> int:
    """The least count k with k / n >= threshold, safe against the last bit of a float."""
    k = max(0, round(threshold * n) - 1)
    while k / n < threshold - 1e-12:
        k += 1
    return k


def _normal_above(x: float, mean: float, sd: float) -> float:
    from statistics import NormalDist

    return 1.0 if sd == 0 and x <= mean else 0.0 if sd == 0 else 1 - NormalDist(mean, sd).cdf(x)

"""The smallest effect that a design could show: a plain approximation, for those who plan.

Counts in, a number out. Not the power of the permutation test itself, and it knows no data.
"""

from math import sqrt


def smallest_effect(exposed: int, others: int) -> float:
    """The effect that would be shown four times in five, in standard deviations of a unit's mean.

    A plain approximation: normal, equal spreads, no help from the days before. `exposed` and `others` are units, at
    least 1 each.

    >>> round(smallest_effect(20, 20), 2)
    0.89
    """
    assert exposed >= 1
    assert others >= 1
    return (1.96 + 0.84) * sqrt(1 / exposed + 1 / others)

"""The variance of a stepped wedge's effect under richer mixed models than that of Hussey & Hughes (`power`).

Periods fixed, settings random, the same correlations in every setting, as trials are planned with. For planning, not
for analysis: few settings are judged by permutation. Designs and correlations in, variances out.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import numpy as np

from uptake.measure.power import hussey_hughes
from uptake.measure.statistics import Floats


def nested_exchangeable(
    exposed: Floats, *, people: float, within: float, between: float, same: float | None = None, variance: float = 1.0
) -> float:
    """Two people of a setting are more alike within a period than across periods, however far apart these lie.

    Args:
        exposed: settings x periods, 1 where a setting is exposed.
        people: measured in each setting and period, at least 1.
        within: correlation of two people of a setting in one period, in [0, 1).
        between: that of two people of a setting in two periods, in [0, within].
        same: that of one person's values in two periods where the same people are measured again, in [between, 1);
            `between`, that is other people each time, by default.
        variance: of a person's value about the period's mean.

    Returns:
        The variance of the effect's generalised least squares estimate: that of Hussey & Hughes, with what is shared
        across periods between settings, and the rest within.

    Source: Hooper et al. (2016), "Sample size calculation for stepped wedge and other longitudinal cluster randomised
        trials"; Li, Turner & Preisser (2018) for cohorts (block exchangeable).
    """
    again = between if same is None else same
    assert 0 <= between <= within < 1
    assert between <= again < 1
    total = variance * (1 + (people - 1) * within) / people
    shared = variance * (again + (people - 1) * between) / people
    return hussey_hughes(exposed, within=total - shared, between=shared)


def exponential_decay(exposed: Floats, *, people: float, within: float, decay: float, variance: float = 1.0) -> float:
    """Two people of a setting are the less alike the further apart their periods lie; other people each time.

    Args:
        exposed: settings x periods, 1 where a setting is exposed.
        people: measured in each setting and period, at least 1.
        within: correlation of two people of a setting in one period, in [0, 1).
        decay: what a period leaves of it, in [0, 1]: within x decay^|s - t|. With 1 it is Hussey & Hughes.
        variance: of a person's value about the period's mean.

    Source: Kasza et al. (2019), "Impact of non-uniform correlation structure on sample size and power in
        multiple-period cluster randomised trials".
    """
    assert 0 <= within < 1
    assert 0 <= decay <= 1
    count = exposed.shape[1]
    place = np.arange(count, dtype=np.float64)
    alike = np.power(decay, np.abs(place[:, None] - place[None, :]))
    return of_means(exposed, variance * (within * alike + (1 - within) / people * np.eye(count)))


def of_means(exposed: Floats, covariance: Floats) -> float:
    """The variance of the effect when a setting's means have any one covariance, the same in every setting.

    Args:
        exposed: K settings x T periods.
        covariance: T x T, of a setting's means, positive definite.

    Returns:
        1 / (sum_k X_k' V^-1 X_k - X' V^-1 X / K), X_k being a setting's row and X the sum of all.

    Source: Kasza et al. (2019), the same.
    """
    rows = np.linalg.solve(covariance, exposed.T).astype(np.float64)
    total = exposed.sum(axis=0)
    return float(1 / (np.sum(exposed.T * rows) - total @ rows.sum(axis=1) / exposed.shape[0]))

"""How sure one must be at each look, when one looks again and again: boundaries that spend an error bit by bit.

What may be spent by a share of the information is fixed beforehand; how far a statistic then has to be from zero
follows from the looks' own covariance, by paths drawn from it: nothing is assumed about increments. A boundary once
made is never changed by later looks. Source: Lan & DeMets, "Discrete sequential boundaries for clinical trials"
(Biometrika 70, 1983); on a joint covariance after Grayling et al. (Clinical Trials 14, 2017).
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import numpy as np

from uptake.core.chance import stream
from uptake.measure.statistics import Floats

Kind = Literal["late", "early"]
PATHS = 200_000
"""So many paths are drawn: fewer make the last boundary wander."""
NORMAL = NormalDist()
RIDGE = 1e-12
"""Added to the looks' variances, relative to them: two looks may tell the very same."""


def allowed(kind: Kind, share: float, *, alpha: float = 0.05) -> float:
    """The error, two-sided, that may be spent by a share of the information.

    Args:
        kind: `late` spends little at first (the type of O'Brien & Fleming), for success; `early` about evenly (the type
            of Pocock), for guardrails, where harm must be seen soon.
        share: of the planned information, in [0, 1]; more counts as 1.
        alpha: in (0, 1), what may be spent in all.

    Both are the one-sided functions with half of alpha on each side, as tables of two-sided boundaries have them.

    >>> round(allowed("late", 0.4), 6), round(allowed("early", 0.2), 5)
    (0.000788, 0.01477)
    """
    share = min(max(share, 0.0), 1.0)
    if share == 0:
        return 0.0
    if kind == "late":
        return 2 * math.erfc(-NORMAL.inv_cdf(alpha / 4) / math.sqrt(2 * share))
    return alpha * math.log(1 + (math.e - 1) * share)


def next_boundary(
    covariance: Floats, before: Sequence[float], spendable: float, *, seed: int | str, paths: int = PATHS
) -> float:
    """How many standard errors the latest look must be from zero, for its band to hold together with the earlier ones.

    What an earlier look was allowed and did not spend (paths are whole, and few at first) is left for later ones.

    Args:
        covariance: K x K, of the estimates of all looks so far, the latest one last.
        before: K - 1, the boundaries of the earlier looks, as they were made then; infinite where nothing was spent.
        spendable: the error that may be spent up to and with this look, in [0, 1).
        seed: of the paths; a look's draws are the same whatever looks follow it.
        paths: how many.

    Returns:
        The boundary; infinite where there is nothing to spend yet.
    """
    looks = covariance.shape[0]
    assert len(before) == looks - 1
    statistic = _paths(covariance, seed, paths)
    alive = np.ones(paths, dtype=bool)
    for look, boundary in enumerate(before):
        alive &= np.abs(statistic[look]) < boundary
    left = math.floor(spendable * paths) - int(paths - alive.sum())
    if left <= 0:
        return math.inf
    far = np.sort(np.abs(statistic[-1][alive]))[::-1]
    if left >= far.size:
        return 0.0
    return float((far[left - 1] + far[left]) / 2)


def boundaries(
    covariance: Floats, shares: Sequence[float], kind: Kind, *, alpha: float = 0.05, seed: int | str
) -> tuple[float, ...]:
    """The boundaries of a whole schedule at once, each made as if the later looks were not known.

    Args:
        covariance: K x K, of the looks' estimates.
        shares: K, the planned share of information at each look, rising.
        kind: as in `allowed`.
        alpha: what may be spent in all.
        seed: of the paths.
    """
    found: list[float] = []
    for look, share in enumerate(shares):
        known = covariance[: look + 1, : look + 1]
        found.append(next_boundary(known, found, allowed(kind, share, alpha=alpha), seed=seed))
    return tuple(found)


def _paths(covariance: Floats, seed: int | str, paths: int) -> Floats:
    """K x paths: standardised statistics with the covariance's correlations, each look from a stream of its own."""
    scale = np.sqrt(np.diag(covariance))
    assert np.all(scale > 0), "a look without any uncertainty is no look"
    correlation = covariance / np.outer(scale, scale) + RIDGE * np.eye(scale.size)
    draws = np.stack([stream(seed, "look", look).standard_normal(paths) for look in range(scale.size)])
    return np.linalg.cholesky(correlation) @ draws

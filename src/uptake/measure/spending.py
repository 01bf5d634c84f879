"""How sure one must be at each look, when one looks again and again: boundaries that spend an error bit by bit.

What may be spent by a share of the information is fixed beforehand; how far a statistic then has to be from zero
follows from the looks' own covariance, by paths drawn from it: nothing is assumed about increments. A boundary once
made is never changed by later looks. Source: Lan & DeMets, "Discrete sequential boundaries for clinical trials"
(Biometrika 70, 1983); on a joint covariance after Grayling et al. (Clinical Trials 14, 2017).
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Literal

import numpy as np

from uptake.core.chance import stream
from uptake.measure.statistics import Floats

Kind = Literal["late", "early"]
PATHS = 200_000
"""So many paths are drawn: fewer make the last boundary wander."""
LEAST = 20
"""A look that fewer paths than this may cross spends nothing yet: where they end would be chance."""
KEPT_MOST = 5_000
"""Draws of so many paths are kept: plans ask for the same ones again and again."""
NORMAL = NormalDist()
RIDGE = 1e-10
"""Added to the looks' variances, relative to them: two looks may tell the very same."""
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(96)
DF_MOST = 1e6
"""With more degrees of freedom Student's distribution is the normal one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """How an error is spent, fixed before the first look.

    Args:
        kind: `late` spends little at first (the type of O'Brien & Fleming), for success; `early` about evenly (the type
            of Pocock), for guardrails, where harm must be seen soon.
        alpha: what may be spent in all, two-sided, in (0, 1).
        seed: of the paths.
        df: degrees of freedom of the standard errors, units less cohorts; None takes them as known.
        paths: how many are drawn.
    """

    kind: Kind
    alpha: float = 0.05
    seed: int | str
    df: float | None = None
    paths: int = PATHS


def allowed(kind: Kind, share: float, *, alpha: float = 0.05) -> float:
    """The error, two-sided, that may be spent by a share of the information.

    Args:
        kind: as in `Spending`.
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


def shares(variances: Sequence[float]) -> tuple[float, ...]:
    """The share of the planned information at each look, from the variances that the estimates are planned to have.

    Args:
        variances: K, above 0; the last look has all the information. Where an estimate becomes less sure (another wave
            has opened and few are left to compare with) the share stays what it was.
    """
    most = 1 / variances[-1]
    told = np.minimum(np.maximum.accumulate([1 / one / most for one in variances]), 1.0)
    return tuple(float(one) for one in told)


def next_boundary(
    covariance: Floats, before: Sequence[float], spendable: float, *, seed: int | str, paths: int = PATHS
) -> float:
    """How many standard errors the latest look must be from zero, for its band to hold together with the earlier ones.

    What an earlier look was allowed and did not spend is left for later ones: a look spends nothing while fewer than
    `LEAST` paths may cross, and paths are whole. A first look needs no paths: its boundary is exact.

    Args:
        covariance: K x K, of the estimates of all looks so far, the latest one last.
        before: K - 1, the boundaries of the earlier looks, as they were made then; infinite where nothing was spent.
        spendable: the error that may be spent up to and with this look, in [0, 1).
        seed: of the paths; a look's draws are the same whatever looks follow it.
        paths: how many.

    Returns:
        The boundary; infinite where there is nothing to spend yet.
    """
    assert len(before) == len(covariance) - 1
    alive = np.ones(paths, dtype=bool)
    for look, statistic in enumerate(_paths(covariance, seed, paths)):
        if look < len(before):
            alive &= np.abs(statistic) < before[look]
        else:
            return _boundary(statistic, alive, spendable, first=look == 0)
    raise AssertionError("there is at least one look")


def boundaries(
    covariance: Floats, planned: Sequence[float], rule: Spending, *, before: Sequence[float] = ()
) -> tuple[float, ...]:
    """The boundaries of a whole schedule at once, each made as if the later looks were not known.

    Args:
        covariance: K x K, of the looks' estimates.
        planned: K, the planned share of information at each look, rising.
        rule: how the error is spent.
        before: the boundaries that stand already, of the first looks; they are given back as they are.
    """
    alive, found = np.ones(rule.paths, dtype=bool), list(before)
    for look, statistic in enumerate(_paths(covariance, rule.seed, rule.paths)):
        if look >= len(before):
            spendable = allowed(rule.kind, planned[look], alpha=rule.alpha)
            found.append(_boundary(statistic, alive, spendable, first=look == 0))
        alive &= np.abs(statistic) < found[look]
    return tuple(found)


def crossing(
    covariance: Floats, found: Sequence[float], drift: Sequence[float], *, seed: int | str, paths: int = PATHS
) -> tuple[float, ...]:
    """How often a boundary was crossed by each look, when the estimates lie about some truth: the power of a schedule.

    Args:
        covariance: K x K, of the looks' estimates.
        found: K, the boundaries.
        drift: K, the estimates' means, in the outcome's unit; 0 gives the error that is spent.
        seed: of the paths; those of the boundaries themselves have another.
        paths: how many.

    Returns:
        K probabilities, rising.
    """
    alive, told = np.ones(paths, dtype=bool), list[float]()
    errors = np.sqrt(np.diag(covariance))
    for look, statistic in enumerate(_paths(covariance, f"{seed} with drift", paths)):
        alive &= np.abs(statistic + drift[look] / errors[look]) < found[look]
        told.append(float(1 - alive.mean()))
    return tuple(told)


def student(boundary: float, df: float | None) -> float:
    """The boundary in Student's distribution that is as improbable as this one in the normal.

    Args:
        boundary: at least 0; an infinite one stays so.
        df: degrees of freedom, at least 1; None for many.

    >>> round(student(1.959963985, 10), 3)
    2.228
    """
    if df is None or df > DF_MOST or boundary == 0 or not math.isfinite(boundary):
        return boundary
    wanted, low, high = math.erfc(boundary / math.sqrt(2)), boundary, 2 * boundary
    while student_tail(high, df) > wanted:
        low, high = high, 2 * high
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if student_tail(middle, df) > wanted else (low, middle)
    return (low + high) / 2


def student_tail(far: float, df: float) -> float:
    """P(|T| > far) in Student's distribution: two-sided, by Gauss and Legendre's rule.

    The density is summed up to `far` where that is near, else beyond it, in far / x.

    Args:
        far: at least 0.
        df: degrees of freedom, at least 1.

    >>> round(student_tail(2.228138852, 10), 6)
    0.05
    """
    if df > DF_MOST:
        return math.erfc(far / math.sqrt(2))
    u, near = (NODES + 1) / 2, far <= 1
    scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    density = np.exp(scale - (df + 1) / 2 * np.log1p((far * u if near else far / u) ** 2 / df))
    return 1 - far * float(NODE_WEIGHTS @ density) if near else far * float(NODE_WEIGHTS @ (density / u**2))


def _boundary(statistic: Floats, alive: np.ndarray, spendable: float, *, first: bool) -> float:
    """Where so many of the paths that crossed nothing yet end, that all crossings come to what may be spent."""
    if spendable <= 0:
        return math.inf
    if first:
        return -NORMAL.inv_cdf(spendable / 2)
    far = np.abs(statistic[alive])
    left = math.floor(spendable * alive.size) - (alive.size - far.size)
    if left < LEAST:
        return math.inf
    if left >= far.size:
        return 0.0
    place = far.size - left
    around = np.partition(far, (place - 1, place))[place - 1 : place + 1]
    return float(around.mean())


def _paths(covariance: Floats, seed: int | str, paths: int) -> Iterator[Floats]:
    """Standardised statistics with the covariance's correlations, look by look, each from a stream of its own."""
    scale = np.sqrt(np.diag(covariance))
    assert np.all(scale > 0), "a look without any uncertainty is no look"
    factor = np.linalg.cholesky(covariance / np.outer(scale, scale) + RIDGE * np.eye(scale.size))
    draws = np.empty((scale.size, paths))
    for look in range(scale.size):
        draws[look] = _normals(seed, look, paths) if paths <= KEPT_MOST else _drawn(seed, look, paths)
        yield factor[look, : look + 1] @ draws[: look + 1]


def _drawn(seed: int | str, look: int, paths: int) -> Floats:
    """The normal numbers that a look adds."""
    return stream(seed, "look", look).standard_normal(paths)


_normals = lru_cache(maxsize=1024)(_drawn)

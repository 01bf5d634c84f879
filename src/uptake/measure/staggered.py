"""The effect of a staged rollout: the estimator of Roth & Sant'Anna, of which others are special cases.

Waves drawn at random make every difference before exposure zero on average; the estimate takes out of the difference in
means as much of it as lowers the variance most (beta). beta 0 is the difference in means, 1 that of Callaway &
Sant'Anna, with the last cohort as control Sun & Abraham's. Statistics in, numbers out.
Source: Roth & Sant'Anna (arXiv:2102.01291), propositions 2.1 and 2.2 (efficiency), section 2.5 (the adjusted variance).
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass
from typing import Literal

import numpy as np

from uptake.measure.statistics import Floats, Statistics
from uptake.measure.weights import Weights

Beta = Literal["efficient", "0", "1"]
SINGULAR = float(np.sqrt(np.finfo(float).eps))
"""Singular values below this share of the largest count as zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An effect with its standard errors.

    Args:
        estimate: in the outcome's unit.
        se: adjusted for what paths before exposure tell of those after (section 2.5); at most `se_neyman`.
        se_neyman: the conservative one.
        event_time: periods since exposure, None for an estimand over several.
        beta: what the differences before exposure were multiplied with.
    """

    estimate: float
    se: float
    se_neyman: float
    event_time: int | None
    beta: tuple[float, ...]


def estimate(known: Statistics, sought: Weights, *, beta: Beta = "efficient") -> Estimate:
    """The effect that some weights define.

    Args:
        known: the cohorts' statistics.
        sought: an estimand's weights.
        beta: `efficient` is estimated from the same data.
    """
    var_before, covariance = _before(known, sought)
    var_effect = np.einsum("gs,gst,gt,g->", sought.effect, known.covariances, sought.effect, 1 / known.sizes)
    factor = _factor(beta, var_before, covariance)
    point = np.sum(sought.effect * known.means) - factor @ np.einsum("kgt,gt->k", sought.before, known.means)
    neyman = float(var_effect + factor @ var_before @ factor - 2 * covariance @ factor)
    adjusted = neyman - _explained(known, sought)
    return Estimate(
        estimate=float(point),
        se=float(np.sqrt(max(adjusted, 0.0))),
        se_neyman=float(np.sqrt(max(neyman, 0.0))),
        event_time=sought.event_time,
        beta=tuple(float(one) for one in factor),
    )


def combined(known: Statistics, sought: Weights, *, beta: Beta = "efficient") -> Floats:
    """G x (T + J): the weights on cohort means that make the estimate, A_theta - beta A_0 of the paper.

    Args:
        known: the cohorts' statistics, of which the efficient beta is made.
        sought: an estimand's weights.
        beta: as in `estimate`.
    """
    return sought.effect - np.einsum("k,kgt->gt", _factor(beta, *_before(known, sought)), sought.before)


def _before(known: Statistics, sought: Weights) -> tuple[Floats, Floats]:
    """The variance of the differences before exposure, K x K, and their covariance with the difference in means, K."""
    spread = np.einsum("kgs,gst->kgt", sought.before, known.covariances)
    var_before = np.einsum("kgt,lgt,g->kl", spread, sought.before, 1 / known.sizes)
    return var_before, np.einsum("kgt,gt,g->k", spread, sought.effect, 1 / known.sizes)


def _factor(beta: Beta, var_before: Floats, covariance: Floats) -> Floats:
    """The paper's beta*, equation 2.6, or the declared one; covariates are adjusted for in the efficient one alone."""
    if beta == "efficient":
        return np.asarray(np.linalg.lstsq(var_before, covariance, rcond=None)[0], dtype=np.float64)
    factor = np.zeros(covariance.size)
    factor[0] = float(beta)
    return factor


def _explained(known: Statistics, sought: Weights) -> float:
    """The part of the Neyman variance that paths before the first exposure explain: it is no uncertainty (2.5)."""
    used = np.flatnonzero(np.abs(sought.effect).max(axis=1) > 0)
    first = int(used[0]) if used.size else 0
    before = int(known.starts()[first])
    if before == 0:
        return 0.0
    later = known.covariances[first:]
    inside, across = later[:, :before, :before], later[:, :before, :]
    inverse = np.linalg.pinv(inside, rcond=SINGULAR)
    slopes: Floats = np.einsum("gps,gst,gt->p", inverse, across, sought.effect[first:])
    return float(slopes @ inside.mean(axis=0) @ slopes) / known.units

"""The randomisation test: how often would a redraw of the waves have looked at least as far from no effect?

Exact for the sharp hypothesis that exposure changes nobody's outcome, however outcomes are distributed. Every redraw
gives each unit another cohort and keeps the cohorts' sizes; the statistic is the estimate over its Neyman error.
Source: Roth & Sant'Anna (arXiv:2102.01291), section 2.6; Wu & Ding (2021) for the studentised statistic.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence

import numpy as np

from uptake.core.chance import stream
from uptake.measure.panel import Panel
from uptake.measure.staggered import Beta
from uptake.measure.statistics import Floats, Ints, Statistics
from uptake.measure.weights import Weights

SAME = 1e-12
"""Statistics that differ by less are the same."""


def p_values(
    found: Panel, known: Statistics, sought: Sequence[Weights], *, beta: Beta, draws: int, seed: int
) -> tuple[float, ...]:
    """Two-sided p of each row: (1 + redraws at least as extreme) / (1 + redraws).

    Args:
        found: the panel, with cohorts as drawn.
        known: its statistics; the sizes and weights of redraws are the same.
        sought: the rows' weights.
        beta: as in the estimate; the efficient one is estimated anew in each redraw.
        draws: redraws, at least 1.
        seed: names the draws.
    """
    chance = stream(seed, "fisher")
    redraws = [found.labels, *(chance.permutation(found.labels) for _ in range(draws))]
    told: list[float] = []
    for one in sought:
        parts = np.concatenate([one.before, one.effect[None]])
        scores = np.einsum("kgt,nt->kng", parts, found.values)
        statistics = [_studentised(scores, redraw, known.sizes, beta) for redraw in redraws]
        told.append(sum(one >= statistics[0] - SAME for one in statistics) / len(statistics))
    return tuple(told)


def _studentised(scores: Floats, labels: Ints, sizes: Floats, beta: Beta) -> float:
    """|estimate| / Neyman error under some labels, from each unit's part in every contrast: K x units x cohorts."""
    own = scores[:, np.arange(labels.size), labels]
    sums = np.array([np.bincount(labels, weights=row, minlength=sizes.size) for row in own])
    centred = own - (sums / sizes)[:, labels]
    scale = (1 / (sizes * (sizes - 1)))[labels]
    covariance = (centred * scale) @ centred.T
    means = (sums / sizes).sum(axis=1)
    before, cross = covariance[:-1, :-1], covariance[:-1, -1]
    if beta == "efficient":
        factor = np.linalg.lstsq(before, cross, rcond=None)[0]
    else:
        factor = np.zeros(cross.size)
        factor[0] = float(beta)
    variance = covariance[-1, -1] + factor @ before @ factor - 2 * factor @ cross
    estimate = means[-1] - factor @ means[:-1]
    return abs(float(estimate)) / float(np.sqrt(variance)) if variance > 0 else 0.0

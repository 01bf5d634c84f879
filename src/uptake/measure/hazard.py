"""Who adopts next: the daily hazard of those who ever will, with a ceiling, by likelihood over all waves.

It takes people at risk and adopters per wave and day (`survival.Counts`) and tells how well the final reach is known,
whatever the other parameters are. Counts in, numbers out; what may become of them is for `forecast`.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from uptake.measure.statistics import Floats
from uptake.measure.survival import Counts

Shape = Literal["bass", "logistic"]

CLIMB_MOST = 60
"""So many steps of a likelihood's ascent."""
CEILINGS = 61
"""So many values of the final reach are tried at once."""
COARSE = 6
"""Of these so many share the first fit, which has no good start."""
ZOOMS_MOST = 6
FINE = 30
"""So many values within `FAR` of the best are enough."""
FAR = 3.5
"""Signed roots beyond this are of no interest to any interval."""
LOGS = ((-20.0, -0.01), (-20.0, 1.5))
"""Where the logarithms of p and q may lie; those of the logistic curve see `_limits`."""
LOOSE = 2.0
"""A parameter of which the counts say nothing is held within so much of its logarithm."""
POOLED = 5.0
"""Days of a wave are taken together until so many adopters are expected."""
SMALL = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the counts say about the final reach, value by value.

    Args:
        shape: of the hazard.
        best: the most likely final reach, in (0, 1].
        ceilings: K, values of the final reach, rising.
        roots: K, the signed root of the deviance from the best, rising; about standard normal at the truth.
        logs: K x 2, the other two parameters at each value: log p and log q, or a and log b.
        covariances: K x 2 x 2, theirs.
        dispersion: at least 1; how much more days wobble than people who decide alone would. Roots and covariances
            are corrected for it.
    """

    shape: Shape
    best: float
    ceilings: Floats
    roots: Floats
    logs: Floats
    covariances: Floats
    dispersion: float

    def interval(self, z: float) -> tuple[float, float]:
        """All values of the final reach whose root lies within z of 0: its ends, in (0, 1].

        Args:
            z: the standard normal's quantile, at most `FAR`: 1.645 for 90 %.
        """
        assert 0 < z < FAR
        return (self._end(-z) if self.roots[0] < -z else 0.0, self._end(z) if self.roots[-1] > z else 1.0)

    def _end(self, root: float) -> float:
        return float(np.interp(root, self.roots, self.ceilings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Waves x days: at risk, adopted on the day, and the adopted share of the wave's people before it."""

    at_risk: Floats
    adopted: Floats
    before: Floats

    @staticmethod
    def of(waves: Sequence[Counts]) -> "Cells":
        """Waves of unequal length, filled up with days on which nobody is at risk."""
        width = 1 + max(wave.followed_days for wave in waves)
        at_risk, adopted, before = (np.zeros((len(waves), width)) for _ in range(3))
        for place, wave in enumerate(waves):
            mine = slice(0, wave.followed_days + 1)
            at_risk[place, mine], adopted[place, mine] = wave.at_risk(), wave.happened
            had = np.cumsum(wave.happened) - wave.happened
            before[place, mine] = had / np.maximum(had + at_risk[place, mine], SMALL)
        return Cells(at_risk=at_risk, adopted=adopted, before=before)


def hazard(shape: Shape, logs: Floats, ceiling: Floats, before: Floats, day: Floats) -> Floats:
    """The chance that one who will ever adopt, and has not yet, adopts on a day.

    Args:
        shape: `bass` is p + q F with F = before / ceiling, from what others of the wave did; `logistic` is that of the
            curve 1 / (1 + exp(-(a + b day))), from the days alone.
        logs: ... x 2.
        ceiling: the final reach in (0, 1].
        before: the share of the wave's people that had adopted before the day.
        day: since exposure, from 0.

    Returns:
        In [0, 1), in the shape to which the arguments broadcast.
    """
    first, second = logs[..., 0], np.exp(logs[..., 1])
    if shape == "bass":
        return np.minimum(np.exp(first) + second * np.minimum(before / ceiling, 1.0), 1 - 1e-9)
    at = first + second * day
    return np.minimum(-np.expm1(np.logaddexp(0.0, at - second) - np.logaddexp(0.0, at)), 1 - 1e-9)


def unadopted(chance: Floats) -> Floats:
    """The share of those who will ever adopt that is left before each day and after the last: ... x (days + 1)."""
    left = np.exp(np.cumsum(np.log1p(-chance), axis=-1))
    return np.concatenate([np.ones((*chance.shape[:-1], 1)), left], axis=-1)


def _expected(shape: Shape, logs: Floats, ceilings: Floats, cells: Cells) -> Floats:
    """K x waves x days: the chance of a person at risk, who may be one of those who never will."""
    ceiling = ceilings[:, None, None]
    day = np.arange(cells.before.shape[1], dtype=np.float64)
    chance = hazard(shape, logs[:, None, None, :], ceiling, cells.before, day)
    chance = np.broadcast_to(chance, (ceilings.size, *cells.before.shape))
    left = unadopted(chance)[..., :-1]
    return np.clip(ceiling * chance * left / (1 - ceiling + ceiling * left + SMALL), SMALL, 1 - SMALL)


def _likelihood(chance: Floats, cells: Cells) -> Floats:
    """K log-likelihoods: binomial, cell by cell."""
    others = cells.at_risk - cells.adopted
    return (cells.adopted * np.log(chance) + others * np.log1p(-chance)).sum(axis=(1, 2))


def _limits(shape: Shape, days: int) -> Floats:
    """2 x 2: least and most of the two parameters. The logistic curve's middle lies within ten times the days."""
    return np.array(LOGS if shape == "bass" else ((-30.0, 10.0), (np.log(0.3 / days), 1.5))).T


def _climb(shape: Shape, start: Floats, ceilings: Floats, cells: Cells) -> tuple[Floats, Floats, Floats]:
    """Fisher's scoring at every ceiling at once, damped: parameters, log-likelihoods and information."""
    low, high = _limits(shape, cells.before.shape[1])
    logs, damp = np.clip(start, low, high), np.full(ceilings.size, 1e-3)
    chance = _expected(shape, logs, ceilings, cells)
    value, information = _likelihood(chance, cells), np.zeros((ceilings.size, 2, 2))
    live = np.arange(ceilings.size)
    for _ in range(CLIMB_MOST):
        score, information[live] = _score(shape, logs[live], ceilings[live], chance[live], cells)
        diagonal = np.einsum("kii->ki", information[live])
        damped = information[live] + np.eye(2) * (damp[live, None] * diagonal + SMALL)[:, None, :]
        step = np.asarray(np.linalg.solve(damped, score[:, :, None])[:, :, 0], dtype=np.float64)
        tried = np.clip(logs[live] + np.clip(step, -3.0, 3.0), low, high)
        following = _expected(shape, tried, ceilings[live], cells)
        gain = _likelihood(following, cells) - value[live]
        better = gain >= 0
        won = live[better]
        logs[won], chance[won] = tried[better], following[better]
        value[won] += gain[better]
        damp[live] = np.where(better, damp[live] / 10, damp[live] * 10)
        live = live[~((better & (gain < 1e-9)) | (damp[live] > 1e9))]
        if not live.size:
            break
    return logs, value, information


def _score(shape: Shape, logs: Floats, ceilings: Floats, chance: Floats, cells: Cells) -> tuple[Floats, Floats]:
    """The log-likelihoods' slopes, K x 2, and their expected curvature, K x 2 x 2."""
    step = 1e-5
    slopes = np.stack(
        [
            (
                _expected(shape, logs + step * one, ceilings, cells)
                - _expected(shape, logs - step * one, ceilings, cells)
            )
            / (2 * step)
            for one in np.eye(2)
        ]
    )
    weighted = slopes / (chance * (1 - chance))
    score = np.einsum("ikwd,kwd->ki", weighted, cells.adopted - cells.at_risk * chance)
    return score, np.einsum("ikwd,jkwd->kij", weighted * cells.at_risk, slopes)


def profile(waves: Sequence[Counts], *, shape: Shape = "bass") -> Profile:
    """The profile likelihood of the final reach: the share of the waves' people that will ever adopt.

    A person is one of those who will ever adopt with chance m, and then adopts on a day with the hazard's chance; who
    has not adopted is either. All waves have the same m and the same hazard, each counts its own days and its own
    adopters. A wave's people at risk who leave take their share of the adopters-to-be with them.

    Args:
        waves: each by days since its exposure, whole people, at least one wave and one person.
        shape: see `hazard`.

    Source: the binomial likelihood of a hazard with a share of immune (Farewell, 1982, "The use of mixture models for
        the analysis of survival data with long-term survivors"); Venzon & Moolgavkar (1988) for the interval;
        McCullagh & Nelder (1989), section 4.5, for the dispersion.
    """
    cells = Cells.of(waves)
    assert float(cells.at_risk.sum()) > 0
    days = cells.before.shape[1]
    ceilings = np.append(1 / (1 + np.exp(-np.linspace(-7.0, 7.0, CEILINGS - 1))), 1.0)
    starts = [(-4.0, -1.5), (-4.0, -4.0)] if shape == "bass" else [(-2.0, np.log(4 / days)), (-4.0, np.log(12 / days))]
    few = ceilings[::COARSE]
    fits = [_climb(shape, np.tile(one, (few.size, 1)), few, cells) for one in starts]
    better = np.where((fits[0][1] >= fits[1][1])[:, None], fits[0][0], fits[1][0])
    found = _fit(shape, _between(ceilings, few, better), ceilings, cells)
    for _ in range(ZOOMS_MOST):
        inside = np.flatnonzero(np.abs(found.roots) <= FAR)
        if inside.size >= FINE:
            break
        low, high = max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, CEILINGS - 1)
        closer = np.linspace(found.ceilings[low], found.ceilings[high], CEILINGS, dtype=np.float64)
        found = _fit(shape, _between(closer, found.ceilings, found.logs), closer, cells)
    return found


def _between(ceilings: Floats, known: Floats, logs: Floats) -> Floats:
    """Parameters at some ceilings, from those at others."""
    return np.column_stack([np.interp(ceilings, known, logs[:, place]) for place in range(2)])


def _fit(shape: Shape, start: Floats, ceilings: Floats, cells: Cells) -> Profile:
    """The profile at some ceilings."""
    logs, value, information = _climb(shape, start, ceilings, cells)
    best = int(np.argmax(value))
    chance = _expected(shape, logs[best : best + 1], ceilings[best : best + 1], cells)[0]
    dispersion = _dispersion(chance, cells)
    deviance = np.maximum(2 * (value[best] - value) / dispersion, 0.0)
    roots = np.sign(ceilings - ceilings[best]) * np.sqrt(deviance)
    below, above = np.maximum.accumulate(roots[:best]), np.minimum.accumulate(roots[best:][::-1])[::-1]
    covariances = np.linalg.inv(information / dispersion + np.eye(2) / LOOSE**2)
    return Profile(
        shape=shape,
        best=_vertex(ceilings, value, best),
        ceilings=ceilings,
        roots=np.concatenate([below, above]),
        logs=logs,
        covariances=covariances.astype(np.float64),
        dispersion=dispersion,
    )


def _vertex(ceilings: Floats, value: Floats, best: int) -> float:
    """The top of the parabola through the best value and its neighbours; itself at an end."""
    if best in (0, ceilings.size - 1):
        return float(ceilings[best])
    x, y = ceilings[best - 1 : best + 2] - ceilings[best], value[best - 1 : best + 2] - value[best]
    rise, fall = float(y[0] / x[0]), float(y[2] / x[2])
    bend = (fall - rise) / float(x[2] - x[0])
    middle = float(ceilings[best])
    return middle - (rise - bend * float(x[0])) / (2 * bend) if bend < 0 else middle


def _dispersion(chance: Floats, cells: Cells) -> float:
    """Pearson's chi-squared over its degrees of freedom, at least 1, over days taken together until enough adopt."""
    expected, variance = cells.at_risk * chance, cells.at_risk * chance * (1 - chance)
    total, groups = 0.0, 0
    for wave in range(expected.shape[0]):
        place = np.floor(np.cumsum(expected[wave]) / POOLED).astype(np.int_)
        place = np.minimum(place, max(int(place[-1]) - 1, 0))
        over = np.bincount(place, cells.adopted[wave] - expected[wave])
        spread = np.bincount(place, variance[wave])
        used = spread > 0
        total += float((over[used] ** 2 / spread[used]).sum())
        groups += int(used.sum())
    return max(1.0, total / (groups - 3)) if groups > 3 else 1.0

"""How far use will spread: the final reach with its interval, and a fan over the days to come; or "not yet".

While the counts still agree with very different ends, nothing is forecast. It holds if people go on as they did: it
knows of no holiday, no further training and no withdrawal. Where nobody works on some days, leave these out first
(`Counts.working`). Counts in, quantiles out, the same for the same seed.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from uptake.core.chance import stream
from uptake.measure.hazard import SMALL, Cells, Profile, Shape, hazard, profile, unadopted
from uptake.measure.statistics import Floats
from uptake.measure.survival import Counts

WIDTH_MOST, SURE = 0.5, 0.99
"""A final reach whose interval at that level is wider is not forecast. At 90 % some early counts look settled by
chance (1 in 40), and what they foretell is too low."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
DRAWS = 600
"""So many futures make the fan."""
DAYS_MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What reach may become.

    Args:
        said: "forecast", or "not yet identifiable": then `reach` is None and there is no fan.
        reach: the most likely final reach, of people like these, in [0, 1]; at least what is reached already.
        low: lower end of its profile-likelihood interval, told in either case; at least what is reached already.
        high: its upper end; 1 where the counts do not bound it.
        level: of the interval.
        shape: of the hazard that was assumed, see `hazard.hazard`.
        dispersion: at least 1; how much more days wobble than people who decide alone would; the interval allows for
            it.
        people: in the waves, opened or planned, less those who left.
        adopters: until today.
        quantiles: of the fan.
        fan: one row for each day from tomorrow on: reach at each of `quantiles`.
    """

    said: Literal["forecast", "not yet identifiable"]
    reach: float | None
    low: float
    high: float
    level: float
    shape: Shape
    dispersion: float
    people: int
    adopters: int
    quantiles: tuple[float, ...]
    fan: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A wave that is to open: so many people, so many days from today, at least 1."""

    people: int
    opens_in_days: int


def forecast(
    waves: Sequence[Counts],
    *,
    days: int,
    planned: Sequence[Planned] = (),
    shape: Shape = "bass",
    level: float = 0.9,
    seed: int = 0,
) -> Forecast:
    """The final reach, and reach on each of the next days.

    Args:
        waves: opened ones, each by days since its exposure; whole people. Who is at risk on a wave's last day is
            taken to be there still.
        days: to look ahead, in [1, DAYS_MOST]; working days where the waves are by working days.
        planned: waves to come; they are taken to go as the opened ones do.
        shape: `bass` learns from adopters so far, `logistic` from the days alone.
        level: of the interval, in (0, SURE]; 90 % by default.
        seed: names the fan's draws.

    Source: a draw of the final reach from the confidence distribution of the profile's signed root (Schweder & Hjort,
        2016, "Confidence, Likelihood, Probability"), the other two parameters normal about their best values at it;
        then binomial day by day.
    """
    assert 1 <= days <= DAYS_MOST
    assert 0 < level <= SURE
    known = profile(waves, shape=shape)
    low, high = known.interval(NormalDist().inv_cdf((1 + level) / 2))
    adopters = sum(int(wave.happened.sum()) for wave in waves)
    people = adopters + sum(_still(wave) for wave in waves) + sum(wave.people for wave in planned)
    reached = adopters / people if people else 0.0
    least, most = known.interval(NormalDist().inv_cdf((1 + SURE) / 2))
    identifiable = most - max(least, reached) <= WIDTH_MOST
    fan = _fan(_drawn(known, seed), waves, planned, days, seed) / people if identifiable else np.empty((0, 0))
    return Forecast(
        said="forecast" if identifiable else "not yet identifiable",
        reach=max(known.best, reached) if identifiable else None,
        low=max(low, reached),
        high=max(high, reached),
        level=level,
        shape=shape,
        dispersion=known.dispersion,
        people=people,
        adopters=adopters,
        quantiles=QUANTILES,
        fan=tuple(tuple(float(one) for one in row) for row in fan),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draws:
    """Parameters of `DRAWS` futures: the final reach of each, and the hazard's two others, DRAWS x 2."""

    shape: Shape
    ceilings: Floats
    logs: Floats

    def opened(self, wave: Counts) -> "_Wave":
        """A wave as it stands after its last day."""
        before = Cells.of([wave]).before[0]
        past = hazard(
            self.shape, self.logs[:, None, :], self.ceilings[:, None], before, np.arange(before.size, dtype=np.float64)
        )
        left = unadopted(np.broadcast_to(past, (DRAWS, before.size)))[:, -1]
        return _Wave(had=int(wave.happened.sum()), waiting=_still(wave), day=before.size, left=left)

    def run(self, wave: "_Wave", days: int, chance: np.random.Generator) -> Floats:
        """Days x DRAWS: a wave's adopters on each of the next days."""
        had, waiting, left = np.full(DRAWS, wave.had), np.full(DRAWS, wave.waiting), wave.left
        told = np.empty((days, DRAWS))
        for place in range(days):
            before, day = had / max(wave.had + wave.waiting, 1), np.array([wave.day + place], dtype=np.float64)
            chances = hazard(self.shape, self.logs, self.ceilings, before, day)
            mixed = self.ceilings * left / np.maximum(1 - self.ceilings + self.ceilings * left, SMALL)
            new = chance.binomial(waiting, np.clip(mixed * chances, 0.0, 1.0))
            had, waiting, left = had + new, waiting - new, left * (1 - chances)
            told[place] = had
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wave:
    """Adopters, people at risk, the next day since exposure, and DRAWS shares of adopters-to-be that are left."""

    had: int
    waiting: int
    day: int
    left: Floats


def _still(wave: Counts) -> int:
    """Who is at risk after the last day."""
    return int(wave.at_risk()[-1] - wave.happened[-1])


def _drawn(known: Profile, seed: int) -> _Draws:
    """Futures as likely as the profile makes them."""
    chance = stream(seed, "forecast", "parameters")
    ceilings = np.interp(chance.standard_normal(DRAWS), known.roots, known.ceilings)
    nearest = np.abs(known.ceilings[None, :] - ceilings[:, None]).argmin(axis=1)
    spread = np.linalg.cholesky(known.covariances)[nearest]
    logs = known.logs[nearest] + np.einsum("dij,dj->di", spread, chance.standard_normal((DRAWS, 2)))
    return _Draws(shape=known.shape, ceilings=ceilings.astype(np.float64), logs=logs)


def _fan(draws: _Draws, waves: Sequence[Counts], planned: Sequence[Planned], days: int, seed: int) -> Floats:
    """Days x quantiles: adopters of all waves."""
    total = np.zeros((days, DRAWS))
    for place, wave in enumerate(waves):
        total += draws.run(draws.opened(wave), days, stream(seed, "forecast", "wave", place))
    for place, one in enumerate(planned):
        ahead = days + 1 - one.opens_in_days
        if ahead > 0:
            wave = _Wave(had=0, waiting=one.people, day=0, left=np.ones(DRAWS))
            total[-ahead:] += draws.run(wave, ahead, stream(seed, "forecast", "planned", place))
    return np.quantile(total, QUANTILES, axis=1).T

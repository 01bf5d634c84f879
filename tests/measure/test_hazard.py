"""The daily hazard with a ceiling: against a likelihood written person by person, and against what is known."""

from math import exp, log

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.hazard import FAR, hazard, profile, unadopted
from uptake.measure.survival import Counts, counts

Z_90 = 1.6448536269514722


def made(seed: int, *, people: int, ceiling: float, p: float, q: float, days: int) -> Counts:
    """People who will ever adopt with chance `ceiling`, and do so on a day with chance p + q F."""
    chance = stream(seed, "diffusion")
    ever, had, adopted = int(chance.binomial(people, ceiling)), 0, np.zeros(days)
    for day in range(days):
        new = int(chance.binomial(ever - had, p + q * min(had / (ceiling * people), 1.0)))
        had, adopted[day] = had + new, new
    ended = np.zeros(days)
    ended[-1] = people - had
    return Counts(happened=adopted, ended=ended, followed_days=days - 1)


def likelihood(waves: list[Counts], ceiling: float, logs: tuple[float, float]) -> float:
    """Person by person: who adopts on day d has m h(d) prod(1 - h), who has not 1 - m + m prod(1 - h)."""
    total = 0.0
    for wave in waves:
        people, had, left = wave.people, 0.0, 1.0
        gone = 0.0
        for adopted, ended in zip(wave.happened, wave.ended, strict=True):
            before = had / (people - gone)
            chance = exp(logs[0]) + exp(logs[1]) * min(before / ceiling, 1.0)
            total += adopted * log(ceiling * chance * left)
            left *= 1 - chance
            total += ended * log(1 - ceiling + ceiling * left)
            had += adopted
            gone += ended
    return total


def test_its_roots_are_those_of_the_likelihood_person_by_person() -> None:
    """Three waves, some people leave early: deviances at the profile's own parameters, and none better nearby."""
    waves = [
        made(seed, people=300, ceiling=0.7, p=0.02, q=0.15, days=days) for seed, days in ((1, 40), (2, 25), (3, 9))
    ]
    leaving = waves[0].ended.copy()
    leaving[12], leaving[-1] = 20, leaving[-1] - 20
    waves[0] = Counts(happened=waves[0].happened, ended=leaving, followed_days=39)
    found = profile(waves)
    values = [
        likelihood(waves, float(ceiling), (float(first), float(second)))
        for ceiling, (first, second) in zip(found.ceilings, found.logs, strict=True)
    ]
    deviances = 2 * (max(values) - np.array(values)) / found.dispersion
    assert found.roots**2 == pytest.approx(deviances, abs=1e-6)
    for place in range(0, len(values), 10):
        ceiling, (first, second) = float(found.ceilings[place]), found.logs[place]
        around = [(first + da, second + db) for da in (-0.05, 0, 0.05) for db in (-0.05, 0, 0.05)]
        assert max(likelihood(waves, ceiling, (float(a), float(b))) for a, b in around) <= values[place] + 1e-6


def test_at_the_end_of_the_curve_it_is_the_interval_of_a_share() -> None:
    """Everybody who will adopt has: nothing but the binomial is left to be unsure of."""
    wave = made(5, people=2000, ceiling=0.8, p=0.05, q=0.4, days=120)
    share = float(wave.happened.sum()) / 2000
    found = profile([wave])
    low, high = found.interval(Z_90)
    error = np.sqrt(share * (1 - share) / 2000 * found.dispersion)
    assert found.best == pytest.approx(share, abs=1e-3)
    assert (low, high) == pytest.approx((share - Z_90 * error, share + Z_90 * error), abs=2e-3)


def test_more_waves_tell_more_and_their_order_nothing() -> None:
    waves = [made(seed, people=800, ceiling=0.6, p=0.02, q=0.15, days=days) for seed, days in ((1, 30), (2, 20))]
    both, other = profile(waves), profile(waves[::-1])
    assert both.interval(Z_90) == pytest.approx(other.interval(Z_90), abs=1e-6)
    (low, high), (low_one, high_one) = both.interval(Z_90), profile(waves[:1]).interval(Z_90)
    assert high - low < high_one - low_one


@pytest.mark.parametrize("shape", ["bass", "logistic"])
def test_early_counts_bound_nothing(shape: str) -> None:
    wave = made(3, people=2000, ceiling=0.8, p=0.005, q=0.1, days=10)
    low, high = profile([wave], shape=shape).interval(Z_90)  # pyright: ignore[reportArgumentType]
    assert high == 1.0
    assert high - low > 0.5
    nobody = counts([9] * 50, [False] * 50)
    assert profile([nobody], shape=shape).interval(Z_90)[1] == 1.0  # pyright: ignore[reportArgumentType]


def test_days_that_wobble_more_widen_the_interval() -> None:
    """The same people, all adopting at the end of each week."""
    daily = made(7, people=2000, ceiling=0.7, p=0.02, q=0.12, days=42)
    weekly = np.zeros(42)
    weekly[6::7] = daily.happened.reshape(6, 7).sum(axis=1)
    (low, high), calm = (
        profile([Counts(happened=weekly, ended=daily.ended, followed_days=41)]).interval(Z_90),
        (profile([daily])),
    )
    assert calm.dispersion < 2
    assert high - low > 1.5 * (calm.interval(Z_90)[1] - calm.interval(Z_90)[0])


def test_the_logistic_hazard_is_that_of_the_logistic_curve() -> None:
    days = np.arange(30, dtype=float)
    left = unadopted(hazard("logistic", np.array([-3.0, log(0.25)]), np.array(0.9), np.zeros(30), days))
    curve = 1 / (1 + np.exp(-(-3.0 + 0.25 * np.arange(-1, 30))))
    assert left == pytest.approx((1 - curve) / (1 - curve[0]))


def test_its_values_are_in_order() -> None:
    found = profile([made(9, people=500, ceiling=0.5, p=0.03, q=0.2, days=25)])
    assert (np.diff(found.ceilings) > 0).all()
    assert (np.diff(found.roots) >= 0).all()
    assert float(found.roots[0]) < -FAR / 2
    assert 0 < found.best <= 1

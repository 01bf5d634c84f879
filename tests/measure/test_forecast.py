"""Forecasts: refused while the end is open, calibrated once it is not, the same for the same seed."""

import numpy as np
import pytest

from tests.measure.test_hazard import made
from uptake.measure.forecast import QUANTILES, WIDTH_MOST, Planned, forecast
from uptake.measure.survival import Counts, counts


def cut(wave: Counts, days: int) -> Counts:
    return wave.cut(days - 1)


def test_it_is_refused_while_the_end_is_open_and_made_once_it_is_not() -> None:
    wave = made(4, people=2000, ceiling=0.8, p=0.01, q=0.12, days=60)
    early, late = forecast([cut(wave, 7)], days=30), forecast([cut(wave, 30)], days=30)
    assert (early.said, early.reach, early.fan) == ("not yet identifiable", None, ())
    assert early.high - early.low > WIDTH_MOST
    assert late.said == "forecast"
    assert late.reach is not None
    assert late.low <= late.reach <= late.high
    assert late.high - late.low <= WIDTH_MOST
    assert (late.people, late.adopters) == (2000, int(wave.happened[:30].sum()))
    assert len(late.fan) == 30


def test_its_fan_begins_at_today_rises_and_ends_about_the_interval() -> None:
    told = forecast([made(4, people=2000, ceiling=0.8, p=0.01, q=0.12, days=30)], days=200, seed=1)
    fan = np.array(told.fan)
    assert fan.shape == (200, len(QUANTILES))
    assert (np.diff(fan, axis=0) >= 0).all()
    assert (np.diff(fan, axis=1) >= 0).all()
    assert fan[0, 0] >= told.adopters / told.people
    assert fan[-1, 0] == pytest.approx(told.low, abs=0.03)
    assert fan[-1, -1] == pytest.approx(told.high, abs=0.03)


def test_the_same_seed_gives_the_same_fan() -> None:
    wave = made(4, people=500, ceiling=0.6, p=0.03, q=0.15, days=30)
    assert forecast([wave], days=10, seed=3) == forecast([wave], days=10, seed=3)
    assert forecast([wave], days=10, seed=3).fan != forecast([wave], days=10, seed=4).fan


def test_a_planned_wave_is_counted_and_adopts_from_its_opening_on() -> None:
    wave = made(4, people=1000, ceiling=0.6, p=0.05, q=0.2, days=60)
    told = forecast([wave], days=80, planned=[Planned(people=1000, opens_in_days=21)])
    median = np.array(told.fan)[:, QUANTILES.index(0.5)]
    assert told.people == 2000
    assert median[19] == pytest.approx(float(wave.happened.sum()) / 2000, abs=0.005)
    assert median[20] > median[19]
    assert median[-1] == pytest.approx(told.reach, abs=0.03)


def test_who_left_is_in_no_share() -> None:
    wave = made(4, people=1000, ceiling=0.6, p=0.05, q=0.2, days=40)
    ended = wave.ended.copy()
    ended[10], ended[-1] = 100, ended[-1] - 100
    told = forecast([Counts(happened=wave.happened, ended=ended, followed_days=39)], days=5)
    assert told.people == 900


def test_what_is_reached_already_is_no_matter_of_chance() -> None:
    """Thirty people, long settled: the share of people like these is unsure, theirs is not."""
    wave = made(1, people=30, ceiling=0.7, p=0.05, q=0.3, days=90)
    told, reached = forecast([wave], days=10), float(wave.happened.sum()) / 30
    assert told.reach is not None
    assert told.reach >= reached
    assert told.low >= reached
    assert told.high > reached + 0.05
    assert set(told.fan[-1]) == {reached}


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nobody_and_everybody_are_no_special_cases(share: float) -> None:
    told = forecast([counts([3] * 40, [share == 1.0] * 40, followed_days=20)], days=10)
    assert (told.said, told.high) == ("forecast" if share else "not yet identifiable", 1.0)
    assert told.adopters == 40 * share


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["bass", "logistic"])
def test_its_fan_covers_what_then_comes(shape: str) -> None:
    """40 groups, a fortnight ahead: 90 % between the outer quantiles, within three errors of that many runs."""
    inside = 0
    for seed in range(40):
        wave = made(seed, people=1000, ceiling=0.7, p=0.02, q=0.12, days=40)
        told = forecast([cut(wave, 26)], days=14, shape=shape, seed=seed)  # pyright: ignore[reportArgumentType]
        inside += told.fan[-1][0] <= float(wave.happened.sum()) / 1000 <= told.fan[-1][-1]
    assert inside >= 40 * 0.9 - 3 * np.sqrt(40 * 0.9 * 0.1)

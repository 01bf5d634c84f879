"""Repeated looks at one effect: what each look knew, how they go together, and how often they err."""

import math

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.looks import Band, bands, finding, joint, looks, until
from uptake.measure.spending import allowed, next_boundary
from uptake.measure.staggered import estimate
from uptake.measure.statistics import NEVER, Statistics, summarise
from uptake.measure.weights import weights

PERIODS = 20
STARTS = (5.0, 10.0, 15.0)


def panel(run: int, *, people: int = 240, effect: float = 0.0, noise: float = 1.0) -> Statistics:
    """People in four equal cohorts, one of them never exposed; persistent differences and noise of their own days."""
    chance = stream(7, "looks", run)
    labels = np.repeat(np.arange(4), people // 4)
    level = chance.standard_normal(people)[:, None]
    values = level + noise * chance.standard_normal((people, PERIODS)) + np.linspace(0, 1, PERIODS)
    starts = np.array([*STARTS, NEVER])
    values += effect * (np.arange(PERIODS)[None, :] >= starts[labels][:, None])
    return summarise(values, labels, cohorts=starts, periods=np.arange(PERIODS, dtype=float))


def test_a_look_is_what_was_known_then() -> None:
    """The estimate after so many periods is that of a panel which ends there, in which nobody knows who comes later."""
    known = panel(1, effect=0.5)
    for after in (8, 12, 20):
        (one,) = looks(known, [after])
        seen = until(known, after)
        labels = np.searchsorted([*STARTS, NEVER], seen.cohorts)
        assert labels.size == 4
        again = np.sum(one.weights * known.means)
        assert one.estimate == pytest.approx(again, abs=1e-12)
        assert one.se**2 == pytest.approx(joint(known, [one])[0, 0], rel=1e-9)
        assert np.all(one.weights[:, after:] == 0)
    (last,) = looks(known, [20])
    (sought,) = weights(known, "simple", controls="not-yet", lag="mean")
    assert last.estimate == pytest.approx(estimate(known, sought).estimate, abs=1e-12)


def test_before_anybody_is_exposed_there_is_nothing_to_look_at() -> None:
    assert looks(panel(1), [3, 5]) == ()
    assert len(looks(panel(1), [3, 6, 7])) == 2


def test_the_covariance_of_looks_is_that_of_repeated_panels() -> None:
    """With fixed weights (beta 1) the covariance of estimates over 400 panels is the one that each panel tells."""
    at = [7, 12, 18]
    told = [looks(panel(run, people=80), at, beta="1", lag="previous") for run in range(400)]
    seen = np.cov(np.array([[one.estimate for one in run] for run in told]).T)
    wanted = np.mean([joint(panel(run, people=80), told[run]) for run in range(20)], axis=0)
    assert seen == pytest.approx(wanted, rel=0.35)
    assert np.corrcoef(seen.ravel(), wanted.ravel())[0, 1] > 0.95


@pytest.mark.slow
def test_looking_every_period_errs_as_often_as_allowed() -> None:
    """Without an effect: an ordinary test at each of 14 looks errs far too often, the band together at most at .05."""
    at, runs = list(range(7, 21)), 200
    shares = [(after - 6) / 14 for after in at]
    naive, together = 0, 0
    for run in range(runs):
        known = panel(run, people=400)
        seen = looks(known, at)
        naive += any(abs(one.estimate) > 1.96 * one.se for one in seen)
        covariance, made = joint(known, seen), list[float]()
        for place, share in enumerate(shares):
            part = covariance[: place + 1, : place + 1]
            made.append(next_boundary(part, made, allowed("early", share), seed=1, paths=5_000))
        together += any(abs(one.estimate) > far * one.se for one, far in zip(seen, made, strict=True))
    assert naive / runs > 0.12
    assert together / runs <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / runs)


def test_bands_are_made_one_after_another() -> None:
    known, at = panel(1, effect=0.8), [7, 10, 13, 16, 20]
    shares = [0.2, 0.4, 0.6, 0.8, 1.0]
    seen = looks(known, at)
    told = bands(known, seen, shares, "late", seed=1)
    assert [one.boundary for one in bands(known, seen[:3], shares[:3], "late", seed=1)] == [
        one.boundary for one in told[:3]
    ]
    assert all(one.low < one.estimate < one.high for one in told[1:])
    assert told[-1].low > 0
    assert 1.96 < told[-1].boundary < told[1].boundary


def band(low: float, high: float) -> Band:
    return Band(period=1, estimate=(low + high) / 2, se=1, boundary=2, low=low, high=high)


@pytest.mark.parametrize(
    ("low", "high", "want", "found"),
    [
        (0.2, 0.6, "increase", "achieved"),
        (0.05, 0.6, "increase", "undecided"),
        (-0.1, 0.05, "increase", "not achieved"),
        (-0.9, -0.4, "increase", "harm"),
        (-0.9, 0.4, "increase", "undecided"),
        (-0.6, -0.2, "decrease", "achieved"),
        (0.4, 0.9, "decrease", "harm"),
        (-math.inf, math.inf, "decrease", "undecided"),
    ],
)
def test_what_a_band_shows(low: float, high: float, want, found: str) -> None:
    assert finding(band(low, high), want=want, target=0.1, harm=0.3) == found


def test_without_a_target_any_effect_is_one() -> None:
    assert finding(band(0.01, 0.2), want="increase") == "achieved"
    assert finding(band(-0.2, -0.01), want="increase") == "not achieved"
    assert finding(band(-0.2, 0.0), want="increase") == "not achieved"
    assert finding(band(-0.2, 0.1), want="increase") == "undecided"

"""Repeated looks at one effect: what each look knew, and how looks go together."""

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.looks import against, joint, looks, until, views
from uptake.measure.staggered import estimate
from uptake.measure.statistics import NEVER, Statistics, summarise
from uptake.measure.weights import weights

PERIODS = 20
STARTS = (5.0, 10.0, 15.0)


def panel(run: int, *, people: int = 240, effect: float = 0.0, level: float = 0.0) -> Statistics:
    """People in four equal cohorts, one of them never exposed; persistent differences and noise of their own days."""
    chance = stream(7, "looks", run)
    labels = np.repeat(np.arange(4), people // 4)
    own = level + chance.standard_normal(people)[:, None]
    values = own + chance.standard_normal((people, PERIODS)) + np.linspace(0, 1, PERIODS)
    starts = np.array([*STARTS, NEVER])
    values += effect * (np.arange(PERIODS)[None, :] >= starts[labels][:, None])
    return summarise(values, labels, cohorts=starts, periods=np.arange(PERIODS, dtype=float))


def test_a_look_is_what_was_known_then() -> None:
    """The estimate after so many periods is that of a panel which ends there, in which nobody knows who comes later."""
    chance = stream(7, "merged")
    labels, values = np.repeat(np.arange(4), 60), chance.standard_normal((240, PERIODS))
    known = summarise(values, labels, cohorts=np.array([*STARTS, NEVER]), periods=np.arange(PERIODS, dtype=float))
    (one,) = looks(known, views(known, [12]))
    assert until(known, 12).cohorts.tolist() == [5, 10, NEVER, NEVER]
    then = summarise(
        values[:, :12], np.minimum(labels, 2), cohorts=np.array([5, 10, NEVER]), periods=np.arange(12, dtype=float)
    )
    (sought,) = weights(then, "simple", controls="not-yet", lag="mean")
    plain = estimate(then, sought, beta="1")
    (same,) = looks(known, views(known, [12]), beta="1")
    assert same.estimate == pytest.approx(plain.estimate, abs=1e-12)
    assert one.estimate == pytest.approx(np.sum(one.weights * known.means), abs=1e-12)
    assert one.se**2 == pytest.approx(joint(known, [one])[0, 0], rel=1e-9)
    assert np.all(one.weights[:, 12:] == 0)


def test_the_last_look_is_the_ordinary_estimate() -> None:
    known = panel(1, effect=0.5)
    (last,) = looks(known, views(known, [20]))
    (sought,) = weights(known, "simple", controls="not-yet", lag="mean")
    plain = estimate(known, sought)
    assert (last.estimate, last.se) == pytest.approx((plain.estimate, plain.se_neyman), rel=1e-9)


def test_before_anybody_is_exposed_there_is_nothing_to_look_at() -> None:
    known = panel(1)
    assert views(known, [3, 5]) == ()
    assert [one.period for one in views(known, [3, 6, 7])] == [5, 6]


def test_the_covariance_of_looks_is_that_of_repeated_panels() -> None:
    """With fixed weights (beta 1) the covariance of estimates over 400 panels is the one that each panel tells."""
    seen = views(panel(0, people=80), [7, 12, 18], lag="previous")
    panels = [panel(run, people=80) for run in range(400)]
    told = [looks(known, seen, beta="1") for known in panels]
    measured = np.cov(np.array([[one.estimate for one in run] for run in told]).T)
    wanted = np.mean([joint(known, run) for known, run in zip(panels[:20], told[:20], strict=True)], axis=0)
    assert np.diag(measured) == pytest.approx(np.diag(wanted), rel=4 * (2 / 400) ** 0.5)
    assert measured == pytest.approx(wanted, abs=0.2 * np.diag(wanted).min())


def test_a_target_in_per_cent_is_one_weighted_sum() -> None:
    """Without noise: level 8 and an effect of -2 in the last period's mean; 10 % of what they had is a tenth of it."""
    labels, when = np.repeat(np.arange(2), 3), np.array([2.0, NEVER])
    values = 8 + np.zeros((6, 4)) + 1.5 * np.arange(4)
    values[:3, 2:] -= 2
    known = summarise(values, labels, cohorts=when, periods=np.arange(4, dtype=float))
    seen = looks(known, views(known, [4]), beta="1")
    (less,) = against(known, seen, share=-0.1)
    (level,) = against(known, seen, level=-1.5)
    assert seen[0].estimate == pytest.approx(-2)
    assert less.estimate == pytest.approx(-2 + 0.1 * (8 + 1.5 * 2.5))
    assert level.estimate == pytest.approx(-0.5)
    assert (level.weights == seen[0].weights).all()


def test_the_error_of_a_target_in_per_cent_is_that_of_repeated_panels() -> None:
    seen = views(panel(0, people=80), [18])
    panels = [panel(run, people=80, level=3.0) for run in range(400)]
    told = [against(known, looks(known, seen, beta="1"), share=0.5)[0] for known in panels]
    measured, wanted = np.std([one.estimate for one in told]), np.mean([one.se for one in told])
    assert measured == pytest.approx(wanted, rel=4 * (1 / 800) ** 0.5)
    assert wanted > 1.1 * np.mean([looks(known, seen, beta="1")[0].se for known in panels[:20]])

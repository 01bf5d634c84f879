"""Power before the start: against a general least squares fit, a simulation, and what must hold of any design."""

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure import Design, Table, effect
from uptake.measure.power import detectable, error, hussey_hughes, planned, power, schedule
from uptake.measure.spending import Spending
from uptake.measure.statistics import Statistics


@pytest.mark.parametrize(("within", "between"), [(0.2, 0.0), (0.2, 0.05), (1.0, 2.0)])
@pytest.mark.parametrize("seed", range(4))
def test_hussey_hughes_is_the_variance_of_the_fit(seed: int, within: float, between: float) -> None:
    """The closed form against the mixed model's generalised least squares, on stepped designs drawn by chance."""
    chance = stream(seed, "wedge")
    clusters, periods = int(chance.integers(4, 10)), int(chance.integers(3, 7))
    starts = np.append(chance.integers(1, periods + 1, clusters - 2), [1, periods])
    exposed = (np.arange(periods) >= starts[:, None]).astype(float)
    design = np.column_stack([np.tile(np.eye(periods), (clusters, 1)), exposed.ravel()])
    block = within * np.eye(periods) + between * np.ones((periods, periods))
    inverse = np.kron(np.eye(clusters), np.linalg.inv(block))
    fitted = np.linalg.inv(design.T @ inverse @ design)[-1, -1]
    assert hussey_hughes(exposed, within=within, between=between) == pytest.approx(fitted, rel=1e-9)


@pytest.mark.parametrize("beta", ["efficient", "0", "1"])
def test_the_planned_error_is_the_simulated_one(beta: str) -> None:
    """500 rollouts of 90 units: the spread of their estimates, within three of its own errors."""
    known = planned([30, 30, 30], [2, 4, np.inf], 6, correlation=0.6)
    expected = error(known, beta=beta, lag="previous")  # pyright: ignore[reportArgumentType]
    assert expected is not None
    root = np.linalg.cholesky(known.covariances[0])
    found = []
    for seed in range(500):
        chance = stream(seed, "power", beta)
        values = chance.normal(size=(90, 6)) @ root.T
        waves = np.repeat([2.0, 4.0, np.inf], 30)
        table = Table(
            unit=np.repeat(np.arange(90), 6),
            time=np.tile(np.arange(6), 90),
            cohort=np.repeat(waves, 6),
            outcome=values.ravel(),
        )
        found.append(effect(table, Design(beta=beta)).rows[0].estimate)  # pyright: ignore[reportArgumentType]
    assert float(np.std(found)) == pytest.approx(expected, rel=3 / np.sqrt(2 * 500) + 0.03)


def test_what_must_hold_of_every_design() -> None:
    known = planned([20, 20, 20], [2, 4, 6], 8, correlation=0.5)
    twice = planned([40, 40, 40], [2, 4, 6], 8, correlation=0.5)
    one, half = error(known), error(twice)
    assert one is not None
    assert half == pytest.approx(one / np.sqrt(2))
    best = min(error(known, beta=beta) or 0 for beta in ("0", "1"))  # pyright: ignore[reportArgumentType]
    assert one <= best
    assert error(planned([20, 20], [9, 9], 8, correlation=0.5)) is None, "nobody is exposed in time"
    assert error(planned([20, 20], [2, 2], 8, correlation=0.5)) is None, "nobody is left to compare with"
    assert power(0.0, one) == pytest.approx(0.05)
    assert power(detectable(one), one) == pytest.approx(0.8, abs=1e-4)
    curve = [power(size / 20, one) for size in range(20)]
    assert curve == sorted(curve)


def found(known: Statistics, at: list[int], rule: Spending, effect: float) -> tuple[float, ...]:
    made = schedule(known, at, rule)
    assert made is not None
    return made.found(effect)


def test_repeated_looks_find_about_what_one_does() -> None:
    """One look is the closed form; looks on the way cost little power, and no effect is found as often as is spent."""
    known, rule = planned([40, 40, 40, 40], [2, 4, 6, np.inf], 8, correlation=0.5), Spending(kind="late", seed=1)
    one = error(known)
    assert one is not None
    effect = detectable(one)
    (once,) = found(known, [8], rule, effect)
    assert once == pytest.approx(power(effect, one), abs=0.004)
    often = found(known, [1, 3, 4, 5, 6, 7, 8], rule, effect)
    assert len(often) == 6, "after one period nobody is exposed"
    assert list(often) == sorted(often)
    assert 0.95 * once < often[-1] <= once + 0.004
    assert often == pytest.approx(found(known, [3, 4, 5, 6, 7, 8], rule, -effect), abs=0.006)
    assert found(known, [3, 5, 8], rule, 0.0)[-1] == pytest.approx(0.05, abs=0.003)
    assert schedule(known, [1, 2], rule) is None


def test_what_is_detectable_is_found_four_times_in_five() -> None:
    known, rule = planned([40, 40, 40], [2, 4, np.inf], 8, correlation=0.5), Spending(kind="late", seed=1, paths=50_000)
    made, one = schedule(known, [4, 6, 8], rule), error(known)
    assert made is not None
    assert one is not None
    assert made.found(made.detectable())[-1] == pytest.approx(0.8, abs=0.002)
    assert detectable(one) < made.detectable() < 1.1 * detectable(one), "looking again and again costs a little"

"""Stepped wedges under mixed models: against generalised least squares on every single value's covariance."""

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.mixed import exponential_decay, nested_exchangeable, of_means
from uptake.measure.power import hussey_hughes, power

PEOPLE = 3


def wedge(seed: int) -> np.ndarray:
    chance = stream(seed, "mixed")
    settings, periods = int(chance.integers(4, 8)), int(chance.integers(3, 6))
    starts = np.append(chance.integers(1, periods + 1, settings - 2), [1, periods])
    return (np.arange(periods) >= starts[:, None]).astype(float)


def least_squares(exposed: np.ndarray, block: np.ndarray) -> float:
    """The effect's variance from values ordered by setting, period and person; `block` is one setting's covariance."""
    settings, periods = exposed.shape
    people = block.shape[0] // periods
    period = np.tile(np.repeat(np.eye(periods), people, axis=0), (settings, 1))
    design = np.column_stack([period, np.repeat(exposed.ravel(), people)])
    full = np.kron(np.eye(settings), block)
    return float(np.linalg.inv(design.T @ np.linalg.solve(full, design))[-1, -1])


def block(periods: int, within: np.ndarray, same: float | None) -> np.ndarray:
    """One setting: `within[s, t]` between people in periods s and t, `same` between one person's values."""
    made = np.kron(within, np.ones((PEOPLE, PEOPLE)))
    if same is not None:
        for s in range(periods):
            for t in range(periods):
                for person in range(PEOPLE):
                    made[s * PEOPLE + person, t * PEOPLE + person] = same
    np.fill_diagonal(made, 1.0)
    return made


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("within", "between", "same"), [(0.1, 0.1, None), (0.1, 0.04, None), (0.3, 0.0, None), (0.1, 0.05, 0.6)]
)
def test_nested_exchangeable_is_the_fit(seed: int, within: float, between: float, same: float | None) -> None:
    exposed = wedge(seed)
    periods = exposed.shape[1]
    alike = np.where(np.eye(periods) > 0, within, between)
    fitted = 2.5 * least_squares(exposed, block(periods, alike, same))
    told = nested_exchangeable(exposed, people=PEOPLE, within=within, between=between, same=same, variance=2.5)
    assert told == pytest.approx(fitted, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("within", "decay"), [(0.1, 1.0), (0.1, 0.8), (0.3, 0.3), (0.05, 0.0)])
def test_exponential_decay_is_the_fit(seed: int, within: float, decay: float) -> None:
    exposed = wedge(seed)
    periods = exposed.shape[1]
    apart = np.abs(np.subtract.outer(np.arange(periods), np.arange(periods)))
    fitted = 2.5 * least_squares(exposed, block(periods, within * decay**apart, None))
    assert exponential_decay(exposed, people=PEOPLE, within=within, decay=decay, variance=2.5) == pytest.approx(
        fitted, rel=1e-9
    )


def test_at_their_ends_the_models_meet() -> None:
    exposed = wedge(9)
    plain = hussey_hughes(exposed, within=0.9 / 20, between=0.1)
    assert nested_exchangeable(exposed, people=20, within=0.1, between=0.1) == pytest.approx(plain, rel=1e-12)
    assert exponential_decay(exposed, people=20, within=0.1, decay=1) == pytest.approx(plain, rel=1e-9)
    none = nested_exchangeable(exposed, people=20, within=0.1, between=0)
    assert exponential_decay(exposed, people=20, within=0.1, decay=0) == pytest.approx(none, rel=1e-9)


def test_the_formula_for_any_covariance_is_the_fit() -> None:
    exposed, chance = wedge(2), stream(2, "covariance")
    root = chance.normal(size=(exposed.shape[1], exposed.shape[1]))
    covariance = root @ root.T + np.eye(exposed.shape[1])
    assert of_means(exposed, covariance) == pytest.approx(least_squares(exposed, covariance), rel=1e-9)


def test_more_people_help_and_a_period_effect_of_settings_does_not() -> None:
    exposed = wedge(3)
    few, many = (exponential_decay(exposed, people=n, within=0.05, decay=0.8) for n in (10, 100))
    assert many < few
    plain, nested = (nested_exchangeable(exposed, people=50, within=0.05, between=one) for one in (0.05, 0.03))
    assert nested > plain
    again = nested_exchangeable(exposed, people=50, within=0.05, between=0.03, same=0.7)
    assert again < nested, "people who are measured again are their own controls"


# The Washington trial of Hussey & Hughes (2007), section 4: 24 settings in four steps, 100 people each, 5 % against
# 3.2 %; and as `SteppedPower` (VarClosed_Kasza, its man page) has it after Kasza et al. (2020), "Sample size and power
# calculations for open cohort longitudinal cluster randomized trials": `left` of the people are others each time
@pytest.mark.parametrize(("left", "published"), [(None, 0.8059), (0.0, 0.7146), (1.0, 0.6451), (0.7, 0.6643)])
def test_published_power(left: float | None, published: float) -> None:
    exposed = np.repeat((np.arange(5) >= np.arange(1, 5)[:, None]).astype(float), 6, axis=0)
    setting, period, person, noise = 0.025**2, 0.01**2, 0.1**2, 0.041 * 0.959
    if left is None:
        variance = hussey_hughes(exposed, within=noise / 100, between=setting)
        assert variance == pytest.approx(4.0658473e-05, rel=5e-9)
    else:
        total = setting + period + person + noise
        alike = {"within": setting + period, "between": setting, "same": setting + (1 - left) * person}
        shares = {name: part / total for name, part in alike.items()}
        variance = nested_exchangeable(exposed, people=100, variance=total, **shares)
    assert round(power(0.05 - 0.032, variance**0.5), 4) == published

"""Callaway & Sant'Anna by diff-diff: R's numbers, our own estimator's, and what is said where nobody drew the order."""

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.measure.test_cells import mpdta
from tests.measure.test_rollout import made, rows
from uptake.core.chance import stream
from uptake.core.problem import Refused
from uptake.measure import Design, NoPanel, Table, effect, parallel
from uptake.measure.panel import panel
from uptake.measure.rollout import RANDOM
from uptake.measure.staggered import estimate
from uptake.measure.statistics import summarise
from uptake.measure.weights import pairs_before, weights

ESTIMANDS: tuple[Any, ...] = ("simple", "cohort", "calendar", "eventstudy", "cells")
# R's did 2.5.0 on mpdta with control_group = "notyettreated" and bstrap = FALSE, as github.com/d2cml-ai/csdid has it
# for its tests (r_ref/ref_aggte.csv and ref_pretest.csv, scenario mpdta_nyt_dr): estimates and errors
FROM_R = {
    "simple": [(-0.0397636256230437, 0.0120524247873419)],
    "cohort": [(-0.030462228112565, 0.0125751201316818)],
    "calendar": [(-0.0442670834758837, 0.0155709044211449)],
    "eventstudy": [
        (-0.0189221990834249, 0.0120445686892691),
        (-0.0535893473848319, 0.016946385539125),
        (-0.136274346328678, 0.03540338496891),
        (-0.100811363085404, 0.0343592258346733),
    ],
}
BEFORE_FROM_R = [
    (0.0297593647610311, 0.0145335416386514),
    (-0.00244615388606511, 0.0131203504342708),
    (-0.0242689034145076, 0.0144636816758019),
]
WALD_P = 0.16814
CLUSTERED = float(np.sqrt(500 / 499))
"""R divides by units, diff-diff where it clusters by one less."""


def close(found: tuple[parallel.Row, ...], known: list[tuple[float, float]]) -> None:
    assert [row.estimate for row in found] == pytest.approx([one for one, _ in known], abs=1e-12)
    assert [row.se for row in found] == pytest.approx([se * CLUSTERED for _, se in known], rel=5e-4)


def drifting(table: Table, slope: float) -> Table:
    """The same, but wave 3 gains every period, exposed or not."""
    return replace(table, outcome=table.outcome + slope * table.time * (table.cohort == 3))


def test_as_in_r() -> None:
    for estimand, known in FROM_R.items():
        found = parallel.effect(mpdta(), estimand)  # pyright: ignore[reportArgumentType]
        close(found.rows, known)
        close(found.before, BEFORE_FROM_R)
        assert [row.event_time for row in found.before] == [-3, -2, -1]
        assert (found.units, found.cohorts, found.warned) == (500, 4, ())


def test_all_cells_before_exposure_together_as_in_r() -> None:
    """R tests cells rather than event times, by chi-squared: what ours is with very many units."""
    found = panel(mpdta())
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    fit = parallel.fitted(found, known)
    early = [fit.cells.index(cell) for cell in pairs_before(known)]
    covariance = fit.covariance[np.ix_(early, early)] / CLUSTERED**2
    assert parallel.jointly(fit.estimates[early], covariance, 10**9) == pytest.approx(WALD_P, abs=5e-6)
    fewer = parallel.jointly(fit.estimates[early], covariance, 500)
    assert fewer is not None
    assert WALD_P < fewer < 0.18, "a few hundred units make it a little less sure"
    assert parallel.jointly(fit.estimates[early], covariance, 5) is None


@pytest.mark.parametrize("estimand", ESTIMANDS)
@pytest.mark.parametrize("kind", ["whole", "nobody waits", "later than the table"])
def test_the_same_estimates_as_our_own_code(estimand: Any, kind: str) -> None:
    table = made(shift=1.0)
    if kind == "nobody waits":
        table = rows(table, table.cohort != np.inf)
    elif kind == "later than the table":
        late = np.where(table.unit % 2 == 0, 9.0, 8.0)
        table = replace(table, cohort=np.where(table.cohort == np.inf, late, table.cohort))
    ours, theirs = effect(table, Design(estimand=estimand, beta="1")), parallel.effect(table, estimand)
    assert [row.estimate for row in theirs.rows] == pytest.approx([row.estimate for row in ours.rows], abs=1e-10)
    assert [row.event_time for row in theirs.rows] == [row.event_time for row in ours.rows]
    assert [row.cell for row in theirs.rows if row.cell] == list(ours.cells)
    assert [row.se for row in theirs.rows] == pytest.approx([row.se_neyman for row in ours.rows], rel=0.06)
    assert (theirs.units, theirs.cohorts, theirs.dropped) == (ours.units, ours.cohorts, ours.dropped)
    assert theirs.unidentified == ours.unidentified


def test_covariates_as_diff_diff_has_them() -> None:
    import pandas as pd
    from diff_diff import CallawaySantAnna

    table = mpdta(population=True)
    names = ("unit", "time", "cohort", "outcome")
    frame = pd.DataFrame({name: getattr(table, name) for name in names} | {"people": table.covariates[0]})
    model = CallawaySantAnna(control_group="not_yet_treated", cluster="unit")
    known = model.fit(frame, "outcome", "unit", "time", "cohort", covariates=["people"])
    found = parallel.effect(table)
    assert found.rows[0].estimate == pytest.approx(known.overall_att, rel=1e-9)
    assert found.rows[0].se == pytest.approx(known.overall_se, rel=5e-3)
    assert "doubly robust" in found.method
    assert "where covariates are the same" in found.assumptions[0]


def test_trends_that_differ_before_are_told() -> None:
    found = parallel.effect(drifting(made(units=300), 1.5))
    assert found.p is not None
    assert found.p < 0.001
    assert "do not take the estimate for the effect" in found.sentence
    calm = parallel.effect(made(units=300))
    assert calm.p is not None
    assert calm.p > 0.05
    assert "proves nothing" in calm.sentence
    for one in (found, calm):
        assert parallel.LABEL in one.method
        assert RANDOM not in one.assumptions
        assert not any("drawn" in assumed or "random" in assumed for assumed in one.assumptions)


def test_one_period_before_exposure_tells_nothing_of_trends() -> None:
    table = made()
    early = rows(table, (table.time >= 2) & (table.cohort != 5))
    found = parallel.effect(early)
    assert (found.before, found.p) == ((), None)
    assert "Nothing can be said of trends" in found.sentence


def test_units_exposed_all_along_are_left_out() -> None:
    table = made()
    always = replace(table, cohort=np.where(table.cohort == 3, 1.0, table.cohort))
    assert parallel.effect(always).dropped == ("20 units are exposed from the first period on",)


def test_without_noise_it_is_exact() -> None:
    table = made()
    still = replace(table, outcome=table.unit * 1.0 + table.time**2 - 3.0 * (table.time >= table.cohort))
    found = parallel.effect(still, "eventstudy")
    assert [row.estimate for row in found.rows] == pytest.approx([-3.0] * 4, abs=1e-9)
    assert [row.estimate for row in found.before] == pytest.approx([0.0] * 3, abs=1e-9)


def test_intervals_and_the_test_before_err_as_often_as_they_say() -> None:
    """100 rollouts in an order by level, which nobody drew: 95 % and 5 %, give or take three simulation errors."""
    held = alarms = 0
    for seed in range(100):
        chance = stream(seed, "listed")
        levels = np.sort(chance.normal(size=90)) * 3
        waves = np.repeat([3.0, 5.0, np.inf], 30)
        values = (
            levels[:, None] + chance.normal(size=(90, 6)) + np.arange(6) + 0.4 * (np.arange(1, 7) >= waves[:, None])
        )
        table = Table(
            unit=np.repeat(np.arange(90), 6),
            time=np.tile(np.arange(1, 7), 90),
            cohort=np.repeat(waves, 6),
            outcome=values.ravel(),
        )
        found = parallel.effect(table)
        held += found.rows[0].low <= 0.4 <= found.rows[0].high
        assert found.p is not None
        alarms += found.p < 0.05
    assert held / 100 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 100))
    assert alarms / 100 == pytest.approx(0.05, abs=3 * np.sqrt(0.95 * 0.05 / 100))


def test_what_it_cannot_do_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = made()
    with pytest.raises(NoPanel, match="no effect is identified"):
        parallel.effect(replace(table, cohort=np.where(table.cohort == 3, 9.0, np.inf)))
    monkeypatch.setitem(sys.modules, "diff_diff", None)
    with pytest.raises(Refused) as refused:
        parallel.effect(table)
    assert refused.value.problems[0].hint == "pip install 'uptake[did]'"


@pytest.mark.parametrize("shock", [0.0, 100.0])
def test_what_lies_between_first_step_and_exposure_is_neither_before_nor_after(shock: float) -> None:
    """As our own estimator has it with the same transition, and whatever values do meanwhile."""
    found = panel(made(shift=1.0, units=90))
    waits = found.labels == 1  # exposed in 5, reached in 4
    values = np.add(found.values, shock * np.outer(waits, found.periods == 4))
    found = replace(found, values=values)
    known = summarise(found.values, found.labels, cohorts=found.cohorts, periods=found.periods)
    known = replace(known, first=np.where(found.cohorts == 5, 4.0, found.cohorts))
    ours = estimate(known, *weights(known, "simple", controls="not-yet", lag="previous"), beta="1")
    (theirs,) = parallel.among(found, known, ["simple"])
    assert theirs.rows[0].estimate == pytest.approx(ours.estimate, abs=1e-10)
    assert theirs.rows[0].estimate == pytest.approx(1.0, abs=0.6)
    assert all(abs(row.estimate) < 3 for row in theirs.before)

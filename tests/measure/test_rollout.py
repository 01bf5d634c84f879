"""The effect of a staged rollout: published numbers, hand-made small cases, and what must not matter."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uptake.connect.frame import read_columns
from uptake.core.chance import stream
from uptake.measure import Design, NoPanel, Table, effect, statistics

DATA = Path(__file__).parents[3] / "shared" / "data"
FULL = DATA / "cpd_training_full.parquet"
OFFICERS = ("uid", "period", "first_trained")
ESTIMATORS: dict[str, dict[str, Any]] = {
    "efficient": {},
    "callaway_santanna": {"beta": "1"},
    "sun_abraham": {"beta": "1", "controls": "last"},
}


def made(seed: int = 1, *, units: int = 60, periods: int = 6, shift: float = 0.0) -> Table:
    """Units with levels of their own in waves 3 and 5 and never, exposed ones shifted."""
    chance = stream(seed, "panel")
    waves = chance.permutation(np.resize([3.0, 5.0, np.inf], units))
    levels = chance.normal(size=(units, 1)) * 2
    values = levels + chance.normal(size=(units, periods)) + np.arange(periods)
    values += shift * (np.arange(1, periods + 1) >= waves[:, None])
    return Table(
        unit=np.repeat(np.arange(units), periods),
        time=np.tile(np.arange(1, periods + 1), units),
        cohort=np.repeat(waves, periods),
        outcome=values.ravel(),
    )


def rows(table: Table, chosen: Any) -> Table:
    """Some rows of a table, in some order."""
    return Table(
        unit=table.unit[chosen], time=table.time[chosen], cohort=table.cohort[chosen], outcome=table.outcome[chosen]
    )


def numbers(table: Table, **design: Any) -> list[float]:
    found = effect(table, Design(**design))
    return [number for row in found.rows for number in (row.estimate, row.se, row.se_neyman)]


@pytest.mark.skipif(not FULL.exists(), reason="the officers' data are not here")
def test_every_published_digit() -> None:
    """The table in the README of the R package `staggered`, 33 numbers."""
    published = json.loads((DATA / "cpd_training_full.expected.json").read_text())["published_readme"]
    assert len(published) == 11
    unit, time, cohort, outcome = read_columns(FULL, (*OFFICERS, "complaints"))
    table = Table(unit=unit, time=time, cohort=cohort, outcome=outcome)
    asked = {(one["estimand"], one["estimator"]) for one in published}
    found = {key: effect(table, Design(estimand=key[0], **ESTIMATORS[key[1]])) for key in asked}
    for one in published:
        made_by = found[one["estimand"], one["estimator"]]
        (row,) = [row for row in made_by.rows if row.event_time == one.get("eventTime")]
        for name in ("estimate", "se", "se_neyman"):
            digits = len(f"{one[name]:e}".partition("e")[0].rstrip("0").replace(".", "").replace("-", ""))
            assert f"{getattr(row, name):.{digits - 1}e}" == f"{one[name]:.{digits - 1}e}", (one, name)
        assert (made_by.units, made_by.cohorts) == (7785, 48)


def test_two_waves_by_hand() -> None:
    """Before and after: beta 0 is Welch's comparison of the second period, beta 1 that of the changes."""
    chance = stream(3, "two")
    exposed, never = chance.normal(size=(8, 2)), chance.normal(size=(12, 2))
    values = np.concatenate([exposed, never])
    table = Table(
        unit=np.repeat(np.arange(20), 2),
        time=np.tile([1, 2], 20),
        cohort=np.repeat([2.0] * 8 + [0.0] * 12, 2),
        outcome=values.ravel(),
    )
    for beta, a, b in (("0", exposed[:, 1], never[:, 1]), ("1", np.diff(exposed)[:, 0], np.diff(never)[:, 0])):
        (row,) = effect(table, Design(beta=beta)).rows  # pyright: ignore[reportArgumentType]
        assert row.estimate == pytest.approx(a.mean() - b.mean(), rel=1e-12)
        assert row.se_neyman == pytest.approx(np.sqrt(a.var(ddof=1) / 8 + b.var(ddof=1) / 12), rel=1e-12)
    (best,) = effect(table).rows
    tried = [effect(table, Design(beta=beta)).rows[0].se_neyman for beta in ("0", "1")]  # pyright: ignore[reportArgumentType]
    assert best.se_neyman <= min(tried)


@pytest.mark.parametrize("estimand", ["simple", "cohort", "calendar", "eventstudy"])
def test_an_effect_that_is_the_same_for_all_is_found_exactly_without_noise(estimand: str) -> None:
    table = made()
    exposed = table.time >= table.cohort
    still = replace(table, outcome=table.unit * 1.0 + table.time**2 - 3.0 * exposed)
    found = effect(still, Design(estimand=estimand, beta="1"))  # pyright: ignore[reportArgumentType]
    assert [row.estimate for row in found.rows] == pytest.approx([-3.0] * len(found.rows), abs=1e-9)
    assert found.unidentified == 0


def test_event_times_end_where_controls_end() -> None:
    table = rows(made(), made().cohort != np.inf)
    found = effect(table, Design(estimand="eventstudy"))
    assert [row.event_time for row in found.rows] == [0, 1]
    assert found.unidentified == 2
    assert [row.event_time for row in effect(made(), Design(estimand="eventstudy")).rows] == [0, 1, 2, 3]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    beta=st.sampled_from(["efficient", "0", "1"]),
    lag=st.sampled_from(["previous", "mean"]),
)
def test_order_names_units_and_pieces_do_not_matter(seed: int, beta: str, lag: str) -> None:
    table = made(seed)
    known = numbers(table, beta=beta, lag=lag)
    mixed = rows(table, stream(seed, "order").permutation(table.unit.size))
    named = replace(mixed, unit=np.array([f"officer {one * 7 % 61}" for one in mixed.unit]))
    assert numbers(mixed, beta=beta, lag=lag) == pytest.approx(known, rel=1e-9)
    assert numbers(named, beta=beta, lag=lag) == pytest.approx(known, rel=1e-9)
    days = replace(
        table,
        time=np.datetime64("2027-01-01") + table.time.astype("timedelta64[D]"),
        cohort=np.array(
            [np.datetime64("NaT") if one == np.inf else np.datetime64("2027-01-01") + int(one) for one in table.cohort]
        ),
    )
    assert numbers(days, beta=beta, lag=lag) == pytest.approx(known, rel=1e-9)
    scaled = replace(table, outcome=table.outcome * -4.0)
    assert numbers(scaled, beta=beta, lag=lag) == pytest.approx([known[0] * -4, known[1] * 4, known[2] * 4], rel=1e-9)
    before, statistics.CELLS_HELD = statistics.CELLS_HELD, 50
    try:
        assert numbers(table, beta=beta, lag=lag) == pytest.approx(known, rel=1e-9)
    finally:
        statistics.CELLS_HELD = before


def test_levels_of_units_do_not_matter_where_changes_are_compared() -> None:
    table = made()
    lifted = replace(table, outcome=table.outcome + 5.0 * (table.unit % 3))
    assert numbers(lifted, beta="1") != numbers(table, beta="1")
    same = replace(table, outcome=table.outcome + 1e6)
    assert numbers(same) == pytest.approx(numbers(table), rel=1e-7)


def test_a_known_covariate_makes_it_sharper() -> None:
    table, level = made(units=120), np.repeat(stream(9, "level").normal(size=120), 6)
    noisy = replace(table, outcome=table.outcome + 6 * level * (table.time > 2))
    plain, adjusted = effect(noisy).rows[0], effect(replace(noisy, covariates=(level,))).rows[0]
    assert adjusted.se_neyman < plain.se_neyman / 1.5
    assert len(adjusted.beta) == 2


@pytest.mark.parametrize(
    ("change", "why", "row"),
    [
        (lambda t: rows(t, np.arange(0)), "no rows", 0),
        (lambda t: replace(t, outcome=np.where(np.arange(t.unit.size) == 4, np.inf, t.outcome)), "is infinite", 5),
        (lambda t: rows(t, np.append(np.arange(t.unit.size), 3)), "unit 0 stands there twice in period 4", 361),
        (lambda t: replace(t, cohort=np.where(np.arange(t.unit.size) == 8, 5.0, t.cohort + 0)), "two cohorts", 9),
        (lambda t: replace(t, cohort=np.full(t.unit.size, 3.0)), "fewer than two cohorts", 0),
        (lambda t: replace(t, cohort=np.where(t.cohort == 3, 9.0, np.inf)), "no effect is identified", 0),
        (lambda t: replace(t, outcome=np.full(t.unit.size, np.nan)), "fewer than two cohorts", 0),
        (lambda t: replace(t, time=np.array(["a"] * t.unit.size)), "neither numbers nor dates", 0),
    ],
)
def test_what_is_no_panel_is_refused(change: Any, why: str, row: int) -> None:
    table = made()
    with pytest.raises(NoPanel, match=why) as refused:
        effect(change(table))
    assert refused.value.row == row


def test_what_is_left_out_is_told() -> None:
    table = made()
    gaps = replace(table, outcome=np.where(np.arange(table.unit.size) == 5, np.nan, table.outcome))
    whole = rows(table, table.unit > 0)
    assert effect(gaps).dropped == ("1 of 60 units miss a period or a covariate",)
    assert numbers(gaps) == pytest.approx(numbers(whole), rel=1e-12)
    assert effect(rows(table, np.arange(1, table.unit.size))).units == 59
    alone = replace(table, cohort=np.where(table.unit == 0, 6.0, table.cohort))
    assert effect(alone).dropped == ("1 cohorts have a single unit",)
    early = replace(table, cohort=np.where(table.cohort == 3, 1.0, table.cohort))
    assert effect(early).units == 60
    assert effect(early, Design(beta="1")).dropped == ("20 units are exposed from the first period on",)
    for never in (0.0, np.nan, np.inf):
        odd = replace(table, cohort=np.where(table.cohort == np.inf, never, table.cohort))
        assert numbers(odd) == numbers(table)


def test_a_redraw_rarely_looks_like_a_large_effect_and_often_like_none() -> None:
    assert effect(made(shift=5.0), fisher=199).p_values == (1 / 200,)
    values = [effect(made(seed), fisher=99, seed=seed).p_values[0] for seed in range(60)]
    assert sum(p <= 0.05 for p in values) <= 7, "6 more than expected would be one run in ten thousand"
    assert 0.35 < float(np.mean(values)) < 0.65
    assert effect(made(), fisher=50, seed=4).p_values == effect(made(), fisher=50, seed=4).p_values


@pytest.mark.parametrize("beta", ["efficient", "0", "1"])
def test_intervals_hold_the_truth_as_often_as_they_say(beta: str) -> None:
    """400 redrawn rollouts of 120 units; the band is three simulation errors wide."""
    held, errors = 0, []
    for seed in range(400):
        (row,) = effect(made(seed, units=120, shift=0.4), Design(beta=beta)).rows  # pyright: ignore[reportArgumentType]
        errors.append(row.estimate - 0.4)
        held += abs(row.estimate - 0.4) <= 1.96 * row.se
    assert held / 400 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 400))
    assert float(np.mean(errors)) == pytest.approx(0, abs=4 * float(np.std(errors)) / 20)

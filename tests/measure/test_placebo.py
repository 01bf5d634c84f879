"""Checks on values: Welch by hand, errors over many panels, false alarms, power, and when nothing can be said."""

from dataclasses import replace

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure.placebo import NOWHERE, Measured, amount, novelty, placebo, spill_over, spilled
from uptake.measure.spending import student
from uptake.measure.statistics import NEVER, Floats, Statistics, summarise
from uptake.measure.trust import Words, tell

PERIODS = 14
STARTS = (9.0, 11.0, NEVER)
MINUTES = Words(unit="minutes")


def panel(run: int, *, people: int = 120, starts=STARTS, effect=lambda _: 0.0) -> Statistics:
    """Persistent people in equal cohorts, noise of days, a trend, an effect by periods since exposure."""
    chance = stream(13, "placebo", run)
    labels, begin = np.resize(np.arange(len(starts)), people), np.array(starts)
    since = np.arange(PERIODS) - begin[labels][:, None]
    values = (
        chance.standard_normal((people, 1)) + chance.standard_normal((people, PERIODS)) + np.linspace(0, 1, PERIODS)
    )
    values += np.where(since >= 0, effect(np.maximum(since, 0)), 0.0)
    return summarise(values, labels, cohorts=begin, periods=np.arange(PERIODS, dtype=float))


def welch(one: Floats, other: Floats) -> tuple[float, float, float]:
    """Difference in means, its error and degrees of freedom."""
    parts = np.array([row.var(ddof=1) / row.size for row in (one, other)])
    df = parts.sum() ** 2 / (parts[0] ** 2 / (one.size - 1) + parts[1] ** 2 / (other.size - 1))
    return float(one.mean() - other.mean()), float(parts.sum() ** 0.5), float(df)


def two(seed: str, start: float) -> tuple[Floats, Statistics]:
    """Twelve exposed and twenty never, and their statistics."""
    values = stream(13, seed).standard_normal((32, PERIODS)) + np.arange(PERIODS)
    labels = np.repeat([0, 1], [12, 20])
    periods = np.arange(PERIODS, dtype=float)
    return values, summarise(values, labels, cohorts=np.array([start, NEVER]), periods=periods)


def test_p_is_students() -> None:
    """SciPy 1.17, t.sf and norm.sf."""
    wanted = {
        (2.5, 7.3): 0.03965023466560043,
        (1.0, 1): 0.5,
        (5.0, 40): 1.1840065669659511e-05,
        (40.0, 3): 3.4380680789158506e-05,
        (3.2, 1e9): 0.0013742758758316942,
    }
    for (z, df), p in wanted.items():
        assert Measured(estimate=-2 * z, se=2, df=df).p == pytest.approx(p, rel=1e-6)
    assert Measured(estimate=0, se=1, df=5).p == pytest.approx(1)
    assert Measured(estimate=2.7, se=1, df=40).doubtful is (Measured(estimate=2.7, se=1, df=40).p < 0.01) is False
    assert Measured(estimate=2.71, se=1, df=40).doubtful is True


def test_a_placebo_look_of_two_cohorts_is_welchs_comparison() -> None:
    """Nine periods before: the last three less the first six, person by person."""
    values, known = two("welch", 9.0)
    change = values[:, 6:9].mean(axis=1) - values[:, :6].mean(axis=1)
    found = placebo(known, beta="1")
    assert found is not None
    assert (found.estimate, found.se, found.df) == pytest.approx(welch(change[:12], change[12:]), rel=1e-9)
    assert (found.lag_periods, found.placebo_periods) == (6, 3)
    later = replace(known, means=known.means + 50 * (known.periods >= 9) * np.array([[1], [0]]))
    assert placebo(later, beta="1") == found, "what comes after exposure plays no part"


def test_a_placebo_look_compares_the_first_wave_with_all_others() -> None:
    """Controls are pooled by their units; an announcement in period 6 leaves six periods before."""
    chance = stream(13, "first")
    labels = np.repeat([0, 1, 2], [10, 20, 30])
    values = chance.standard_normal((60, PERIODS))
    periods = np.arange(PERIODS, dtype=float)
    known = summarise(values, labels, cohorts=np.array(STARTS), periods=periods)
    change = values[:, 4:6].mean(axis=1) - values[:, :4].mean(axis=1)
    found = placebo(replace(known, first=np.array([6.0, 8.0, NEVER])), beta="1")
    assert found is not None
    assert found.estimate == pytest.approx(change[:10].mean() - change[10:].mean(), rel=1e-9)
    parts = [change[labels == g].var(ddof=1) * share**2 / n for g, share, n in ((0, 1, 10), (1, 0.4, 20), (2, 0.6, 30))]
    assert found.se**2 == pytest.approx(sum(parts), rel=1e-9)
    assert placebo(replace(known, cohorts=np.array([50.0, 60.0, NEVER]))) is not None, "before the plan has begun"


def test_a_placebo_look_with_covariates_uses_them() -> None:
    """A covariate that is nearly the later periods' mean itself leaves nearly nothing of a difference."""
    chance = stream(13, "covariate")
    values = chance.standard_normal((200, PERIODS))
    nearly = values[:, 6:9].mean(axis=1, keepdims=True) + 0.01 * chance.standard_normal((200, 1))
    wide = np.concatenate([values, nearly], axis=1)
    labels = np.repeat([0, 1], 100)
    known = summarise(wide, labels, cohorts=np.array([9.0, NEVER]), periods=np.arange(PERIODS, dtype=float))
    without = summarise(values, labels, cohorts=known.cohorts, periods=known.periods)
    found, plain = placebo(known), placebo(without)
    assert found is not None
    assert plain is not None
    assert abs(found.estimate) < 0.01
    assert found.se < 0.05 * plain.se


@pytest.mark.parametrize(("beta", "people"), [("efficient", 120), ("1", 24)])
def test_a_placebo_look_alarms_as_often_as_it_says(beta, people: int) -> None:
    found = [placebo(panel(run, people=people), beta=beta) for run in range(600)]
    told = [one for one in found if one is not None]
    assert len(told) == 600
    for level, z in ((0.05, 1.959964), (0.01, 2.575829)):
        alarms = np.mean([abs(one.z) > student(z, one.df) for one in told])
        assert alarms == pytest.approx(level, abs=3 * (level / 600) ** 0.5)
    measured = np.std([one.estimate for one in told])
    assert np.mean([one.se for one in told]) == pytest.approx(measured, rel=4 * (1 / 1200) ** 0.5)


def test_a_placebo_look_finds_a_wave_that_was_chosen() -> None:
    """The first wave is already on its way: one standard deviation more in the last third."""
    plain = [panel(run) for run in range(100)]
    on_its_way = np.array([[1.0], [0.0], [0.0]]) * (np.arange(PERIODS) >= 6)
    found = [placebo(replace(known, means=known.means + on_its_way)) for known in plain]
    assert np.mean([one is not None and one.doubtful for one in found]) > 0.9
    assert np.mean([one.estimate for one in found if one]) == pytest.approx(1, abs=0.1)


def test_when_there_is_no_placebo_look() -> None:
    values, known = two("none", 2.0)
    assert placebo(known) is None, "two periods before"
    assert placebo(replace(known, cohorts=np.array([3.0, NEVER]))) is not None
    assert placebo(replace(known, cohorts=np.array([NEVER, NEVER]))) is None, "nobody is ever exposed"
    alone = summarise(values, np.zeros(32, dtype=int), cohorts=np.array([9.0]), periods=np.arange(PERIODS, dtype=float))
    assert placebo(alone) is None
    still = summarise(np.ones((32, 14)), np.repeat([0, 1], 16), cohorts=np.array([9.0, NEVER]), periods=known.periods)
    assert placebo(still) is None
    for run in range(20):
        levels = 1e3 * stream(13, "levels", run).standard_normal((32, 1)) + np.linspace(0, 1, 14)
        still = summarise(levels, np.repeat([0, 1], 16), cohorts=known.cohorts, periods=known.periods)
        assert placebo(replace(still, cohorts=np.array([9.0, NEVER])), beta="1") is None, "rounding is no change"


def test_the_slope_of_two_cohorts_is_welchs_comparison_of_slopes() -> None:
    """One exposed cohort: all event times weigh the same, so it is the mean of each person's own least squares."""
    values, known = two("slope", 6.0)
    times = np.arange(PERIODS - 6.0)
    slopes = np.polynomial.polynomial.polyfit(times, values[:, 6:].T, 1)
    found = novelty(known, beta="0")
    assert found is not None
    assert (found.estimate, found.se, found.df) == pytest.approx(welch(slopes[1, :12], slopes[1, 12:]), rel=1e-9)
    ends = slopes[0] + slopes[1] * times[-1]
    assert (found.begins, found.ends) == pytest.approx(
        (slopes[0, :12].mean() - slopes[0, 12:].mean(), ends[:12].mean() - ends[12:].mean())
    )
    assert found.event_times == 8


def test_an_effect_that_fades_by_a_rule_is_measured() -> None:
    """Falls by .4 from 5: over 300 panels unbiased, with the error that it says, and found in each."""
    found = [novelty(panel(run, effect=lambda since: 5 - 0.4 * since)) for run in range(300)]
    told = [one for one in found if one is not None]
    assert len(told) == 300
    slopes = np.array([one.estimate for one in told])
    assert slopes.mean() == pytest.approx(-0.4, abs=4 * slopes.std() / 300**0.5)
    assert np.mean([one.se for one in told]) == pytest.approx(slopes.std(), rel=4 * (1 / 600) ** 0.5)
    assert np.mean([one.fades for one in told]) > 0.95
    assert np.mean([one.begins for one in told]) == pytest.approx(5, abs=0.1)
    assert np.mean([one.ends for one in told]) == pytest.approx(5 - 0.4 * (told[0].event_times - 1), abs=0.1)


def test_a_lasting_effect_fades_as_rarely_as_it_says() -> None:
    found = [novelty(panel(run, people=300, effect=lambda _: 2.0)) for run in range(400)]
    told = [one for one in found if one is not None]
    for level, z in ((0.05, 1.959964), (0.01, 2.575829)):
        alarms = np.mean([abs(one.z) > student(z, one.df) for one in told])
        assert alarms == pytest.approx(level, abs=3 * (level / 400) ** 0.5)


def test_growing_is_not_fading() -> None:
    up, down, below = (
        novelty(panel(1, effect=effect))
        for effect in (lambda t: 2 + 0.5 * t, lambda t: 5 - 0.5 * t, lambda t: 0.5 * t - 5)
    )
    assert up is not None
    assert down is not None
    assert below is not None
    assert (up.fades, down.fades, below.fades) == (False, True, True)
    assert up.sentence(MINUTES).startswith("The effect grows: from ")
    assert below.sentence(MINUTES).startswith("The effect fades: from -")


def test_when_nothing_is_said_about_fading() -> None:
    known = two("few", 11.0)[1]
    assert novelty(known) is None, "three event times"
    assert novelty(replace(known, cohorts=np.array([10.0, NEVER]))) is not None
    assert novelty(replace(known, cohorts=np.array([9.0, 9.5]))) is None, "nobody is left to compare with"
    still = summarise(np.ones((32, 14)), np.repeat([0, 1], 16), cohorts=np.array([4.0, NEVER]), periods=known.periods)
    assert novelty(still) is None


def test_who_meets_another_wave() -> None:
    """Two of team 1 meet, nobody of team 2 and 3 does, and people without a team meet nobody."""
    found = spill_over([1, 1, 2, 2, 3, NOWHERE, NOWHERE], [0, 4, 0, 0, 1, 1, 0])
    assert (found.meeting, found.people, found.share) == (2, 7, pytest.approx(2 / 7))
    assert found.doubtful
    assert spill_over([5, 5, 6, 6], [0, 0, 1, 1]).share == 0
    assert spill_over([5, 5, 5], [0, 0, 1]).share == 1
    assert spill_over([], []).share == 0
    assert not spill_over([1, 1, 2, 3, 4, 5, 6, 7, 8, 9], [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]).doubtful
    assert found.sentence(Words(setting="site")) == (
        "2 of 7 people (29 %) share a site with somebody of another wave: what one learns the other may use before "
        "the time, and an effect then comes out too small; another time draw by site."
    )


def test_meeting_is_what_chance_makes_of_a_draw_by_person() -> None:
    """Teams of 4 in two equal waves: nobody else's wave differs with chance 1/8."""
    waves = stream(13, "meet").integers(0, 2, 40_000)
    assert spill_over(np.repeat(np.arange(10_000), 4), waves).share == pytest.approx(7 / 8, abs=0.015)


def met(run: int, *, effect: float = 0.0, settings: int = 30) -> tuple[Floats, Floats, Floats]:
    """Six people in each team; in every second one people come one by one, in the others all wait."""
    chance = stream(13, "spill", run)
    team = np.repeat(np.arange(settings), 6)
    start = np.where(team % 2, chance.integers(1, 14, team.size), 99)
    exposed = np.arange(10) >= start[:, None]
    change = (0.5 * chance.standard_normal((settings, 11)))[team]
    change = change[:, :1] + change[:, 1:] + chance.standard_normal((team.size, 10))
    beside = np.array([exposed[team == one].any(axis=0) for one in range(settings)])
    return change + effect * beside[team], team, exposed


def test_spill_over_of_one_period_is_welchs_comparison_of_settings() -> None:
    change, team, exposed = met(1)
    now, open_now = change[:, 8], exposed[:, 8]
    now[3] = np.nan
    means = {one: np.nanmean(now[(team == one) & ~open_now]) for one in range(30) if ((team == one) & ~open_now).any()}
    near = np.array([mean for one, mean in means.items() if open_now[team == one].any()])
    far = np.array([mean for one, mean in means.items() if not open_now[team == one].any()])
    found = spilled(now[:, None], team, open_now[:, None])
    assert found is not None
    assert (found.estimate, found.se) == pytest.approx(welch(near, far)[:2], rel=1e-9)
    assert (found.near, found.far, found.df) == (near.size, far.size, min(near.size, far.size) - 1)


def test_periods_are_weighed_by_how_much_they_tell() -> None:
    """Two periods: their own estimates, by n f / (n + f) settings beside and elsewhere."""
    change, team, exposed = met(2)
    single = [_some(spilled(change[:, [at]], team, exposed[:, [at]])) for at in (1, 9)]
    told = np.array([one.near * one.far / (one.near + one.far) for one in single])
    assert told[1] != pytest.approx(told[0], rel=0.2)
    both = _some(spilled(change[:, [1, 9]], team, exposed[:, [1, 9]]))
    assert both.estimate == pytest.approx(told @ [one.estimate for one in single] / told.sum(), rel=1e-9)


def test_spill_over_alarms_rarely_without_and_often_with_it() -> None:
    """Cautious degrees of freedom: not above the level; the error is that of repeated panels."""
    told = [one for run in range(400) if (one := spilled(*met(run))) is not None]
    assert len(told) == 400
    for level, z in ((0.05, 1.959964), (0.01, 2.575829)):
        alarms = np.mean([abs(one.z) > student(z, one.df) for one in told])
        assert alarms < level + 3 * (level / 400) ** 0.5
    assert np.mean([abs(one.z) > 1.96 for one in told]) > 0.03
    measured = np.std([one.estimate for one in told])
    assert np.mean([one.se for one in told]) == pytest.approx(measured, rel=4 * (1 / 800) ** 0.5)
    with_it = [one for run in range(100) if (one := spilled(*met(run, effect=1.0))) is not None]
    assert np.mean([one.estimate for one in with_it]) == pytest.approx(1, abs=0.1)
    assert np.mean([one.doubtful for one in with_it]) > 0.9


def test_when_spill_over_is_not_identified() -> None:
    change, team, exposed = met(1)
    assert spilled(change, team, np.zeros_like(exposed)) is None, "nobody is exposed"
    assert spilled(change, team, np.ones_like(exposed)) is None, "nobody waits"
    assert spilled(change, np.full(team.size, NOWHERE), exposed) is None
    assert spilled(change * np.nan, team, exposed) is None
    assert spilled(change * 0, team, exposed) is None
    assert spilled(change[:18], team[:18], exposed[:18]) is None, "one team beside, two elsewhere"


def test_the_checks_in_words() -> None:
    fine = replace(_some(placebo(panel(1))), estimate=1.25, se=1.0, df=1e9)
    assert fine.sentence(MINUTES) == (
        "Before anybody had it, the first wave moved like the others as far as chance goes: 1.25 minutes more, give or "
        "take 2.00 (it would happen by chance about once in 5), in the last 3 of 9 days; nothing is to be done."
    )
    assert replace(fine, estimate=-4.0).sentence() == (
        "Before anybody had it, the first wave already moved away from the others: 4.00 less, give or take 2.00 (it "
        "would happen by chance about once in 20,000), in the last 3 of 9 days; an effect is doubtful until that is "
        "explained."
    )
    lasting = replace(_some(novelty(panel(1))), estimate=-0.1, se=0.1, df=1e9, begins=5.0, ends=4.0, mean=4.5)
    assert lasting.sentence(MINUTES) == (
        "The effect does not fade as far as chance goes: from 5.00 minutes in the first day after opening to 4.00 "
        f"minutes in day {lasting.event_times} (it would happen by chance about once in 3); nothing is to be done."
    )
    assert replace(lasting, se=0.03).sentence().startswith("The effect fades: from 5.00 in the first day")
    beside = replace(_some(spilled(*met(1))), estimate=3.0, se=0.75, df=1e9)
    assert beside.sentence(MINUTES) == (
        "Those who wait in a team where others have it changed unlike those who wait elsewhere: 3.00 minutes more, "
        "give or take 1.50 (it would happen by chance about once in 20,000); an effect against those who wait is "
        "doubtful, so compare with teams where nobody has it."
    )
    assert replace(beside, se=3.0).sentence().endswith("nothing is to be done.")
    assert tell(fine, Words(until="1 May")).endswith("on those days. Data until 1 May.")
    assert [amount(one) for one in (1234.5, 0.012345, -3.14159, 0)] == ["1,234", "0.0123", "-3.14", "0"]


def _some(found):
    assert found is not None
    return found

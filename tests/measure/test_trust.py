"""Checks on counts: SciPy's and textbooks' figures, false alarms over many draws, and what is told without any data."""

from itertools import product
from math import comb

import numpy as np
import pytest

from uptake.core.chance import stream
from uptake.measure import trust
from uptake.measure.trust import Words, contamination, dilution, missing, odds, sample_ratio, split, tell

WAVES = [100, 100, 100]


def test_the_ratio_is_pearsons_chi_squared() -> None:
    """SciPy 1.17, chi2_contingency without correction."""
    found = sample_ratio(WAVES, [90, 85, 70])
    assert found.statistic == pytest.approx(14.471243042671615, rel=1e-12)
    assert (found.df, found.redrawn) == (2, False)
    assert found.p == pytest.approx(0.0007204593802116533, rel=1e-12)
    four = sample_ratio([500] * 4, [480, 470, 455, 490])
    assert (four.statistic, four.p) == pytest.approx((26.887799974871214, 6.214992137765544e-06), rel=1e-10)
    assert found.expected == pytest.approx([245 / 3] * 3)
    assert found.worst == 2


def test_strata_may_differ_on_their_own() -> None:
    """SciPy's chi2_contingency of each stratum, 12.5 on one degree of freedom and 10.783 on two; and of all cells."""
    drawn, seen = [[100, 200], [100, 200], [0, 200]], [[90, 150], [70, 140], [0, 120]]
    within = sample_ratio(drawn, seen)
    assert (within.df, within.redrawn) == (3, False)
    assert (within.statistic, within.p) == pytest.approx((23.28305519897304, 3.52521757711972e-05), rel=1e-10)
    whole = sample_ratio([100, 100, 200, 200, 200], [90, 70, 150, 140, 120])
    assert (whole.statistic, whole.p) == pytest.approx((31.121281464530895, 2.891856448074774e-06), rel=1e-10)
    apart = [[95, 50], [95, 50]], [[94, 5], [93, 6]]
    assert (sample_ratio(*apart).p or 0) > 0.5
    assert (sample_ratio([95, 95, 50, 50], [94, 93, 5, 6]).p or 1) < 0.001


@pytest.mark.parametrize(("drawn", "seen"), [([6, 4, 5], [6, 1, 2]), ([3, 9], [0, 8]), ([5, 5, 5], [5, 4, 2])])
def test_small_counts_are_exact(drawn: list[int], seen: list[int]) -> None:
    """Every table with the same margins, by its hypergeometric chance; redraws are within four of their own errors."""
    total, found = sum(drawn), sum(seen)
    far = 0.0
    least = _statistic(drawn, seen) - 1e-9
    for table in product(*(range(size + 1) for size in drawn)):
        if sum(table) == found and _statistic(drawn, table) >= least:
            ways = [comb(size, one) for size, one in zip(drawn, table, strict=True)]
            far += np.prod(ways) / comb(total, found)
    told = sample_ratio(drawn, seen)
    assert told.redrawn
    assert told.p == pytest.approx(far, abs=4 * (far * (1 - far) / trust.REDRAWS) ** 0.5)
    assert told == sample_ratio(drawn, seen)


def _statistic(drawn, seen) -> float:
    """Pearson's chi-squared over both rows, cell by cell."""
    share = sum(seen) / sum(drawn)
    return sum(
        (one - size * part) ** 2 / (size * part)
        for size, has in zip(drawn, seen, strict=True)
        for one, part in ((has, share), (size - has, 1 - share))
    )


@pytest.mark.parametrize(
    ("drawn", "share", "runs"),
    [([200] * 5, 0.9, 3000), ([[60, 40], [60, 40], [60, 40]], 0.7, 3000), ([9, 9, 14, 20], 0.7, 150)],
)
def test_the_ratio_alarms_as_often_as_it_says(drawn, share: float, runs: int) -> None:
    """Redraws stay at or below the level, because counts are whole; chi-squared is on it within three errors."""
    chance = stream(11, "ratio", runs, str(share))
    found = [sample_ratio(drawn, chance.binomial(drawn, share)) for _ in range(runs)]
    for level in (0.01, 0.05):
        alarms = np.mean([one.p is not None and one.p <= level for one in found])
        spread = 3 * (level * (1 - level) / runs) ** 0.5
        assert alarms < level + spread
        if not found[0].redrawn:
            assert alarms > level - spread


def test_the_ratio_finds_a_wave_that_lost_people() -> None:
    chance = stream(11, "lost")
    found = [sample_ratio([300] * 4, chance.binomial([300] * 4, [0.95, 0.95, 0.95, 0.85])) for _ in range(200)]
    assert np.mean([one.doubtful for one in found]) > 0.8
    assert np.mean([one.worst == 3 for one in found]) > 0.95


def test_the_ratio_of_nothing() -> None:
    for drawn, seen in (([10], [9]), ([10, 0], [4, 0]), ([10, 10], [0, 0]), ([0, 0], [0, 0]), ([[4, 0], [0, 7]],) * 2):
        found = sample_ratio(drawn, seen)
        assert found.p is None
        assert not found.doubtful
        assert "nothing to compare" in found.sentence()
    everybody = sample_ratio([10, 20], [10, 20])
    assert (everybody.p, everybody.df, everybody.statistic) == (1.0, 0, 0.0)
    assert (sample_ratio([40, 40], [40, 0]).p or 1) < 1e-12
    assert sample_ratio([9, 40], [0, 40]).p == 1 / (1 + trust.REDRAWS), "as far as no redraw goes"
    with pytest.raises(AssertionError):
        sample_ratio([10], [11])


def test_many_cells_and_very_unlike_ones_are_no_trouble() -> None:
    many = np.full(210, 40)
    found = sample_ratio(many, stream(11, "many").binomial(many, 0.5))
    assert (found.df, found.redrawn) == (209, True)
    assert 0.001 < (found.p or 0) < 0.999
    assert sample_ratio([10**6] * 150, [9 * 10**5] * 149 + [10**5]).p == pytest.approx(0, abs=1e-100)


def test_the_ratio_in_words() -> None:
    told = sample_ratio(WAVES, [95, 93, 60]).sentence(Words(cells=("wave 1", "wave 2", "wave 3")))
    assert told == (
        "248 of 300 people drawn are in the data, but not alike: in wave 3 60 of 100 where about 83 were to be "
        "expected (it would happen by chance less than once in 1,000,000); an effect is doubtful until it is known "
        "who is missing and why."
    )
    alike = sample_ratio(WAVES, [90, 91, 92]).sentence(Words(people="sites"))
    assert alike.startswith("273 of 300 sites drawn are in the data, alike in all groups as far as chance goes; ")


def test_missing_is_fishers_exact_test() -> None:
    """SciPy 1.17, fisher_exact; the first is Fisher's tea, 34/70."""
    wanted = {
        (3, 4, 1, 4): 34 / 70,
        (12, 40, 2, 60): 0.00024065776715747413,
        (0, 10, 7, 27): 0.15507030663577154,
        (120, 10_000, 60, 10_000): 8.341002964036076e-06,
    }
    for counts, p in wanted.items():
        assert missing(*counts).p == pytest.approx(p, rel=1e-8)
    assert missing(38, 40, 55, 60).p == pytest.approx(missing(2, 40, 5, 60).p, rel=1e-9), "few have a value"
    assert missing(12, 40, 2, 60).difference == pytest.approx(0.3 - 1 / 30)
    assert missing(2, 60, 12, 40).p == pytest.approx(missing(12, 40, 2, 60).p, rel=1e-9)


def test_missing_alarms_no_more_often_than_it_says() -> None:
    chance = stream(11, "missing")
    p = np.array([missing(*map(int, (a, 200, b, 300))).p for a, b in chance.binomial([200, 300], 0.3, (3000, 2))])
    for level in (0.01, 0.05):
        assert np.mean(p <= level) < level + 3 * (level / 3000) ** 0.5
    assert np.mean(p <= 0.05) > 0.025


def test_missing_of_nothing() -> None:
    for counts in ((0, 0, 5, 10), (5, 10, 0, 0)):
        found = missing(*counts)
        assert (found.p, found.difference, found.doubtful) == (None, None, False)
        assert "nothing to compare" in found.sentence()
    gone = missing(40, 40, 60, 60)
    assert gone.p == 1
    assert gone.sentence().startswith("Nobody has a value: 40 of 40 people in open waves, 60 of 60 in the others")
    assert missing(0, 40, 0, 60).p == 1


def test_missing_in_words() -> None:
    assert missing(12, 40, 2, 60).sentence() == (
        "Values are missing unlike: 12 of 40 people in open waves, 2 of 60 in the others (it would happen by chance "
        "about once in 4,000); what follows from them is doubtful until that is explained."
    )
    assert missing(4, 40, 3, 60).sentence(Words(people="teams")) == (
        "Values are missing alike as far as chance goes: 4 of 40 teams in open waves, 3 of 60 in the others (it would "
        "happen by chance about once in 2); nothing is to be done."
    )


def test_contamination_by_hand() -> None:
    """Wilson's interval for 18 of 30 is (.4232, .7541); of an effect of use (.8 - .6) / .8 is left."""
    found = contamination(18, 30, uptake_share=0.8)
    assert (found.low, found.high) == pytest.approx((0.4232, 0.7541), abs=5e-5)
    assert (found.share, found.shows) == pytest.approx((0.6, 0.25))
    assert found.shows_least == pytest.approx((0.8 - found.high) / 0.8)
    assert found.doubtful
    assert not contamination(5, 100).doubtful
    assert contamination(6, 100).doubtful
    assert contamination(6, 100).shows is None
    assert dilution(0.0, 0.2) is None
    assert dilution(0.4, 0.0) == 1
    assert dilution(0.4, 0.6) == pytest.approx(-0.5)


def test_dilution_is_what_happens_to_an_effect() -> None:
    """Use adds 5; 60 % of the open and 15 % of the waiting use it: what is seen of 5 x 60 % is the factor."""
    chance = stream(11, "dilution")
    people = 400_000
    users = chance.random((2, people)) < [[0.6], [0.15]]
    values = chance.standard_normal((2, people)) + 5 * users
    seen = float(values[0].mean() - values[1].mean())
    assert seen / (5 * 0.6) == pytest.approx(dilution(0.6, 0.15), abs=4 * (2 * 5.5 / people) ** 0.5 / 3)


def test_contamination_in_words() -> None:
    assert contamination(7, 60, uptake_share=0.8).sentence() == (
        "7 of 60 people who wait use it already (12 %, likely between 6 % and 22 %); an effect shows at 85 % of its "
        "size, and 72 % at the least; find out how they came by it."
    )
    assert "at 0 % of its size" in contamination(40, 60, uptake_share=0.5).sentence()
    assert contamination(0, 60, uptake_share=0.5).sentence().endswith("6 %); nothing is to be done.")
    nobody = contamination(0, 0, uptake_share=0.5)
    assert (nobody.share, nobody.shows, nobody.doubtful) == (None, None, False)
    assert nobody.sentence() == "No people wait any more; there is nobody to compare with."


@pytest.mark.parametrize("alpha", [0.05, 0.01, 0.1])
def test_alpha_is_split_beforehand(alpha: float) -> None:
    declared = split(alpha, "time", ["errors", "calls", "load"])
    assert list(declared) == ["time", "errors", "calls", "load"]
    assert declared["time"] == pytest.approx(0.8 * alpha)
    assert {round(one / alpha, 12) for name, one in declared.items() if name != "time"} == {round(0.2 / 3, 12)}
    assert sum(declared.values()) == pytest.approx(alpha, rel=1e-12)
    assert split(alpha, "time", []) == {"time": alpha}
    assert split(alpha, None, ["a", "b"]) == {"a": alpha / 2, "b": alpha / 2}
    assert split(alpha, None, []) == {}
    with pytest.raises(AssertionError):
        split(alpha, "time", ["time"])


def test_chance_in_words() -> None:
    told = [odds(p) for p in (1.0, 0.5, 0.0333, 1 / 99.6, 1 / 1499, 1 / 2501, 1e-5, 1e-7)]
    assert told == [
        "more often than not",
        "about once in 2",
        "about once in 30",
        "about once in 100",
        "about once in 1,000",
        "about once in 3,000",
        "about once in 100,000",
        "less than once in 1,000,000",
    ]


def test_a_check_says_how_and_until_when() -> None:
    check = missing(4, 40, 3, 60)
    assert tell(check, Words(until="14 March 2026")) == (
        f"{check.sentence()} How: people without any value are counted in open waves and in the others. This takes for "
        "granted that people are counted once each, and one person's gap makes no other's likelier. Data until "
        "14 March 2026."
    )
    assert not tell(check).endswith("2026.")

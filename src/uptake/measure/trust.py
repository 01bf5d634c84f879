"""Whether a comparison of waves may be believed: who is lost, whose values are missing, who uses it early, who meets.

Counts and labels in, figures out, each with one sentence for a manager; what is tested on values (`placebo`) and
effects themselves are not here. No check corrects anything: it says how far what follows may be believed. Whether
people stand for persons or for drawn settings is for the caller; they are counted once each, never once per day.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from uptake.core.chance import stream
from uptake.measure.proportion import wilson
from uptake.measure.statistics import Floats, Ints
from uptake.measure.survival import chi_squared_above

DOUBTFUL = 0.001
"""What chance makes more rarely than this is doubtful; so low because it is looked at again and again.

Source: Kohavi, Tang & Xu (2020), "Trustworthy Online Controlled Experiments", chapter 21.
"""
EARLY_SHARE = 0.05
"""With more than this share of early users among those who wait, an effect is told with a warning (a convention)."""
OTHERS_PART = 5
"""Beside a declared primary outcome, one part in so many of alpha is for all others."""
EXPECTED_LEAST = 5
"""With fewer people expected in a cell the chi-squared distribution is not trusted."""
REDRAWS = 19_999
DF_MOST = 200
"""With more degrees of freedom there are redraws instead of the chi-squared distribution."""
FAR = 1400.0
"""A chi-squared statistic beyond this counts as this: none is made by chance, with at most `DF_MOST`."""
SAME = 1e-7
"""Numbers that differ by less, relative to themselves, are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How a sentence names things.

    Args:
        people: the units that were drawn, several of them.
        setting: where they meet, one of them.
        unit: of the outcome; empty for a pure number.
        period: one of them.
        cells: names of the cells of a sample-ratio check, in their order when flattened; none are named without.
        until: up to when the data tell, a text; empty where that is said elsewhere.
    """

    people: str = "people"
    setting: str = "team"
    unit: str = ""
    period: str = "day"
    cells: tuple[str, ...] = ()
    until: str = ""


PLAIN = Words()


class Check(Protocol):
    """What every check can say."""

    METHOD: ClassVar[str]
    ASSUMES: ClassVar[str]

    @property
    def doubtful(self) -> bool:
        """Whether an effect is to be told with a warning."""
        ...

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        ...


def tell(check: Check, words: Words = PLAIN) -> str:
    """What a check found, how, what that takes for granted, and up to when the data tell."""
    data = f" Data until {words.until}." if words.until else ""
    return f"{check.sentence(words)} How: {check.METHOD} This takes for granted that {check.ASSUMES}{data}"


def odds(p: float) -> str:
    """How often chance alone makes it, for a p in [0, 1], with one or two digits.

    >>> odds(0.00047), odds(0.04), odds(0.9), odds(0)
    ('about once in 2,000', 'about once in 25', 'more often than not', 'less than once in 1,000,000')
    """
    if p < 1e-6:
        return "less than once in 1,000,000"
    often = 1 / p
    rounded = round(often) if often < 100 else round(often, -math.floor(math.log10(often)))
    return f"about once in {int(rounded):,}" if rounded > 1 else "more often than not"


def per_cent(share: float) -> str:
    """A share in [0, 1] for reading."""
    return "less than 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """Whether people are found in the data alike in every cell.

    Args:
        drawn: as drawn, cell by cell, flattened.
        seen: of these, found in the data.
        expected: of these, to be found if all waves (of a stratum) were alike.
        worst: the place of the cell farthest from what was expected.
        statistic: chi-squared with `df` degrees of freedom, summed over strata.
        redrawn: whether p is counted in redraws; else it is the chi-squared distribution's.
        p: that chance makes cells differ as much; None where there is nothing to compare.
    """

    METHOD: ClassVar[str] = "people found in the data are counted in every group and compared with people drawn."
    ASSUMES: ClassVar[str] = "the new way of working itself makes nobody appear in the data or vanish from it."

    drawn: tuple[int, ...]
    seen: tuple[int, ...]
    expected: tuple[float, ...]
    worst: int
    statistic: float
    df: int
    redrawn: bool
    p: float | None

    @property
    def doubtful(self) -> bool:
        """Whether chance makes this more rarely than `DOUBTFUL`."""
        return self.p is not None and self.p < DOUBTFUL

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        found = f"{sum(self.seen):,} of {sum(self.drawn):,} {words.people} drawn are in the data"
        if self.p is None:
            return f"{found}; there is nothing to compare."
        if not self.doubtful:
            return f"{found}, alike in all groups as far as chance goes; nothing is to be done."
        where = words.cells[self.worst] if words.cells else "one group"
        return (
            f"{found}, but not alike: in {where} {self.seen[self.worst]:,} of {self.drawn[self.worst]:,} where about "
            f"{self.expected[self.worst]:,.0f} were to be expected (it would happen by chance {odds(self.p)}); an "
            "effect is doubtful until it is known who is missing and why."
        )


def sample_ratio(drawn: ArrayLike, seen: ArrayLike) -> Ratio:
    """Whether those found in the data are a random part of those drawn, alike in every wave.

    Has data against has none, by cell: Pearson's chi-squared for homogeneity. Where fewer than `EXPECTED_LEAST` are
    expected in a cell it is compared with `REDRAWS` redraws under the same margins, which is exact: p is at most a
    level no more often than the level says. The same counts give the same redraws.

    Args:
        drawn: people per wave; or waves x strata, where waves are compared within each stratum, because strata may
            differ on their own (all counts in one row ask whether all cells are alike). At least one.
        seen: of these, found in the data, in the same shape; each in [0, drawn].

    Source: Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments"; Freeman &
        Halton (1951) for fixed margins, Hope (1968), "A simplified Monte Carlo significance test procedure", for p.
    """
    people, found = np.asarray(drawn, dtype=np.int_), np.asarray(seen, dtype=np.int_)
    assert people.shape == found.shape
    assert people.size
    assert bool(((found >= 0) & (found <= people)).all())
    people, found = people.reshape(len(people), -1), found.reshape(len(people), -1)
    expected, terms = _pearson(people, found)
    cells = (people > 0).sum(axis=0)
    mixed = (found.sum(axis=0) > 0) & (found.sum(axis=0) < people.sum(axis=0))
    statistic, df = float(terms.sum()), int((cells - 1)[mixed].sum())
    p, redrawn = (1.0 if found.any() and (cells > 1).any() else None), False
    if df:
        few = np.minimum(expected, people - expected)[(people > 0) & mixed] < EXPECTED_LEAST
        redrawn = bool(few.any()) or df > DF_MOST
        p = _redrawn(people, found, statistic) if redrawn else chi_squared_above(min(statistic, FAR), df)
    return Ratio(
        drawn=tuple(people.ravel().tolist()),
        seen=tuple(found.ravel().tolist()),
        expected=tuple(expected.ravel().tolist()),
        worst=int(np.argmax(terms)),
        statistic=statistic,
        df=df,
        redrawn=redrawn,
        p=p,
    )


def _pearson(drawn: Ints, seen: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Expected counts of found people and each cell's part of chi-squared; seen: ... x waves x strata."""
    total = np.maximum(drawn.sum(axis=0), 1)
    share = seen.sum(axis=-2, keepdims=True) / total
    expected = drawn * share
    spread = expected * (1 - share)
    return expected, np.divide((seen - expected) ** 2, spread, out=np.zeros(seen.shape), where=spread > 0)


def _redrawn(drawn: Ints, seen: Ints, statistic: float) -> float:
    """(1 + redraws at least as far) / (1 + redraws): found people dealt anew over the waves of each stratum."""
    chance, far = stream(0, "sample ratio"), np.zeros(REDRAWS)
    for column in range(drawn.shape[1]):
        mine = drawn[:, column]
        dealt = chance.multivariate_hypergeometric(mine, int(seen[:, column].sum()), REDRAWS, method="marginals")
        far += _pearson(mine[:, None], dealt[:, :, None])[1].sum(axis=(1, 2))
    return (1 + int((far >= statistic * (1 - SAME)).sum())) / (1 + REDRAWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Whether values are missing alike in open waves and in the others.

    Args:
        without: people of open waves without a value, of `exposed`.
        others_without: the same of the `others`.
        difference: of the shares without, open waves less the others, in [-1, 1]; None without people on a side.
        p: that chance makes them differ as much, two-sided; None without people on a side.
    """

    METHOD: ClassVar[str] = "people without any value are counted in open waves and in the others."
    ASSUMES: ClassVar[str] = "people are counted once each, and one person's gap makes no other's likelier."

    without: int
    exposed: int
    others_without: int
    others: int
    difference: float | None
    p: float | None

    @property
    def doubtful(self) -> bool:
        """Whether chance makes this more rarely than `DOUBTFUL`."""
        return self.p is not None and self.p < DOUBTFUL

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        told = f"{self.without:,} of {self.exposed:,} {words.people} in open waves, "
        told += f"{self.others_without:,} of {self.others:,} in the others"
        if self.p is None:
            return f"Without a value: {told}; there is nothing to compare."
        if self.without == self.exposed and self.others_without == self.others:
            return f"Nobody has a value: {told} are without; find out why before anything is compared."
        told = f"{told} (it would happen by chance {odds(self.p)})"
        if self.doubtful:
            return f"Values are missing unlike: {told}; what follows from them is doubtful until that is explained."
        return f"Values are missing alike as far as chance goes: {told}; nothing is to be done."


def missing(exposed_without: int, exposed: int, others_without: int, others: int) -> Missing:
    """Whether values are missing unlike between open waves and others: Fisher's exact test, two-sided.

    Args:
        exposed_without: people of open waves without a value in [0, exposed]; a person counts once, not once per day.
        exposed: people of open waves.
        others_without: the same of the others.
        others: people of the others.

    Source: Fisher (1934), "Statistical Methods for Research Workers", section 21.02; all tables that are at most as
        likely count, as in R's fisher.test.

    >>> round(missing(12, 40, 2, 60).p or 0, 6)
    0.000241
    """
    assert 0 <= exposed_without <= exposed
    assert 0 <= others_without <= others
    both = exposed > 0 and others > 0
    return Missing(
        without=exposed_without,
        exposed=exposed,
        others_without=others_without,
        others=others,
        difference=exposed_without / exposed - others_without / others if both else None,
        p=_fisher(exposed_without, exposed, exposed_without + others_without, exposed + others) if both else None,
    )


def _fisher(found: int, group: int, marked: int, everybody: int) -> float:
    """The probability of all counts of marked people in a group that are at most as likely as the found one."""
    low, high = max(0, group + marked - everybody), min(group, marked)
    count = np.arange(low, high, dtype=np.float64)
    steps = np.log((marked - count) * (group - count)) - np.log((count + 1) * (everybody - marked - group + count + 1))
    logs = np.concatenate([[0.0], np.cumsum(steps)])
    chances = np.exp(logs - logs.max())
    return min(1.0, float(chances[chances <= chances[found - low] * (1 + SAME)].sum() / chances.sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contamination:
    """How many of those who wait use it already.

    Args:
        share: of people whose wave is not open, those who use it: early / waiting, in [0, 1]; None where nobody waits.
        low: lower end of its 95 % interval (Wilson).
        high: upper end.
        shows: the share of an effect that is seen in spite of it, at most 1; None without the uptake of open waves.
        shows_least: the same with as many early users as the interval allows.
    """

    METHOD: ClassVar[str] = "people who use it are counted among those whose wave is not open yet."
    ASSUMES: ClassVar[str] = "it works by being used, and as well for those who use it early as for the others."

    early: int
    waiting: int
    share: float | None
    low: float
    high: float
    shows: float | None
    shows_least: float | None

    @property
    def doubtful(self) -> bool:
        """Whether more than `EARLY_SHARE` use it before their time."""
        return self.share is not None and self.share > EARLY_SHARE

    def sentence(self, words: Words = PLAIN) -> str:
        """What was found and what to do, in plain words."""
        if self.share is None:
            return f"No {words.people} wait any more; there is nobody to compare with."
        told = f"{self.early:,} of {self.waiting:,} {words.people} who wait use it already ({per_cent(self.share)}, "
        told += f"likely between {per_cent(self.low)} and {per_cent(self.high)})"
        if self.early and self.shows is not None and self.shows_least is not None:
            sizes = f"{per_cent(max(self.shows, 0))} of its size, and {per_cent(max(self.shows_least, 0))} at the least"
            told += f"; an effect shows at {sizes}"
        return f"{told}; {'find out how they came by it' if self.doubtful else 'nothing is to be done'}."


def contamination(early: int, waiting: int, *, uptake_share: float | None = None) -> Contamination:
    """Who uses it before the wave is open, and how much of an effect still shows.

    Args:
        early: of the waiting, people who use it, in [0, waiting].
        waiting: people whose wave is not open.
        uptake_share: the share of people in open waves who use it, in [0, 1]; None where that is not known.
    """
    low, high = wilson(early, waiting)
    shows: list[float | None] = [None, None]
    if uptake_share is not None and waiting:
        shows = [dilution(uptake_share, one) for one in (early / waiting, high)]
    return Contamination(
        early=early,
        waiting=waiting,
        share=early / waiting if waiting else None,
        low=low,
        high=high,
        shows=shows[0],
        shows_least=shows[1],
    )


def dilution(uptake_share: float, early_share: float) -> float | None:
    """The factor by which an effect of use comes out smaller: effect seen = effect without early users x factor.

    Args:
        uptake_share: of people in open waves who use it, in [0, 1].
        early_share: of people who wait and use it, in [0, 1].

    Returns:
        (uptake_share - early_share) / uptake_share, at most 1; 0 or below where those who wait use it no less; None
        where nobody in open waves uses it.

    Source: Bloom (1984), "Accounting for no-shows in experimental evaluation designs", with use on both sides.

    >>> dilution(0.5, 0.125)
    0.75
    """
    return (uptake_share - early_share) / uptake_share if uptake_share > 0 else None


def split(alpha: float, primary: str | None, others: Sequence[str]) -> dict[str, float]:
    """The error that each outcome may make, fixed before any data; together they make no more than alpha.

    A declared primary takes it but for one part in `OTHERS_PART`, which the others share evenly; all of it where there
    are no others. Without a primary all share evenly. What one outcome does not use is not passed on.

    Args:
        alpha: in (0, 1), of all outcomes together.
        primary: its name; None where none is declared.
        others: names, all different.

    Source: Moye (2000), "Alpha calculus in clinical trials", on alpha allotted beforehand (Bonferroni, weighted).

    >>> split(0.05, "time", ["errors", "calls"])
    {'time': 0.04, 'errors': 0.005, 'calls': 0.005}
    """
    assert 0 < alpha < 1
    assert len({*others, *([primary] if primary is not None else [])}) == len(others) + (primary is not None)
    if primary is None:
        return {name: alpha / len(others) for name in others}
    if not others:
        return {primary: alpha}
    rest = alpha / OTHERS_PART
    return {primary: alpha - rest, **dict.fromkeys(others, rest / len(others))}

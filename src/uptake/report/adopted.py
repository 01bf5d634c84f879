"""Adoption figures as values: how soon each wave adopted, whether waves differ, who adopts, RE-AIM and Proctor.

What `adoption` makes and every screen shows: numbers in full for JSON, and words that are made once for all. Nothing
stands here of groups that are too small to be shown.
"""

from collections.abc import Callable
from dataclasses import dataclass

from uptake.core.time import Instant
from uptake.core.words import count
from uptake.report.words import of, people, percent

APART_SHOWN = 4
"""A terminal and a page list so many differences of each attribute, the largest first; JSON has them all."""
SMALL_SMD = 0.1
"""Below this a standardised difference is commonly taken as none (Austin 2009)."""
LEAST_SMD = 0.005
"""A smaller difference is shown as 0."""
APART = f"standardised difference; below {SMALL_SMD:g} it is commonly taken as none"
"""What the table of differences shows, as a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The share of a wave that has adopted within so many periods of its opening, with its 95 % interval.

    `watched` are the people who had not adopted before the last of these periods; in a whole curve `adopted` then did.
    """

    after: int
    share: float
    low: float
    high: float
    watched: int = 0
    adopted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveAdopted:
    """A wave's time to adoption, in periods since its opening; whole periods only.

    Args:
        number: from 1.
        name: as shown.
        people: present.
        adopters: who has adopted at least once; by setting so many at least.
        active: of these, who is an adopter as of the look.
        followed: whole periods since its opening.
        median: within so many periods half had adopted; None where that is not so yet.
        median_low: lower end of its 95 % interval, None where it is open.
        median_high: upper end.
        at: shares at the table's moments, None beyond what is known.
        curve: the whole curve, a place for each period in which somebody adopted.
        why_not: why it has no curve, empty where it has one.
    """

    number: int
    name: str
    people: int
    adopters: int
    active: int
    followed: int
    median: int | None = None
    median_low: int | None = None
    median_high: int | None = None
    at: tuple[Reached | None, ...] = ()
    curve: tuple[Reached, ...] = ()
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The log-rank test between waves over the periods that all of them were watched."""

    statistic: float
    df: int
    p: float
    periods: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """How adopters differ from everybody in one category: shares in [0, 1], the standardised difference, and counts."""

    attribute: str
    category: str
    share: float
    share_all: float
    smd: float | None
    adopters: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShown:
    """A row of RE-AIM or Proctor: a value with its interval where it is estimated, or what is said in its place."""

    name: str
    definition: str
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    said: str = ""
    is_share: bool = False

    @property
    def shown(self) -> str:
        """The value in words, or what is said in its place.

        >>> RowShown(name="reach", definition="", numerator=3, denominator=4, value=0.75, is_share=True).shown
        '75% (3 of 4)'
        """
        if self.value is None:
            return self.said
        if self.is_share:
            return f"{percent(self.value)} ({self._ends(percent) or self._counts()})"
        ends = self._ends(_signed)
        told = _signed(self.value) if ends else f"{self.value:.3g}"
        more = "; ".join(filter(None, (ends, self._counts())))
        return f"{told} ({more})" if more else told

    def _ends(self, words: Callable[[float], str]) -> str:
        """The interval, empty where there is none."""
        if self.low is None or self.high is None:
            return ""
        level = "95% " if self.is_share else ""
        return f"{level}interval {words(self.low)} to {words(self.high)}"

    def _counts(self) -> str:
        """What was divided by what, or how many people stand behind it."""
        if self.denominator is None or self.numerator is None:
            return ""
        part, whole = int(self.numerator), int(self.denominator)
        return of(part, whole) if self.is_share else people(whole)


def _signed(value: float) -> str:
    return f"{value:+.3g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionShown:
    """All figures on use at a look.

    Args:
        as_of: the moment of the look, or up to when the source of use is complete; in words.
        as_of_ms: the same in milliseconds.
        by: what makes an adopter, in words.
        unit: of the periods: day, or hour, minute, second in a plan that is as quick.
        unit_ms: its length.
        moments: the columns of the table, in periods.
        waves: those that are open.
        compared: whether they differ; None where they cannot be compared.
        compared_words: the same as a sentence.
        stay_words: what is known of relapse and of who stays.
        apart: adopters against everybody, attribute by attribute, the largest difference first.
        re_aim: its rows.
        proctor: its rows.
        notes: what a reader must know, a sentence each.
    """

    as_of: str
    as_of_ms: Instant
    by: str
    unit: str
    unit_ms: int
    moments: tuple[int, ...] = ()
    waves: tuple[WaveAdopted, ...] = ()
    compared: Compared | None = None
    compared_words: str = ""
    stay_words: str = ""
    apart: tuple[Apart, ...] = ()
    re_aim: tuple[RowShown, ...] = ()
    proctor: tuple[RowShown, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def heads(self) -> tuple[str, ...]:
        """The table's heads, the wave's name first."""
        first = f"within {count(self.moments[0], self.unit)}" if self.moments else ""
        more = (count(moment, self.unit) for moment in self.moments[1:])
        return ("Wave", "People", "Watched", "Half adopted within", *filter(None, (first, *more)))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The table's rows, a wave each."""
        return tuple(self._row(wave) for wave in self.waves)

    def _row(self, wave: WaveAdopted) -> tuple[str, ...]:
        if wave.why_not:
            return (
                wave.name,
                f"{wave.people:,}",
                count(wave.followed, self.unit),
                wave.why_not,
                *[""] * len(self.moments),
            )
        return (
            wave.name,
            f"{wave.people:,}",
            count(wave.followed, self.unit),
            self._median(wave),
            *("" if one is None else f"{percent(one.share)} ({_range(one)})" for one in wave.at),
        )

    def _median(self, wave: WaveAdopted) -> str:
        if wave.median is None:
            return "not yet"
        low = wave.median if wave.median_low is None else wave.median_low
        ends = f"{low} or more" if wave.median_high is None else f"{low} to {wave.median_high}"
        return f"{count(wave.median, self.unit)} ({ends})"

    @property
    def apart_shown(self) -> tuple[Apart, ...]:
        """The largest differences of each attribute."""
        attributes = dict.fromkeys(one.attribute for one in self.apart)
        mine = ([one for one in self.apart if one.attribute == name] for name in attributes)
        return tuple(one for each in mine for one in each[:APART_SHOWN])

    @property
    def apart_more(self) -> str:
        """How many more there are; empty for none."""
        more = len(self.apart) - len(self.apart_shown)
        return f"and {count(more, 'smaller difference')}" if more else ""


def _range(one: Reached) -> str:
    return f"{percent(one.low)[:-1]} to {percent(one.high)}"


def smd_words(smd: float | None) -> str:
    """A standardised difference as a screen shows it.

    >>> smd_words(0.535), smd_words(-0.001), smd_words(None)
    ('+0.53', '0', 'without bound')
    """
    if smd is None:
        return "without bound"
    return "0" if abs(smd) < LEAST_SMD else f"{smd:+.2f}"

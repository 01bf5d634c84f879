"""How alike a group is to everybody: standardised differences, attribute by attribute.

Reach without it says how many, not who: four in five may be all of one site and none of another. Columns or counts in,
differences out, none of them tested. They tell of small categories, so which may be shown is for the caller.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan, sqrt

Column = Sequence[str | float | None] | Mapping[str, int]
"""An attribute: a value per person (None: not known), or people per category."""
Columns = Mapping[str, Column]

UNKNOWN, KNOWN = "(not known)", "(known)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How a group differs from everybody in one attribute, or in one category of it.

    Args:
        attribute: its name.
        category: a text attribute's value, `UNKNOWN` for people without one; None for the mean of a number.
        group: the group's mean, or the share of it that has the category.
        audience: the same of everybody.
        smd: (group - audience) / sqrt((s_g^2 + s_a^2) / 2), with the variances of the values (divisor n - 1), or
            p (1 - p) of a share. 0 where both are equal; None where they differ and neither varies, or where a mean has
            fewer than two values.
        group_people: that the group's figure counts: with a known number, or in the category.
        audience_people: the same of everybody.

    Source: Austin (2009), "Balance diagnostics for comparing the distribution of baseline covariates between treatment
        groups in propensity-score matched samples".
    """

    attribute: str
    category: str | None
    group: float
    audience: float
    smd: float | None
    group_people: int
    audience_people: int


def representativeness(group: Columns, audience: Columns) -> tuple[Difference, ...]:
    """How a group (adopters, or the exposed) differs from the audience, attribute by attribute.

    The audience holds the group. A number is compared by its mean, a text category by category in alphabetical order; a
    flag counts as a text. People without a value are a category of their own, of numbers too where there are any.

    Args:
        group: a column per attribute of the audience's; at least one person.
        audience: the same of everybody.

    >>> [(d.category, round(d.smd or 0, 3)) for d in representativeness({"site": {"A": 3, "B": 1}},
    ...                                                                 {"site": {"A": 5, "B": 5}})]
    [('A', 0.535), ('B', -0.535)]
    """
    told: list[Difference] = []
    for attribute in audience:
        mine, everybody = group[attribute], audience[attribute]
        if not isinstance(everybody, Mapping) and not isinstance(mine, Mapping) and _is_number(everybody):
            told.extend(_means(attribute, _numbers(mine), _numbers(everybody)))
            if len(_numbers(everybody)) == len(everybody):
                continue
            mine = [UNKNOWN if _missing(one) else KNOWN for one in mine]
            everybody = [UNKNOWN if _missing(one) else KNOWN for one in everybody]
        shares = _shares(attribute, _counted(mine), _counted(everybody))
        told.extend(one for one in shares if one.category != KNOWN)
    return tuple(told)


def _missing(value: str | float | None) -> bool:
    return value is None or value == "" or (isinstance(value, float) and isnan(value))


def _is_number(column: Sequence[str | float | None]) -> bool:
    """Whether every known value is a number, and there is one."""
    known = [one for one in column if not _missing(one)]
    return bool(known) and all(isinstance(one, int | float) and not isinstance(one, bool) for one in known)


def _numbers(column: Sequence[str | float | None]) -> list[float]:
    return [float(one) for one in column if one is not None and not _missing(one)]


def _counted(column: Column) -> Mapping[str, int]:
    if isinstance(column, Mapping):
        return column
    return Counter(UNKNOWN if _missing(one) else str(one) for one in column)


def _means(attribute: str, mine: list[float], everybody: list[float]) -> list[Difference]:
    if not mine:
        return []
    smd = None
    (mean, variance), (mean_all, variance_all) = _moments(mine), _moments(everybody)
    if len(mine) > 1 and len(everybody) > 1:
        smd = _standardised(mean - mean_all, variance, variance_all)
    return [
        Difference(
            attribute=attribute,
            category=None,
            group=mean,
            audience=mean_all,
            smd=smd,
            group_people=len(mine),
            audience_people=len(everybody),
        )
    ]


def _moments(values: list[float]) -> tuple[float, float]:
    """Mean and variance."""
    mean = sum(values) / len(values)
    return mean, sum((one - mean) ** 2 for one in values) / max(len(values) - 1, 1)


def _shares(attribute: str, mine: Mapping[str, int], everybody: Mapping[str, int]) -> list[Difference]:
    people, people_all = sum(mine.values()), sum(everybody.values())
    assert people >= 1
    assert set(mine) <= set(everybody), "the audience holds the group"
    told: list[Difference] = []
    for category in sorted(everybody):
        share, share_all = mine.get(category, 0) / people, everybody[category] / people_all
        told.append(
            Difference(
                attribute=attribute,
                category=category,
                group=share,
                audience=share_all,
                smd=_standardised(share - share_all, share * (1 - share), share_all * (1 - share_all)),
                group_people=mine.get(category, 0),
                audience_people=everybody[category],
            )
        )
    return told


def _standardised(difference: float, one: float, other: float) -> float | None:
    if difference == 0:
        return 0.0
    spread = sqrt((one + other) / 2)
    return difference / spread if spread > 0 else None

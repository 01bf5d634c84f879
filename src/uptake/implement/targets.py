"""People to waves: drawn exactly within strata from a recorded seed, with SHA-256 alone.

Units (persons or settings) stand in a line by (seeded stratum order, rank). Waves are dealt
along it in an evenly spread cycle of their exact sizes, from a seeded random start: every
stretch of the line, so every stratum, has each wave's share, less than two units off, and a stratum of one
has a real chance of each wave. Anyone can recompute it in any language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from uptake.core.chance import digest, rank
from uptake.core.ports import Person
from uptake.core.stage import Stage, WaveFact
from uptake.plan.model import Implement, Waves

RANKS = 2**64
"""So many ranks there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is drawn: a person (id = digest of the external id) or a setting (id = its name), and its stratum."""

    id: str
    stratum: str = ""


def sizes(waves: Waves, count: int) -> tuple[int, ...]:
    """How many of `count` units each wave gets, the holdout last: largest remainders, earlier waves first."""
    shares = [Fraction(round(share * 10_000), 10_000) for share in (*waves.sizes, waves.holdout)]
    total = sum(shares)
    exact = [share * count / total for share in shares]
    got = [int(size) for size in exact]
    by_remainder = sorted(range(len(got)), key=lambda w: (got[w] - exact[w], w))
    for wave in by_remainder[: count - sum(got)]:
        got[wave] += 1
    return tuple(got)


@lru_cache(maxsize=4)
def cycle(counts: tuple[int, ...]) -> tuple[int, ...]:
    """The waves in an evenly spread order: wave w stands counts[w] times, at each step the one most owed.

    >>> cycle((2, 2, 4))
    (2, 0, 1, 2, 2, 0, 1, 2)
    """
    length = sum(counts)
    given = [0] * len(counts)
    order: list[int] = []
    for position in range(1, length + 1):
        wave = max(
            (w for w, count in enumerate(counts) if given[w] < count),
            key=lambda w: (counts[w] * position - given[w] * length, -w),
        )
        given[wave] += 1
        order.append(wave)
    return tuple(order)


def draw(waves: Waves, units: Sequence[Unit], *, seed: str, plan: str) -> dict[str, int]:
    """The wave of each unit: unit id -> ordinal from 0; the holdout's ordinal is len(sizes).

    Args:
        waves: sizes, holdout, order.
        units: in any order; for `order: listed` in the order that counts.
        seed: the revealed seed.
        plan: the plan's name, part of every rank.
    """
    counts = sizes(waves, len(units))
    if waves.order == "listed":
        listed = [wave for wave, count in enumerate(counts) for _ in range(count)]
        return {unit.id: wave for unit, wave in zip(units, listed, strict=True)}
    first = {stratum: rank(seed, plan, f"stratum\0{stratum}") for stratum in {unit.stratum for unit in units}}
    line = sorted(units, key=lambda unit: (first[unit.stratum], unit.stratum, rank(seed, plan, unit.id), unit.id))
    dealt = cycle(counts)
    start = rank(seed, plan, "start") % max(1, len(dealt))
    return {unit.id: dealt[(start + i) % len(dealt)] for i, unit in enumerate(line)}


def units_of(implement: Implement, people: Sequence[Person]) -> tuple[Unit, ...]:
    """The units that are drawn, each once, in the people's order.

    A setting's stratum is the set of its people's values; usually they all have the same.
    """
    waves = implement.waves
    strata: dict[str, set[str]] = {}
    for person in people:
        stratum = "\0".join(_attribute(implement, person, column) for column in waves.stratify)
        strata.setdefault(_unit_id(implement, person), set()).add(stratum)
    return tuple(Unit(id=unit, stratum="\1".join(sorted(values))) for unit, values in strata.items())


def assign(implement: Implement, people: Sequence[Person], *, seed: str, plan: str) -> tuple[dict[str, int], str]:
    """Each person's wave by external id, and the digest of the whole table.

    The digest is SHA-256 over the lines `external id TAB wave`, sorted, each ended by a newline.
    """
    of_unit = draw(implement.waves, units_of(implement, people), seed=seed, plan=plan)
    table = {person.external_id: of_unit[_unit_id(implement, person)] for person in people}
    lines = "".join(f"{external}\t{wave}\n" for external, wave in sorted(table.items()))
    return table, digest(lines)


def audience_digest(implement: Implement, people: Sequence[Person]) -> str:
    """What is frozen before the seed is revealed: SHA-256 of the sorted lines `external id TAB setting TAB strata`."""
    lines = sorted(
        "\t".join((p.external_id, p.setting, *(_attribute(implement, p, c) for c in implement.waves.stratify)))
        for p in people
    )
    return digest("".join(line + "\n" for line in lines))


def wave_facts(
    implement: Implement, people: Sequence[Person], table: dict[str, int], *, serves: str
) -> tuple[WaveFact, ...]:
    """The waves, the holdout last where there is one: everybody ever in them, settings and sites of who is present."""
    facts: list[WaveFact] = []
    holdout = len(implement.waves.sizes)
    for ordinal in range(holdout + (1 if implement.waves.holdout else 0)):
        inside = [person for person in people if table[person.external_id] == ordinal]
        here = [person for person in inside if person.present]
        facts.append(
            WaveFact(
                ordinal=ordinal,
                people=len(inside),
                settings=tuple(sorted({person.setting for person in here if person.setting})),
                serves=tuple(sorted({_attribute(implement, p, serves) for p in here})) if serves else (),
                holdout=ordinal == holdout,
            )
        )
    return tuple(facts)


def place(implement: Implement, person: Person, *, teams: Mapping[str, int], seed: str, plan: str) -> int:
    """The wave of somebody who comes after the draw.

    Where settings were drawn it is her setting's. A new unit is drawn by itself: its rank among all possible ones falls
    into a wave's share, the holdout's last; where the order was listed it comes into the last wave.

    Args:
        implement: waves and audience.
        person: who comes, as the audience has her now.
        teams: the wave of each setting that has one; empty where persons are drawn.
        seed: the revealed seed.
        plan: the plan's name, part of every rank.
    """
    waves, unit = implement.waves, _unit_id(implement, person)
    if waves.assign_by == "setting" and unit in teams:
        return teams[unit]
    if waves.order == "listed":
        return len(waves.sizes) - 1
    lot = Fraction(rank(seed, plan, f"join\0{unit}"), RANKS)
    shares = [Fraction(round(share * 10_000), 10_000) for share in (*waves.sizes, waves.holdout)]
    total, reached = sum(shares), Fraction(0)
    for wave, share in enumerate(shares):
        reached += share / total
        if lot < reached:
            return wave
    raise AssertionError("a rank is below 1")


def wave_stage(ordinal: int) -> Stage:
    """The stage of a wave."""
    return Stage(half="implement", run=1, ordinal=ordinal)


def outcome_stage(item: int) -> Stage:
    """The stage of an outcome, whose state is what was found of it: ordinals below that of the half."""
    return Stage(half="implement", run=1, ordinal=-2 - item)


HALF = Stage(half="implement", run=1, ordinal=-1)
"""The stage that stands for the implement half: planned, running, in use, implemented."""
IN_USE = ("in use", "implemented")
"""States of a half whose definition of in use holds; implemented is more than that."""


def _unit_id(implement: Implement, person: Person) -> str:
    return person.setting if implement.waves.assign_by == "setting" else digest(person.external_id)


def _attribute(implement: Implement, person: Person, column: str) -> str:
    return person.setting if column == implement.audience.setting else person.attributes.get(column, "")

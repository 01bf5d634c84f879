"""Made-up values of outcomes: a level of each unit's own, noise from day to day, and an effect from the opening on.

They are the `Values` port of a rehearsal, so that the product's own looks are rehearsed. Noise is drawn by day under
named streams: what is asked first changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from uptake.core.chance import stream
from uptake.core.look import KeptLook, UnitMean, Value
from uptake.core.time import Instant, Span, after
from uptake.plan.model import Implement, Plan
from uptake.plan.outcome import Outcome
from uptake.simulate.memory import MemoryDirectory
from uptake.simulate.world import Behaviour

MEAN = 10.0
"""What every outcome is without the change, whatever it counts."""
SPREAD = 0.5
"""The standard deviation of one unit's value on one day."""
LASTING = 0.5
"""The share of its variance that is the unit's own level."""
DAY_MS = 86_400_000


@dataclass(slots=True)
class Made:
    """An outcome's units and what was drawn of them: its steps are equally far apart, from `begin` on."""

    outcome: Outcome
    units: tuple[str, ...]
    waves: NDArray[np.int_]
    level: NDArray[np.float64]
    teams: NDArray[np.int_]
    step_ms: int
    noise: dict[int, NDArray[np.float64]]
    told: dict[object, list[UnitMean]]


class MadeUpValues:
    """The values port: means of made-up values, and the looks in memory."""

    def __init__(
        self,
        plan: Plan,
        directory: MemoryDirectory,
        behaviour: Behaviour,
        *,
        seed: int,
        opened_at: Callable[[int], Instant | None],
    ) -> None:
        """Args: plan; directory: who is drawn; behaviour: the effect; seed; opened_at: a wave's opening."""
        assert plan.implement is not None
        self._implement: Implement = plan.implement
        self._directory, self._behaviour, self._seed, self._opened_at = directory, behaviour, seed, opened_at
        self._made: dict[str, Made] = {}
        self._looks: dict[tuple[str, str], dict[int, KeptLook]] = {}

    def keep(self, name: str, values: Sequence[Value]) -> None:
        """Nothing is read in a rehearsal."""

    def means(self, name: str, cuts: Sequence[Instant]) -> tuple[UnitMean, ...]:
        """Each unit's mean between one cut and the next."""
        made = self._of(name)
        opened = np.array([self._opened_at(wave) or np.inf for wave in range(int(made.waves.max()) + 1)], dtype=float)
        begins = opened[made.waves]
        found: list[UnitMean] = []
        for period, (begin, end) in enumerate(pairwise(cuts)):
            key = (period, begin, end, tuple(opened[opened < end].tolist()))
            if key not in made.told:
                made.told[key] = self._between(made, period, (begin, end), begins)
            found += made.told[key]
        return tuple(found)

    def _between(
        self, made: Made, period: int, cut: tuple[Instant, Instant], begins: NDArray[np.float64]
    ) -> list[UnitMean]:
        """Each unit's mean in one period."""
        steps = range(-(-cut[0] // made.step_ms), -(-cut[1] // made.step_ms))
        if not steps:
            return []
        effect, total = self._effect(made.outcome), np.zeros(len(made.units))
        for step in steps:
            total += self._noise(made, step) + np.where(step * made.step_ms >= begins, effect, 0.0)
        means = (MEAN + made.level + total / len(steps)).tolist()
        return [
            UnitMean(unit=unit, period=period, mean=mean, count=len(steps))
            for unit, mean in zip(made.units, means, strict=True)
        ]

    def looks(self, name: str, series: str) -> tuple[KeptLook, ...]:
        """The looks that were made, in order."""
        kept = self._looks.get((name, series), {})
        return tuple(kept[number] for number in sorted(kept))

    def look(self, name: str, series: str, looks: Sequence[KeptLook]) -> None:
        """Keep looks; one that stands stays as it is."""
        kept = self._looks.setdefault((name, series), {})
        for look in looks:
            kept.setdefault(look.number, look)

    def _effect(self, outcome: Outcome) -> float:
        """By how much a value changes from the opening on."""
        if self._behaviour.effect is None:
            wanted = 2 * outcome.by or 0.1
            share = wanted if outcome.want == "increase" else -wanted
            return 0.0 if outcome.guardrail is not None and not outcome.judge else share * MEAN
        return self._behaviour.effect * MEAN

    def _of(self, name: str) -> Made:
        if name not in self._made:
            outcome = next(one for one in self._implement.outcomes if one.name == name)
            self._made[name] = self._make(outcome)
        return self._made[name]

    def _make(self, outcome: Outcome) -> Made:
        people = [person for person in self._directory.people() if person.wave is not None]
        if outcome.unit == "person":
            waves = {str(person.pid): int(person.wave or 0) for person in people}
            team_of = {str(person.pid): person.setting for person in people}
        else:
            waves = {person.setting: int(person.wave or 0) for person in people}
            team_of = {name: name for name in waves}
        units = tuple(sorted(waves))
        places = {team: place for place, team in enumerate(sorted(set(team_of.values())))}
        teams = np.array([places[team_of[unit]] for unit in units])
        chance = stream(self._seed, "outcome", outcome.name, "levels")
        alike = self._behaviour.alike if outcome.unit == "person" else 0.0
        team_part, own = chance.standard_normal(len(places)), chance.standard_normal(len(units))
        level = SPREAD * (alike**0.5 * team_part[teams] + (LASTING - alike) ** 0.5 * own)
        spans = [outcome.looks, *([outcome.guardrail.looks] if outcome.guardrail is not None else [])]
        return Made(
            outcome=outcome,
            units=units,
            waves=np.array([waves[unit] for unit in units]),
            level=level,
            teams=teams,
            step_ms=max(1, min(DAY_MS, *(_length(span) for span in spans))),
            noise={},
            told={},
        )

    def _noise(self, made: Made, step: int) -> NDArray[np.float64]:
        if step not in made.noise:
            chance = stream(self._seed, "outcome", made.outcome.name, "step", step)
            made.noise[step] = SPREAD * (1 - LASTING) ** 0.5 * chance.standard_normal(len(made.units))
        return made.noise[step]


def _length(span: Span) -> int:
    return after(Instant(0), span, "UTC")

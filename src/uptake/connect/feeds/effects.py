"""What an outcome's looks show together: its effect, its target and its guardrail, each followed on its own.

The unit is what was drawn: persons' values are taken together by setting where settings were drawn. When looks are made
stands in `looks`, how they are told in `report`. It never names a person beyond the store.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np

from uptake.connect.feeds.listed import ASSUMES, coarse, parallel
from uptake.connect.feeds.looks import Data, Effect, Times, bands_of, make_looks, rolled_back, series_name, times
from uptake.connect.feeds.trusted import Units, believed
from uptake.core.chance import digest
from uptake.core.look import Finding, KeptLook, LookShown, Measured, UnitMean, WaveLook
from uptake.core.ports import Directory, Values
from uptake.core.time import Instant
from uptake.core.words import moment
from uptake.implement.targets import Unit, draw, units_of
from uptake.measure.findings import finding
from uptake.measure.statistics import Floats, Ints
from uptake.measure.watch import Course, Walked, fill
from uptake.plan.model import Implement, Plan
from uptake.plan.outcome import Outcome
from uptake.plan.outcome_rules import OPEN

DRAWS = 999
"""Redraws behind what few units show."""
ALPHA = 0.05
"""Of all looks at all outcomes together that say what a plan achieved."""
FILLED_TOLD = 0.05
"""A reader is told where a larger share of values had to be filled."""
UNITS_LEAST = 0.5
"""A look needs values of this share of the exposed units and of those not reached yet, in its own period."""
NOTHING = "Nothing could be compared: too few values of waves open and not yet open in the same period."
METHODS = {
    "paths": "draws that might have been, all looks together",
    "spending": "normal paths with the looks' own covariance, all looks together",
    "sequence": "a confidence sequence; valid at every look by simulation, not proved for a rollout",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """What a look is at: the waves, whose each unit is, and up to when looks may be made."""

    seen: Sequence[WaveLook]
    waves: Mapping[str, int]
    until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The looks at one effect so far, the periods they are in, and what a reader must know of its values."""

    when: Times
    looks: tuple[KeptLook, ...] = ()
    note: str = ""

    def ended(self, at: At) -> bool:
        """Whether the last look was due."""
        return at.until >= self.when.ends[-1] or rolled_back(at.seen) is not None


class Effects:
    """The looks of a plan's outcomes, over kept values."""

    def __init__(self, plan: Plan, *, kept: Values, directory: Directory, draws: int = DRAWS) -> None:
        """Args: plan: with an implement half; kept: values and looks; directory: who is known; draws: redraws."""
        assert plan.implement is not None
        self._plan, self._implement = plan, plan.implement
        self._kept, self._directory, self._draws = kept, directory, draws
        self._redrawn: dict[tuple[str, ...], Ints] = {}
        self._walked: dict[str, Walked] = {}
        self._parallel: dict[str, tuple[int, Measured]] = {}

    def by_unit(self, outcome: Outcome, cuts: Sequence[Instant]) -> list[UnitMean]:
        """Means by drawn unit: persons' values are taken together where settings were drawn."""
        means = self._kept.means(outcome.name, cuts)
        if outcome.unit == "setting" or self._implement.waves.assign_by == "person":
            return list(means)
        setting_of = {str(person.pid): person.setting for person in self._directory.people()}
        sums: defaultdict[tuple[str, int], tuple[float, int, int]] = defaultdict(lambda: (0.0, 0, 0))
        for one in means:
            setting = setting_of.get(one.unit)
            if setting is not None:
                total, people, count = sums[setting, one.period]
                sums[setting, one.period] = total + one.mean, people + 1, count + one.count
        return [
            UnitMean(unit=unit, period=period, mean=total / people, count=count)
            for (unit, period), (total, people, count) in sorted(sums.items())
        ]

    def measured(
        self, outcome: Outcome, seen: Sequence[WaveLook], waves: Mapping[str, int], *, as_of: Instant, alpha: float
    ) -> Measured:
        """What all looks show, new ones made up to when the data are complete; one estimate where nobody drew."""
        back = rolled_back(seen)
        at = At(seen=seen, waves=waves, until=as_of if back is None else min(as_of, back))
        if self._implement.waves.order == "listed":
            return self._undrawn(Measured(name=outcome.name, as_of=as_of, units=len(waves)), outcome, at)
        plain = self._series(outcome, at, Effect(series="effect", kind="late", share=0.0, alpha=alpha))
        target = plain
        if outcome.by:
            share = outcome.by if outcome.want == "increase" else -outcome.by
            target = self._series(outcome, at, Effect(series="target", kind="late", share=share, alpha=alpha))
        harm = self._harm(outcome, at)
        bare = Measured(name=outcome.name, as_of=as_of, level=1 - alpha, units=len(waves))
        found: Finding = "harm" if harm else _shown(target, outcome)
        if found == "achieved" and plain is not None and plain.looks and plain.looks[-1].doubtful:
            found = "undecided"
        if plain is None:
            return replace(bare, finding=found)
        notes = [plain.note, self._ending(at)]
        bare = replace(bare, finding=found, note=" ".join(text for text in notes if text), ended=plain.ended(at))
        return self._told(bare, plain, target)

    def _undrawn(self, bare: Measured, outcome: Outcome, at: At) -> Measured:
        """The effect under parallel trends up to the latest look; made once for each."""
        when = times(self._plan, outcome, at.seen, guard=False)
        due = sum(end <= at.until for end in when.ends) if when is not None else 0
        if when is None or not due:
            return bare
        made = self._parallel.get(outcome.name)
        if made is None or made[0] != due:
            units, fewer = sorted(at.waves), coarse(when, due)
            values = self._values(outcome, units, fewer.cuts)
            waves = np.array([at.waves[unit] for unit in units], dtype=int)
            found = replace(bare, assumes=ASSUMES, note=NOTHING)
            if _comparable(values, waves, fewer, at.seen):
                found = parallel(replace(found, note=_filled(values)), values, waves, fewer, at.seen)
            made = self._parallel[outcome.name] = (due, found)
        note = " ".join(filter(None, (made[1].note, self._ending(at))))
        return replace(made[1], as_of=bare.as_of, note=note, ended=Series(when=when).ended(at))

    def _told(self, bare: Measured, plain: Series, target: Series | None) -> Measured:
        """The looks as they are shown."""
        if not plain.looks:
            return bare
        last, course = plain.looks[-1], msgspec.json.decode(plain.looks[0].course, type=Course)
        note = bare.note
        if bare.ended and last.low is None:
            noun = "settings" if self._implement.waves.assign_by == "setting" else "people"
            note = " ".join(filter(None, (note, f"It cannot be told at {bare.units} {noun}.")))
        return replace(
            bare,
            estimate=last.estimate,
            low=last.low,
            high=last.high,
            note=note,
            looks=tuple(LookShown(at=one.at, estimate=one.estimate, low=one.low, high=one.high) for one in plain.looks),
            more_days=target.looks[-1].more_days if target is not None and target.looks and not bare.ended else None,
            method=METHODS[course.method],
            trust=last.trust,
            since=last.since,
        )

    def _harm(self, outcome: Outcome, at: At) -> bool:
        """Whether the guardrail's own looks show harm, at any of them."""
        guardrail = outcome.guardrail
        if guardrail is None:
            return False
        rises = guardrail.increase is not None
        share = guardrail.increase if guardrail.increase is not None else -(guardrail.decrease or 0.0)
        limit = Effect(series="guardrail", kind="early", share=share, alpha=ALPHA)
        made = self._series(outcome, at, limit, guard=True)
        better = "decrease" if rises else "increase"
        bands = bands_of(made.looks) if made is not None else ()
        return any(finding(None, band, want=better) == "harm" for band in bands)

    def _series(self, outcome: Outcome, at: At, effect: Effect, *, guard: bool = False) -> Series | None:
        """The looks at one effect, new ones made; None where it is not looked at, or not yet."""
        when, plain = times(self._plan, outcome, at.seen, guard=guard), effect.series == "effect"
        if when is None:
            return None
        name = series_name(outcome, effect.series, guard=guard)
        effect = replace(effect, series=name, open_ended=outcome.judge == OPEN and not guard)
        due = sum(end <= at.until for end in when.ends)
        stood = self._kept.looks(outcome.name, effect.series)
        if not due or (stood and stood[-1].number >= due):
            return Series(when=when, looks=stood)
        units = sorted(at.waves)
        values = self._values(outcome, units, when.cuts[: when.zero + 1 + due])
        waves = np.array([at.waves[unit] for unit in units], dtype=int)
        numbers = _comparable(values, waves, when, at.seen)
        if not numbers:
            return Series(when=when, looks=stood, note=NOTHING)
        data = Data(
            values=values,
            numbers=numbers,
            waves=waves,
            redraws=lambda: self._redraws(tuple(units)),
            people=self._implement.waves.assign_by == "person",
            walked=self._walked.setdefault(f"{outcome.name}/{effect.series}", Walked()),
            beside=lambda number: self._believed(data, when, at, last=number == len(when.ends)) if plain else {},
        )
        made = make_looks(self._plan, self._kept, outcome, effect, data, (when, at.seen))
        return Series(when=when, looks=made, note=_filled(values))

    def _believed(self, data: Data, when: Times, at: At, *, last: bool) -> dict[str, Any]:
        """Whether a look may be believed, as it is kept."""
        people = {str(person.pid): person.setting for person in self._directory.people()} if data.people else {}
        units = Units(names=tuple(sorted(at.waves)), strata=_strata(self._implement, self._directory), settings=people)
        found = believed(data, when, at.seen, units, last=last)
        return {"trust": found.sentences, "doubtful": found.doubtful, "since": found.since}

    def _values(self, outcome: Outcome, units: Sequence[str], cuts: Sequence[Instant]) -> Floats:
        """Units x periods, NaN where a unit has no value."""
        row = {unit: number for number, unit in enumerate(units)}
        values = np.full((len(units), len(cuts) - 1), np.nan)
        for mean in self.by_unit(outcome, cuts):
            if mean.unit in row:
                values[row[mean.unit], mean.period] = mean.mean
        return values

    def _ending(self, at: At) -> str:
        """That a rollback ended the looks."""
        back = rolled_back(at.seen)
        if back is None:
            return ""
        wave = next(look.wave for look in at.seen if look.closed_at == back)
        when = moment(back, self._plan.timezone)
        return f"Wave {wave + 1} was rolled back at {when}: looks ended there, and what they show is conditional on it."

    def _redraws(self, units: tuple[str, ...]) -> Ints:
        """Waves drawn anew by the plan's own randomiser, under seeds that name their number; once for these units."""
        if units not in self._redrawn:
            strata = _strata(self._implement, self._directory)
            drawn = [Unit(id=unit, stratum=strata.get(unit, "")) for unit in units]
            rows = np.empty((self._draws, len(units)), dtype=int)
            for number in range(self._draws):
                seed = digest(f"redraw\0{number}")
                table = draw(self._implement.waves, drawn, seed=seed, plan=self._plan.plan)
                rows[number] = [table[unit.id] for unit in drawn]
            self._redrawn = {units: rows}
        return self._redrawn[units]


def _comparable(values: Floats, waves: Ints, when: Times, seen: Sequence[WaveLook]) -> tuple[int, ...]:
    """The looks whose own period has values of enough units exposed and of enough that nothing has reached."""
    periods, count = when.periods[: values.shape[1]], max(look.wave for look in seen) + 1
    exposed, alone = np.zeros((count, periods.size), dtype=bool), np.zeros((count, periods.size), dtype=bool)
    for look in seen:
        exposed[look.wave] = periods >= when.exposed_from(look.opened_at)
        alone[look.wave] = periods < when.touched_from(look.first_at or look.opened_at)
    there, enough = ~np.isnan(values), periods > 0
    for side in (exposed[waves], alone[waves]):
        units = side.sum(axis=0)
        enough &= (units > 0) & ((there & side).sum(axis=0) >= UNITS_LEAST * units)
    return tuple(int(number) for number in periods[enough])


def _shown(series: Series | None, outcome: Outcome) -> Finding:
    """What the looks at a target show: what any of them showed stands, unless the latest one says otherwise."""
    bands = bands_of(series.looks) if series is not None else ()
    found: list[Finding] = [finding(band, want=outcome.want) for band in bands]
    if not found:
        return "undecided"
    return "achieved" if found[-1] == "undecided" and "achieved" in found else found[-1]


def _filled(values: Floats) -> str:
    """That values had to be filled."""
    share = fill(values[:, ~np.isnan(values).all(axis=0)])[1]
    if share <= FILLED_TOLD:
        return ""
    return f"{100 * share:.0f}% of the values are missing and filled without regard to waves: effects come out smaller."


def _strata(implement: Implement, directory: Directory) -> dict[str, str]:
    """The stratum of each unit, as it was drawn in."""
    people = [person for person in directory.people() if person.wave is not None]
    by_id = {unit.id: unit.stratum for unit in units_of(implement, people)}
    if implement.waves.assign_by == "setting":
        return by_id
    return {str(person.pid): by_id[digest(person.external_id)] for person in people}

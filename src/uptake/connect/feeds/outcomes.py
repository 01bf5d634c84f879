"""Outcomes: their rows into the store, and at looks their means by wave, the guardrail's shift, what all looks show.

The unit is what was drawn: persons' values are taken together by setting where settings were drawn. What the looks at
an effect show stands in `effects`, what follows from it in `implement/decide`. It never names a person beyond the
store.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from uptake.connect.feeds.effects import ALPHA, DRAWS, Effects
from uptake.connect.feeds.match import pids_of
from uptake.connect.feeds.usage import begin_of, written_at
from uptake.connect.feeds.worker import Brought
from uptake.connect.pull.rows import read_rows
from uptake.core.chance import digest
from uptake.core.entry import rounded
from uptake.core.look import Measured, UnitMean, Value, WaveLook, WaveMean
from uptake.core.ports import Directory, Feeds, Values
from uptake.core.time import Instant, Span, after
from uptake.measure.contrast import CONTROL, EXPOSED, TRANSITION, Panel, contrast
from uptake.measure.trust import split
from uptake.plan.model import Plan
from uptake.plan.outcome import Outcome

ALIKE = 0.2
"""Where the shares of units without values differ by more between open waves and the others, a reader is told."""


def source_name(item: int) -> str:
    """The plan key of an outcome's source, which is its feed's name."""
    return f"implement.outcomes.{item}.from"


class OutcomeRows:
    """Reads one outcome's source into the store."""

    def __init__(self, plan: Plan, outcome: Outcome, *, folder: Path, kept: Values, directory: Directory) -> None:
        """Args: plan; outcome: whose source; folder: the plan's; kept: where values go; directory: who is known."""
        assert plan.implement is not None
        self._plan, self._outcome, self._audience = plan, outcome, plan.implement.audience
        self._folder, self._kept, self._directory = folder, kept, directory

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once; the first row that cannot be used ends it before anything is kept."""
        pull, zone = self._outcome.from_, self._plan.timezone
        complete = written_at(pull, self._folder, now)
        window = (begin_of(pull, last, zone), now)
        rows = list(read_rows(pull, folder=self._folder, needs=("unit", "at", "value"), takes=("id",), window=window))
        units = [row.text("unit") for row in rows]
        known: Mapping[str, str] | None = None
        if self._outcome.unit == "person":
            known = pids_of(units, self._directory, self._audience, column=pull.match)
        repeats: Counter[str] = Counter()
        values: list[Value] = []
        for row, unit in zip(rows, units, strict=True):
            at, own = row.moment("at", timezone=zone, dates=pull.dates), row.values.get("id", "").strip()
            made = digest(f"{unit}\0{at}")
            repeats[made] += 1
            key = f"id/{own}" if own else f"{made}/{repeats[made]}"
            of_whom = unit if known is None else str(known.get(unit, ""))
            values.append(Value(key=key, unit=of_whom, at=at, value=row.number("value")))
        self._kept.keep(self._outcome.name, values)
        return Brought(complete=complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When each wave's first step and opening were, and the cuts between periods; period 0 lies before all."""

    first: Mapping[int, Instant | None]
    opened: Mapping[int, Instant | None]
    cuts: tuple[Instant, ...]

    def status(self, wave: int, period: int) -> int:
        """What a wave is in a period."""
        begin = self.cuts[period]
        opened, first = self.opened[wave], self.first[wave]
        if period == 0 or (opened is None and first is None):
            return CONTROL
        if opened is not None and begin >= opened:
            return EXPOSED
        return TRANSITION if first is not None and begin >= first else CONTROL


class KeptOutcomes:
    """The `Outcomes` port over kept values."""

    def __init__(self, plan: Plan, *, kept: Values, feeds: Feeds, directory: Directory, draws: int = DRAWS) -> None:
        """Know where values are kept.

        Args:
            plan: with an implement half.
            kept: the values.
            feeds: how fresh each source is.
            directory: who is in which wave.
            draws: redraws behind an interval, at least 19.
        """
        assert plan.implement is not None
        self._plan, self._implement = plan, plan.implement
        self._kept, self._feeds, self._directory = kept, feeds, directory
        self._effects = Effects(plan, kept=kept, directory=directory, draws=draws)
        self._alphas = _alphas(plan.implement.outcomes)

    def measured(self, looks: Sequence[WaveLook]) -> tuple[Measured, ...]:
        """Each outcome of the plan, in its order."""
        if not looks:
            return ()
        waves = self._waves()
        return tuple(self._one(item, outcome, looks, waves) for item, outcome in enumerate(self._implement.outcomes))

    def _one(self, item: int, outcome: Outcome, looks: Sequence[WaveLook], waves: Mapping[str, int]) -> Measured:
        seen = self._feeds.seen(source_name(item))
        lag = outcome.from_.lag
        as_of = after(seen.as_of, Span(seconds=-lag.seconds, days=-lag.days), self._plan.timezone)
        if not seen.read_at:
            return Measured(name=outcome.name, as_of=Instant(0), note="Its source was not read yet.")
        shown = self._shown(outcome, looks, waves, min(as_of, looks[0].until))
        found = self._effects.measured(outcome, looks, waves, as_of=shown.as_of, alpha=self._alphas[item])
        note = " ".join(text for text in (shown.note, found.note) if text)
        told = {"finding": found.finding, "looks": found.looks, "more_days": found.more_days, "ended": found.ended}
        told |= {"trust": found.trust, "since": found.since, "assumes": found.assumes}
        told |= {"estimate": found.estimate, "low": found.low, "high": found.high, "level": found.level}
        return replace(shown, **told, units=found.units, method=found.method, note=note)

    def _waves(self) -> dict[str, int]:
        """The wave of each unit as drawn: a setting by most of its people, a person by their pid."""
        people = [person for person in self._directory.people() if person.wave is not None]
        if self._implement.waves.assign_by == "person":
            return {str(person.pid): int(person.wave or 0) for person in people}
        tally: defaultdict[str, Counter[int]] = defaultdict(Counter)
        for person in people:
            tally[person.setting][int(person.wave or 0)] += 1
        return {setting: min(count, key=lambda w: (-count[w], w)) for setting, count in sorted(tally.items())}

    def _calendar(self, looks: Sequence[WaveLook], until: Instant) -> Calendar:
        first = {look.wave: look.first_at or look.opened_at for look in looks}
        opened = {look.wave: look.opened_at for look in looks}
        steps = [at for at in (*first.values(), *opened.values()) if at is not None and at < until]
        back = self._implement.baseline
        zero = min(steps, default=until)
        begin = after(zero, Span(seconds=-back.seconds, days=-back.days), self._plan.timezone)
        return Calendar(first=first, opened=opened, cuts=(begin, *sorted({zero, *steps, until} - {begin})))

    def _shown(self, outcome: Outcome, looks: Sequence[WaveLook], waves: Mapping[str, int], until: Instant) -> Measured:
        """Means by wave, the guardrail's shift, and how large the effects wanted and feared are; no interval."""
        calendar = self._calendar(looks, until)
        means = self._effects.by_unit(outcome, calendar.cuts)
        by_wave = tuple(self._wave_mean(look.wave, calendar, means, waves) for look in looks)
        exposed = sum(
            mean.count
            for mean in means
            if mean.unit in waves and self._is_open(calendar, waves[mean.unit], mean.period)
        )
        note = self._note(calendar, means, waves)
        bare = Measured(name=outcome.name, as_of=until, waves=by_wave, note=note, count=exposed)
        panel, labels, _ = self._panel(calendar, means, waves)
        found = contrast(panel, labels)
        if found is None or not found.expected or not isfinite(found.estimate / found.expected):
            return bare
        size, guardrail = abs(found.expected), outcome.guardrail
        limit = None if guardrail is None else guardrail.increase or -(guardrail.decrease or 0.0)
        wanted = outcome.by if outcome.want == "increase" else -outcome.by
        return replace(
            bare,
            shift=None if limit is None else rounded(found.estimate / size),
            goal=rounded(wanted * size) if wanted else None,
            limit=None if limit is None else rounded(limit * size),
        )

    @staticmethod
    def _is_open(calendar: Calendar, wave: int, period: int) -> bool:
        return calendar.status(wave, period) == EXPOSED

    def _wave_mean(
        self, wave: int, calendar: Calendar, means: Sequence[UnitMean], waves: Mapping[str, int]
    ) -> WaveMean:
        units = [unit for unit, of in waves.items() if of == wave]
        mine = [mean for mean in means if waves.get(mean.unit) == wave]
        open_ = [mean for mean in mine if self._is_open(calendar, wave, mean.period)]
        before = [mean for mean in mine if mean.period == 0]
        there = {mean.unit for mean in mine}
        return WaveMean(
            wave=wave,
            units=len(there),
            missing=len(units) - len(there),
            before=_mean(before),
            after=_mean(open_),
        )

    def _panel(
        self, calendar: Calendar, means: Sequence[UnitMean], waves: Mapping[str, int]
    ) -> tuple[Panel, NDArray[np.int_], list[str]]:
        """Values, labels and units as the estimator takes them."""
        units = sorted(waves)
        row = {unit: number for number, unit in enumerate(units)}
        periods = len(calendar.cuts) - 1
        values = np.full((len(units), periods), np.nan)
        for mean in means:
            if mean.unit in row:
                values[row[mean.unit], mean.period] = mean.mean
        most = max(calendar.opened) + 1
        status = np.array([[calendar.status(w, p) for p in range(periods)] for w in range(most)])
        days = np.array([(b - a) / 86_400_000 for a, b in pairwise(calendar.cuts)])
        labels = np.array([waves[unit] for unit in units], dtype=int)
        sizes = np.bincount(labels, minlength=most).astype(float)
        return Panel(values=values, status=status, days=days, sizes=sizes), labels, units

    def _note(self, calendar: Calendar, means: Sequence[UnitMean], waves: Mapping[str, int]) -> str:
        """What a reader must know of the data: who has values, and who has none."""
        strangers = len({mean.unit for mean in means if mean.unit not in waves})
        after_first = [mean for mean in means if mean.period > 0]
        open_units = {unit for unit, wave in waves.items() if calendar.opened[wave] is not None}
        others = set(waves) - open_units
        told = {mean.unit for mean in after_first}
        notes: list[str] = []
        if means and not any(mean.period == 0 for mean in means):
            notes.append("There are no values from before the first wave.")
        if open_units and others and after_first:
            lacking, missing = len(open_units - told), len(others - told)
            if missing == len(others) and lacking < len(open_units):
                notes.append("The data hold values of open waves only: nothing can be compared.")
            elif abs(lacking / len(open_units) - missing / len(others)) > ALIKE:
                shares = f"{lacking} of {len(open_units)} in open waves, {missing} of {len(others)} in the others"
                notes.append(f"Values are missing unlike: {shares}.")
        if strangers:
            notes.append(f"{strangers} {'unit is' if strangers == 1 else 'units are'} in no wave and left out.")
        return " ".join(notes)


def _mean(means: Sequence[UnitMean]) -> float | None:
    """The mean over units, each counted once by all its values."""
    sums: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for mean in means:
        sums[mean.unit][0] += mean.mean * mean.count
        sums[mean.unit][1] += mean.count
    return rounded(sum(s / n for s, n in sums.values()) / len(sums)) if sums else None


def _alphas(outcomes: Sequence[Outcome]) -> tuple[float, ...]:
    """The error that each outcome's looks may spend, fixed by the plan alone; those without a last look need none."""
    primary = next((one.name for one in outcomes if one.primary), None)
    others = [one.name for one in outcomes if one.judge and one.name != primary]
    parts = split(ALPHA, primary, others) if primary is not None or others else {}
    return tuple(parts.get(one.name, ALPHA) for one in outcomes)

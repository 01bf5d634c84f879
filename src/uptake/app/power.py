"""What a plan's design could show on the day on which its primary outcome is judged, before anything has begun.

Every gate is taken to pass at once, and units to be alike; how alike a unit's days are is assumed and said. What is
worked out from that is measure's.
"""

import math
from dataclasses import dataclass

from uptake.app.facts import Examined
from uptake.core.problem import refuse
from uptake.core.time import Instant, parse_instant
from uptake.measure.power import detectable, error, planned, power
from uptake.plan.deploy_rules import is_instant
from uptake.plan.model import Implement
from uptake.plan.outcome_rules import judged_at, openings

DAY_MS = 86_400_000
PERIODS_LEAST, PERIODS_MOST = 20, 200
"""Periods from the first opening to the day: days; shorter or longer ones where those would be too few or too many."""
STEPS, FULL_AT = 8, 5
"""The curve has so many points; at this one lies the effect that is found four times in five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """A design's power, in standard deviations of a unit's value in one period.

    Args:
        outcome: the primary one.
        unit: settings or people.
        units: of all waves.
        open_waves: that are open on the day.
        period_ms: the length of a period; the correlation is between two of them.
        correlation: assumed.
        error: the estimate's standard error.
        detectable: found four times in five.
        curve: (effect, how often it is found).
    """

    outcome: str
    unit: str
    units: int
    open_waves: int
    period_ms: int
    correlation: float
    error: float
    detectable: float
    curve: tuple[tuple[float, float], ...]


def power_of(examined: Examined, *, correlation: float) -> Power:
    """The power of a plan that was examined without a mistake.

    Args:
        examined: with its people as they would be dealt.
        correlation: of a unit's values in two periods, in [0, 1).

    Raises:
        Refused: no outcome is judged on a day, nobody is known, or nothing could be compared then.
    """
    read, people = examined.read, examined.facts.people
    implement = read.plan.implement if read is not None else None
    file = str(read.file) if read is not None else ""
    outcome = next((one for one in implement.outcomes if one.primary and one.judge), None) if implement else None
    if read is None or implement is None or outcome is None:
        hint = "add `outcomes` with `primary: true` and `judge:`"
        raise refuse(
            "UP073", file, "this plan judges no primary outcome on a day, so it has no power to speak of", hint
        )
    if people is None or not people.dealt:
        raise refuse("UP073", file, "nobody is known whom waves could be drawn from", "the audience's file is needed")
    zone, start = read.plan.timezone, implement.waves.start
    first = parse_instant(start, zone) if is_instant(start, zone) else Instant(0)
    day = judged_at(outcome.judge, first, zone)
    assert day is not None
    length = day - first
    period_ms = max(min(DAY_MS, length // PERIODS_LEAST), math.ceil(length / PERIODS_MOST), 1)
    before = min(PERIODS_MOST, max(1, round(implement.baseline.approx_s * 1000 / period_ms)))
    periods = before + max(1, round(length / period_ms))
    opened = [before + round((at - first) / period_ms) for at in openings(implement, first, zone)]
    starts = [*map(float, opened), *([float("inf")] * (len(people.dealt) - len(opened)))]
    known = planned(people.dealt, starts, periods, correlation=correlation)
    spread = error(known)
    if spread is None:
        what = "on that day nobody is left to compare with, or nobody is in yet"
        raise refuse("UP073", file, what, "judge it between the first and the last opening, or keep a `holdout`")
    least = detectable(spread)
    points = [least * step / FULL_AT for step in range(1, STEPS + 1)]
    return Power(
        outcome=outcome.name,
        unit=_unit(implement),
        units=known.units,
        open_waves=sum(at < periods for at in opened),
        period_ms=period_ms,
        correlation=correlation,
        error=spread,
        detectable=least,
        curve=tuple((point, power(point, spread)) for point in points),
    )


def _unit(implement: Implement) -> str:
    return "settings" if implement.waves.assign_by == "setting" else "people"

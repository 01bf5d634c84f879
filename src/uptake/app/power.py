"""What a plan's design could show by its primary outcome's last look, before anything has begun.

Every gate is taken to pass at once, and units to be alike; how alike a unit's periods are is assumed, or taken from the
outcome's own file, and said. What is worked out from that is measure's.
"""

from dataclasses import dataclass

from uptake.app.facts import Examined
from uptake.core.problem import refuse
from uptake.core.time import Instant, Span, after, parse_instant
from uptake.measure.power import planned, schedule
from uptake.measure.spending import Spending
from uptake.plan.deploy_rules import is_instant
from uptake.plan.model import Implement
from uptake.plan.outcome import Outcome
from uptake.plan.outcome_rules import judged_at, openings

BEFORE_MOST = 12
"""The time before the first opening has so many periods at most, as when the plan's own looks are made."""
LOOKS_MOST, LOOKS_AFTER = 400, 12
PATHS = 50_000
STEPS, FULL_AT = 8, 5
"""The curve has so many points; at this one lies the effect that is found four times in five."""
ASSUMED = 0.5
"""The correlation of a unit's values in two periods where nothing is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """A design's power, in standard deviations of a unit's value in one period.

    Args:
        outcome: the primary one.
        unit: settings or people.
        units: of all waves.
        open_waves: that are open at the last look.
        looks: how many there are.
        period_ms: from one look to the next; the correlation is between two such periods.
        correlation: of a unit's values in two of them.
        known: whether it was worked out from the outcome's own file; else it is assumed.
        detectable: found four times in five by the last look.
        share: the same as a share of the outcome's mean, None where its file does not tell it.
        curve: (effect, how often it is found by the last look).
    """

    outcome: str
    unit: str
    units: int
    open_waves: int
    looks: int
    period_ms: int
    correlation: float
    known: bool
    detectable: float
    share: float | None
    curve: tuple[tuple[float, float], ...]


def power_of(examined: Examined, *, correlation: float | None = None) -> Power:
    """The power of a plan that was examined without a mistake.

    Args:
        examined: with its people as they would be dealt.
        correlation: of a unit's values in two periods, in [0, 1); None for what the outcome's file says of it.

    Raises:
        Refused: no outcome has a last look, nobody draws or is known, or nothing could be compared then.
    """
    read, people = examined.read, examined.facts.people
    implement = read.plan.implement if read is not None else None
    file = str(read.file) if read is not None else ""
    found = [
        (item, one) for item, one in enumerate(implement.outcomes if implement else ()) if one.primary and one.judge
    ]
    if read is None or implement is None or not found:
        hint = "add `outcomes` with `primary: true` and `judge:`"
        raise refuse("UP073", file, "this plan has no last look at a primary outcome: no power to speak of", hint)
    if implement.waves.order == "listed":
        raise refuse("UP073", file, "nobody draws the order of the waves: no effect is ever shown", "`order: random`")
    if people is None or not people.dealt:
        raise refuse("UP073", file, "nobody is known whom waves could be drawn from", "the audience's file is needed")
    (item, outcome), zone, start = found[0], read.plan.timezone, implement.waves.start
    first = parse_instant(start, zone) if is_instant(start, zone) else Instant(0)
    day = judged_at(outcome.judge, first, zone) or _without_a_last_look(implement, outcome, first, zone)
    period_ms = max(1, round(outcome.looks.approx_s * 1000), (day - first) // LOOKS_MOST)
    before = min(BEFORE_MOST, max(1, round(implement.baseline.approx_s * 1000 / period_ms)))
    count = max(1, -(-(day - first) // period_ms))
    opened = [before - (-(at - first) // period_ms) for at in openings(implement, first, zone)]
    starts = [*map(float, opened), *([float("inf")] * (len(people.dealt) - len(opened)))]
    measured = examined.facts.measured.get(item)
    told = measured.correlation if measured is not None and correlation is None else None
    alike = correlation if correlation is not None else told if told is not None else ASSUMED
    known = planned(people.dealt, starts, before + count, correlation=alike)
    rule = Spending(kind="late", seed=f"power {read.plan.plan}", paths=PATHS)
    made = schedule(known, [before + number for number in range(1, count + 1)], rule)
    if made is None:
        what = "by the last look nobody is left to compare with, or nobody is in yet"
        raise refuse("UP073", file, what, "judge it between the first and the last opening, or keep a `holdout`")
    least = made.detectable()
    points = [least * step / FULL_AT for step in range(1, STEPS + 1)]
    share = None
    if measured is not None and measured.mean and measured.deviation:
        share = least * measured.deviation / abs(measured.mean)
    return Power(
        outcome=outcome.name,
        unit=_unit(implement),
        units=known.units,
        open_waves=sum(at < before + count for at in opened),
        looks=len(made.boundaries),
        period_ms=period_ms,
        correlation=alike,
        known=told is not None,
        detectable=least,
        share=share,
        curve=tuple((point, made.found(point)[-1]) for point in points),
    )


def _without_a_last_look(implement: Implement, outcome: Outcome, first: Instant, zone: str) -> Instant:
    """Up to when a plan without a last look is thought of: twelve looks after the last opening."""
    looks = outcome.looks
    far = Span(seconds=LOOKS_AFTER * looks.seconds, days=LOOKS_AFTER * looks.days)
    return after(openings(implement, first, zone)[-1], far, zone)


def _unit(implement: Implement) -> str:
    return "settings" if implement.waves.assign_by == "setting" else "people"

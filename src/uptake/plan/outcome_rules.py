"""What must hold of outcomes: measured of what is drawn, judged on one day while there is something to compare with.

Each rule appends to the mistakes and goes on. How an effect is estimated stands in `measure`. Pure.
"""

from uptake.core.time import Instant, Span, after, parse_instant
from uptake.plan.deploy_rules import is_instant, zone_of
from uptake.plan.model import Implement
from uptake.plan.outcome import Outcome
from uptake.plan.read import ReadPlan
from uptake.plan.task import due_at, is_span
from uptake.plan.value import Mistakes

OPEN = "open"
"""A `judge` without a last look: looked at for as long as the plan is kept."""


def check_outcomes(read: ReadPlan, implement: Implement, mistakes: Mistakes) -> None:
    """Every rule of every outcome."""
    names = [outcome.name for outcome in implement.outcomes]
    primary = [i for i, outcome in enumerate(implement.outcomes) if outcome.primary]
    for i, outcome in enumerate(implement.outcomes):
        path = f"implement.outcomes.{i}"
        if not read.is_whole(path):
            continue
        if outcome.name in names[:i]:
            what = f"the outcome `{outcome.name}` is listed twice"
            mistakes.add("UP213", read.value(f"{path}.name"), what, "keep one of them, or call one otherwise")
        if outcome.primary and i != primary[0]:
            what = "a plan has one primary outcome: the others do not decide what it achieved"
            mistakes.add("UP212", read.where(f"{path}.primary"), what, "keep `primary` at one of them")
        if read.is_whole("implement.waves", "implement.audience"):
            _unit(read, implement, outcome, path, mistakes)
        _guardrail(read, outcome, path, mistakes)
        _often(read, outcome, path, mistakes)
        _judged(read, implement, outcome, path, mistakes)


def judged_at(judge: str, first: Instant | None, timezone: str) -> Instant | None:
    """The instant up to which an outcome counts when it is judged; None while that is not known.

    Args:
        judge: a span from the first wave's opening, or a date (its whole day); None comes of `open`.
        first: the first wave's opening.
        timezone: the plan's.
    """
    return due_at(judge, timezone, before=first, since=first) if judge and judge != OPEN else None


def openings(implement: Implement, first: Instant, timezone: str) -> tuple[Instant, ...]:
    """When each wave opens at the earliest."""
    found = [first]
    for _ in implement.waves.sizes[1:]:
        at = found[-1]
        found.append(max(after(at, implement.waves.every, timezone), after(at, implement.gate.at, timezone)))
    return tuple(found)


def _unit(read: ReadPlan, implement: Implement, outcome: Outcome, path: str, mistakes: Mistakes) -> None:
    """An outcome of settings needs settings, and waves of whole settings."""
    if outcome.unit != "setting":
        return
    where = read.value(f"{path}.unit")
    if not implement.audience.setting:
        what = "an outcome of settings needs `setting` in `audience`"
        mistakes.add("UP205", where, what, "add `setting: COLUMN` to `audience`, or write `unit: person`")
    elif implement.waves.assign_by != "setting":
        what = "the waves are of persons: a setting's value would belong to several of them"
        mistakes.add("UP220", where, what, "write `assign_by: setting` in `waves`, or `unit: person`")


def _guardrail(read: ReadPlan, outcome: Outcome, path: str, mistakes: Mistakes) -> None:
    """Exactly one way in which it may not go."""
    guardrail = outcome.guardrail
    if guardrail is None:
        return
    ways = [name for name in ("increase", "decrease") if f"{path}.guardrail.{name}" in read.marks]
    if len(ways) != 1:
        what = f"a guardrail is one of increase and decrease; found {' and '.join(ways) or 'none'}"
        mistakes.add("UP212", read.where(f"{path}.guardrail"), what, "write {increase: 5%}, say")


def _often(read: ReadPlan, outcome: Outcome, path: str, mistakes: Mistakes) -> None:
    """Looks follow one another."""
    spans = {f"{path}.looks": outcome.looks}
    if outcome.guardrail is not None:
        spans[f"{path}.guardrail.looks"] = outcome.guardrail.looks
    for place, span in spans.items():
        if span.approx_s <= 0:
            mistakes.add("UP210", read.value(place), f"looks are some time apart; found `{span}`", "write 7d, say")


def _judged(read: ReadPlan, implement: Implement, outcome: Outcome, path: str, mistakes: Mistakes) -> None:
    """The day lies behind the first opening and before the last wave's, while somebody is left to compare with."""
    where = read.value(f"{path}.judge")
    if not outcome.judge:
        if outcome.primary:
            what = "the primary outcome needs `judge`, the last look at its effect"
            mistakes.add("UP220", read.where(path), what, "add `judge: +60d`, before the last wave opens")
        return
    if not read.is_whole("implement.waves", "implement.gate"):
        return
    if outcome.judge == OPEN:
        _open_ended(read, implement, path, mistakes)
        return
    zone, start = zone_of(read), implement.waves.start
    dated = start != "deployed" and is_instant(start, zone)
    if is_span(outcome.judge) and Span.parse(outcome.judge).approx_s <= 0:
        mistakes.add("UP220", where, "`judge` lies before the first wave opens", "write +60d, say")
        return
    if not is_span(outcome.judge) and not (dated and is_instant(outcome.judge, zone)):
        if not is_instant(outcome.judge, zone):
            what = f"`judge` must be a date or a duration; found `{outcome.judge}`"
            mistakes.add("UP210", where, what, "write +60d or 2027-03-01, or open with a holdout")
        return
    first = parse_instant(start, zone) if dated else Instant(0)
    at, last = judged_at(outcome.judge, first, zone), openings(implement, first, zone)[-1]
    assert at is not None
    if at <= first:
        mistakes.add("UP220", where, "`judge` lies before the first wave opens", "write +60d, say")
    elif at > last and not implement.waves.holdout:
        days = (last - first) // 86_400_000
        what = "on that day every wave may be open, and nobody is left to compare with"
        hint = f"judge it within {days} days of the first opening, or keep a `holdout`"
        if not days:
            hint = "keep a `holdout`, or let waves follow one another"
        mistakes.add("UP220", where, what, hint)


def _open_ended(read: ReadPlan, implement: Implement, path: str, mistakes: Mistakes) -> None:
    """Without a last look waves are drawn, and somebody is left to compare with for good."""
    if implement.waves.order == "listed":
        what = "nobody drew the order of the waves, so its looks do not hold together and need a last one"
        mistakes.add("UP220", read.value(f"{path}.judge"), what, "write +60d, say, or `order: random`")
    if not implement.waves.holdout:
        what = "without a last look somebody must be left to compare with once every wave is open"
        mistakes.add("UP220", read.value(f"{path}.judge"), what, "keep a `holdout`, or write +60d, say")

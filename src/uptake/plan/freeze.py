"""Days in which nothing new begins: whether now is one, and when they end.

Ranges are given as dates or date-times; a date ends with its last instant in the plan's time zone.
Ranges that touch are one. Pure; what a freeze stops stands in each half's `decide`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from uptake.core.time import Instant, Span, after, parse_instant
from uptake.plan.model import Freeze


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A freeze that holds: its position in the plan's list, its reason, and when nothing is frozen any more."""

    item: int
    why: str
    until: Instant


def ends(freeze: Freeze, timezone: str) -> Instant:
    """The first instant after a freeze: a date is its whole day."""
    end = parse_instant(freeze.to, timezone)
    return after(end, Span(days=1), timezone) if len(freeze.to) == len("2026-01-01") else end


def frozen(freezes: Sequence[Freeze], at: Instant, timezone: str) -> Frozen | None:
    """The freeze that holds at an instant, with the end of the last one that follows without a gap."""
    ranges = [(parse_instant(one.from_, timezone), ends(one, timezone)) for one in freezes]
    item = next((i for i, (begin, end) in enumerate(ranges) if begin <= at < end), None)
    if item is None:
        return None
    until = ranges[item][1]
    while (later := max((end for begin, end in ranges if begin <= until), default=until)) > until:
        until = later
    return Frozen(item=item, why=freezes[item].why, until=until)


def thawed(freezes: Sequence[Freeze], at: Instant, timezone: str) -> Instant:
    """The instant itself, or when the freeze that holds then is over."""
    found = frozen(freezes, at, timezone)
    return at if found is None else found.until

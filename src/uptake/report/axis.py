"""An axis of time: where an instant lies on it, in percent, and which moments are written beside it.

Marks fall on whole hours, days or weeks of the plan's time zone. The timeline and the adoption
chart use the same axis, so that one stands under the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from uptake.core.time import Instant, Span, after, as_datetime, from_datetime
from uptake.core.words import MONTHS

TICKS_MOST = 10
"""At most so many moments are written."""
ROOM = 0.02
"""So much is left free behind the last moment, as a share of the whole."""
DAY_MS = 86_400_000
SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200)
DAYS = (1, 2, 7, 14, 28, 91, 182, 364, 1820)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A moment on the axis: its place in percent, its label, and the larger unit where that changes."""

    place: float
    label: str
    larger: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """From `begin` to `end`."""

    begin: Instant
    end: Instant
    ticks: tuple[Tick, ...] = ()

    def at(self, instant: Instant) -> float:
        """Where an instant lies, 0 to 100."""
        place = 100 * (instant - self.begin) / max(1, self.end - self.begin)
        return round(min(100.0, max(0.0, place)), 2)


def axis_of(begin: Instant, end: Instant, timezone: str) -> Axis:
    """The axis from `begin` to a little behind `end`, with its marks."""
    end = Instant(round(end + max(1000, ROOM * (end - begin))))
    bare = Axis(begin=begin, end=end)
    ticks: list[Tick] = []
    before = ""
    for at, by_day in _moments(begin, end, timezone):
        local = as_datetime(at, timezone)
        month, clock = MONTHS[local.month - 1], f"{local:%H:%M}" + (f":{local:%S}" if local.second else "")
        larger = month if by_day else f"{local.day} {month}"
        label = str(local.day) if by_day else clock
        ticks.append(Tick(place=bare.at(at), label=label, larger=larger if larger != before else ""))
        before = larger
    return Axis(begin=begin, end=end, ticks=tuple(ticks))


def _moments(begin: Instant, end: Instant, timezone: str) -> Iterator[tuple[Instant, bool]]:
    """Whole moments between, with whether they are days."""
    span = end - begin
    midnight = from_datetime(as_datetime(begin, timezone).replace(hour=0, minute=0, second=0, microsecond=0))
    if span > TICKS_MOST * SECONDS[-1] * 1000:
        days = next((step for step in DAYS if span <= TICKS_MOST * step * DAY_MS), DAYS[-1])
        at = midnight if midnight >= begin else after(midnight, Span(days=1), timezone)
        for _ in range(TICKS_MOST + 1):
            if at > end:
                return
            yield at, True
            at = after(at, Span(days=days), timezone)
        return
    step = 1000 * next(step for step in SECONDS if span <= TICKS_MOST * step * 1000)
    first = midnight + -(-(begin - midnight) // step) * step
    for at in range(first, end + 1, step):
        yield Instant(at), False

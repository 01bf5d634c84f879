"""Time as the ring uses it: instants, and spans that know days from seconds.

An `Instant` is whole milliseconds since 1970 in UTC, so that a ledger is exact in every
language. A `Span` keeps elapsed time (s, m, h) apart from calendar days (d, w), which are
counted in the plan's time zone. There is no clock here: `now` is always an argument.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NewType
from zoneinfo import ZoneInfo

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00Z."""

NEVER = Instant(2**53)
"""Later than any plan: "nothing is due"."""

_UNIT_S = {"s": 1, "m": 60, "h": 3600}
_UNIT_DAYS = {"d": 1, "w": 7}
_SPAN = re.compile(r"([+-]?)(\d+(?:\.\d+)?)\s*(s|m|h|d|w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time: elapsed seconds and calendar days, both may be negative."""

    seconds: float = 0.0
    days: int = 0

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Read `30s`, `2m`, `1h`, `-14d`, `+3w`.

        Raises:
            ValueError: where the text is no span; the message says what one looks like.

        >>> Span.parse("-2w")
        Span(seconds=0.0, days=-14)
        """
        match = _SPAN.fullmatch(text.strip())
        if match is None:
            raise ValueError("write a number and a unit: 30s, 10m, 2h, 7d or 4w")
        sign = -1 if match[1] == "-" else 1
        unit = match[3]
        if unit in _UNIT_S:
            return cls(seconds=sign * float(match[2]) * _UNIT_S[unit])
        if "." in match[2]:
            raise ValueError("calendar days and weeks are whole numbers")
        return cls(days=sign * int(match[2]) * _UNIT_DAYS[unit])

    def __str__(self) -> str:
        """The span as a plan writes it."""
        if self.days:
            return f"{self.days // 7}w" if self.days % 7 == 0 else f"{self.days}d"
        whole = self.seconds
        for unit, size in (("h", 3600), ("m", 60)):
            if whole and whole % size == 0:
                return f"{int(whole // size)}{unit}"
        return f"{whole:g}s"

    @property
    def approx_s(self) -> float:
        """Seconds, a day taken as 86,400 of them: for sorting and for progress only."""
        return self.seconds + self.days * 86_400

    def is_negative(self) -> bool:
        """Whether the span points back in time."""
        return self.approx_s < 0


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name.

    Raises:
        ZoneInfoNotFoundError: an unknown name (a subclass of KeyError).
        ValueError: a name that cannot be one.
    """
    return ZoneInfo(name)


def after(start: Instant, span: Span, timezone: str) -> Instant:
    """`start` moved by `span`: calendar days first, in the time zone, then elapsed seconds."""
    moved = int(start)
    if span.days:
        local = as_datetime(start, timezone) + timedelta(days=span.days)
        moved = from_datetime(local)
    return Instant(moved + round(span.seconds * 1000))


def as_datetime(instant: Instant, timezone: str = "UTC") -> datetime:
    """The instant as an aware datetime in the time zone."""
    return datetime.fromtimestamp(instant / 1000, tz=zone(timezone))


def from_datetime(moment: datetime) -> Instant:
    """An aware datetime as an instant."""
    assert moment.tzinfo is not None
    return Instant(round(moment.timestamp() * 1000))


def parse_instant(text: str, timezone: str) -> Instant:
    """Read an ISO date or date-time; without an offset it is in the time zone given.

    Raises:
        ValueError: where it is neither.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(timezone))
    return from_datetime(moment)


def iso(instant: Instant, timezone: str = "UTC") -> str:
    """The instant as ISO 8601 text, to the second, with its offset."""
    return as_datetime(instant, timezone).isoformat(timespec="seconds")

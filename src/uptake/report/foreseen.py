"""Where adoption is going to end, if people go on as they did: words and a fan, or why nothing is forecast.

The craft is measure's `forecast`, here on the curves of a board. It is asked once for the same counts, and numpy is
loaded only then. Periods are counted back from the latest look; a wave's first one may be shorter or longer by half.
Groups that are too small to be shown take no part. Time runs through nights, weekends and freezes alike.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from statistics import median
from typing import TYPE_CHECKING

from uptake.core.time import Instant, as_datetime
from uptake.core.words import MONTHS
from uptake.report.board import Board, Wave
from uptake.report.curves import DAY_MS, Curve, curves
from uptake.report.words import listed, people, percent

if TYPE_CHECKING:
    from uptake.measure.forecast import Forecast
    from uptake.measure.survival import Counts

PERIODS_MS = tuple(1000 * one for one in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200))
DAYS = (1, 2, 7, 14, 28, 91, 364)
WHOLE_DAYS_FROM_MS = 7 * DAY_MS
"""A plan that is longer is counted by whole days: nobody adopts at night."""
CELLS_MOST = 160
"""Waves x periods at most, so that a forecast takes a fraction of a second."""
AHEAD_MOST = 60
"""Periods to come at most."""
FALLEN_MOST, FALLEN_PEOPLE = 0.05, 2
"""Where more than this share of those who had adopted, and more than so many, no longer do, nothing is forecast."""
TABLE_ROWS = 6
KEPT = 32
LEVEL = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """A moment to come: the share of people who have adopted by then, by the fan's quantiles, 5 % to 95 %."""

    at: Instant
    low: float
    lower: float
    middle: float
    upper: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What is told of the end. Intervals are at `LEVEL`.

    Args:
        words: a sentence or two, always.
        reach: the final reach, None where it is not forecast; `low` and `high` are its interval.
        fan: from the latest look to the last wave's gate; empty where that has passed, or nothing is forecast.
        rows: a few of the fan's moments for a table: when, the middle, the interval.
    """

    words: str
    reach: float | None = None
    low: float = 0.0
    high: float = 1.0
    fan: tuple[Ahead, ...] = ()
    rows: tuple[tuple[str, str, str], ...] = ()


def foreseen(board: Board) -> Foreseen | None:
    """What a board's looks foretell; None before an open wave was looked at."""
    found = curves(board)
    if not found:
        return None
    hindered = _hindered(board, found)
    if hindered:
        return Foreseen(words=f"Nothing is forecast: {hindered}.")
    last = board.looks[-1]
    gates = [wave.gate_at for wave in board.waves if wave.gate_at is not None]
    end = max([last.at, *gates])
    period = _period(board, found, end)
    ahead = max(1, round((end - last.at) / period))
    planned = tuple(
        (wave.present, 1 + max(0, round((at - last.at) / period)))
        for wave in _to_come(board, found)
        if (at := wave.opened_at or wave.booked_at) is not None
    )
    made = _forecast(tuple(_adopted(curve, period) for curve in found), planned, ahead)
    if made.reach is None:
        words = f"{percent(made.low)} as well as {percent(made.high)}"
        return Foreseen(words=f"Where it ends is {made.said}: the looks so far agree with {words}.")
    fan = _fan(board, made, end) if end > last.at else ()
    return Foreseen(
        words=_words(board, made, fan),
        reach=made.reach,
        low=made.low,
        high=made.high,
        fan=fan,
        rows=_rows(board, fan),
    )


def _hindered(board: Board, found: Sequence[Curve]) -> str:
    """Why nothing is forecast, empty for no reason."""
    back = [wave.name for wave in board.waves if wave.state == "rolled back"]
    if back:
        return f"{listed(back)} {'was' if len(back) == 1 else 'were'} taken back"
    lost = [wave.name for wave in _to_come(board, found) if wave.opened_at is None and wave.booked_at is None]
    if lost:
        return f"{listed(lost)} {'is' if len(lost) == 1 else 'are'} not booked yet"
    best = round(sum(curve.people * max(curve.shares) for curve in found))
    now = round(sum(curve.people * curve.shares[-1] for curve in found))
    if best - now > max(FALLEN_PEOPLE, FALLEN_MOST * best):
        return f"use went down, from {people(best)} to {now:,}"
    return ""


def _to_come(board: Board, found: Sequence[Curve]) -> list[Wave]:
    """Waves without a curve that are to have one."""
    known = {curve.number for curve in found}
    waves = [wave for wave in board.waves if not wave.holdout and wave.number not in known]
    return [wave for wave in waves if wave.present >= board.min_group]


def _period(board: Board, found: Sequence[Curve], end: Instant) -> int:
    """In milliseconds: no shorter than from look to look, and not so many that a forecast would take long."""
    last, first = board.looks[-1].at, min(curve.opened_at for curve in found)
    since = [look.at for look in board.looks if look.at >= first]
    gap = median(after - before for before, after in pairwise(since)) if len(since) > 1 else 0
    least = max(0.75 * gap, sum(last - curve.opened_at for curve in found) / CELLS_MOST, (end - last) / AHEAD_MOST)
    steps = [DAY_MS * days for days in DAYS]
    if end - first < WHOLE_DAYS_FROM_MS:
        steps = [*PERIODS_MS, *steps]
    return next((step for step in steps if step >= least), steps[-1])


def _adopted(curve: Curve, period: int) -> tuple[tuple[int, ...], int]:
    """New adopters in each period up to the latest look, and the wave's people: the most that had adopted so far."""
    best = tuple(accumulate(curve.shares, max))
    last = curve.ages[-1]
    number = max(1, round(last / period))
    whole = [round(curve.people * _between(curve.ages, best, last - back * period)) for back in range(number)]
    whole.append(0)
    return tuple(after - before for before, after in pairwise(reversed(whole))), curve.people


def _between(ages: Sequence[int], shares: Sequence[float], age: int) -> float:
    """The share at an age, on the line from one look to the next."""
    place = bisect_left(ages, age)
    if place == 0:
        return shares[0]
    before, after = ages[place - 1], ages[place]
    return shares[place - 1] + (shares[place] - shares[place - 1]) * (age - before) / (after - before)


@lru_cache(maxsize=KEPT)
def _forecast(
    waves: tuple[tuple[tuple[int, ...], int], ...], planned: tuple[tuple[int, int], ...], ahead: int
) -> "Forecast":
    """Measure's forecast of counts, made once for the same."""
    from uptake.measure.forecast import Planned, forecast
    from uptake.measure.survival import counts

    told: list[Counts] = []
    for happened, whole in waves:
        rows = [(period, True, number) for period, number in enumerate(happened) if number]
        waiting = whole - sum(happened)
        rows += [(len(happened) - 1, False, waiting)] if waiting else []
        days, flags, weights = zip(*rows, strict=True)
        told.append(counts(days, flags, weights=weights, followed_days=len(happened) - 1))
    return forecast(
        told,
        days=ahead,
        planned=[Planned(people=number, opens_in_days=opens) for number, opens in planned],
        level=LEVEL,
    )


def _fan(board: Board, made: "Forecast", end: Instant) -> tuple[Ahead, ...]:
    """The fan's moments; it begins with what the latest look saw of everybody."""
    last = board.looks[-1]
    share = last.adopters / last.present if last.present else 0.0
    ahead = [Ahead(at=last.at, low=share, lower=share, middle=share, upper=share, high=share)]
    for place, (low, lower, middle, upper, high) in enumerate(made.fan, start=1):
        at = Instant(round(last.at + (end - last.at) * place / len(made.fan)))
        ahead.append(Ahead(at=at, low=low, lower=lower, middle=middle, upper=upper, high=high))
    return tuple(ahead)


def _words(board: Board, made: "Forecast", fan: Sequence[Ahead]) -> str:
    assert made.reach is not None
    there = ""
    if fan:
        there = f"about {about(fan[-1].middle, fan[-1].low, fan[-1].high)} by {_when(board, fan[-1].at)}, and "
    end = f"about {about(made.reach, made.low, made.high)} in the end, 90% interval{'s' if fan else ''}"
    return f"If people go on as they did, {there}{end}."


def about(middle: float, low: float, high: float) -> str:
    """A share and its interval.

    >>> about(0.72, 0.64, 0.79)
    '72% (64 to 79%)'
    """
    return f"{percent(middle)} ({percent(low)[:-1]} to {percent(high)})"


def _rows(board: Board, fan: Sequence[Ahead]) -> tuple[tuple[str, str, str], ...]:
    """A few moments of the fan, the last among them."""
    if not fan:
        return ()
    step = max(1, -(-(len(fan) - 1) // TABLE_ROWS))
    chosen = list(fan[len(fan) - 1 : 0 : -step])[::-1]
    rows = ((_when(board, one.at), one) for one in chosen)
    return tuple((when, percent(one.middle), f"{percent(one.low)[:-1]} to {percent(one.high)}") for when, one in rows)


def _when(board: Board, at: Instant) -> str:
    """A day, with its year where that is another; a clock time of a plan that ends within the week."""
    local, now = as_datetime(at, board.timezone), as_datetime(board.looks[-1].at, board.timezone)
    first = min(wave.opened_at for wave in board.waves if wave.opened_at is not None)
    day = f"{local.day} {MONTHS[local.month - 1]}" + (f" {local.year}" if local.year != now.year else "")
    if at - first >= WHOLE_DAYS_FROM_MS:
        return day
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    return clock if local.date() == now.date() else f"{day}, {clock}"

"""Adoption by wave: one curve for each open wave over the time since its own opening, so that waves can be compared.

From the looks that a board holds. A wave of fewer people than the plan's `min_group` has none, nor has one that was
taken back. Counts as looked at: nothing is smoothed, and nothing is told beyond the latest look.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uptake.core.words import count
from uptake.report.audience import OPEN
from uptake.report.board import Board, Wave
from uptake.report.terminal import cells, pad, wrap
from uptake.report.words import listed, percent

UNITS = (("second", 1_000, 300_000), ("minute", 60_000, 10_800_000), ("hour", 3_600_000, 172_800_000))
"""Units of time, each with its length and up to which span it is used, in milliseconds; days beyond."""
BRIEF = {"second": "s", "minute": "min", "hour": "h"}
DAY_MS = 86_400_000
STEPS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300)
DAY_STEPS = (1, 2, 7, 14, 28, 91, 182, 364, 1820)
MOMENTS_MOST = 8
"""At most so many moments stand in the table and under the chart."""
LATE = 0.05
"""A look so much of a step before or after a moment counts as of that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A wave's adoption: shares in [0, 1] by age in milliseconds since its opening, from (0, 0) on, rising in age."""

    number: int
    name: str
    people: int
    opened_at: int
    ages: tuple[int, ...]
    shares: tuple[float, ...]

    def at(self, age: int, late: int) -> float | None:
        """The share at the last look until an age, or a little `late`; None where no look was about then or after."""
        if self.ages[-1] < age - late:
            return None
        return self.shares[bisect_right(self.ages, age + late) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Whole numbers of a unit of time since the opening, rising from one step on; the unit in milliseconds."""

    unit: str
    unit_ms: int
    numbers: tuple[int, ...]

    def label(self, number: int) -> str:
        """A moment in words."""
        return count(number, self.unit)

    def brief(self, number: int) -> str:
        """A moment where there is little room."""
        return f"{number} {BRIEF[self.unit]}" if self.unit in BRIEF else self.label(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The curves' numbers: a row for each moment, and the latest, with each wave's share; empty where not known."""

    names: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def curves(board: Board) -> tuple[Curve, ...]:
    """The curves of a board, in the waves' order; those that were not looked at since their opening are left out."""
    return tuple(curve for wave in board.waves if (curve := _curve(board, wave)) is not None)


def _curve(board: Board, wave: Wave) -> Curve | None:
    if wave.holdout or wave.opened_at is None or wave.share is None or wave.state not in OPEN:
        return None
    found = list(_looked(board, wave.number, wave.opened_at))
    if not found or wave.present < board.min_group:
        return None
    return Curve(
        number=wave.number,
        name=wave.name,
        people=wave.present,
        opened_at=wave.opened_at,
        ages=(0, *(age for age, _ in found)),
        shares=(0.0, *(share for _, share in found)),
    )


def _looked(board: Board, number: int, opened: int) -> Iterator[tuple[int, float]]:
    for look in board.looks:
        counted = next((each for each in look.waves if each.wave == number), None)
        if look.at > opened and counted is not None and counted.present:
            yield look.at - opened, counted.adopters / counted.present


def moments(found: Sequence[Curve], *, most: int = MOMENTS_MOST) -> Moments:
    """At most so many whole moments up to the longest curve's end."""
    span = max(curve.ages[-1] for curve in found)
    unit, unit_ms = next(((name, size) for name, size, until in UNITS if span <= until), ("day", DAY_MS))
    steps = DAY_STEPS if unit == "day" else STEPS
    step = next((step for step in steps if span <= step * unit_ms * most), steps[-1])
    last = min(most, int(span / (step * unit_ms) + LATE))
    return Moments(unit=unit, unit_ms=unit_ms, numbers=tuple(step * place for place in range(1, last + 1)))


def table(found: Sequence[Curve], *, most: int = MOMENTS_MOST) -> Table:
    """The numbers of curves at a few moments; the share at a moment is that of the last look until then."""
    chosen = moments(found, most=most)
    late = round(LATE * (chosen.numbers[0] if chosen.numbers else 1) * chosen.unit_ms)
    rows: list[tuple[str, tuple[str, ...]]] = []
    for number in chosen.numbers:
        known = (curve.at(number * chosen.unit_ms, late) for curve in found)
        rows.append((chosen.label(number), tuple("" if share is None else percent(share) for share in known)))
    rows.append(("latest look", tuple(percent(curve.shares[-1]) for curve in found)))
    return Table(names=tuple(curve.name for curve in found), rows=tuple(rows))


def curves_text(board: Board, width: int) -> list[str]:
    """The curves as lines of a terminal: a row for each wave, a column for each moment; none before the first look."""
    found = curves(board)
    if not found:
        return []
    label = 2 + max(cells(curve.name) for curve in found)
    for most in range(MOMENTS_MOST, 1, -1):
        made = table(found, most=most)
        wide = [max(cells(head), 4) for head, _ in made.rows]
        if label + sum(2 + one for one in wide) <= width:
            break
    else:
        now = listed([f"{curve.name} {percent(curve.shares[-1])}" for curve in found], most=len(found))
        return wrap(f"Adoption by wave: {now}.", width)
    heads = "".join(head.rjust(2 + one) for (head, _), one in zip(made.rows, wide, strict=True))
    lines = [" " * label + heads]
    for place, name in enumerate(made.names):
        shares = "".join(row[place].rjust(2 + one) for (_, row), one in zip(made.rows, wide, strict=True))
        lines.append(pad(f"  {name}", label) + shares)
    return [*wrap("Adoption by wave: the share that has adopted, by time since the wave's opening", width), *lines]

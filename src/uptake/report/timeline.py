"""The timeline: one axis for both halves, the deploy run magnified above it, a lane per wave below.

Places only, in percent of the axis' width, and the words beside them; the board has the figures. A
wave's area is its own adoption as looked at; what lies ahead is outlined and drawn no curve.
"""

from dataclasses import dataclass

from uptake.core.time import Instant, as_datetime
from uptake.core.words import MONTHS
from uptake.report.axis import Axis, axis_of
from uptake.report.board import BatchShown, Board, RunShown, Wave
from uptake.report.words import length, roughly

LEAST = 0.4
"""What is shorter than this share of its lane, in percent, is drawn this long."""
OUT = ("rolled back",)
"""States in which a wave's people are no longer let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of a lane: where it begins and how long it is, in percent; its label, and what it is."""

    left: float
    width: float
    kind: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One wave: its stretches, and its adoption as a path in a box of 100 by 100 over the stretch in use."""

    wave: Wave
    training: Bar | None
    use: Bar | None
    ahead: Bar | None
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Both halves on one axis. `spot` is where the magnified run lies on it; `last` the last gate."""

    title: str
    words: str
    axis: Axis | None
    run: RunShown | None
    run_words: str
    run_bars: tuple[Bar, ...]
    spot: Bar | None
    lanes: tuple[Lane, ...]
    today: float
    last: float | None


def timeline(board: Board) -> Timeline | None:
    """The timeline of a board; None while nothing has begun and nothing is booked."""
    run = board.runs[-1] if board.runs else None
    waves = tuple(wave for wave in board.waves if not wave.holdout)
    times = [at for wave in waves for at in (wave.training_at, wave.opened_at, wave.booked_at) if at is not None]
    gates = [wave.gate_at for wave in waves if wave.gate_at is not None]
    if run is None and not times:
        return None
    begin: Instant = min([*times, *([run.started_at] if run is not None else [])])
    axis = axis_of(begin, Instant(max([*times, *gates, board.now])), board.timezone) if times else None
    lanes = tuple(_lane(board, axis, wave) for wave in waves) if axis is not None else ()
    spot = None
    if axis is not None and run is not None:
        spot = _bar(axis.at(run.started_at), axis.at(run.ended_at or board.now), "spot", least=LEAST)
    return Timeline(
        title=_title(board, run, times, gates),
        words=_words(axis, run, board),
        axis=axis,
        run=run,
        run_words=_run_words(board, run),
        run_bars=_run_bars(board, run),
        spot=spot,
        lanes=lanes,
        today=axis.at(board.now) if axis is not None else 100.0,
        last=axis.at(max(gates)) if axis is not None and gates and max(gates) > board.now else None,
    )


def _lane(board: Board, axis: Axis, wave: Wave) -> Lane:
    now, end = axis.at(board.now), axis.at(axis.end)
    opened = axis.at(wave.opened_at) if wave.opened_at is not None else None
    booked = axis.at(wave.booked_at) if wave.booked_at is not None else None
    training = None
    if wave.training_at is not None:
        until = next(at for at in (opened, booked, now) if at is not None)
        training = _bar(axis.at(wave.training_at), until, "training")
    out = wave.state in OUT
    use = _bar(opened, now, "use") if opened is not None else None
    start = now if opened is not None else max(booked, now) if booked is not None else None
    ahead = _bar(start, end, "ahead") if start is not None and not out and end > start else None
    return Lane(wave=wave, training=training, use=use, ahead=ahead, path=_path(board, axis, wave))


def _path(board: Board, axis: Axis, wave: Wave) -> str:
    """The area of a wave's adoption: 0 to 100 across from its opening to now, 0 at the bottom, all at the top."""
    if wave.opened_at is None or wave.share is None:
        return ""
    left, span = axis.at(wave.opened_at), axis.at(board.now) - axis.at(wave.opened_at)
    if span <= 0:
        return ""
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    for look in board.looks:
        counted = next((each for each in look.waves if each.wave == wave.number), None)
        if look.at >= wave.opened_at and counted is not None and counted.present:
            points.append((100 * (axis.at(look.at) - left) / span, 100 * counted.adopters / counted.present))
    points.append((100.0, 100 * wave.share))
    line = " ".join(f"L{x:.4g},{100 - y:.4g}" for x, y in points)
    return f"M0,100 {line} L100,100Z"


def _run_bars(board: Board, run: RunShown | None) -> tuple[Bar, ...]:
    """The latest run from its start to its end: each batch's steps, then the wait for its gate."""
    if run is None or not board.batches:
        return ()
    end = max([run.ended_at or board.now, *(batch.ended_at or run.started_at for batch in board.batches)])
    whole = max(1, end - run.started_at)
    found: list[Bar] = []
    for batch in board.batches:
        begun, stepped = batch.begun_at, batch.stepped_at
        left = 100 * (begun - run.started_at) / whole
        middle = 100 * ((stepped or end) - run.started_at) / whole
        found.append(_bar(left, middle, "steps", label=_short(batch), least=LEAST))
        if stepped is not None:
            judged = 100 * ((batch.ended_at or end) - run.started_at) / whole
            found.append(_bar(middle, judged, "gate"))
    return tuple(bar for bar in found if bar.width > 0)


def _short(batch: BatchShown) -> str:
    name = batch.name.partition(" of ")[0]
    return f"{name[0].upper()}{name[1:]}"


def _bar(left: float, right: float, kind: str, *, label: str = "", least: float = 0.0) -> Bar:
    width = min(100.0 - left, max(least, right - left, 0.0))
    return Bar(left=round(left, 2), width=round(width, 2), kind=kind, label=label)


def _title(board: Board, run: RunShown | None, times: list[Instant], gates: list[Instant]) -> str:
    """How long each half takes, in the largest unit."""
    first = roughly((run.ended_at or board.now) - run.started_at) if run is not None else ""
    then = roughly(max([*gates, board.now]) - min(wave_times)) if (wave_times := _opened(board) or times) else ""
    words = ", then ".join(part for part in (first, then) if part)
    return f"{words[0].upper()}{words[1:]}"


def _opened(board: Board) -> list[Instant]:
    return [wave.opened_at for wave in board.waves if wave.opened_at is not None]


def _words(axis: Axis | None, run: RunShown | None, board: Board) -> str:
    if run is None:
        return ""
    if axis is None:
        return "The latest run, from its start to its end." if run.ended_at else "The latest run, up to now."
    return f"The deploy lane is magnified: all of it fits in the mark at {_day(run.started_at, board.timezone)}."


def _run_words(board: Board, run: RunShown | None) -> str:
    if run is None:
        return ""
    begun = as_datetime(run.started_at, board.timezone)
    took = length((run.ended_at or board.now) - run.started_at)
    return f"{begun:%H:%M}, {took}" + ("" if run.ended_at else " so far")


def _day(at: Instant, timezone: str) -> str:
    local = as_datetime(at, timezone)
    return f"{local.day} {MONTHS[local.month - 1]}"

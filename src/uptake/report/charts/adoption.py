"""The adoption chart: the share of people who have adopted, look by look, against the plan's target, and what is ahead.

A Vega-Lite spec as plain values. Up to the latest look it draws what was looked at, beyond it the fan of the forecast,
where there is one. The axis is the timeline's, so that the curve stands under its waves.
"""

from collections.abc import Sequence
from itertools import pairwise

from uptake.report.axis import Axis
from uptake.report.board import Board
from uptake.report.charts.forecast import fan_layers
from uptake.report.charts.parts import Spec, framed, share_axis
from uptake.report.foreseen import Ahead
from uptake.report.words import exact_percent, percent

HEIGHT = 260
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 18, 30
NAME_WIDE = 13
"""A wave's name needs so much of the axis, in percent."""


def adoption_chart(board: Board, axis: Axis | None, *, width: int, fan: Sequence[Ahead] = ()) -> Spec | None:
    """The chart of a board in a given width; None before the first look, or while no wave is booked.

    Args:
        board: with its looks.
        axis: the timeline's.
        width: of the whole drawing, in pixels.
        fan: of the forecast, empty for none.
    """
    looks = [look for look in board.looks if look.present]
    if not looks or axis is None:
        return None
    narrow = width < 500
    points = [{"x": axis.at(look.at), "y": round(100 * look.adopters / look.present, 2)} for look in looks]
    first = next((index for index, point in enumerate(points) if point["y"]), len(points) - 1)
    shown = points[max(0, first - 1) :]
    last, head = shown[-1], next((head for head in board.heads if head is not None and head.half == "implement"), None)
    size = (width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM)
    layers = [
        *_target(head.target if head is not None else None),
        *_waves(board, axis, narrow=narrow),
        *_ticks(axis, narrow=narrow),
        *fan_layers(fan, axis, size[0]),
        _rule({"x": axis.at(board.looks[-1].at)}, colour="var(--ink-3)"),
        _line(shown),
        *_point(last, percent(looks[-1].adopters / looks[-1].present)),
    ]
    return framed(layers, size, {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM})


def _line(points: list[dict[str, float]]) -> Spec:
    mark = {"type": "line", "interpolate": "monotone", "color": "var(--imp)", "strokeWidth": 2.75}
    return {"data": {"values": points}, "mark": mark, "encoding": {"x": _x("x"), "y": share_axis("y")}}


def _point(last: dict[str, float], label: str) -> list[Spec]:
    at = {"data": {"values": [last]}, "encoding": {"x": _x("x"), "y": {"field": "y", "type": "quantitative"}}}
    ring = {"type": "point", "filled": True, "size": 70, "color": "var(--imp)", "stroke": "var(--card)", "opacity": 1}
    side = "right" if last["x"] > 12 else "left"
    text = {
        "type": "text",
        "text": label,
        "align": side,
        "dx": -10 if side == "right" else 10,
        "dy": -10,
        "fontSize": 14,
        "fontWeight": 600,
        "color": "var(--imp)",
    }
    return [{**at, "mark": ring}, {**at, "mark": text}]


def _target(target: float | None) -> list[Spec]:
    if target is None:
        return []
    rule = _rule({"y": 100 * target}, colour="var(--ink-2)", dash=[2, 3])
    mark = {"type": "text", "text": f"Target {exact_percent(target)}", "align": "left", "dy": -8, "color": "var(--ink)"}
    encoding: Spec = {"x": _place(0), "y": {"datum": 100 * target, "type": "quantitative"}}
    return [rule, {"data": {"values": [{}]}, "mark": {**mark, "fontWeight": 600}, "encoding": encoding}]


def _waves(board: Board, axis: Axis, *, narrow: bool) -> list[Spec]:
    """A mark for each opening, at the top."""
    opened = [wave for wave in board.waves if wave.opened_at is not None]
    places = [axis.at(wave.opened_at or board.now) for wave in opened]
    rows = [{"x": place, "name": wave.name, "n": str(wave.number)} for place, wave in zip(places, opened, strict=True)]
    short = narrow or any(after - before < NAME_WIDE for before, after in pairwise(places))
    at = {"data": {"values": rows}, "encoding": {"x": _x("x"), "y": {"value": 0}}}
    tick = {"type": "tick", "orient": "vertical", "size": 10, "thickness": 2, "color": "var(--imp)", "yOffset": -4}
    text = {"type": "text", "align": "left", "dx": 5, "dy": -4, "color": "var(--ink-2)"}
    encoding = {**at["encoding"], "text": {"field": "n" if short else "name"}}
    return [{**at, "mark": tick}, {**at, "mark": text, "encoding": encoding}] if rows else []


def _ticks(axis: Axis, *, narrow: bool) -> list[Spec]:
    """The axis' moments, fewer where it is narrow."""
    chosen = axis.ticks[:: 3 if narrow else 2] if len(axis.ticks) > 4 else axis.ticks
    larger, rows = "", list[dict[str, object]]()
    for tick in axis.ticks:
        larger = tick.larger or larger
        if tick in chosen and tick.place < 97:
            words = f"{tick.label} {larger}" if ":" not in tick.label else tick.label
            rows.append({"x": tick.place, "words": words})
    mark = {
        "type": "text",
        "align": "left" if narrow else "center",
        "color": "var(--ink-3)",
        "baseline": "top",
        "dy": 8,
    }
    y = {"datum": 0, "type": "quantitative"}
    return [{"data": {"values": rows}, "mark": mark, "encoding": {"x": _x("x"), "y": y, "text": {"field": "words"}}}]


def _rule(at: dict[str, float], *, colour: str, dash: list[int] | None = None) -> Spec:
    """A line across the plot; a rule without data of its own would not be drawn."""
    encoding = {
        channel: _place(value) if channel == "x" else {"datum": value, "type": "quantitative"}
        for channel, value in at.items()
    }
    mark = {"type": "rule", "color": colour, **({"strokeDash": dash} if dash else {})}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def _x(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": None}


def _place(value: float) -> Spec:
    return {"datum": value, "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": None}

"""The fan of the adoption chart: what the looks so far foretell, from the latest look to the last wave's gate.

Layers of a Vega-Lite spec: half of all futures in the dark band, nine of ten in the light one, the middle dashed. Its
end is written beside it. Where nothing is forecast there are no layers; the page says why.
"""

from collections.abc import Sequence

from uptake.report.axis import Axis
from uptake.report.charts.parts import LETTER, Spec, across, rimmed
from uptake.report.foreseen import Ahead, about

ABOVE_UNTIL = 90.0
"""Where the fan ends higher than this, in percent, its numbers stand below it: above are the waves' names."""
ACROSS_LEAST = 1.0
"""A fan that is narrower than so many percent of the axis is not drawn."""
NAMED_FROM = 400
"""In a narrower plot the numbers stand alone, since the curve needs the room."""
Row = dict[str, float]


def fan_layers(fan: Sequence[Ahead], axis: Axis, plot: int) -> list[Spec]:
    """The layers, none for an empty fan.

    Args:
        fan: from the latest look on.
        axis: the chart's.
        plot: how wide the axis is, in pixels.
    """
    if not fan or axis.at(fan[-1].at) - axis.at(fan[0].at) < ACROSS_LEAST:
        return []
    rows, end = [_row(one, axis) for one in fan], fan[-1]
    line = {"type": "line", "color": "var(--imp)", "strokeWidth": 2, "strokeDash": [4, 3]}
    bar = {"type": "rule", "color": "var(--imp)", "strokeWidth": 2.5}
    between: Spec = {"x": across("x"), "y": _y("low"), "y2": {"field": "high"}}
    return [
        _band(rows, "low", "high", opacity=0.16),
        _band(rows, "lower", "upper", opacity=0.2),
        {"data": {"values": rows}, "mark": line, "encoding": {"x": across("x"), "y": _y("middle")}},
        {"data": {"values": rows[-1:]}, "mark": bar, "encoding": between},
        *_label(rows, f"{'Forecast ' if plot >= NAMED_FROM else ''}{about(end.middle, end.low, end.high)}", plot),
    ]


def _row(one: Ahead, axis: Axis) -> Row:
    shares = {"low": one.low, "lower": one.lower, "middle": one.middle, "upper": one.upper, "high": one.high}
    return {"x": axis.at(one.at), **{name: round(100 * share, 2) for name, share in shares.items()}}


def _band(rows: list[Row], low: str, high: str, *, opacity: float) -> Spec:
    mark = {"type": "area", "color": "var(--imp)", "opacity": opacity}
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": across("x"), "y": _y(low), "y2": {"field": high}}}


def _label(rows: list[Row], words: str, plot: int) -> list[Spec]:
    """The end's numbers: above it, or below all of the fan that they stretch over."""
    end, above = rows[-1], rows[-1]["high"] <= ABOVE_UNTIL
    left = end["x"] - 100 * LETTER * len(words) / plot
    y = end["high"] if above else min(row["low"] for row in rows if row["x"] >= left)
    mark = {
        "text": words,
        "align": "right",
        "baseline": "bottom" if above else "top",
        "dx": 2,
        "dy": -6 if above else 6,
        "color": "var(--imp)",
    }
    encoding = {"x": across("x"), "y": _y("y")}
    return rimmed(mark, {"data": {"values": [{"x": end["x"], "y": y}]}, "encoding": encoding})


def _y(field: str) -> Spec:
    return {"field": field, "type": "quantitative", "scale": {"domain": [0, 100]}}

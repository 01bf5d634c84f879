"""The effect chart: a preliminary estimate with its interval, against no difference.

A Vega-Lite spec as plain values, of one outcome that has been judged. It says nothing that the words beside it do not.
"""

from typing import Any

from uptake.report.board import EffectShown

HEIGHT = 112
SIDE, TOP, BOTTOM = 28, 30, 34
SPARE = 0.18
"""Room at both ends of the axis, as a share of what is shown."""
MIDDLE = 50
Spec = dict[str, Any]


def effect_chart(effect: EffectShown, *, width: int) -> Spec | None:
    """The chart of an outcome in a given width; None where it has no interval.

    Args:
        effect: an outcome as judged.
        width: of the whole drawing, in pixels.
    """
    estimate, low, high = effect.estimate, effect.low, effect.high
    if estimate is None or low is None or high is None:
        return None
    least, most = min(low, 0.0), max(high, 0.0)
    room = SPARE * (most - least or 1.0)
    scale = {"domain": [least - room, most + room], "nice": False, "zero": False}
    layers = [
        _rule(scale),
        _bar(scale, low, high),
        _point(scale, estimate),
        _text(scale, 0.0, "No difference", dy=-38, colour="var(--ink)"),
        _text(scale, estimate, f"{estimate:+.3g}", dy=-16, colour="var(--imp)"),
        _text(scale, low, f"{low:+.3g}", dy=22, colour="var(--ink-2)", align="right"),
        _text(scale, high, f"{high:+.3g}", dy=22, colour="var(--ink-2)", align="left"),
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width - 2 * SIDE,
        "height": HEIGHT - TOP - BOTTOM,
        "padding": {"left": SIDE, "right": SIDE, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "layer": layers,
        "config": {"aria": False, "font": "inherit", "view": {"stroke": None}, "text": {"fontSize": 12}},
    }


def _x(scale: Spec, value: float) -> Spec:
    return {"datum": value, "type": "quantitative", "scale": scale, "axis": None}


def _y() -> Spec:
    return {"datum": MIDDLE, "type": "quantitative", "scale": {"domain": [0, 100]}, "axis": None}


def _rule(scale: Spec) -> Spec:
    mark = {"type": "rule", "color": "var(--ink-2)", "strokeWidth": 1.25}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": _x(scale, 0.0)}}


def _bar(scale: Spec, low: float, high: float) -> Spec:
    mark = {"type": "rule", "color": "var(--imp)", "strokeWidth": 10, "opacity": 0.28, "strokeCap": "round"}
    encoding = {"x": _x(scale, low), "x2": {"datum": high}, "y": _y()}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def _point(scale: Spec, estimate: float) -> Spec:
    mark = {"type": "point", "filled": True, "size": 90, "color": "var(--imp)", "stroke": "var(--card)", "opacity": 1}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": _x(scale, estimate), "y": _y()}}


def _text(scale: Spec, at: float, words: str, *, dy: int, colour: str, align: str = "center") -> Spec:
    weight = 600 if align == "center" else 400
    mark = {"type": "text", "text": words, "align": align, "dy": dy, "color": colour, "fontWeight": weight}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": {"x": _x(scale, at), "y": _y()}}

"""The effect chart: what all looks at an effect show, over time, against no difference, the goal and the limit of harm.

A Vega-Lite spec as plain values, of one outcome. The band holds at all looks together; it begins where a look may first
say something. It says nothing that the words beside it do not.
"""

from itertools import pairwise
from typing import Any

from uptake.report.board import EffectLook, EffectShown

HEIGHT = 200
LEFT, RIGHT, TOP, BOTTOM = 16, 76, 18, 30
SPARE = 0.12
"""Room above and below, as a share of what is shown."""
CLEAR_OF = 11
"""Labels at the right stand so many pixels apart at least."""
Spec = dict[str, Any]


def effect_chart(effect: EffectShown, *, width: int) -> Spec | None:
    """The chart of an outcome in a given width; None before a look has an interval.

    Args:
        effect: an outcome with its looks.
        width: of the whole drawing, in pixels.
    """
    looks = [look for look in effect.looks if look.low is not None and look.high is not None]
    if not looks:
        return None
    lines = {"No difference": 0.0, "Wanted": effect.goal, "Harm": effect.limit}
    known = {name: value for name, value in lines.items() if value is not None}
    ends = [*(look.low or 0.0 for look in looks), *(look.high or 0.0 for look in looks), *known.values()]
    room = SPARE * (max(ends) - min(ends) or 1.0)
    shown = (min(ends) - room, max(ends) + room)
    y = {"domain": list(shown), "nice": False, "zero": False}
    span = (looks[0].at_ms, looks[-1].at_ms if len(looks) > 1 else looks[0].at_ms + 1)
    x = {"domain": list(span), "nice": False, "zero": False}
    height = HEIGHT - TOP - BOTTOM
    layers = [
        *(_rule(y, value, name) for name, value in known.items()),
        *_band(looks, x, y),
        *_cleared(effect, looks, x),
        *_ends_of(looks, x),
        *_labels({**known, _number(looks[-1]): looks[-1].estimate}, shown, height),
    ]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width - LEFT - RIGHT,
        "height": height,
        "padding": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "layer": layers,
        "config": {"aria": False, "font": "inherit", "view": {"stroke": None}, "text": {"fontSize": 12}},
    }


def _number(look: EffectLook) -> str:
    return f"{look.estimate:+.3g}"


def _x(scale: Spec) -> Spec:
    return {"field": "x", "type": "quantitative", "scale": scale, "axis": None}


def _y(scale: Spec, field: str = "y") -> Spec:
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _rule(scale: Spec, value: float, name: str) -> Spec:
    colour = {"No difference": "var(--ink-2)", "Wanted": "var(--imp)", "Harm": "var(--bad)"}[name]
    dash = {} if name == "No difference" else {"strokeDash": [3, 3]}
    encoding = {"y": {"datum": value, "type": "quantitative", "scale": scale, "axis": None}}
    mark = {"type": "rule", "color": colour, "strokeWidth": 1.25, **dash}
    return {"data": {"values": [{}]}, "mark": mark, "encoding": encoding}


def _band(looks: list[EffectLook], x: Spec, y: Spec) -> list[Spec]:
    """The interval and the estimate of each look; one look alone is a bar."""
    rows = [{"x": look.at_ms, "y": look.estimate, "low": look.low, "high": look.high} for look in looks]
    at = {"data": {"values": rows}}
    both = {"x": _x(x), "y": _y(y, "low"), "y2": {"field": "high"}}
    if len(rows) == 1:
        bar = {"type": "rule", "color": "var(--imp)", "strokeWidth": 10, "opacity": 0.28, "strokeCap": "round"}
        return [{**at, "mark": bar, "encoding": both}, _points(rows, x, y)]
    area = {"type": "area", "color": "var(--imp)", "opacity": 0.18}
    line = {"type": "line", "color": "var(--imp)", "strokeWidth": 2.5}
    return [
        {**at, "mark": area, "encoding": both},
        {**at, "mark": line, "encoding": {"x": _x(x), "y": _y(y)}},
        _points(rows[-1:], x, y),
    ]


def _points(rows: list[dict[str, Any]], x: Spec, y: Spec) -> Spec:
    mark = {"type": "point", "filled": True, "size": 80, "color": "var(--imp)", "stroke": "var(--card)", "opacity": 1}
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": _x(x), "y": _y(y)}}


def _cleared(effect: EffectShown, looks: list[EffectLook], x: Spec) -> list[Spec]:
    """A mark at the first look whose interval does not hold zero."""
    first = next((look for look in looks if look.at == effect.cleared), None)
    if first is None or len(looks) < 2:
        return []
    at = {"data": {"values": [{"x": first.at_ms}]}, "encoding": {"x": _x(x)}}
    left = (first.at_ms - looks[0].at_ms) < (looks[-1].at_ms - looks[0].at_ms) / 2
    words = {"type": "text", "text": "clear of zero", "align": "left" if left else "right", "color": "var(--ink-2)"}
    place = {"x": _x(x), "y": {"value": 0}}
    return [
        {**at, "mark": {"type": "rule", "color": "var(--imp)", "strokeDash": [2, 3]}},
        {**at, "mark": {**words, "dx": 5 if left else -5, "dy": 2}, "encoding": place},
    ]


def _ends_of(looks: list[EffectLook], x: Spec) -> list[Spec]:
    """When the first and the latest of the looks were."""
    chosen = [(looks[0], "left")] + ([(looks[-1], "right")] if len(looks) > 1 else [])
    mark = {"type": "text", "baseline": "top", "dy": 8, "color": "var(--ink-3)"}
    height = {"y": {"value": HEIGHT - TOP - BOTTOM}}
    return [
        {
            "data": {"values": [{"x": look.at_ms}]},
            "mark": {**mark, "text": look.at, "align": side},
            "encoding": {"x": _x(x), **height},
        }
        for look, side in chosen
    ]


def _labels(values: dict[str, float], y: tuple[float, float], height: int) -> list[Spec]:
    """Names at the right, apart from one another."""
    low, high = y
    rows = sorted(((height * (high - value) / (high - low), name) for name, value in values.items()))
    places = [place for place, _ in rows]
    for before, after in pairwise(range(len(places))):
        places[after] = max(places[after], places[before] + CLEAR_OF)
    mark = {"type": "text", "align": "left", "dx": 8, "baseline": "middle"}
    colours = {"No difference": "var(--ink-2)", "Wanted": "var(--imp)", "Harm": "var(--bad)"}
    return [
        {
            "data": {"values": [{}]},
            "mark": {
                **mark,
                "text": name,
                "color": colours.get(name, "var(--imp)"),
                "fontWeight": 400 if name in colours else 600,
            },
            "encoding": {"x": {"value": {"expr": "width"}}, "y": {"value": place}},
        }
        for place, (_, name) in zip(places, rows, strict=True)
    ]

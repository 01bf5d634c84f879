"""The event study: the effect by time since a wave's opening, each period with its interval, against no difference.

A Vega-Lite spec as plain values. Each interval holds by itself, for one look: it shows how an effect comes and goes;
whether it is there at all is told by the looks together.
"""

from typing import Any

from uptake.report.board import EffectShown

HEIGHT = 150
LEFT, RIGHT, TOP, BOTTOM = 16, 16, 18, 30
SPARE = 0.12
PERIODS_LEAST = 3
"""With fewer periods there is nothing to see."""
ERRORS = 1.96
Spec = dict[str, Any]


def since_chart(effect: EffectShown, *, width: int) -> Spec | None:
    """The chart of an outcome in a given width; None with fewer than `PERIODS_LEAST` periods since an opening."""
    if len(effect.since) < PERIODS_LEAST:
        return None
    rows = [
        {
            "x": one.period + 1,
            "y": one.estimate,
            "low": one.estimate - ERRORS * one.se,
            "high": one.estimate + ERRORS * one.se,
        }
        for one in effect.since
    ]
    ends = [0.0, *(row["low"] for row in rows), *(row["high"] for row in rows)]
    room = SPARE * (max(ends) - min(ends) or 1.0)
    y = {"domain": [min(ends) - room, max(ends) + room], "nice": False, "zero": False}
    x = {"domain": [rows[0]["x"] - 0.5, rows[-1]["x"] + 0.5], "nice": False, "zero": False}
    at = {"data": {"values": rows}}
    across = {"field": "x", "type": "quantitative", "scale": x, "axis": None}
    zero = {"y": {"datum": 0.0, "type": "quantitative", "scale": y, "axis": None}}
    up = {"field": "y", "type": "quantitative", "scale": y, "axis": None}
    bar = {"type": "rule", "color": "var(--imp)", "strokeWidth": 6, "opacity": 0.28, "strokeCap": "round"}
    dot = {"type": "point", "filled": True, "size": 50, "color": "var(--imp)", "opacity": 1}
    word = {"type": "text", "baseline": "top", "dy": 8, "color": "var(--ink-3)"}
    foot = {"y": {"value": HEIGHT - TOP - BOTTOM}}
    marks = [(1, "left", "opening"), (rows[-1]["x"], "right", f"{rows[-1]['x']} periods on")]
    marks += [(rows[0]["x"], "left", "before")] if rows[0]["x"] < 1 else []
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": width - LEFT - RIGHT,
        "height": HEIGHT - TOP - BOTTOM,
        "padding": {"left": LEFT, "right": RIGHT, "top": TOP, "bottom": BOTTOM},
        "autosize": "none",
        "background": None,
        "layer": [
            {"data": {"values": [{}]}, "mark": {"type": "rule", "color": "var(--ink-2)"}, "encoding": zero},
            {**at, "mark": bar, "encoding": {"x": across, "y": {**up, "field": "low"}, "y2": {"field": "high"}}},
            {**at, "mark": dot, "encoding": {"x": across, "y": up}},
            *(
                {
                    "data": {"values": [{"x": place}]},
                    "mark": {**word, "text": text, "align": side},
                    "encoding": {"x": across, **foot},
                }
                for place, side, text in marks
            ),
        ],
        "config": {"aria": False, "font": "inherit", "view": {"stroke": None}, "text": {"fontSize": 12}},
    }

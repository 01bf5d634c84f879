"""What the charts of adoption share: the frame, the axis of shares, and labels that lines do not cross.

Plain values of a Vega-Lite spec; each layer has data of its own, since a mark without would not be drawn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]
LETTER = 7.2
"""Pixels that a bold letter of the charts' size takes at most."""


def framed(layers: Sequence[Spec], size: tuple[int, int], padding: Mapping[str, int]) -> Spec:
    """A whole spec of layers.

    Args:
        layers: each with data of its own.
        size: of the plot alone, in pixels: across and down.
        padding: around it, by side.
    """
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": size[0],
        "height": size[1],
        "padding": dict(padding),
        "autosize": "none",
        "background": None,
        "layer": list(layers),
        "config": {"aria": False, "font": "inherit", "view": {"stroke": None}, "text": {"fontSize": 12}},
    }


def share_axis(field: str) -> Spec:
    """The encoding of a share from 0 to 100, with its axis."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": [0, 100]},
        "axis": {
            "title": None,
            "values": [0, 25, 50, 75, 100],
            "labelExpr": "datum.value + '%'",
            "labelColor": "var(--ink-3)",
            "labelFontSize": 12,
            "labelPadding": 8,
            "grid": True,
            "gridColor": "var(--line)",
            "domain": False,
            "ticks": False,
        },
    }


def across(field: str, domain: Sequence[float] = (0, 100)) -> Spec:
    """The encoding of a place on the axis of time, which is drawn by layers of its own."""
    return {
        "field": field,
        "type": "quantitative",
        "scale": {"domain": list(domain), "nice": False, "zero": False},
        "axis": None,
    }


def rimmed(mark: Spec, rest: Spec) -> list[Spec]:
    """A text with a rim of the card's colour, so that lines behind it do not cross it.

    Args:
        mark: the text with its colour.
        rest: the layer's data and encoding.
    """
    rim = {**mark, "color": "var(--card)", "stroke": "var(--card)", "strokeWidth": 4}
    return [{**rest, "mark": {**each, "type": "text", "fontWeight": 600}} for each in (rim, mark)]

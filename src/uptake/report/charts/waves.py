"""Adoption by wave: each open wave's share of adopters over the time since its own opening, one line a wave.

A Vega-Lite spec as plain values. There is no legend: a line's name stands at its end, moved a little where two would
touch. The later a wave, the stronger its line.
"""

from collections.abc import Sequence
from typing import Any

from uptake.report.charts.parts import LETTER, Spec, across, framed, rimmed, share_axis
from uptake.report.curves import Curve, Moments, moments
from uptake.report.words import percent

HEIGHT = 230
LEFT, TOP, BOTTOM = 44, 12, 30
NAMED_MOST = 6
"""With more waves than this, or in a narrow chart, a line bears its wave's number instead of its name."""
LINE = 15
"""Pixels from one label to the next."""
TRIES = (0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6)
"""Where a label may stand, in lines below its line's end."""
FAINTEST = 0.55
NARROW = 500
POINTS_MOST = 40
"""So many points are a line at most."""


def waves_chart(found: Sequence[Curve], *, width: int) -> Spec | None:
    """The chart of some curves in a given width; None for none.

    Args:
        found: a board's curves.
        width: of the whole drawing, in pixels.
    """
    if not found:
        return None
    narrow = width < NARROW
    short = narrow or len(found) > NAMED_MOST
    names = [f"{f'{curve.number}:' if short else curve.name} {percent(curve.shares[-1])}" for curve in found]
    right = round(LETTER * max(map(len, names))) + 14
    size = (width - LEFT - right, HEIGHT - TOP - BOTTOM)
    chosen = moments(found, most=4 if narrow else 8)
    longest = max(curve.ages[-1] for curve in found)
    x = across("x", (0, longest / chosen.unit_ms))
    strength = [FAINTEST + (1 - FAINTEST) * (place + 1) / len(found) for place in range(len(found))]
    layers = [
        _moments(chosen, x, size[1]),
        *(_line(curve, chosen, x, opacity) for curve, opacity in zip(found, strength, strict=True)),
        *_ends(found, chosen, x),
        *_labels(names, _places(found, names, longest, size)),
    ]
    return framed(layers, size, {"left": LEFT, "right": right, "top": TOP, "bottom": BOTTOM})


def _line(curve: Curve, chosen: Moments, x: Spec, opacity: float) -> Spec:
    mark = {
        "type": "line",
        "interpolate": "monotone",
        "color": "var(--imp)",
        "strokeWidth": 2.25,
        "opacity": round(opacity, 2),
    }
    rows = [_row(curve.ages[place], curve.shares[place], chosen) for place in _thinned(curve.ages)]
    return {"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": share_axis("y")}}


def _thinned(ages: Sequence[int]) -> list[int]:
    """Places of the ages that are drawn, about evenly spaced, the first and the last among them."""
    apart = ages[-1] / POINTS_MOST
    chosen = [0]
    for place, age in enumerate(ages):
        if age - ages[chosen[-1]] >= apart:
            chosen.append(place)
    return chosen if chosen[-1] == len(ages) - 1 else [*chosen, len(ages) - 1]


def _ends(found: Sequence[Curve], chosen: Moments, x: Spec) -> list[Spec]:
    rows = [_row(curve.ages[-1], curve.shares[-1], chosen) for curve in found]
    mark = {"type": "point", "filled": True, "size": 50, "color": "var(--imp)", "stroke": "var(--card)", "opacity": 1}
    return [{"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": share_axis("y")}}]


def _row(age: int, share: float, chosen: Moments) -> dict[str, float]:
    return {"x": round(age / chosen.unit_ms, 3), "y": round(100 * share, 2)}


def _places(
    found: Sequence[Curve], names: Sequence[str], longest: int, size: tuple[int, int]
) -> list[tuple[float, float]]:
    """Where each label begins, in pixels from the upper left: as near to its line's end as it is free."""
    wide, down = size
    placed: list[tuple[float, float, float]] = []
    for curve, name in zip(found, names, strict=True):
        left, end = wide * curve.ages[-1] / longest + 8, down * (1 - curve.shares[-1])
        right = left + LETTER * len(name)
        tries = [end + LINE * step for step in TRIES if 0 <= end + LINE * step <= down - 4]
        clear = [
            top for top in tries if all(abs(top - y) >= LINE or x >= right or until <= left for x, until, y in placed)
        ]
        others = [other for other in found if other is not curve]
        ages = [round(longest * (left + (right - left) * part / 6) / wide) for part in range(7)]
        lines = [down * (1 - share) for other in others for age in ages if (share := other.at(age, 0)) is not None]
        free = [top for top in clear if all(abs(top - line) > LINE / 2 for line in lines)]
        placed.append((left, right, (free or clear or [end])[0]))
    return [(left, top) for left, _, top in placed]


def _labels(names: Sequence[str], places: Sequence[tuple[float, float]]) -> list[Spec]:
    """Each name at its place."""
    layers: list[Spec] = []
    for name, (left, top) in zip(names, places, strict=True):
        at: Spec = {"x": {"value": round(left, 1)}, "y": {"value": round(top, 1)}}
        mark = {"text": name, "align": "left", "baseline": "middle", "color": "var(--imp)"}
        layers += rimmed(mark, {"data": {"values": [{}]}, "encoding": at})
    return layers


def _moments(chosen: Moments, x: Spec, down: int) -> Spec:
    """Whole moments below, from the opening on."""
    rows: list[dict[str, Any]] = [{"x": 0, "words": "Opened"}]
    rows += [{"x": number, "words": chosen.brief(number)} for number in chosen.numbers]
    mark = {"type": "text", "baseline": "top", "dy": 8, "color": "var(--ink-3)"}
    encoding = {"x": x, "y": {"value": down}, "text": {"field": "words"}}
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}

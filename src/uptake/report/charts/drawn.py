"""Which charts a board has, by name, each wide and narrow: a drawing that is scaled down has unreadable text.

Specs only. Who shows them has them drawn, and shows the table alone where they are not.
"""

from uptake.report.board import Board
from uptake.report.charts.adoption import adoption_chart
from uptake.report.charts.effect import effect_chart
from uptake.report.charts.parts import Spec
from uptake.report.charts.since import since_chart
from uptake.report.charts.waves import waves_chart
from uptake.report.curves import curves
from uptake.report.foreseen import foreseen
from uptake.report.timeline import timeline

WIDTHS = {"wide": 640, "narrow": 326}
EFFECT_WIDTHS = {"wide": 420, "narrow": 326}
"""Pixels; the style sheet shows the one that fits."""


def charts(board: Board) -> dict[str, Spec]:
    """The specs of a board's charts, none before the first look.

    They are `adoption-wide`, `adoption-narrow`, the same of `waves` once an open wave was looked at, and of `effect`
    once the outcome that the plan is for was judged.
    """
    drawn = timeline(board)
    if drawn is None:
        return {}
    found, ahead = curves(board), foreseen(board)
    fan = ahead.fan if ahead is not None else ()
    made: dict[str, Spec | None] = {}
    for name, width in WIDTHS.items():
        made[f"adoption-{name}"] = adoption_chart(board, drawn.axis, width=width, fan=fan)
        made[f"waves-{name}"] = waves_chart(found, width=width)
    if board.effects:
        for name, width in EFFECT_WIDTHS.items():
            made[f"effect-{name}"] = effect_chart(board.effects[0], width=width)
            made[f"since-{name}"] = since_chart(board.effects[0], width=width)
    return {name: spec for name, spec in made.items() if spec is not None}

"""Which charts a board has, by name, each wide and narrow: a drawing that is scaled down has unreadable text.

Specs only. Who shows them has them drawn, and shows the table alone where they are not.
"""

from uptake.report.board import Board
from uptake.report.charts.adoption import Spec, adoption_chart
from uptake.report.charts.effect import effect_chart
from uptake.report.timeline import timeline

WIDTHS = {"wide": 640, "narrow": 326}
EFFECT_WIDTHS = {"wide": 420, "narrow": 326}
"""Pixels; the style sheet shows the one that fits."""


def charts(board: Board) -> dict[str, Spec]:
    """The specs of a board's charts, none before the first look.

    They are `adoption-wide`, `adoption-narrow`, and `effect-...` once the outcome that the plan is for was judged.
    """
    drawn = timeline(board)
    if drawn is None:
        return {}
    made = {f"adoption-{name}": adoption_chart(board, drawn.axis, width=width) for name, width in WIDTHS.items()}
    if board.effects:
        made |= {f"effect-{name}": effect_chart(board.effects[0], width=width) for name, width in EFFECT_WIDTHS.items()}
    return {name: spec for name, spec in made.items() if spec is not None}

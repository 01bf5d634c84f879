"""`uptake compare`: Deploy and Implement side by side, filled with the plan's live state.

In the terminal, as one JSON object, or as one HTML file that opens without a server. Exit 0
whatever the state is: it only shows.
"""

import sys
from pathlib import Path

from uptake.cli.paint import wants_colour
from uptake.cli.shown import board_of, columns, opened_plan, print_json, print_text


def run(plan: Path, *, html: Path | None = None, json: bool = False) -> int:
    """Compare.

    Args:
        plan: the plan file.
        html: write the report to this file, as `uptake report` does; an existing file is replaced.
        json: print one JSON object: what `status --json` prints, and the forecast of adoption.
    """
    with opened_plan(plan) as opened:
        if html is not None:
            from uptake.cli.report import report_of, write

            board, text = report_of(opened)
            write(html, text)
        else:
            board = board_of(opened)
    if json:
        from uptake.report.foreseen import foreseen
        from uptake.report.plain import board_json

        print_json({**board_json(board), "forecast": foreseen(board)})
    elif html is not None:
        print_text(f"{html}\n")
    else:
        from uptake.report.table import compare_text

        print_text(compare_text(board, width=columns(), colour=wants_colour(sys.stdout)))
    return 0

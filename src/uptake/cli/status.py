"""`uptake status`: where the plan stands, what needs a person, and what comes next.

One screen; `compare` shows everything. Exit 0 whatever the state is: it only shows.
"""

import sys
from pathlib import Path

from uptake.cli.paint import wants_colour
from uptake.cli.shown import board_of, columns, opened_plan, print_json, print_text


def run(plan: Path, *, json: bool = False) -> int:
    """Show the status.

    Args:
        plan: the plan file.
        json: print one JSON object.
    """
    with opened_plan(plan) as opened:
        board, turning = board_of(opened), opened.store.lease.holder()
    if json:
        from uptake.report.plain import status_json

        print_json(status_json(board, turning))
        return 0
    from uptake.report.status import status_text

    print_text(status_text(board, width=columns(), colour=wants_colour(sys.stdout), turning=turning))
    return 0

"""`uptake why`: a decision with the numbers it saw and the plan line it used; or what readers say is wrong.

Reads the ledger and judges nothing again; `replay` does that.
"""

import sys
from pathlib import Path

from uptake.cli.paint import wants_colour
from uptake.cli.shown import columns, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.report.because import reasons, reasons_json, reasons_text
from uptake.report.history import History, followed
from uptake.report.reports import reports, reports_text


def run(plan: Path, which: str = "", *, json: bool = False) -> int:
    """Say why.

    Args:
        plan: the plan file.
        which: an entry's number, wave-2, run-2, batch-1, deploy, implement, all, or reports (what readers of the page
            say is wrong); the latest decisions by default.
        json: print one JSON object.
    """
    if which == "reports":
        return _reports(plan, json=json)
    with opened_plan(plan) as opened:
        try:
            history = followed(History(), opened.store.ledger.read())
            found = reasons(opened.read, opened.picture(), which, history=history)
        except ValueError as error:
            raise refuse("UP040", str(plan), str(error), "see `uptake status`") from None
    if json:
        print_json(reasons_json(found))
    elif found:
        print_text(reasons_text(found, width=columns(), colour=wants_colour(sys.stdout)))
    else:
        print_text("Nothing is decided yet.\n")
    return 0


def _reports(plan: Path, *, json: bool) -> int:
    """What readers say is wrong, with the words that were not erased."""
    with opened_plan(plan) as opened:
        found = reports(opened.picture(), opened.read.plan.timezone, opened.store.texts.find)
    if json:
        print_json({"schema": 1, "reports": found})
    else:
        print_text(reports_text(found, file=str(plan), width=columns()))
    return 0

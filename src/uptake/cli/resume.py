"""`uptake resume`: let go on what a person held, or what was interrupted.

It answers no open question: that is `approve`.
"""

from pathlib import Path

from uptake.app.start import ticket_of
from uptake.app.word import Word
from uptake.cli.word import put


def run(plan: Path, *, half: str = "", why: str = "", ticket: str = "", json: bool = False) -> int:
    """Release the brake.

    Args:
        plan: the plan file.
        half: deploy or implement; whatever is held by default.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return put(plan, Word(what="resume", half=half, why=why, data=ticket_of(ticket)), as_json=json)

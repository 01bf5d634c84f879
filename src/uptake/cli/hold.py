"""`uptake hold`: a person's brake. Nothing new begins; what runs on a host ends its step.

The word stands in the ledger before it is acknowledged, so the loop, in whatever process,
decides nothing more without it.
"""

from pathlib import Path

from uptake.app.start import ticket_of
from uptake.app.word import Word
from uptake.cli.word import put


def run(plan: Path, *, half: str = "", why: str = "", ticket: str = "", json: bool = False) -> int:
    """Hold the plan, or one half of it.

    Args:
        plan: the plan file.
        half: deploy or implement; both by default.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return put(plan, Word(what="hold", half=half, why=why, data=ticket_of(ticket)), as_json=json)

"""`uptake approve`: answer one open question, with a reason; it counts as passing that gate.

Which questions are open, `uptake status` says.
"""

from pathlib import Path

from uptake.app.start import ticket_of
from uptake.app.word import Word
from uptake.cli.word import put


def run(plan: Path, question: str, *, why: str, ticket: str = "", json: bool = False) -> int:
    """Approve.

    Args:
        plan: the plan file.
        question: its name, as `uptake status` prints it: gate-wave-2.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return put(plan, Word(what="approve", why=why, question=question, data=ticket_of(ticket)), as_json=json)

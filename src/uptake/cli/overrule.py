"""`uptake overrule`: take back what a rule decided on a wave, with a reason.

The wave goes back to its gate, and one whose exposure was withdrawn opens again; what was sent stays sent. The
rule does not speak on that wave again.
"""

from pathlib import Path

from uptake.app.start import ticket_of
from uptake.app.word import Word
from uptake.cli.word import put


def run(plan: Path, entry: str, *, why: str, ticket: str = "", json: bool = False) -> int:
    """Overrule.

    Args:
        plan: the plan file.
        entry: the ledger entry of the rule's decision, as `uptake why` prints it.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object.
    """
    return put(plan, Word(what="overrule", why=why, question=entry, data=ticket_of(ticket)), as_json=json)

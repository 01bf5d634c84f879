"""What people say over the web: the one place that knows which role may say what, used by forms and requests alike.

The word itself is checked, kept and said once by the function that is handed in, the one behind the commands on
this machine. It knows no form and no JSON.
"""

from collections.abc import Callable

from uptake.app.word import Taken, Word
from uptake.core.problem import Refused
from uptake.web.auth import Holder

Say = Callable[[Word, str], Taken]
"""Appends a word of somebody (by name) and returns its entry; raises `Refused`. It waits for the disk."""

READERS = frozenset({"viewer", "operator", "owner"})
OPERATORS = frozenset({"operator", "owner"})
OWNERS = frozenset({"owner"})
MAY_SAY: dict[str, frozenset[str]] = {
    "report": READERS,
    "hold": OPERATORS,
    "resume": OPERATORS,
    "approve": OPERATORS,
    "deploy": OPERATORS,
}
"""Which roles may say a word; what is not named here nobody says over the web (revisions, overruling)."""
STATUS = {
    "UP030": 422,
    "UP031": 409,
    "UP032": 404,
    "UP033": 409,
    "UP010": 503,
    "UP301": 503,
    "UP303": 503,
    "UP304": 503,
    "UP330": 503,
}
"""The HTTP status of a refused word, by its problem's code; 409 for any other."""


class NotAllowed(Exception):
    """This holder may not say this; nothing was said."""

    def __init__(self, holder: Holder, what: str) -> None:
        """Args: holder: who tried; what: the word."""
        self.what = f"The token {holder.name} has the role {holder.role}; to {what} needs an operator or owner."
        if not holder.digest:
            self.what = f"Reading needs no token here; to {what} needs an operator's or owner's."
        self.hint = f"Make one with: uptake token add PLAN --name NAME --role {needed(what)}"
        super().__init__(self.what)


def may(holder: Holder, what: str) -> bool:
    """Whether this holder may say this word."""
    return holder.role in MAY_SAY.get(what, frozenset())


def needed(what: str) -> str:
    """The least role that may say a word."""
    allowed = MAY_SAY.get(what, OWNERS)
    return next(role for role in ("viewer", "operator", "owner") if role in allowed)


def check_may(holder: Holder, what: str) -> None:
    """Refuse a word of somebody whose role does not allow it.

    Raises:
        NotAllowed: their role is too small.
    """
    if not may(holder, what):
        raise NotAllowed(holder, what)


def spoken(say: Say, holder: Holder, word: Word) -> Taken:
    """A holder's word, appended under the token's name; to be called beside the event loop.

    Raises:
        NotAllowed: their role does not allow it.
        Refused: the word would change nothing, or is not a good one; see `status_of`.
    """
    check_may(holder, word.what)
    return say(word, holder.name)


def status_of(refused: Refused) -> int:
    """The HTTP status for a refused word."""
    return STATUS.get(refused.problems[0].code, 409)

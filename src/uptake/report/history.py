"""How use grew: the counts of every look that the ledger holds, thinned where there are very many.

A fold beside the picture, which knows only the last look. It keeps counts by wave and no person,
and is the same however the entries are handed in, so that every screen draws the same curve.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from uptake.core.entry import Entry, Observed
from uptake.core.event import Answer
from uptake.core.time import Instant

LOOKS_MOST = 240
"""With twice as many looks, every second one of them is let go; the newest stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One look: when, the entry that says so first, and the counts of each wave."""

    at: Instant
    seq: int
    waves: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The looks up to an entry, in order."""

    seq: int = 0
    looks: tuple[Looked, ...] = ()


def followed(history: History, entries: Iterable[Entry]) -> History:
    """The history with the entries that come after it; those it knows already are passed over.

    Args:
        history: what is known so far.
        entries: in the ledger's order.
    """
    looks, seq = list(history.looks), history.seq
    for entry in entries:
        if entry.seq <= seq:
            continue
        seq, body = entry.seq, entry.body
        if not isinstance(body, Observed) or not body.looked_at or (looks and looks[-1].at == body.looked_at):
            continue
        looks.append(Looked(at=body.looked_at, seq=seq, waves=body.waves))
        if len(looks) == 2 * LOOKS_MOST:
            looks = looks[1::2]
    return History(seq=seq, looks=tuple(looks))

"""The looks as a board shows them: adoption over time, over all waves but the holdout and by wave.

From the history of the ledger's looks; the newest is the same figure as everywhere on the board.
It estimates nothing and looks no further than today.
"""

from uptake.report.board import Counted, Look
from uptake.report.history import History, Looked
from uptake.report.known import Known


def looks(known: Known, history: History) -> tuple[Look, ...]:
    """Every look since the draw, in order."""
    whom = known.whom
    if whom is None:
        return ()
    inside = frozenset(wave.ordinal for wave in whom.inside)
    return tuple(_look(looked, inside, known.min_group) for looked in history.looks if looked.seq > whom.drawn.seq)


def _look(looked: Looked, inside: frozenset[int], min_group: int) -> Look:
    answers = [answer for answer in looked.waves if answer.wave in inside]
    return Look(
        at=looked.at,
        seq=looked.seq,
        adopters=sum(answer.adopters for answer in answers),
        present=sum(answer.present for answer in answers),
        waves=tuple(
            Counted(wave=answer.wave + 1, adopters=answer.adopters, present=answer.present)
            for answer in answers
            if answer.present >= min_group
        ),
    )

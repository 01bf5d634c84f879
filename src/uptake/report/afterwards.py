"""What came after an adjustment, who overruled it, and the change tickets behind a decision.

"Afterwards" is all that is said: an adjustment was offered to a whole wave, so nothing here tells what it caused.
From the ledger alone; groups that are too small are left out as on every screen.
"""

from collections.abc import Iterator

from uptake.core.event import Answer
from uptake.core.picture import Noted, Spoken
from uptake.core.stage import Stage
from uptake.report.history import History
from uptake.report.known import Known
from uptake.report.words import of, percent

LOOKS_SHOWN = 3
"""So many of the looks after an adjustment are told, the newest among them."""
RULES = "implement.adjust."
"""How the plan keys of rules begin."""


def afterwards(known: Known, noted: Noted, history: History) -> tuple[str, ...]:
    """How adoption of the wave stood at the looks after a rule spoke on it; nothing for other decisions.

    Args:
        known: the plan and its picture.
        noted: the decision.
        history: the looks of the same ledger.
    """
    decision = noted.decision
    if not decision.rule.startswith(RULES) or decision.stage.ordinal < 0 or decision.stage.half != "implement":
        return ()
    seen = [(look.at, answer) for look in history.looks if look.seq > noted.seq for answer in look.waves]
    mine = [(at, answer) for at, answer in seen if answer.wave == decision.stage.ordinal]
    shown = [*mine[: LOOKS_SHOWN - 1], *mine[LOOKS_SHOWN - 1 :][-1:]]
    told = [f"{known.at(at)}: adoption {_share(answer, known.min_group)}" for at, answer in shown]
    return (*told, *_overruled(known, noted))


def tickets(known: Known, noted: Noted) -> tuple[str, ...]:
    """The change tickets of the words that a decision stands on: its run's or half's start, and those it cites."""
    cited = {fact.source.removeprefix("entry ") for fact in noted.decision.evidence if fact.source.startswith("entry ")}
    seqs = {int(word) for word in cited if word.isdigit()} | _starts(known, noted.decision.stage)
    words = [spoken for spoken in known.picture.words if spoken.seq in seqs and spoken.said.data.get("ticket")]
    return tuple(_ticket(spoken) for spoken in words)


def _share(answer: Answer, min_group: int) -> str:
    if answer.present < min_group:
        return "of too few people to show"
    return f"{of(answer.adopters, answer.present)} = {percent(answer.adopters / answer.present)}"


def _overruled(known: Known, noted: Noted) -> Iterator[str]:
    word = known.picture.overruled.get((noted.decision.stage, noted.decision.rule))
    if word is not None:
        yield f"{known.at(word.at)}: overruled by {word.said.who} (entry {word.seq})"


def _starts(known: Known, stage: Stage) -> set[int]:
    """The entries that began what a stage belongs to."""
    picture = known.picture
    if stage.half == "implement":
        return {picture.drawn.seq} if picture.drawn is not None else set()
    return {run.seq for run in picture.runs if run.number == stage.run}


def _ticket(spoken: Spoken) -> str:
    said = spoken.said
    return f"{said.data['ticket']} ({said.what} by {said.who}, entry {spoken.seq})"

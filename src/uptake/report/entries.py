"""One entry of the ledger for people: what kind it is, who or what it is about, its facts and its hash.

Summaries only, as every figure cites them: no text of a person's reason, no name of a person, no
secret. The whole entry is the ledger's, and `verify` recomputes its hash.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from uptake.core.action import Outcome, RunStep
from uptake.core.entry import Asked, Decided, Done, Entry, Failed, Observed, Said
from uptake.report.because import action_words
from uptake.report.board import Board
from uptake.report.known import Known
from uptake.report.words import of, stage_name

FAILURES_SHOWN = 10
"""So many failed hosts of one step are shown; the counts are complete."""
SPOKEN = ("version", "question", "revision", "action", "figure")
"""Facts of a person's word that are shown; all else is the ledger's own."""
KINDS = {
    "Observed": "Observed: what was seen",
    "Decided": "Decided",
    "Asked": "Asked: to be done",
    "Done": "Done",
    "Failed": "Failed",
    "Said": "Said by a person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShown:
    """An entry: its number, moment, kind in words, facts as (name, value), lines that a failed step printed, hash."""

    seq: int
    at: str
    kind: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    hash: str


def shown(known: Known, entry: Entry) -> EntryShown:
    """An entry for people.

    Args:
        known: the plan and the picture; the picture knows what an outcome is the outcome of.
        entry: of the same ledger.
    """
    return EntryShown(
        seq=entry.seq,
        at=known.at(entry.at),
        kind=KINDS[entry.kind],
        facts=tuple(_facts(known, entry)),
        lines=tuple(_lines(known, entry)),
        hash=entry.hash,
    )


def cited(board: Board) -> frozenset[int]:
    """The entries that the board's figures, waves, hosts and newest look cite."""
    named = (figure.source.removeprefix("entry ") for figure in board.figures if figure.source.startswith("entry "))
    seqs = {int(word) for word in named if word.isdigit()}
    seqs |= {wave.seq for wave in board.waves} | {host.seq for host in board.hosts}
    seqs |= {look.seq for look in board.looks[-1:]}
    return frozenset(seqs - {0})


def _facts(known: Known, entry: Entry) -> Iterator[tuple[str, str]]:
    body = entry.body
    match body:
        case Observed():
            yield from _observed(known, body)
        case Decided():
            for decision in body.decisions:
                yield stage_name(decision.stage), f"{decision.verdict}, {decision.state}: {decision.why}"
        case Asked():
            yield "to do", action_words(body.action)
        case Done() | Failed():
            act = known.picture.acts.get(body.outcome.key)
            if act is not None:
                yield "of", f"{action_words(act.action)} (entry {act.seq})"
            yield from _outcome(body.outcome)
        case Said():
            yield "word", body.what + (f", {body.half}" if body.half else "")
            yield "who", body.who
            yield from ((name, str(body.data[name])) for name in SPOKEN if name in body.data)
        case _:  # pragma: no cover
            assert_never(body)


def _observed(known: Known, body: Observed) -> Iterator[tuple[str, str]]:
    for seen in body.hosts:
        yield seen.name, seen.state + (f": {seen.detail}" if seen.detail else "")
    if body.looked_at:
        yield "look", known.at(body.looked_at)
    for answer in body.waves:
        few = answer.present < known.min_group
        counts = of(answer.adopters, answer.present, "person", "people")
        yield f"wave {answer.wave + 1}", "too few people to show" if few else f"{counts} adopted"
    if body.strays:
        what = "settings" if known.plan.counts_by_setting else "events of subjects"
        yield "strays", f"{body.strays:,} {what} that are not in the audience"


def _outcome(outcome: Outcome) -> Iterator[tuple[str, str]]:
    if outcome.counts:
        yield "counts", ", ".join(f"{number:,} {word}" for word, number in sorted(outcome.counts.items()))
    if outcome.interrupted:
        yield "ended", "interrupted"


def _lines(known: Known, entry: Entry) -> Iterator[str]:
    """What failed steps printed, host by host; of people nobody is named."""
    if not isinstance(entry.body, Failed | Done):
        return
    act = known.picture.acts.get(entry.body.outcome.key)
    if act is None or not isinstance(act.action, RunStep):
        return
    for failure in entry.body.outcome.failures[:FAILURES_SHOWN]:
        code = f", exit {failure.exit_code}" if failure.exit_code is not None else ""
        yield f"{failure.target}: {failure.step or 'step'}{code}, left {failure.state}"
        yield from (f"  {line}" for line in failure.lines)

"""Recompute every decision from the ledger alone, and name each that differs.

A replay folds the entries in order and decides again at each `Observed`; what was written
behind it must be the same, word for word. It checks decisions, not the estimates behind
them, and touches no port.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from uptake.core.action import Action
from uptake.core.entry import Asked, Decided, Entry, Observed
from uptake.core.picture import Picture, fold
from uptake.loop.decide import decide
from uptake.plan.model import Plan
from uptake.plan.read import read_plan

BEHIND_MOST = 1_000
"""At most so many entries behind an `Observed` belong to its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How many ticks were decided again, and the sequences at which something else came out."""

    ticks: int
    decisions: int
    differing: tuple[int, ...]
    picture: Picture


def replay(plan: Plan, entries: Iterable[Entry]) -> Replayed:
    """Decide again at each `Observed`, by the plan's text that stood in the ledger there.

    Args:
        plan: what counts until the ledger brings a text.
        entries: from the first one on.

    Where no `Decided` stands directly behind one, either nothing was new, or the turn was cut short (another
    entry came between, or the process died) and was taken again later; then there is nothing to compare.
    """
    lines = list(entries)
    picture, ticks, decisions = Picture(), 0, 0
    differing: list[int] = []
    for position, entry in enumerate(lines):
        fold(picture, entry)
        if picture.revisions and picture.revisions[-1].seq == entry.seq:
            plan = read_plan(picture.revisions[-1].text, file=f"entry {entry.seq}").plan
        if not isinstance(entry.body, Observed):
            continue
        behind = lines[position + 1 : position + 1 + BEHIND_MOST]
        if not behind or not isinstance(behind[0].body, Decided):
            continue
        verdicts = decide(plan, picture, entry.body.now)
        ticks += 1
        decisions += len(verdicts.decisions)
        if (verdicts.decisions, verdicts.actions) != (behind[0].body.decisions, _asked(behind[1:])):
            differing.append(entry.seq)
    return Replayed(ticks=ticks, decisions=decisions, differing=tuple(differing), picture=picture)


def _asked(lines: list[Entry]) -> tuple[Action, ...]:
    """The actions asked for directly behind a `Decided`."""
    actions: list[Action] = []
    for entry in lines:
        if not isinstance(entry.body, Asked):
            break
        actions.append(entry.body.action)
    return tuple(actions)

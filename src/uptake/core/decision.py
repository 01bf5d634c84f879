"""A verdict with its evidence: why the ring went on, held or turned back.

A decision cites the plan line of its rule and the numbers it saw, so that it can be read,
replayed and disputed. Deciding itself lives in the halves.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.action import Action
from uptake.core.stage import Stage
from uptake.core.time import Instant

Verdict = Literal["advance", "hold", "retry", "adjust", "rollback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One number or fact that a decision used: what was seen, what was wanted, and where it came from."""

    what: str
    seen: str
    wanted: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided about a stage.

    Args:
        stage: the batch or wave; ordinal -1 means the whole run or half.
        verdict: one of the field's verdicts.
        state: the state word that the stage has from now on (words table of the product).
        rule: the plan key that decided, as a dotted path (`implement.gate`); its line is cited by `why`.
        why: one sentence for a person.
        evidence: the facts used.
        question: the name of an open question that a person must answer, or empty.
        targets: the hosts that this decision excludes from the run.
    """

    stage: Stage
    verdict: Verdict
    state: str
    rule: str
    why: str
    evidence: tuple[Evidence, ...] = ()
    question: str = ""
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What one tick decides: decisions, actions to ask for, and when to look again at the latest."""

    decisions: tuple[Decision, ...]
    actions: tuple[Action, ...]
    look_again: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Whether the hosts that serve a wave carry it now: the join of the halves, one way.

    Args:
        ready: a wave may open on them.
        why: what stands against it, a clause for a sentence; empty when ready.
        evidence: the run and the probes cited.
        look_again: when this may change by time alone.
    """

    ready: bool
    why: str = ""
    evidence: tuple[Evidence, ...] = ()
    look_again: Instant

"""The ledger's lines: Observed, Decided, Asked, Done, Failed, Said, and their hash chain.

One chain per plan: hash = SHA-256(previous hash, sequence, kind, canonical body). Bodies are
JSON with sorted keys; the store keeps the very bytes that were hashed. `Said` may come from
any process, all else needs the lease's epoch.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

import msgspec

from uptake.core.action import (
    Action,
    Announce,
    Close,
    EndRun,
    Grant,
    Invite,
    Notify,
    Open,
    Outcome,
    RunStep,
    Survey,
    Withdraw,
)
from uptake.core.decision import Decision
from uptake.core.event import Answer
from uptake.core.look import Measured, SourceSeen, Surveyed, Ticketed, Trained
from uptake.core.time import Instant

Kind = Literal["Observed", "Decided", "Asked", "Done", "Failed", "Said"]
FIRST_HASH = "0" * 64
"""What the first entry of a plan is chained to."""

ACTIONS: dict[str, type[Action]] = {
    cls.__name__: cls for cls in (RunStep, EndRun, Announce, Open, Close, Grant, Withdraw, Notify, Invite, Survey)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """A host's health as its probes last changed it: state, since when, and the failing check's words."""

    name: str
    state: Literal["healthy", "unhealthy", "unknown"]
    since: Instant
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSeen:
    """Receipts beneath an open action: how many targets are wanted, done, in doubt."""

    key: str
    wanted: int
    done: int
    in_doubt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the ports said at `now`, summaries only; from `waves` on as of the look at `looked_at`."""

    now: Instant
    hosts: tuple[HostSeen, ...] = ()
    steps: tuple[StepSeen, ...] = ()
    waves: tuple[Answer, ...] = ()
    looked_at: Instant = Instant(0)
    strays: int = 0
    sources: tuple[SourceSeen, ...] = ()
    training: tuple[Trained, ...] = ()
    tickets: tuple[Ticketed, ...] = ()
    surveys: tuple[Surveyed, ...] = ()
    outcomes: tuple[Measured, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The verdicts of one tick; the actions asked for follow as entries of their own."""

    decisions: tuple[Decision, ...]
    look_again: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An action, written before it is done."""

    action: Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """An asked action that every target has done."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An asked action that some target did not do."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's word.

    Args:
        what: commit, freeze, start, revise, audience, hold, resume, approve, overrule, rollback, done or report.
        who: who said it, as the machine or token knows them.
        half: deploy, implement, or empty for both.
        why: the digest of the reason's text; the text itself can be erased.
        data: facts of this word (see `core.picture`).
    """

    what: str
    who: str
    half: str = ""
    why: str = ""
    data: Mapping[str, object] = field(default_factory=dict[str, object])


Body = Observed | Decided | Asked | Done | Failed | Said
BODIES: dict[str, type[Body]] = {cls.__name__: cls for cls in (Observed, Decided, Asked, Done, Failed, Said)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger: sequence from 1, when it was written, its body and its place in the chain."""

    seq: int
    at: Instant
    kind: Kind
    body: Body
    raw: bytes
    hash: str


def encode(body: Body) -> bytes:
    """The body's canonical JSON."""
    if isinstance(body, Asked):
        plain = cast("dict[str, object]", msgspec.to_builtins(body.action))
        return msgspec.json.encode({"do": type(body.action).__name__, **plain}, order="sorted")
    return msgspec.json.encode(body, order="sorted")


def decode(kind: str, raw: bytes) -> Body:
    """The body that `encode` wrote.

    Raises:
        msgspec.ValidationError: bytes that are no body of this kind.
    """
    if kind == "Asked":
        plain = msgspec.json.decode(raw, type=dict[str, object])
        kind_of_action = ACTIONS[str(plain.pop("do"))]
        return Asked(action=msgspec.convert(plain, type=kind_of_action))
    return msgspec.json.decode(raw, type=BODIES[kind])


def chain(previous: str, *, seq: int, at: Instant, kind: str, raw: bytes) -> str:
    """The hash of an entry that follows the hash `previous`."""
    head = f"{previous}\0{seq}\0{at}\0{kind}\0".encode()
    return hashlib.sha256(head + raw).hexdigest()


def rounded(value: float) -> float:
    """A number as `Observed` keeps it: 12 significant digits."""
    return float(f"{value:.12g}")

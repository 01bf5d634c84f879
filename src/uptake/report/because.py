"""Why something was decided: the numbers it saw, the plan line of its rule, and what was asked for then.

For `uptake why`. It reads decisions as they stand in the ledger and judges none again; `replay`
does that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, assert_never, cast

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
    RunStep,
    Survey,
    Withdraw,
)
from uptake.core.decision import Decision
from uptake.core.picture import Noted, Picture
from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.deploy.steps import item_name
from uptake.plan.read import ReadPlan
from uptake.report.afterwards import afterwards, tickets
from uptake.report.board import Decided, Failed
from uptake.report.failed import behind, failed_lines
from uptake.report.figures import decided, is_of_plan
from uptake.report.history import History
from uptake.report.known import Known
from uptake.report.plain import SCHEMA
from uptake.report.terminal import Paint, bounded, plain, wrap
from uptake.report.words import listed, stage_name

LATEST = 5
"""Without a choice, so many of the newest decisions are explained."""
_NUMBER = re.compile(r"\d+")
_STAGE = re.compile(r"(wave|run|batch)-(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """A decision with what stands behind it.

    Args:
        decided: the decision as text, with its evidence and its plan line.
        plan_text: what the plan says at that line, or that the rule is a default.
        asked: the actions that were asked for with it.
        failures: what failed on which host, where the decision cites it.
        afterwards: how it went on after a rule spoke, told without a claim that it was the rule's doing.
        tickets: the change tickets of the words that it stands on.
    """

    decided: Decided
    plan_text: str
    asked: tuple[str, ...]
    failures: tuple[Failed, ...] = ()
    afterwards: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()


def because(read: ReadPlan, picture: Picture, seq: int, *, history: History | None = None) -> tuple[Because, ...]:
    """The decisions of one ledger entry; empty where that entry is no decision.

    Args:
        read: the plan of the ledger's revision.
        picture: the fold of its entries.
        seq: the entry.
        history: the looks of the same entries; without it nothing is told of what came afterwards.
    """
    known = Known(read=read, picture=picture, now=picture.observed.now)
    looks = history or History()
    return tuple(_because(known, noted, looks) for noted in picture.decisions if noted.seq == seq)


def reasons(
    read: ReadPlan, picture: Picture, which: str = "", *, history: History | None = None
) -> tuple[Because, ...]:
    """The decisions that a choice means, newest first.

    Args:
        read: the plan of the ledger's revision.
        picture: the fold of its entries.
        which: an entry's number, `wave-2`, `run-2`, `batch-1` (of the latest run), `deploy`, `implement`, `all`;
            empty for the latest.
        history: as of `because`.

    Raises:
        ValueError: no such choice; the message says what there is.
    """
    known = Known(read=read, picture=picture, now=picture.observed.now)
    chosen = _chosen(picture, which.strip().lower())
    return tuple(_because(known, noted, history or History()) for noted in reversed(chosen))


def reasons_text(found: Sequence[Because], *, width: int = 100, colour: bool = False) -> str:
    """Reasons as paragraphs for a terminal, ended by a newline."""
    paint, width = Paint(colour=colour), bounded(width)
    lines: list[str] = []
    for one in found:
        if lines:
            lines.append("")
        lines += _text(one, paint, width)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def reasons_json(found: Sequence[Because]) -> dict[str, Any]:
    """Reasons as plain values for `--json`."""
    decisions = [
        {
            **cast("dict[str, Any]", msgspec.to_builtins(one.decided)),
            "plan_text": one.plan_text,
            "asked": list(one.asked),
            "failures": msgspec.to_builtins(one.failures),
            "afterwards": list(one.afterwards),
            "tickets": list(one.tickets),
        }
        for one in found
    ]
    return {"schema": SCHEMA, "decisions": decisions}


def action_words(action: Action) -> str:
    """An action in words."""
    match action:
        case RunStep(part=part, item=item, hosts=hosts, version=version):
            return f"{item_name(part, item)} of {version} on {listed(hosts)}"
        case EndRun(stage=stage):
            return f"end run {stage.run}"
        case Announce(stage=stage, item=item):
            return f"announcement {item + 1} to {'everybody' if stage.ordinal < 0 else stage_name(stage)}"
        case Open(stage=stage):
            return f"open {stage_name(stage)}"
        case Close(stage=stage):
            return f"close {stage_name(stage)}"
        case Grant(stage=stage):
            return f"give the people of {stage_name(stage)} access"
        case Withdraw(stage=stage):
            return f"take access from the people of {stage_name(stage)}"
        case Notify(title=title):
            return f"notice: {title}"
        case Invite(stage=stage, round=number):
            return f"invite {stage_name(stage)} to {'a further session' if number else 'its training'}"
        case Survey(stage=stage, item=item):
            return f"survey {item + 1} to {stage_name(stage)}"
        case _:  # pragma: no cover
            assert_never(action)


def _chosen(picture: Picture, which: str) -> Sequence[Noted]:
    noted = picture.decisions
    if which in ("", "all"):
        return noted if which else noted[-LATEST:]
    if which in ("deploy", "implement"):
        found = [one for one in noted if one.decision.stage.half == which]
    elif _NUMBER.fullmatch(which):
        found = [one for one in noted if one.seq == int(which)]
    elif match := _STAGE.fullmatch(which):
        found = [one for one in noted if _is_of(one.decision, match[1], int(match[2]), picture)]
    else:
        raise ValueError(f"`{which}` is no entry and no stage; {_choices(picture)}")
    if not found:
        raise ValueError(f"nothing was decided at `{which}`; {_choices(picture)}")
    return found


def _is_of(decision: Decision, kind: str, number: int, picture: Picture) -> bool:
    stage = decision.stage
    match kind:
        case "wave":
            return stage.half == "implement" and stage.ordinal == number - 1
        case "run":
            return stage.half == "deploy" and stage.run == number
        case _:
            latest = len(picture.runs)
            return stage.half == "deploy" and stage.run == latest and stage.ordinal % ROLLBACK_FROM == number - 1


def _choices(picture: Picture) -> str:
    if not picture.decisions:
        return "nothing is decided yet"
    stages: set[Stage] = {one.decision.stage for one in picture.decisions}
    waves = sorted({f"wave-{s.ordinal + 1}" for s in stages if s.half == "implement" and s.ordinal >= 0})
    runs = sorted({f"run-{s.run}" for s in stages if s.half == "deploy" and s.run})
    first, last = picture.decisions[0].seq, picture.decisions[-1].seq
    return f"there are {listed([*waves, *runs], most=12)}, and decisions from entry {first} to {last}"


def _because(known: Known, noted: Noted, history: History) -> Because:
    rule = noted.decision.rule
    return Because(
        decided=decided(known, noted),
        plan_text=_plan_text(known.as_of(noted.seq), rule) if is_of_plan(rule) else "",
        asked=tuple(action_words(action) for action in _asked(known.picture, noted)),
        failures=behind(known, noted),
        afterwards=afterwards(known, noted, history),
        tickets=tickets(known, noted),
    )


def _plan_text(known: Known, rule: str) -> str:
    """The plan's line of a rule; where the plan does not write the key, that its default stands."""
    lines = known.read.text.splitlines()
    number = known.read.where(rule).line
    text = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return text if rule in known.read.marks else f"{text} ({rule} is not written there: its default holds)"


def _asked(picture: Picture, noted: Noted) -> tuple[Action, ...]:
    """The actions that stand directly behind a decision and are about its stage."""
    by_seq = {act.seq: act.action for act in picture.acts.values()}
    found: list[Action] = []
    seq = noted.seq + 1
    while seq in by_seq:
        found.append(by_seq[seq])
        seq += 1
    return tuple(action for action in found if action.stage == noted.decision.stage)


def _text(one: Because, paint: Paint, width: int) -> list[str]:
    noted = one.decided
    head, place = f"{noted.stage}: {noted.verdict}, {noted.state}", f"entry {noted.seq}, {noted.at}"
    if len(head) + 2 + len(place) <= width:
        lines = [f"{paint(head, noted.half)}  {paint(place, 'quiet')}"]
    else:
        lines = [paint(line, noted.half) for line in wrap(head, width)]
        lines += [paint(line, "quiet") for line in wrap(place, width, indent="  ")]
    lines += failed_lines(one.failures, paint, width)
    lines += wrap(noted.why, width, indent="  ")
    for fact in noted.evidence:
        wanted = f"; wanted {fact.wanted}" if fact.wanted else ""
        source = f" ({fact.source})" if fact.source else ""
        lines += wrap(f"saw    {fact.what}: {plain(fact.seen)}{wanted}{source}", width, indent="  ", hanging=" " * 9)
    where = f"{noted.line}: {one.plan_text}" if noted.line else "a person's word"
    lines += wrap(f"rule   {noted.rule}, {where}", width, indent="  ", hanging=" " * 9)
    if noted.question:
        lines += wrap(f"asks   {noted.question}", width, indent="  ", hanging=" " * 9)
    for words in one.asked:
        lines += wrap(f"then   {words}", width, indent="  ", hanging=" " * 9)
    for words in one.tickets:
        lines += wrap(f"ticket {words}", width, indent="  ", hanging=" " * 9)
    for words in one.afterwards:
        lines += wrap(f"after  {words}", width, indent="  ", hanging=" " * 9)
    return lines

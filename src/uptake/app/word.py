"""A person's word, as any screen takes it: checked against the picture, durable, said once.

Used by the commands on this machine, the page's forms and the requests from elsewhere, so that all of them
refuse and repeat alike. Who may say what is the web's business. The loop hears a word within its next turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from uptake.app.opened import Opened, say
from uptake.app.start import ticket_of
from uptake.core.entry import Said
from uptake.core.picture import Picture, Spoken
from uptake.core.problem import refuse
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.deploy.steps import tasks as deploy_tasks
from uptake.implement.steps import tasks as implement_tasks
from uptake.plan.hint import did_you_mean
from uptake.report.reports import name_of
from uptake.report.words import listed

HALVES = ("", "deploy", "implement")
WHY_MOST = 2000
"""Characters of a reason or a report."""
KEY_MOST = 100
"""Characters of a key."""
RULES = "implement.adjust."
"""How the plan keys of rules begin."""
TASK = "task-"
"""How the names of tasks begin, and of nothing else that is approved."""
REPORT = "report-"
"""How the names of readers' reports begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word that is to be said.

    Args:
        what: hold, resume, approve, overrule or report.
        half: deploy, implement, or empty for both.
        why: the reason, or what is reported; kept apart from the ledger so that it can be erased.
        question: the open question that an approval answers, or the entry that is overruled.
        key: the same speaker's word with the same key is said once; empty for a word of its own.
        data: further facts that the ledger keeps.
    """

    what: str
    half: str = ""
    why: str = ""
    question: str = ""
    key: str = ""
    data: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A word that stands in the ledger: its entry, and whether it was new or stood there before."""

    seq: int
    new: bool = True


class _Stands(Exception):
    """The word stands in the ledger already."""

    def __init__(self, seq: int) -> None:
        super().__init__()
        self.seq = seq


def task_done(opened: Opened, word: Word) -> Word:
    """The word as it is meant: approving a task, or a reader's report, says that it is done.

    Raises:
        Refused: no task of this name has been given, no such report was made.
    """
    if word.what != "approve" or not word.question.startswith((TASK, REPORT)):
        return word
    plan, picture = opened.read.plan, opened.picture()
    kind, known = "report", [name_of(spoken.seq) for spoken in picture.words if spoken.said.what == "report"]
    if word.question.startswith(TASK):
        kind = "task"
        known = [task.name for task in (*deploy_tasks(plan, picture), *implement_tasks(plan, picture))]
    if word.question not in known:
        hint = did_you_mean(word.question, known) or (f"{kind}s: {listed(known)}" if known else f"there are no {kind}s")
        raise refuse("UP032", str(opened.path), f"no {kind} is called `{word.question}`", hint)
    return replace(word, what="done", question="", data={**word.data, "task": word.question})


def overruling(opened: Opened, word: Word) -> Word:
    """The word as it is meant: overruling a ledger entry is about what a rule decided on a wave there.

    Raises:
        Refused: no rule decided anything on a wave there.
    """
    if word.what != "overrule":
        return word
    ruled = [noted for noted in opened.picture().decisions if noted.decision.rule.startswith(RULES)]
    spoke = [noted for noted in ruled if noted.decision.stage.half == "implement" and noted.decision.stage.ordinal >= 0]
    found = next((noted for noted in spoke if str(noted.seq) == word.question), None)
    if found is None:
        known = listed([str(noted.seq) for noted in spoke[-5:]])
        hint = f"rules decided at entry {known}" if known else "no rule has decided anything on a wave"
        raise refuse("UP035", str(opened.path), f"no rule decided anything on a wave at entry `{word.question}`", hint)
    decision = found.decision
    about = {"entry": found.seq, "rule": decision.rule, "stage": msgspec.to_builtins(decision.stage)}
    return replace(word, question="", data={**word.data, **about})


def speak(opened: Opened, word: Word, *, who: str, now: Instant) -> Taken:
    """Append a word and return its entry; one that stands there already is not said again.

    Args:
        opened: the plan.
        word: what is said.
        who: as the machine or the token knows them.
        now: when.

    Raises:
        Refused: a half or question that is not there, nothing that is held, a text that is too long.
    """
    check_word(word, str(opened.path))
    word = overruling(opened, task_done(opened, word))
    kept: list[str] = []

    def build(picture: Picture) -> Said:
        before = _before(picture, word, who)
        if before is not None:
            raise _Stands(before.seq)
        _refuse_idle(picture, word, str(opened.path))
        if word.why and not kept:
            kept.append(opened.store.texts.keep(word.why))
        data: dict[str, Any] = dict(word.data)
        if word.question:
            data["question"] = word.question
        if word.key:
            data["key"] = word.key
        return Said(what=word.what, who=who, half=word.half, why=kept[0] if kept else "", data=data)

    try:
        return Taken(seq=say(opened, build, now=now))
    except _Stands as stands:
        for mark in kept:
            opened.store.texts.erase(mark)
        return Taken(seq=stands.seq, new=False)


def check_word(word: Word, place: str) -> None:
    """Refuse a word that cannot be kept.

    Raises:
        Refused: a half that no plan has, or a text or key that is too long.
    """
    if word.half not in HALVES:
        raise refuse(
            "UP030", place, f"`{word.half}` is no half of a plan", "deploy or implement; both where none is named"
        )
    for name, text, most in (("text", word.why, WHY_MOST), ("key", word.key, KEY_MOST)):
        if len(text) > most:
            raise refuse("UP030", place, f"the {name} has {len(text):,} characters", f"at most {most:,} are kept")
    ticket_of(str(word.data.get("ticket", "")))


def _before(picture: Picture, word: Word, who: str) -> Spoken | None:
    """The same word as it was said before: under its key, or the answer that its question has had."""
    if word.key:
        for spoken in reversed(picture.words):
            said = spoken.said
            if (said.what, said.who, said.data.get("key")) == (word.what, who, word.key):
                return spoken
    if word.what == "approve":
        return picture.approved.get(word.question)
    if word.what == "overrule":
        stage = msgspec.convert(word.data["stage"], type=Stage)
        return picture.overruled.get((stage, str(word.data["rule"])))
    return picture.done.get(str(word.data["task"])) if word.what == "done" else None


def _refuse_idle(picture: Picture, word: Word, place: str) -> None:
    """Refuse a word that would change nothing."""
    if word.what == "report":
        return
    if not picture.revision:
        raise refuse(
            "UP031", place, "nothing of this plan was started", "start it: `uptake deploy` or `uptake implement`"
        )
    if word.what == "approve" and word.question not in picture.questions:
        known = sorted(picture.questions)
        hint = did_you_mean(word.question, known) or (f"open: {', '.join(known)}" if known else "no question is open")
        raise refuse("UP032", place, f"no open question is called `{word.question}`", hint)
    if word.what == "resume" and not is_held(picture, word.half):
        raise refuse("UP033", place, "nothing is held", "see `uptake status`")


def is_held(picture: Picture, half: str) -> bool:
    """Whether a person's brake is on this half (empty: any), or the last run was interrupted."""
    run = picture.run
    interrupted = bool(run) and any(
        stage.half == "deploy" and stage.ordinal == -1 and stage.run == run.number and known.state == "interrupted"
        for stage, known in picture.stages.items()
    )
    return interrupted or any(not half or not scope or scope == half for scope in picture.holds)

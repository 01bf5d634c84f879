"""Bringing an edited plan file into a plan that runs: what follows from each change, and the word that does it.

What would rewrite the past is refused here, before anything is written: the draw, a run under way,
mails that were sent, rules that spoke. The ring takes the new text up at its next turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from uptake.app.opened import Opened, say, speaker
from uptake.app.start import file_digests, revision_of
from uptake.core.action import Announce, Survey
from uptake.core.entry import Said
from uptake.core.picture import Picture
from uptake.core.problem import Problem, Refused, refuse
from uptake.core.time import Instant
from uptake.deploy.gates import run_state
from uptake.implement.gates import gate_of
from uptake.implement.targets import outcome_stage, wave_stage
from uptake.plan.difference import Change, difference
from uptake.plan.model import Implement
from uptake.plan.read import ReadPlan

DRAWN = (
    *(f"implement.waves.{key}" for key in ("assign_by", "sizes", "holdout", "order", "stratify")),
    "implement.audience.id",
    "implement.audience.setting",
)
"""What the draw stands on: fixed once the waves are drawn."""
MEASURE = tuple(f"implement.adoption.{key}" for key in ("event", "count", "within", "replaces"))
"""What counts as use: where it changes, a new measurement begins."""
BUSY = ("running", "held", "interrupted")
"""States of a run that is not at its end."""

FOLLOWS: tuple[tuple[str, str], ...] = (
    ("implement.gate", "for waves not yet opened; an open wave keeps its gate until it has passed"),
    ("implement.adoption.target", "from the next turn on"),
    ("implement.adoption", "a new measurement begins; what was counted before stays in the ledger"),
    ("implement.waves", "for waves not yet opened"),
    ("implement.audience", "the people were drawn already; nobody changes wave"),
    ("implement.announce", "for mails not yet sent; to open waves too, at once where its time has passed"),
    ("implement.adjust", "from the next look on, for open waves too"),
    ("implement.outcomes", "from the next look on; values are kept under the outcome's name"),
    ("implement.tasks", "from the next turn on; what is done stays done"),
    ("implement.expose.access", "for people who get or lose access from now on"),
    ("implement", "from the next turn on"),
    ("deploy.update.watch", "from the next turn on"),
    ("deploy.update.health", "takes effect with the next run; watching the hosts goes by it from the next turn on"),
    ("deploy.events", "from the next turn on; a new address is told of the run under way, and of what follows"),
    ("deploy", "takes effect with the next run"),
    ("", "free to change"),
)
"""What follows from a change, by the first path that it is at or below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A change with what follows from it; `problem` where it is refused."""

    change: Change
    follows: str
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revising:
    """An edited file beside the ledger's revision.

    Args:
        read: the plan as the file says it.
        revision: the digest of the ledger's revision.
        changes: each key that differs, judged.
        files: files that the plan names and whose contents are others than the ledger has.
    """

    read: ReadPlan
    revision: str
    changes: tuple[Judged, ...]
    files: tuple[str, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is refused."""
        return tuple(judged.problem for judged in self.changes if judged.problem is not None)

    @property
    def nothing(self) -> bool:
        """Whether the ledger has this text and these files already."""
        return self.read.digest == self.revision and not self.files


def revising(opened: Opened, picture: Picture) -> Revising:
    """Compare the file with the ledger's revision.

    Raises:
        Refused: nothing of this plan was started.
    """
    file = opened.file
    assert file is not None
    if not picture.revision:
        raise _not_started(opened)
    old = opened.read
    changes = tuple(_judge(change, old, file, picture) for change in difference(old, file))
    return Revising(read=file, revision=picture.revision, changes=changes, files=tuple(_other_files(opened, picture)))


def revise(opened: Opened, shown: Revising, *, now: Instant) -> int:
    """Bring the file's text in, and return the entry's sequence.

    Raises:
        Refused: a change that is not possible, or another revision came first.
    """

    def build(picture: Picture) -> Said:
        if picture.revision != shown.revision:
            what = "another revision was brought in meanwhile"
            raise refuse("UP052", str(opened.path), what, "look at the difference again, then revise")
        found = revising(opened, picture)
        if found.problems:
            raise Refused(*found.problems)
        data = {
            **revision_of(_as_file(opened), picture),
            "text": shown.read.text,
            "changes": [judged.change.path for judged in found.changes],
            "gates": _kept_gates(opened, picture),
            "measure": any(judged.change.touches(*MEASURE) for judged in found.changes),
        }
        return Said(what="revise", who=speaker(), data=data)

    return say(opened, build, now=now)


def _as_file(opened: Opened) -> Opened:
    """The plan with the file's text as the one that counts."""
    assert opened.file is not None
    return Opened(path=opened.path, file=opened.file, read=opened.file, store=opened.store)


def _not_started(opened: Opened) -> Refused:
    """Nothing is in the ledger: either it was never started, or the file has another name now."""
    from uptake.store.open import plans_in

    file = opened.file
    assert file is not None
    others = [name for name in plans_in(opened.folder) if name != file.plan.plan]
    if others:
        what = f"a plan's name stays; this folder's state is of {', '.join(others)}, and the file says {file.plan.plan}"
        return Refused(Problem(code="UP050", where=file.value("plan"), what=what, hint="write the name of before"))
    hint = "start it: `uptake deploy` or `uptake implement`"
    return refuse("UP031", str(opened.path), "nothing of this plan was started", hint)


def _other_files(opened: Opened, picture: Picture) -> Iterator[str]:
    """Files whose contents are others than when they were last brought in."""
    known = [spoken.said.data["files"] for spoken in picture.words if "files" in spoken.said.data]
    before = known[-1] if known else {}
    assert isinstance(before, dict)
    now = file_digests(_as_file(opened))
    yield from (name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name))


def _kept_gates(opened: Opened, picture: Picture) -> dict[str, object]:
    """The gate of each open wave that has not passed it."""
    implement = opened.read.plan.implement
    if implement is None or picture.drawn is None:
        return {}
    waves = [wave.ordinal for wave in picture.drawn.waves if not wave.holdout]
    under = [o for o in waves if picture.stage(wave_stage(o)).state in ("open", "adopting", "held")]
    return {str(ordinal): msgspec.to_builtins(gate_of(opened.read.plan, picture, ordinal)) for ordinal in under}


def _judge(change: Change, old: ReadPlan, new: ReadPlan, picture: Picture) -> Judged:
    """What follows from a change now."""
    why, hint = _against(change, old, new, picture)
    if why:
        problem = Problem(code="UP050", where=change.where, what=f"{change.path}: {why}", hint=hint)
        return Judged(change=change, follows=f"refused: {why}", problem=problem)
    if change.path in ("deploy", "implement"):
        return Judged(change=change, follows="this half can be started" if change.new else "this half was not started")
    follows = next(words for path, words in FOLLOWS if f"{change.path}.".startswith(f"{path}." if path else ""))
    started = picture.drawn is not None if change.path.startswith("implement") else bool(picture.runs)
    if change.path.startswith(("implement", "deploy")) and not started:
        follows = "free to change: this half was not started"
    return Judged(change=change, follows=follows)


def _against(change: Change, old: ReadPlan, new: ReadPlan, picture: Picture) -> tuple[str, str]:
    """Why a change is refused and what to do instead; empty where it is not."""
    if change.path == "plan":
        return "a plan's name stays", "write the name of before; another plan is a file of its own"
    if change.touches("deploy") and picture.run is not None:
        state = run_state(picture, picture.run)
        if state in BUSY:
            return f"run {picture.run.number} is {state}", "let it end first"
        if new.plan.deploy is None:
            return "this half was started", "leave it in"
    if change.touches("implement") and picture.drawn is not None:
        return _against_draw(change, old, new, picture)
    return "", ""


def _against_draw(change: Change, old: ReadPlan, new: ReadPlan, picture: Picture) -> tuple[str, str]:
    """The same for a change in a half whose waves are drawn."""
    if new.plan.implement is None:
        return "this half was started", "leave it in"
    if change.touches(*DRAWN) and _of_draw(old) != _of_draw(new):
        return "the waves are drawn, and a draw is made once", "undo this change; other waves are another plan"
    sent = {act.action.item for act in picture.acts.values() if isinstance(act.action, Announce)}
    if change.touches("implement.announce") and _moved(_items(old, "announce"), _items(new, "announce"), sent):
        return "a mail that was sent would lose its place in the list", "keep its place; add new ones at the end"
    spoke = {rule.split(".")[2] for _, rule in picture.ruled if rule.startswith("implement.adjust.")}
    ruled = {int(number) for number in spoke if number.isdecimal()}
    if change.touches("implement.adjust") and _moved(_items(old, "adjust"), _items(new, "adjust"), ruled):
        return "a rule that spoke would lose its place in the list", "keep its place; add new ones at the end"
    told = _against_outcomes(change, old, new, picture)
    return told if told[0] else _against_promise(change, old.plan.implement, new.plan.implement, picture)


def _against_promise(change: Change, old: Implement | None, new: Implement, picture: Picture) -> tuple[str, str]:
    """The same once people have been asked: what they were told of their answers holds."""
    assert old is not None
    sent = {act.action.item for act in picture.acts.values() if isinstance(act.action, Survey)}
    if sent and change.touches("implement.privacy"):
        if old.privacy.survey_mode != new.privacy.survey_mode:
            return f"people were asked, and told that answers are {old.privacy.survey_mode}", "undo this change"
        if old.privacy.min_group > new.privacy.min_group:
            what = f"people were asked, and nothing is told of fewer than {old.privacy.min_group}"
            return what, "a larger group may be written, never a smaller one"
    for number in sent if change.touches("implement.ask") else ():
        was = old.ask[number] if number < len(old.ask) else None
        now = new.ask[number] if number < len(new.ask) else None
        if was is not None and (now is None or (was.survey, was.with_) != (now.survey, now.with_)):
            return "a survey that was sent would ask something else", "keep its place; add new ones at the end"
    return "", ""


def _against_outcomes(change: Change, old: ReadPlan, new: ReadPlan, picture: Picture) -> tuple[str, str]:
    """An outcome is looked at as declared before; what was said of it, and of tasks, keeps its place."""
    before, now = _items(old, "outcomes"), _items(new, "outcomes")
    said = {-2 - stage.ordinal for stage in picture.stages if stage.half == "implement" and stage.ordinal < -1}
    keys = {(outcome_stage(item), f"implement.outcomes.{item}{end}"): item for item in said for end in ("", ".judge")}
    judged = {item for key, item in keys.items() if key in picture.ruled}
    if change.touches("implement.outcomes"):
        if any(item >= len(now) or now[item] != before[item] for item in judged if item < len(before)):
            return "this outcome was looked at, and how is declared once", "add another outcome at the end"
        if _moved(before, now, said):
            return (
                "an outcome of which something was found would lose its place",
                "keep its place; add new ones at the end",
            )
    names = (name.removeprefix("task-implement-") for name in picture.done if name.startswith("task-implement-"))
    done = {int(number) - 1 for number in names if number.isdecimal()}
    if change.touches("implement.tasks") and _moved(_items(old, "tasks"), _items(new, "tasks"), done):
        return "a task that is done would lose its place in the list", "keep its place; add new ones at the end"
    return "", ""


def _of_draw(read: ReadPlan) -> tuple[object, ...]:
    """The values that the draw stands on, however they are written."""
    implement = read.plan.implement
    assert implement is not None
    waves, audience = implement.waves, implement.audience
    kept = (waves.assign_by, waves.sizes, waves.holdout, waves.order, waves.stratify)
    return (*kept, audience.id, audience.setting)


def _items(read: ReadPlan, key: Literal["announce", "adjust", "outcomes", "tasks"]) -> tuple[object, ...]:
    """A list of the half: its announcements, rules, outcomes or tasks."""
    implement = read.plan.implement
    assert implement is not None
    match key:
        case "announce":
            return implement.announce
        case "adjust":
            return implement.adjust
        case "outcomes":
            return implement.outcomes
        case "tasks":
            return implement.tasks


def _moved(old: tuple[object, ...], new: tuple[object, ...], used: set[int]) -> bool:
    """Whether an item that was used is gone or stands elsewhere now; edited in its place it may be."""
    return any(
        number >= len(new) or (new[number] != old[number] and (old[number] in new or new[number] in old))
        for number in used
        if number < len(old)
    )

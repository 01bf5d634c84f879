"""What is known: the fold of a plan's entries, with counters per stage and no list of people.

`Picture` is the one value of floor 0 that changes in place; `fold` is total and knows every
entry kind. Deciding reads it and never writes it, so a replay over the same entries meets
the same pictures. Its size grows with stages and decisions, never with the audience.
"""

from dataclasses import dataclass, field, replace
from typing import assert_never, cast

import msgspec

from uptake.core.action import Action, Close, EndRun, Open, Outcome, RunStep
from uptake.core.decision import Decision
from uptake.core.entry import Asked, Decided, Done, Entry, Failed, HostSeen, Observed, Said
from uptake.core.event import Answer
from uptake.core.stage import Half, HostFact, Stage, WaveFact
from uptake.core.time import Instant


@dataclass(slots=True, kw_only=True)
class Act:
    """An action that was asked, and how it ended if it has."""

    action: Action
    asked_at: Instant
    seq: int
    outcome: Outcome | None = None
    ended_at: Instant | None = None


@dataclass(slots=True, kw_only=True)
class StagePicture:
    """A stage's present state word, since when, and when it first had each state."""

    state: str = ""
    since: Instant = Instant(0)
    first: dict[str, Instant] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class RunPicture:
    """One deploy of one version: its hosts in inventory order, and those excluded from it.

    `left_out` are those of them that the run was not meant for from the beginning.
    """

    number: int
    version: str
    hosts: tuple[HostFact, ...]
    started_at: Instant
    who: str
    seq: int
    excluded: set[str] = field(default_factory=set)
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A person's word as it stands in the ledger."""

    seq: int
    at: Instant
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A text of the plan that a start or a revision brought in: it counts from this entry on."""

    seq: int
    digest: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A decision as it stands in the ledger."""

    seq: int
    at: Instant
    decision: Decision


@dataclass(slots=True, kw_only=True)
class Drawn:
    """The implement half as it was started: the seed revealed, the audience and the draw by digest.

    `waves` are as they are now, with who has joined since; `joined` says where somebody joined a wave last (sequence).
    """

    started_at: Instant
    seed: str
    audience: str
    assignment: str
    waves: tuple[WaveFact, ...]
    seq: int
    joined: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(slots=True)
class Picture:
    """Everything the ring knows at one entry of one plan's ledger."""

    seq: int = 0
    revision: str = ""
    revisions: list[Revision] = field(default_factory=list)
    gates: dict[int, object] = field(default_factory=dict)
    runs: list[RunPicture] = field(default_factory=list)
    drawn: Drawn | None = None
    observed: Observed = field(default_factory=lambda: Observed(now=Instant(0)))
    observed_seq: int = 0
    stages: dict[Stage, StagePicture] = field(default_factory=dict)
    acts: dict[str, Act] = field(default_factory=dict)
    open_acts: set[str] = field(default_factory=set)
    holds: dict[str, Spoken] = field(default_factory=dict)
    questions: dict[str, Noted] = field(default_factory=dict)
    approved: dict[str, Spoken] = field(default_factory=dict)
    done: dict[str, Spoken] = field(default_factory=dict)
    overruled: dict[tuple[Stage, str], Spoken] = field(default_factory=dict)
    last: dict[Stage, Decision] = field(default_factory=dict)
    ruled: set[tuple[Stage, str]] = field(default_factory=set)
    decisions: list[Noted] = field(default_factory=list)
    words: list[Spoken] = field(default_factory=list)

    @property
    def run(self) -> RunPicture | None:
        """The latest deploy run."""
        return self.runs[-1] if self.runs else None

    def stage(self, stage: Stage) -> StagePicture:
        """The stage's state; an empty one where nothing was decided yet."""
        return self.stages.get(stage) or StagePicture()

    def host(self, name: str) -> HostSeen:
        """What the probes last said of a host; unknown where they said nothing."""
        for seen in self.observed.hosts:
            if seen.name == name:
                return seen
        return HostSeen(name=name, state="unknown", since=Instant(0))

    def answer(self, wave: int) -> Answer | None:
        """A wave's counts as of the last look."""
        for answer in self.observed.waves:
            if answer.wave == wave:
                return answer
        return None

    def hold(self, half: Half) -> Spoken | None:
        """The person's brake on a half, if it is on."""
        return self.holds.get(half) or self.holds.get("")

    def opened_at(self, stage: Stage) -> Instant | None:
        """When a wave was opened, None if never."""
        return self.stage(stage).first.get("open")


def fold(picture: Picture, entry: Entry) -> Picture:
    """The picture after one more entry; changes and returns `picture`."""
    assert entry.seq == picture.seq + 1, f"entry {entry.seq} after {picture.seq}"
    picture.seq = entry.seq
    body = entry.body
    match body:
        case Observed():
            picture.observed, picture.observed_seq = body, entry.seq
        case Decided():
            for decision in body.decisions:
                _fold_decision(picture, decision, entry)
        case Asked():
            _fold_asked(picture, body.action, entry)
        case Done() | Failed():
            _fold_outcome(picture, body.outcome, entry)
        case Said():
            _fold_said(picture, body, entry)
        case _:  # pragma: no cover
            assert_never(body)
    return picture


def _fold_decision(picture: Picture, decision: Decision, entry: Entry) -> None:
    now = picture.observed.now
    picture.last[decision.stage] = decision
    picture.ruled.add((decision.stage, decision.rule))
    picture.decisions.append(Noted(seq=entry.seq, at=now, decision=decision))
    _enter(picture, decision.stage, decision.state)
    if decision.question and decision.question not in picture.approved:
        picture.questions.setdefault(decision.question, Noted(seq=entry.seq, at=now, decision=decision))
    if decision.targets and decision.stage.half == "deploy":
        picture.runs[decision.stage.run - 1].excluded.update(decision.targets)
    if decision.question:
        return
    for name, noted in list(picture.questions.items()):
        asked = noted.decision
        if asked.stage == decision.stage and (decision.verdict == "advance" or asked.rule == decision.rule):
            del picture.questions[name]  # gone on, or the same rule has come to another word


def _enter(picture: Picture, stage: Stage, state: str) -> None:
    now = picture.observed.now
    known = picture.stages.setdefault(stage, StagePicture())
    if known.state != state:
        known.state, known.since = state, now
        known.first.setdefault(state, now)


def _fold_asked(picture: Picture, action: Action, entry: Entry) -> None:
    now = picture.observed.now
    act = Act(action=action, asked_at=now, seq=entry.seq)
    picture.acts[action.key] = act
    if isinstance(action, Open | Close):
        act.outcome, act.ended_at = Outcome(key=action.key, ok=True), now
    else:
        picture.open_acts.add(action.key)


def _fold_outcome(picture: Picture, outcome: Outcome, entry: Entry) -> None:
    act = picture.acts[outcome.key]
    act.outcome, act.ended_at = outcome, entry.at
    picture.open_acts.discard(outcome.key)


def _fold_said(picture: Picture, said: Said, entry: Entry) -> None:
    spoken = Spoken(seq=entry.seq, at=entry.at, said=said)
    picture.words.append(spoken)
    match said.what:
        case "start":
            _revise(picture, spoken)
            if said.half == "deploy":
                _start_run(picture, spoken)
            else:
                _start_waves(picture, spoken)
        case "revise":
            _revise(picture, spoken)
            _measure_anew(picture, spoken)
        case "audience":
            _bring_in(picture, spoken)
        case "hold":
            picture.holds[said.half] = spoken
        case "resume":
            for half in [said.half] if said.half else list(picture.holds):
                picture.holds.pop(half, None)
            _go_on(picture)
        case "approve":
            question = str(said.data["question"])
            picture.approved[question] = spoken
            picture.questions.pop(question, None)
        case "done":
            picture.done.setdefault(str(said.data["task"]), spoken)
        case "overrule":
            _overrule(picture, spoken)
        case _:
            pass


def _overrule(picture: Picture, spoken: Spoken) -> None:
    """What a rule decided on a stage counts no longer: its question is gone, and it does not speak there again."""
    stage = msgspec.convert(spoken.said.data["stage"], type=Stage)
    rule = str(spoken.said.data["rule"])
    picture.overruled[stage, rule] = spoken
    for name, noted in list(picture.questions.items()):
        if (noted.decision.stage, noted.decision.rule) == (stage, rule):
            del picture.questions[name]


def _revise(picture: Picture, spoken: Spoken) -> None:
    """Another text counts from here on; an open wave keeps the gate that it was opened with."""
    data = spoken.said.data
    picture.revision = str(data.get("revision", picture.revision))
    if "text" in data:
        picture.revisions.append(Revision(seq=spoken.seq, digest=picture.revision, text=str(data["text"])))
    for ordinal, gate in cast("dict[str, object]", data.get("gates", {})).items():
        picture.gates.setdefault(int(ordinal), gate)


def _bring_in(picture: Picture, spoken: Spoken) -> None:
    """Joiners, movers and leavers: the waves' facts as they are from here on. Nobody changes wave."""
    drawn = picture.drawn
    if drawn is None:
        return
    before = {wave.ordinal: wave.people for wave in drawn.waves}
    drawn.waves = msgspec.convert(spoken.said.data["waves"], type=tuple[WaveFact, ...])
    grown = [wave.ordinal for wave in drawn.waves if wave.people > before.get(wave.ordinal, 0)]
    drawn.joined |= dict.fromkeys(grown, spoken.seq)


def _measure_anew(picture: Picture, spoken: Spoken) -> None:
    """Where the revision counts use otherwise, what was counted before is not judged: a look is due at once."""
    if spoken.said.data.get("measure"):
        picture.observed = replace(picture.observed, waves=(), looked_at=Instant(0))


def _start_run(picture: Picture, spoken: Spoken) -> None:
    data = spoken.said.data
    left_out = frozenset(msgspec.convert(data.get("left_out", []), type=tuple[str, ...]))
    picture.runs.append(
        RunPicture(
            number=len(picture.runs) + 1,
            version=str(data["version"]),
            hosts=msgspec.convert(data["hosts"], type=tuple[HostFact, ...]),
            started_at=spoken.at,
            who=spoken.said.who,
            seq=spoken.seq,
            excluded=set(left_out),
            left_out=left_out,
        )
    )


def _start_waves(picture: Picture, spoken: Spoken) -> None:
    data = spoken.said.data
    picture.drawn = Drawn(
        started_at=spoken.at,
        seed=str(data["seed"]),
        audience=str(data["audience"]),
        assignment=str(data["assignment"]),
        waves=msgspec.convert(data["waves"], type=tuple[WaveFact, ...]),
        seq=spoken.seq,
    )


def _go_on(picture: Picture) -> None:
    """An interrupted run goes on: what was cut short is open again under the same key."""
    for key, act in picture.acts.items():
        if isinstance(act.action, RunStep | EndRun) and act.outcome is not None and act.outcome.interrupted:
            act.outcome, act.ended_at = None, None
            picture.open_acts.add(key)
    run = picture.run
    if run is not None:
        stage = Stage(half="deploy", run=run.number, ordinal=-1)
        if picture.stage(stage).state == "interrupted":
            _enter(picture, stage, "running")

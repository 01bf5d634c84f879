"""`uptake verify`: the ledger's chain, the plan's text and the draw, each computed again.

Anyone with the state can do it: the seed was committed to before the audience was frozen and
revealed at launch. Exit 0 where everything holds, 1 otherwise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from uptake.app.audience import teams_of
from uptake.app.opened import Opened
from uptake.cli.shown import opened_plan, print_json, print_text
from uptake.core.action import Close, Open
from uptake.core.chance import digest
from uptake.core.entry import Asked, Decided, Entry, Said
from uptake.core.picture import Picture, fold
from uptake.core.ports import Person
from uptake.core.stage import WaveFact
from uptake.core.words import count
from uptake.implement.targets import assign, audience_digest, place, wave_facts
from uptake.plan.model import Plan
from uptake.plan.read import digest_of, read_plan
from uptake.report.words import stage_name

PROBLEMS_MOST = 20
"""At most so many broken places of a chain are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was computed again: its name, whether it holds, and what was found."""

    name: str
    ok: bool
    what: str


def run(plan: Path, *, json: bool = False) -> int:
    """Verify.

    Args:
        plan: the plan file.
        json: print one JSON object.
    """
    with opened_plan(plan) as opened:
        checks = tuple(verified(opened))
    ok = all(check.ok for check in checks)
    if json:
        print_json({"schema": 1, "ok": ok, "checks": checks})
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            print_text(f"{'ok  ' if check.ok else 'FAIL'}  {check.name:<{width}}  {check.what}\n")
    return 0 if ok else 1


def verified(opened: Opened) -> Iterator[Check]:
    """Each check in turn; what stands on a broken chain is not computed."""
    problems = opened.store.ledger.verify()
    entries = list(opened.store.ledger.read()) if not problems else []
    for problem in problems[:PROBLEMS_MOST]:
        yield Check(name="chain", ok=False, what=f"entry {problem.where.line}: {problem.what}")
    if problems:
        return
    seal = f", seal {entries[-1].hash[:16]}" if entries else ""
    yield Check(name="chain", ok=True, what=f"{count(len(entries), 'entry', 'entries')}{seal}")
    picture = Picture()
    for entry in entries:
        fold(picture, entry)
    yield from _plan_text(entries)
    if opened.read.plan.implement is None or picture.drawn is None:
        return
    yield from _seed(entries, picture)
    yield from _draw(opened, _plan_at_draw(opened, picture), picture)
    yield _exposure(entries)


def _plan_at_draw(opened: Opened, picture: Picture) -> Plan:
    """The plan that stood in the ledger when the waves were drawn."""
    assert picture.drawn is not None
    before = [revision for revision in picture.revisions if revision.seq <= picture.drawn.seq]
    return read_plan(before[-1].text, file=f"entry {before[-1].seq}").plan if before else opened.read.plan


def _plan_text(entries: list[Entry]) -> Iterator[Check]:
    """The plan's text in the ledger has the digest that names its revision."""
    for entry in entries:
        if isinstance(entry.body, Said) and "text" in entry.body.data:
            ok = digest_of(str(entry.body.data["text"])) == entry.body.data.get("revision")
            what = f"revision {str(entry.body.data.get('revision'))[:12]}, entry {entry.seq}"
            yield Check(name="plan", ok=ok, what=what if ok else f"{what}: the text has another digest")


def _seed(entries: list[Entry], picture: Picture) -> Iterator[Check]:
    """The seed was committed to first, then the audience was frozen, then the seed was revealed."""
    assert picture.drawn is not None
    said = {e.body.what: e for e in entries if isinstance(e.body, Said) and e.seq <= picture.drawn.seq}
    commit, freeze = said.get("commit"), said.get("freeze")
    if commit is None or freeze is None or not isinstance(commit.body, Said):
        yield Check(name="seed", ok=False, what="no commitment stands before the launch")
        return
    kept = commit.body.data.get("commitment") == digest(picture.drawn.seed)
    ordered = commit.seq < freeze.seq < picture.drawn.seq
    order = f"committed in entry {commit.seq}, audience frozen in {freeze.seq}, revealed in {picture.drawn.seq}"
    faults = [] if kept else ["the revealed seed is not the one committed to"]
    faults += [] if ordered else ["the order is wrong"]
    yield Check(name="seed", ok=not faults, what="; ".join([*faults, order]))


def _draw(opened: Opened, plan: Plan, picture: Picture) -> Iterator[Check]:
    """Audience and assignment from the directory, drawn again with the revealed seed."""
    assert picture.drawn is not None
    assert plan.implement is not None
    drawn, implement = picture.drawn, plan.implement
    placed = opened.store.directory.placed()
    people = tuple(person for person, first in placed if first)
    total = sum(wave.people for wave in _waves_at_draw(opened, picture))
    if len(people) != total:
        what = f"{len(people)} of {total} people of the draw are in the directory: it cannot be drawn again"
        yield Check(name="audience", ok=False, what=what)
        return
    same = audience_digest(implement, people) == drawn.audience
    yield Check(name="audience", ok=same, what=_digest("people", len(people), drawn.audience, same=same))
    table, mark = assign(implement, people, seed=drawn.seed, plan=plan.plan)
    moved = sum(table[person.external_id] != person.wave for person in people)
    same = mark == drawn.assignment and not moved
    what = _digest("assignments", len(people), drawn.assignment, same=same)
    yield Check(name="draw", ok=same, what=what + (f"; {moved} people stand in another wave" if moved else ""))
    joiners = tuple(person for person, first in placed if not first)
    if joiners:
        yield _joined(plan, placed, joiners, drawn.seed)
    yield _waves(opened, plan, picture)


def _waves_at_draw(opened: Opened, picture: Picture) -> tuple[WaveFact, ...]:
    """The waves as the launch described them."""
    assert picture.drawn is not None
    entry = next(opened.store.ledger.read(picture.drawn.seq - 1))
    assert isinstance(entry.body, Said)
    return msgspec.convert(entry.body.data["waves"], type=tuple[WaveFact, ...])


def _joined(plan: Plan, placed: tuple[tuple[Person, bool], ...], joiners: tuple[Person, ...], seed: str) -> Check:
    """Everyone who came after the draw stands where she has to."""
    assert plan.implement is not None
    teams = teams_of(plan.implement, placed)
    wrong = sum(
        person.wave != place(plan.implement, person, teams=teams, seed=seed, plan=plan.plan) for person in joiners
    )
    what = f"{count(len(joiners), 'person', 'people')} joined after the draw"
    return Check(name="joiners", ok=not wrong, what=what + (f"; {wrong} stand in another wave" if wrong else ""))


def _waves(opened: Opened, plan: Plan, picture: Picture) -> Check:
    """The waves as the ledger describes them now."""
    assert picture.drawn is not None
    assert plan.implement is not None
    people = [person for person in opened.store.directory.people() if person.wave is not None]
    table = {person.external_id: person.wave for person in people if person.wave is not None}
    serves = plan.deploy.hosts.serves if plan.deploy else ""
    facts = wave_facts(plan.implement, people, table, serves=serves)
    sizes = ", ".join(str(wave.people) for wave in picture.drawn.waves)
    return Check(name="waves", ok=facts == picture.drawn.waves, what=f"{sizes} people")


def _digest(what: str, number: int, mark: str, *, same: bool) -> str:
    return f"{number:,} {what}, {mark[:16]}" + ("" if same else ": something else comes out now")


def _exposure(entries: list[Entry]) -> Check:
    """Every opening and closing of a wave stands behind the decision that ordered it."""
    ordered: dict[tuple[object, str], int] = {}
    acts: list[str] = []
    loose: list[str] = []
    for entry in entries:
        match entry.body:
            case Decided(decisions=decisions):
                ordered |= {(decision.stage, decision.state): entry.seq for decision in decisions}
            case Asked(action=Open(stage=stage)):
                acts.append(f"{stage_name(stage)} opened in entry {entry.seq}")
                loose += [] if (stage, "open") in ordered else [acts[-1]]
            case Asked(action=Close(stage=stage)):
                acts.append(f"{stage_name(stage)} closed in entry {entry.seq}")
                loose += [] if (stage, "rolled back") in ordered else [acts[-1]]
            case _:
                pass
    if loose:
        return Check(name="exposure", ok=False, what=f"without a decision: {', '.join(loose)}")
    return Check(name="exposure", ok=True, what=", ".join(acts) or "no wave was opened")

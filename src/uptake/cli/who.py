"""`uptake who`: person by person, in which wave, since when let in, how often they used it, adopter or not.

What `adoption.replaces` names is counted beside it, never subtracted. Counted anew at this moment
with the gate's own window; for the person who runs the plan, on the machine that holds its state.
A plan that counts by setting shows nobody. With `--unmatched`: whom its sources name and nobody of the audience is.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from uptake.app.opened import Opened
from uptake.cli.shown import now, opened_plan, print_json, print_text
from uptake.core.action import Grant, Withdraw
from uptake.core.event import Ask
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.time import Instant, iso
from uptake.implement.gates import asks
from uptake.implement.targets import wave_stage
from uptake.report.terminal import cells, pad, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person as printed; `wave` counts from 1, None before the draw; `access` is empty where none was asked for.

    `replaced` counts her uses of what the plan replaces, from the beginning on; None where the plan names nothing.
    """

    id: str
    setting: str
    wave: int | None
    holdout: bool
    state: str
    opened_at: Instant | None
    access: str
    uses: int
    adopter: bool
    present: bool
    replaced: int | None = None


UNMATCHED_MOST = 1_000
"""So many unmatched names of each kind are listed."""


def run(plan: Path, *, unmatched: bool = False, json: bool = False) -> int:
    """Say who.

    Args:
        plan: the plan file.
        unmatched: list the names in events and completions that nobody of the audience has.
        json: print one JSON object.
    """
    if unmatched:
        return _unmatched(plan, json=json)
    with opened_plan(plan) as opened:
        at = now()
        rows = people(opened, at)
        zone, by_setting = opened.read.plan.timezone, opened.read.plan.counts_by_setting
    if json:
        print_json({"schema": 1, "as_of": at, "people": rows})
    elif by_setting:
        print_text("Use is counted by setting in this plan (adoption.level): nobody is looked at singly.\n")
    elif rows:
        print_text(_table(rows, zone))
    else:
        print_text("Nobody is drawn yet.\n")
    return 0


def _unmatched(plan: Path, *, json: bool) -> int:
    """Say whom the sources name and nobody knows."""
    with opened_plan(plan) as opened:
        events = opened.store.events.stray_subjects(UNMATCHED_MOST)
        completions = opened.store.learning.unmatched(UNMATCHED_MOST)
    if json:
        named = [{"subject": one.subject, "events": one.events} for one in events]
        print_json({"schema": 1, "events": named, "completions": list(completions)})
        return 0
    lines = [f"{plain(one.subject)}  {one.events:,} event{'s' if one.events > 1 else ''}" for one in events]
    lines += [f"{plain(subject)}  completions" for subject in completions]
    end = "Nobody: every name that the sources use is somebody's of the audience."
    print_text("\n".join(lines or [end]) + "\n")
    return 0


def people(opened: Opened, at: Instant) -> list[Row]:
    """Everyone of the audience, with uses counted until `at`; nobody where use is counted by setting."""
    picture = opened.picture()
    if opened.read.plan.implement is None or picture.drawn is None or opened.read.plan.counts_by_setting:
        return []
    counted = {one.pid: one for one in opened.store.events.who(asks(opened.read.plan, picture, at))}
    access = _access(opened, picture)
    old_way = _old_way(opened, picture, at)
    rows: list[Row] = []
    for person in opened.store.directory.people():
        uses = counted.get(person.pid)
        row = _row(picture, person)
        if uses is not None:
            row = replace(row, uses=uses.uses, adopter=uses.adopter)
        if old_way is not None:
            row = replace(row, replaced=old_way.get(person.pid, 0))
        rows.append(replace(row, access=access.get(person.pid, "")))
    return rows


def _old_way(opened: Opened, picture: Picture, at: Instant) -> dict[str, int] | None:
    """Each person's uses of what the plan replaces, until `at`; None where the plan names nothing."""
    implement = opened.read.plan.implement
    if implement is None or picture.drawn is None or not implement.adoption.replaces:
        return None
    name = implement.adoption.replaces
    ever = tuple(
        Ask(wave=wave.ordinal, name=name, count=1, since=Instant(0), until=at, opened=False)
        for wave in picture.drawn.waves
    )
    return {one.pid: one.uses for one in opened.store.events.who(ever)}


def _access(opened: Opened, picture: Picture) -> dict[str, str]:
    """Each person's access by the receipts: granted, withdrawn, nobody (unknown to the application), failed, wanted."""
    found: dict[str, str] = {}
    words = {Grant: "granted", Withdraw: "withdrawn"}
    for act in sorted(picture.acts.values(), key=lambda act: act.seq):
        done = words.get(type(act.action))
        if done is not None:
            states = opened.store.receipts.states(act.action.key)
            found |= {pid: done if state == "done" else state for pid, state in states.items()}
    return found


def _row(picture: Picture, person: Person) -> Row:
    stage = wave_stage(person.wave) if person.wave is not None else None
    holdout = picture.drawn is not None and any(w.holdout and w.ordinal == person.wave for w in picture.drawn.waves)
    return Row(
        id=person.external_id,
        setting=person.setting,
        wave=person.wave + 1 if person.wave is not None else None,
        holdout=holdout,
        state=(picture.stage(stage).state or "planned") if stage is not None else "",
        opened_at=picture.opened_at(stage) if stage is not None else None,
        access="",
        uses=0,
        adopter=False,
        present=person.present,
    )


def _table(rows: list[Row], zone: str) -> str:
    """Rows in columns, a heading above."""
    lines = [("Person", "Setting", "Wave", "State", "Opened", "Access", "Uses", "Adopter", "Old way")]
    lines += [
        (
            plain(row.id) + ("" if row.present else " (left)"),
            plain(row.setting),
            "holdout" if row.holdout else str(row.wave or ""),
            row.state,
            iso(row.opened_at, zone) if row.opened_at is not None else "",
            row.access,
            str(row.uses),
            "yes" if row.adopter else "",
            str(row.replaced) if row.replaced is not None else "",
        )
        for row in rows
    ]
    if all(row.replaced is None for row in rows):
        lines = [line[:-1] for line in lines]
    widths = [max(cells(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "".join(
        "  ".join(pad(text, width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )

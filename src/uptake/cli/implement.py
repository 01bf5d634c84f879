"""`uptake implement`: draw the waves, announce, let people in, and follow until in use.

Shows what it will do and asks. It takes months: usually `uptake serve` turns the ring and this
command only starts it (`--detach`).
"""

import time
from pathlib import Path

import msgspec

from uptake.app.facts import refuse_mistakes
from uptake.app.letters import letters, write
from uptake.app.opened import Opened, open_plan
from uptake.app.start import read_audience, refuse_edited, start_implement
from uptake.cli.ask import confirm
from uptake.cli.ending import follow
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.implement.decide.access import is_unfinished
from uptake.implement.decide.outcomes import is_settled
from uptake.implement.targets import HALF, IN_USE, sizes, units_of, wave_stage
from uptake.plan.model import Plan

FIRST_LINES = 3
"""So many lines of a letter are shown before it is sent."""


def run(
    plan: Path,
    *,
    yes: bool = False,
    detach: bool = False,
    preview: Path | None = None,
    ticket: str = "",
    json: bool = False,
) -> int:
    """Implement.

    Args:
        plan: the plan file.
        yes: do not ask.
        preview: write every letter, as the first person would get it, into this folder, and begin nothing.
        detach: begin and return; `uptake serve` carries on.
        ticket: the number of a change ticket, shown by `uptake why`.
        json: print one JSON object at the end.
    """
    opened = open_plan(plan)
    try:
        picture = opened.picture()
        refuse_edited(opened, picture)
        if not picture.revision:
            refuse_mistakes(plan)
        people = read_audience(opened)
        if preview is not None:
            return _preview(opened, people, preview)
        if not confirm(_intention(opened, people, is_new=picture.drawn is None), yes=yes):
            return 1
        if detach and not opened.store.lease.holder():
            hint = "start `uptake serve` first, or leave --detach out"
            raise refuse("UP024", str(plan), "nothing turns the ring of this plan", hint)
        started = start_implement(opened, people, now=_now(), ticket=ticket)
        if detach:
            _report(json, started.how, 0, f"The implement half is {started.how}.")
            return 0
        picture = follow(opened, lambda now: _ended(opened.read.plan, now), quiet=json)
        code = _code(picture)
        state = picture.stage(HALF).state or "planned"
        _report(json, state, code, _last_word(picture))
        return code
    finally:
        opened.store.close()


def _intention(opened: Opened, people: tuple[Person, ...], *, is_new: bool) -> str:
    """What is about to be done; its letters too where nothing was begun yet."""
    implement = opened.read.plan.implement
    assert implement is not None
    units = units_of(implement, people)
    what = "settings" if implement.waves.assign_by == "setting" else "people"
    counts = sizes(implement.waves, len(units))
    cut = ", ".join(f"wave {number}: {count}" for number, count in enumerate(counts[: len(implement.waves.sizes)], 1))
    lines = [f"Let {len(people)} people in over {len(implement.waves.sizes)} waves ({what} drawn: {cut})."]
    if counts[-1]:
        lines.append(f"  {counts[-1]} {what} held out")
    found = letters(opened.read.plan, people, folder=opened.folder, now=_now()) if is_new else ()
    for one in found:
        lines.append(f"  mail to each of {len(people)} ({one.key}): {one.subject}")
        lines += [f"    | {line}" for line in one.part("plain").split("\n") if line.strip()][:FIRST_LINES]
    if implement.expose.access is not None:
        lines.append("  each of them is granted access when her wave opens")
    return "\n".join(lines)


def _preview(opened: Opened, people: tuple[Person, ...], folder: Path) -> int:
    """Write the letters and say where; nothing is begun."""
    found = letters(opened.read.plan, people, folder=opened.folder, now=_now())
    written = write(found, folder)
    print("\n".join(str(path) for path in written) or "This plan sends no mail.")
    return 0


def _now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


def _waves(picture: Picture) -> list[str]:
    drawn = picture.drawn
    return [picture.stage(wave_stage(w.ordinal)).state for w in drawn.waves if not w.holdout] if drawn else []


def _ended(plan: Plan, picture: Picture) -> bool:
    """Nothing more to follow: a person is needed, or the half is through; and what was begun has ended."""
    if any("/implement/" in key for key in picture.open_acts):
        return False
    if picture.questions:
        return True
    if is_unfinished(plan, picture):
        return False
    if "rolled back" in _waves(picture):
        return True
    if picture.stage(HALF).state not in IN_USE or any(state != "adopted" for state in _waves(picture)):
        return False
    return is_settled(plan, picture)


def _code(picture: Picture) -> int:
    if picture.questions:
        return 3
    return 4 if "rolled back" in _waves(picture) else 0


def _last_word(picture: Picture) -> str:
    """What a person reads at the end: the open questions, else the last decision."""
    if picture.questions:
        return "\n".join(noted.decision.why for noted in picture.questions.values())
    last = [n.decision.why for n in picture.decisions if n.decision.stage.half == "implement"]
    return last[-1] if last else ""


def _report(as_json: bool, state: str, code: int, why: str) -> None:
    if as_json:
        print(msgspec.json.encode({"schema": 1, "state": state, "exit": code, "why": why}).decode())
    else:
        print(why)

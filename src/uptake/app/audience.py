"""Joiners, movers and leavers: who comes gets a wave, who is known keeps hers, and the ledger is told.

Each step can be made again: people are frozen by id, placed once, and the word is said only where the waves' facts or
the people have changed. It reads no export: `connect.feeds.people` has done so and judged it.
"""

from collections.abc import Sequence

import msgspec

from uptake.app.arrivals import Arrivals
from uptake.app.opened import Opened, say
from uptake.connect.feeds.people import Changed
from uptake.core.entry import Said
from uptake.core.ids import Pid
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.stage import WaveFact
from uptake.core.time import Instant
from uptake.implement.targets import place, wave_facts
from uptake.plan.model import Implement

WHO = "personnel export"
"""Who says it."""


def bring_in(opened: Opened, people: Sequence[Person], found: Changed, now: Instant) -> None:
    """Take an export in: nobody changes wave.

    Args:
        opened: the plan and its store; before the draw nothing is done.
        people: everyone in the export.
        found: how it differs from who was known.
        now: the present instant.
    """
    implement, drawn = opened.read.plan.implement, opened.picture().drawn
    assert implement is not None
    if drawn is None:
        return
    directory = opened.store.directory
    if not found.is_nothing:
        directory.freeze(people)
    everybody = directory.people()
    teams = teams_of(implement, directory.placed())
    places: dict[Pid, int] = {}
    for person in everybody:
        if person.wave is None and person.present:
            wave = place(implement, person, teams=teams, seed=drawn.seed, plan=opened.read.plan.plan)
            places[person.pid] = wave
    if places:
        directory.assign(places, drawn=False)
        everybody = directory.people()
    if implement.train is not None and not found.is_nothing:
        Arrivals(lambda: opened).match_again()
    facts = _facts(opened, implement, everybody)

    def build(picture: Picture) -> Said:
        """On the newest picture; the numbers are of this reading."""
        del picture
        data = {
            "joined": len(places),
            "left": len(found.left),
            "moved": len(found.moved),
            "changed": len(found.other),
            "returned": len(found.returned),
            "people": sum(person.present for person in everybody),
            "waves": msgspec.to_builtins(facts),
        }
        return Said(what="audience", who=WHO, half="implement", data=data)

    if places or not found.is_nothing or facts != drawn.waves:
        say(opened, build, now=now)


def teams_of(implement: Implement, placed: Sequence[tuple[Person, bool]]) -> dict[str, int]:
    """The wave of each setting that was drawn; settings that came later are drawn by their names again."""
    if implement.waves.assign_by != "setting":
        return {}
    return {person.setting: person.wave for person, drawn in placed if drawn and person.wave is not None}


def _facts(opened: Opened, implement: Implement, people: Sequence[Person]) -> tuple[WaveFact, ...]:
    deploy = opened.read.plan.deploy
    inside = [person for person in people if person.wave is not None]
    table = {person.external_id: person.wave for person in inside if person.wave is not None}
    return wave_facts(implement, inside, table, serves=deploy.hosts.serves if deploy else "")

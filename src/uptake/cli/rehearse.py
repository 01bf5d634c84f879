"""`uptake rehearse`: the same loop on made-up hosts and people, on a clock that jumps.

Works with no host and no person there. What is made up is printed as made up. The last rehearsal's
summary is kept beside the state, for the page.
"""

import sys
from dataclasses import replace
from pathlib import Path

import msgspec

from uptake.app.doubts import never_reached
from uptake.app.facts import refuse_mistakes
from uptake.app.opened import read_file
from uptake.app.rehearsal import rehearse
from uptake.app.rehearsed import keep
from uptake.core.problem import refuse
from uptake.loop.replay import replay
from uptake.plan.doubts import doubts
from uptake.plan.fact import Facts
from uptake.plan.render import render
from uptake.report.adoption import adoption_of, asked
from uptake.report.known import Known
from uptake.report.rehearsal import rehearsal_json, rehearsal_text, summarise
from uptake.simulate.world import Behaviour

PEOPLE_MOST = 1_000_000
EFFECT_MOST = 10.0
NOT_NEEDED = ("UP201", "UP202")
"""A rehearsal needs no file and no column to be there: what is missing is made up."""


def run(
    plan: Path,
    *,
    seed: int = 1,
    people: int = 0,
    host_failure: float = 0.0,
    effect: float | None = None,
    json: bool = False,
) -> int:
    """Rehearse a plan.

    Args:
        plan: the plan file.
        seed: names every draw; the same seed gives the same rehearsal.
        people: so many made-up people; by default those of the audience file, or 120 made-up ones.
        host_failure: the chance, 0 to 1, that a step fails on a made-up host.
        effect: by which share outcomes change from a wave's opening on, such as -0.1; by default twice
            what the plan wants, since what is wanted is to be exceeded.
        json: print one JSON object.
    """
    if not 0 <= people <= PEOPLE_MOST or not 0 <= host_failure <= 1:
        raise refuse("UP030", str(plan), f"--people is 0 to {PEOPLE_MOST}, --host-failure is 0 to 1")
    if effect is not None and not -1 <= effect <= EFFECT_MOST:
        raise refuse("UP030", str(plan), f"--effect is a share from -1 to {EFFECT_MOST:g}", "write -0.1 for 10% less")
    read = read_file(plan)
    refuse_mistakes(plan, but=NOT_NEEDED)
    audience = None
    if not people and read.plan.implement is not None:
        path = plan.resolve().parent / read.plan.implement.audience.from_
        if path.is_file():
            from uptake.connect.people.csv import read_people

            audience = read_people(path, read.plan.implement.audience)
    behaviour = Behaviour(host_failure=host_failure, effect=effect)
    rehearsed = rehearse(read, seed=seed, people=audience, count=people or 120, behaviour=behaviour)
    again = replay(read.plan, rehearsed.entries)
    summary = summarise(
        read,
        rehearsed.entries,
        rehearsed.picture,
        made_up=rehearsed.made_up(),
        differing=len(again.differing),
        seed=seed,
    )
    known = Known(read=read, picture=rehearsed.picture, now=rehearsed.ended, made_up=True)
    adoption = adoption_of(known, rehearsed.crowd.adopted(asked(known)))
    if adoption is not None:
        summary = replace(summary, adoption=replace(adoption, apart=adoption.apart_shown))
    keep(plan.resolve().parent, summary)
    print(msgspec.json.encode(rehearsal_json(summary)).decode() if json else rehearsal_text(summary))
    if not json and (reached := never_reached(rehearsed)) is not None:
        told = doubts(read, Facts(), reached=reached)
        target = tuple(one for one in told if one.code == "UP402")
        sys.stderr.write(render(target, {read.file: read.text}, warnings=True))
    return 1 if again.differing else 0

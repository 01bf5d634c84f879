"""What a good plan may still go wrong by, with a rehearsal behind it: made-up people, one seed, nothing kept.

What is doubted stands in `plan.doubts`; this gathers what it asks for. For `check` and `rehearse`.
"""

from contextlib import suppress
from dataclasses import replace

from uptake.app.facts import Examined
from uptake.app.rehearsal import Rehearsed, rehearse
from uptake.core.problem import Problem, Refused
from uptake.implement.gates import share_of, whole
from uptake.implement.targets import HALF, wave_stage
from uptake.plan.doubts import doubts

SEED = 1
PEOPLE = 120
"""So many made-up people are enough to see whether a target can be reached."""
ENTRIES_MOST = 2_000
"""A longer rehearsal is cut short and says nothing: a check takes seconds."""


def doubts_of(examined: Examined) -> tuple[Problem, ...]:
    """Every doubt about a plan that was found good; a rehearsal of it is run."""
    read = examined.read
    if read is None or read.plan.implement is None:
        return ()
    outcomes = read.plan.implement.outcomes
    bare = replace(read, plan=replace(read.plan, implement=replace(read.plan.implement, outcomes=())))
    rehearsed = rehearse(bare, seed=SEED, people=None, count=PEOPLE, entries_most=ENTRIES_MOST)
    detectable = None
    if any(one.primary and one.judge for one in outcomes):
        from uptake.app.power import power_of

        with suppress(Refused):
            detectable = power_of(examined).share
    return doubts(read, examined.facts, reached=never_reached(rehearsed), detectable=detectable)


def never_reached(rehearsed: Rehearsed) -> float | None:
    """The adoption at which a rehearsal ended that never came to be in use; None where it did, or was cut short."""
    picture = rehearsed.picture
    begun = picture.drawn is not None and picture.opened_at(wave_stage(0)) is not None
    if rehearsed.cut_short or picture.drawn is None or not begun or "in use" in picture.stage(HALF).first:
        return None
    return share_of(whole(picture, picture.drawn.waves))

"""What a good plan may still go wrong by: warnings, which stop nothing.

Each doubt stands at a place of the plan with its cause and what to do, like a mistake, and is told after a plan
was found good. What cannot work at all is `check`'s. Pure.
"""

from uptake.core.problem import Problem
from uptake.core.time import Instant, after, parse_instant
from uptake.plan.deploy_rules import is_instant, zone_of
from uptake.plan.fact import Facts, Measured
from uptake.plan.model import Implement
from uptake.plan.outcome_rules import judged_at, openings
from uptake.plan.read import ReadPlan, in_order
from uptake.plan.value import Mistakes

ALIKE = 0.9
"""An outcome's data that know fewer of the units than this share are doubted."""


def doubts(
    read: ReadPlan, facts: Facts, *, reached: float | None = None, detectable: float | None = None
) -> tuple[Problem, ...]:
    """Every doubt about a plan without mistakes, in the order of the file.

    Args:
        read: the plan.
        facts: what is known of the files it names.
        reached: the adoption at which a rehearsal ended without ever coming to the target; None where it came to it.
        detectable: the effect on the primary outcome that is found four times in five, as a share of its mean; None
            where that is not known.
    """
    found = Mistakes()
    implement = read.plan.implement
    if implement is not None:
        _training(read, implement, found)
        _target(read, implement, reached, found)
        if implement.waves.order == "listed":
            _order(read, implement, found)
        else:
            _power(read, implement, detectable, found)
        for item, measured in sorted(facts.measured.items()):
            _data(read, implement, item, measured, found)
    return in_order(found.problems)


def smallest(implement: Implement, dealt: tuple[int, ...], timezone: str, start: str) -> tuple[int, int] | None:
    """Units in waves open on the primary outcome's day, and the others, were every gate to pass at once.

    Args:
        implement: the half.
        dealt: units of each wave, the holdout last where there is one.
        timezone: the plan's.
        start: when the first wave is booked, or `deployed`.

    Returns:
        None where nothing is judged, nobody draws, or one side is empty.
    """
    outcome = next((one for one in implement.outcomes if one.primary and one.judge), None)
    if outcome is None or not dealt or implement.waves.order == "listed":
        return None
    first = parse_instant(start, timezone) if is_instant(start, timezone) else Instant(0)
    day = judged_at(outcome.judge, first, timezone)
    opened = openings(implement, first, timezone)
    exposed = sum(units for units, at in zip(dealt, opened, strict=False) if day is not None and at < day)
    others = sum(dealt) - exposed
    return (exposed, others) if exposed and others else None


def _training(read: ReadPlan, implement: Implement, found: Mistakes) -> None:
    """People are invited to train for an opening of which nobody knows yet whether it comes."""
    if implement.train is None or len(implement.waves.sizes) < 2:
        return
    zero, zone = Instant(0), zone_of(read)
    judged = after(zero, implement.gate.at, zone)
    invited = after(openings(implement, zero, zone)[1], implement.train.invite, zone)
    if invited < judged:
        what = (
            f"training begins before it is known whether the wave opens: `invite` {implement.train.invite} before it, "
            f"while the gate of the wave before is judged {implement.gate.at} after that one's opening"
        )
        hint = "invite later, make `every` longer, or judge the gate earlier"
        place = "implement.train.invite" if "implement.train.invite" in read.values else "implement.train"
        found.add("UP401", read.value(place), what, hint)


def _target(read: ReadPlan, implement: Implement, reached: float | None, found: Mistakes) -> None:
    """Even in a made-up world the plan does not come to where it wants to."""
    if reached is None:
        return
    goal = f"{100 * implement.adoption.target:g}%"
    what = f"the rehearsal never reaches the target of {goal}: it ends at {100 * reached:.0f}%"
    hint = "how people behave is made up, but see `uptake rehearse`: a gate or the target may be out of reach"
    found.add("UP402", read.value("implement.adoption.target"), what, hint)


def _power(read: ReadPlan, implement: Implement, detectable: float | None, found: Mistakes) -> None:
    """What is wanted is less than what the design could show."""
    item = next((item for item, one in enumerate(implement.outcomes) if one.primary), None)
    if item is None or detectable is None or not 0 < implement.outcomes[item].by < detectable:
        return
    wanted, seen = f"{100 * implement.outcomes[item].by:g}%", f"{100 * detectable:.2g}%"
    what = f"the effect that is wanted is {wanted}, and this design finds one of {seen} four times in five"
    hint = "more people or settings, a longer `baseline`, a later `judge` or more waves by then; see `uptake power`"
    found.add("UP405", read.value(f"implement.outcomes.{item}.by"), what, hint)


def _order(read: ReadPlan, implement: Implement, found: Mistakes) -> None:
    """What nobody drew shows no cause, and makes no plan implemented."""
    if any(one.judge for one in implement.outcomes):
        what = "nobody draws the order: an effect is estimated if all waves would have moved alike, and is never shown"
        hint = "write `order: random`; as it is, the plan comes to in use and no further (needs uptake[did])"
        found.add("UP406", read.value("implement.waves.order"), what, hint)


def _data(read: ReadPlan, implement: Implement, item: int, measured: Measured, found: Mistakes) -> None:
    """An outcome must be measured alike before and after, and in every wave."""
    where, name = read.value(f"implement.outcomes.{item}.from"), implement.outcomes[item].name
    if measured.known < ALIKE * measured.units:
        what = f"the data of `{name}` know {measured.known} of {measured.units} {_noun(implement)}"
        hint = "all of them must be measured alike, long before they are let in, or nothing can be compared"
        found.add("UP403", where, what, hint)
    start = implement.waves.start
    if not is_instant(start, zone_of(read)) or not measured.values:
        return
    if measured.first is not None and measured.first >= parse_instant(start, zone_of(read)):
        what = f"the data of `{name}` hold nothing from before the first wave opens on {start}"
        found.add("UP404", where, what, f"bring in the {implement.baseline} before it: without them no change is seen")


def _noun(implement: Implement) -> str:
    return "settings" if implement.waves.assign_by == "setting" else "people"

"""`uptake power`: which effect a plan could show by its last look, and how often, before anything has begun.

A plain calculation under assumptions that it says; what was measured later is `uptake effect`. Nothing is kept.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.cli.shown import print_json, print_text
from uptake.core.problem import PlanRefused, refuse
from uptake.core.time import Span
from uptake.core.words import count

if TYPE_CHECKING:
    from uptake.plan.read import ReadPlan

REHEARSED_MOST = 10_000
BAR = 40
"""The curve's bars are so wide at 100 %."""


def run(plan: Path, *, correlation: float | None = None, rehearse: int = 0, json: bool = False) -> int:
    """Show the power.

    Args:
        plan: the plan file.
        correlation: of a unit's values in two periods, from 0 to below 1; by default what the outcome's file says of
            it, or 0.5.
        rehearse: rehearse the plan so many times with the effect that it wants twice over, and count.
        json: print one JSON object.
    """
    if correlation is not None and not 0 <= correlation < 1:
        raise refuse("UP030", "--correlation", f"{correlation:g}", "write a number from 0 to below 1")
    if not 0 <= rehearse <= REHEARSED_MOST:
        raise refuse("UP030", "--rehearse", f"{rehearse} rehearsals", f"write a number from 0 to {REHEARSED_MOST:,}")
    from uptake.app.facts import examine
    from uptake.app.power import Power, power_of

    examined = examine(plan)
    if examined.problems:
        raise PlanRefused(*examined.problems)
    found: Power = power_of(examined, correlation=correlation)
    assert examined.read is not None
    often = _rehearsed(examined.read, found.outcome, rehearse) if rehearse else None
    if json:
        print_json({"schema": 1, "power": found, **({"rehearsed": often} if often is not None else {})})
        return 0
    period = Span(seconds=found.period_ms / 1000)
    whence = "by the outcome's file" if found.known else "assumed"
    lines = [
        f"{found.outcome}: {found.units} {found.unit}, {count(found.open_waves, 'wave')} open at the last look.",
        f"Assumes: values alike but for noise, {found.correlation:.2g} correlated between two periods of {period}",
        f"({whence}); every gate passes at once; {count(found.looks, 'look')}, all together wrong once in twenty.",
        "",
        "effect  found  (in standard deviations of a unit's value in one period)",
    ]
    for effect, share in found.curve:
        lines.append(f"{effect:6.3f}  {100 * share:4.0f}%  {'#' * round(BAR * share)}")
    lines += ["", f"Found four times in five: {found.detectable:.3g}{_share(found.share)}."]
    if often is not None:
        lines.append(f"Rehearsed {rehearse} times with twice the effect that is wanted: achieved in {often}.")
    print_text("\n".join([*lines, ""]))
    return 0


def _share(share: float | None) -> str:
    """The effect as a share of the outcome's mean, in words."""
    return f", {100 * share:.2g}% of the mean by the outcome's file" if share is not None else ""


def _rehearsed(read: "ReadPlan", outcome: str, times: int) -> int:
    """In how many rehearsals of the whole plan the outcome is achieved, each with a draw and values of its own."""
    from uptake.app.rehearsal import rehearse

    reached = 0
    for seed in range(1, times + 1):
        if sys.stderr.isatty():
            print(f"\rrehearsal {seed} of {times}", end="", file=sys.stderr)
        picture = rehearse(read, seed=seed, people=None).picture
        measured = next((one for one in picture.observed.outcomes if one.name == outcome), None)
        reached += measured is not None and measured.finding == "achieved"
    return reached

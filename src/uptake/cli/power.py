"""`uptake power`: which effect a plan could show on its declared day, and how often, before anything has begun.

A plain calculation under assumptions that it says; what was measured later is `uptake effect`. Nothing is kept.
"""

from pathlib import Path

from uptake.cli.shown import print_json, print_text
from uptake.core.problem import PlanRefused, refuse
from uptake.core.time import Span
from uptake.core.words import count

BAR = 40
"""The curve's bars are so wide at 100 %."""


def run(plan: Path, *, correlation: float = 0.5, json: bool = False) -> int:
    """Show the power.

    Args:
        plan: the plan file.
        correlation: of a unit's values on two days, from 0 to below 1; assumed, so try others.
        json: print one JSON object.
    """
    if not 0 <= correlation < 1:
        raise refuse("UP030", "--correlation", f"{correlation:g}", "write a number from 0 to below 1")
    from uptake.app.facts import examine
    from uptake.app.power import Power, power_of

    examined = examine(plan)
    if examined.problems:
        raise PlanRefused(*examined.problems)
    found: Power = power_of(examined, correlation=correlation)
    if json:
        print_json({"schema": 1, "power": found})
        return 0
    period = Span(seconds=found.period_ms / 1000)
    lines = [
        f"{found.outcome}: {found.units} {found.unit}, {count(found.open_waves, 'wave')} open on the day it is judged.",
        f"Assumes: values alike but for noise, {found.correlation:g} correlated between two periods of {period}; every",
        "gate passes at once; the efficient estimator; one look, two-sided at 5%.",
        "",
        "effect  found  (in standard deviations of a unit's value in one period)",
    ]
    for effect, often in found.curve:
        lines.append(f"{effect:6.3f}  {100 * often:4.0f}%  {'#' * round(BAR * often)}")
    lines += ["", f"Found four times in five: {found.detectable:.3g}.", ""]
    print_text("\n".join(lines))
    return 0

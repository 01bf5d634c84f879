"""`uptake adoption`: how soon each wave adopted, whether waves differ, who adopts, RE-AIM and Proctor's outcomes.

As of the last look, as page and report tell it. What the plan cannot say is "not measured". Exit 0 whatever the
figures are: it only shows.
"""

from pathlib import Path

import msgspec

from uptake.app.adoption import adoption_at
from uptake.cli.shown import columns, folded, now, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.report.adopted import AdoptionShown
from uptake.report.adoption_text import adoption_text
from uptake.report.terminal import bounded


def run(plan: Path, *, json: bool = False) -> int:
    """Show the adoption figures.

    Args:
        plan: the plan file.
        json: print one JSON object, numbers in full.
    """
    with opened_plan(plan) as opened:
        name = opened.read.plan.plan
        if opened.read.plan.implement is None:
            hint = "add `implement:`; `uptake dora` tells of deployments"
            raise refuse("UP021", str(plan), "this plan has no implement half", hint)
        found = adoption_at(opened, folded(opened)[0], now())
    if json:
        print_json(adoption_json(name, found))
    elif found is None:
        print_text("Nobody has looked at use yet: there is nothing to tell.\n")
    else:
        print_text(adoption_text(found, width=bounded(columns())))
    return 0


def adoption_json(plan: str, found: AdoptionShown | None) -> dict[str, object]:
    """The figures as a plain value; `adoption` is null before the first look."""
    return {"schema": 1, "plan": plan, "adoption": None if found is None else msgspec.to_builtins(found)}

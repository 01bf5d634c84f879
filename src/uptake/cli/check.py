"""`uptake check`: every mistake of a plan at once, each at its place; or that it is good, and what may be doubted.

Mistakes and warnings go to stderr as a person reads them, with --json to stdout as one object. Exit 0 good, with
warnings or without, 2 not. Nothing is changed, nobody's code is run.
"""

import sys
from pathlib import Path

from uptake.app.facts import Examined, examine
from uptake.core.problem import Problem

STRATA_SHOWN = 12
"""So many strata are printed with their sizes."""


def run(plan: Path = Path("plan.yaml"), *, json: bool = False) -> int:
    """Check a plan and every file that it names.

    Args:
        plan: the plan file.
        json: print one JSON object instead of text.
    """
    examined = examine(plan)
    warnings = _doubts(examined)
    if json:
        _print_json(plan, examined, warnings)
    elif examined.problems:
        tell(examined)
    else:
        sys.stdout.write(f"{plan} is a good plan: {_summary(examined)}\n")
        sys.stdout.write("".join(f"  {line}\n" for line in _design(examined)))
        tell(examined, warnings)
    return 2 if examined.problems else 0


def _doubts(examined: Examined) -> tuple[Problem, ...]:
    """What may go wrong although there is no mistake."""
    if examined.problems:
        return ()
    from uptake.app.doubts import doubts_of

    return doubts_of(examined)


def tell(examined: Examined, warnings: tuple[Problem, ...] = ()) -> None:
    """Print the problems, or the warnings given, to stderr, coloured where it is a terminal."""
    from uptake.cli.paint import wants_colour
    from uptake.plan.render import render

    shown = warnings or examined.problems
    if shown:
        colour = wants_colour(sys.stderr)
        sys.stderr.write(render(shown, examined.sources, colour=colour, warnings=bool(warnings)))


def _print_json(plan: Path, examined: Examined, warnings: tuple[Problem, ...]) -> None:
    """One object: whether it is good, what it is, what is wrong."""
    import msgspec

    from uptake.plan.render import as_data

    read = examined.read
    result = {
        "schema": 1,
        "ok": not examined.problems,
        "file": str(plan),
        "plan": read.plan.plan if read else None,
        "digest": read.digest if read else None,
        "problems": as_data(examined.problems),
        "warnings": as_data(warnings),
        "design": _design(examined),
    }
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")


def _summary(examined: Examined) -> str:
    """What would happen, in half a line."""
    assert examined.read is not None
    plan = examined.read.plan
    parts: list[str] = []
    if plan.deploy is not None:
        hosts, observed = plan.deploy.hosts, plan.deploy.observed
        where = f"the hosts of {hosts.inventory}" if hosts.inventory else f"{len(hosts.list_)} hosts"
        what = f"{plan.deploy.service} {plan.deploy.version}"
        parts.append(f"{what} to {where}" if observed is None else f"{what} by others, told at {observed.http}")
    if plan.implement is not None and examined.facts.people is not None:
        waves = plan.implement.waves
        number = f"{len(waves.sizes)} wave{'s' if len(waves.sizes) > 1 else ''}"
        parts.append(f"{examined.facts.people.rows} people in {number}{' and a holdout' if waves.holdout else ''}")
    return "; ".join(parts)


def _design(examined: Examined) -> list[str]:
    """The waves' sizes, in all and in each stratum, and the smallest effect that they could show."""
    from uptake.measure.smallest import smallest_effect
    from uptake.plan.doubts import smallest

    read, people = examined.read, examined.facts.people
    implement = read.plan.implement if read is not None else None
    if read is None or implement is None or people is None or not people.dealt:
        return []
    waves = implement.waves
    unit = "settings" if waves.assign_by == "setting" else "people"
    names = [f"wave {number + 1}" for number in range(len(waves.sizes))] + ["holdout"] * (1 if waves.holdout else 0)
    sizes = ", ".join(f"{name} {size}" for name, size in zip(names, people.dealt, strict=True))
    lines = [f"{sum(people.dealt)} {unit}: {sizes}"]
    shares = [size / sum(people.dealt) for size in people.dealt]
    for name, count in people.strata[:STRATA_SHOWN]:
        inside = ", ".join(f"{part} {share * count:.3g}" for part, share in zip(names, shares, strict=True))
        lines.append(f"{name or 'without a value'}, {count} {unit}: {inside} (each less than two off)")
    if len(people.strata) > STRATA_SHOWN:
        lines.append(f"{len(people.strata) - STRATA_SHOWN} more strata")
    sides = smallest(implement, people.dealt, read.plan.timezone, waves.start)
    if sides is not None:
        effect = smallest_effect(*sides)
        one = "setting's" if waves.assign_by == "setting" else "person's"
        words = f"{effect:.2g} standard deviations of a {one} mean, {sides[0]} open against {sides[1]} on the day"
        lines.append(f"smallest effect that this could show four times in five: {words} (a plain approximation)")
    return lines

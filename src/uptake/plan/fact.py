"""What a check may know beside the plan's text: the files it names, its people, its hosts.

Facts are gathered by the command (`app/facts.py`) and passed in, so that checking stays pure and
never runs anybody's code. Also here: which files a plan names.
"""

from dataclasses import dataclass, field
from typing import cast

from uptake.core.problem import Problem
from uptake.core.time import Instant
from uptake.plan.model import Plan, Step
from uptake.plan.pull import Pull

LOCAL_FILES: dict[str, str] = {
    "files.put": "src",
    "files.template": "src",
    "files.sync": "src",
    "files.rsync": "src",
    "server.script": "src",
    "server.script_template": "src",
}
"""Operation -> the argument that names a file or folder beside the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The audience file in short.

    `dealt` is how many units (settings or people) each wave would get, the holdout last where there is one; it is
    empty where the file could not be read to its end. `served` are the values of the column that `hosts.serves` names;
    `strata` are the strata with the units in each.
    """

    columns: tuple[str, ...]
    rows: int = 0
    dealt: tuple[int, ...] = ()
    served: tuple[str, ...] = ()
    strata: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """An outcome's file in short.

    Args:
        units: of the audience.
        known: those of them that it knows.
        values: it holds.
        first: the instant of the first.
        mean: of the values by unit and period, None with too few of them.
        deviation: the standard deviation of a unit's value in one period.
        correlation: between a unit's values in two periods, None where that cannot be told.
    """

    units: int
    known: int
    values: int
    first: Instant | None = None
    mean: float | None = None
    deviation: float | None = None
    correlation: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known from outside the text.

    Args:
        files: each named file's digest, None where it is missing; a file that is not in here is not judged.
        texts: the contents of the announcements' texts.
        people: the audience file, None where it is missing.
        host_data: the data keys that every host has, None where that is not known without running code.
        serves: host name -> the value that it serves, empty for everybody; None as above.
        measured: the files of outcomes, by their position; only files beside the plan are read.
        problems: what was wrong within those files, at places of their own.
    """

    files: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    people: People | None = None
    host_data: tuple[str, ...] | None = None
    serves: dict[str, str] | None = None
    measured: dict[int, Measured] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def named_files(plan: Plan) -> tuple[tuple[str, str], ...]:
    """(path, dotted path of the key that names it) of every file a plan needs beside it.

    Left out are paths that hang on a host's data, and archives that hang on `{version}`: those are made
    after the plan, one for each version.
    """
    found: list[tuple[str, str]] = []
    if plan.deploy is not None:
        if plan.deploy.hosts.inventory:
            found.append((plan.deploy.hosts.inventory, "deploy.hosts.inventory"))
        parts = (("infrastructure", plan.deploy.infrastructure), ("configuration", plan.deploy.configuration))
        for part, steps in parts:
            for i, step in enumerate(steps):
                found += _step_files(step, f"deploy.{part}.{i}")
        tests = [
            (check.target, f"deploy.tests.{i}.test")
            for i, check in enumerate(plan.deploy.tests)
            if check.kind == "test"
        ]
        found += tests
    if plan.implement is not None:
        found.append((plan.implement.audience.from_, "implement.audience.from"))
        if plan.implement.train is not None:
            found.append((plan.implement.train.sessions, "implement.train.sessions"))
        found += [(pull.csv, f"{path}.csv") for path, pull in pulls(plan) if pull.csv and "://" not in pull.csv]
        for i, words in enumerate(plan.implement.announce):
            found.append((words.text, f"implement.announce.{i}.text"))
        access = plan.implement.expose.access
        if access is not None and access.ldap is not None:
            found.append((access.ldap.ca, "implement.expose.access.ldap.ca"))
    return tuple((path, dotted) for path, dotted in found if path and "{" not in path)


def pulls(plan: Plan) -> tuple[tuple[str, Pull], ...]:
    """(dotted path, source) of everything that a plan reads again and again, in the plan's order."""
    implement = plan.implement
    if implement is None:
        return ()
    train = implement.train
    declared = (
        ("implement.adoption.from", implement.adoption.from_),
        ("implement.train.completions", train.completions if train is not None else None),
        ("implement.support.tickets", implement.support.tickets if implement.support is not None else None),
    )
    outcomes = ((f"implement.outcomes.{i}.from", outcome.from_) for i, outcome in enumerate(implement.outcomes))
    return tuple((path, pull) for path, pull in (*declared, *outcomes) if pull is not None)


def _step_files(step: Step, dotted: str) -> list[tuple[str, str]]:
    """The file of one step."""
    if step.name == "run":
        argument, path = "", f"{dotted}.run"
    else:
        argument = "src" if step.name == "release" else LOCAL_FILES.get(step.name, "none")
        path = f"{dotted}.{step.name}.{argument}"
    source = cast("object", step.arguments.get(argument))
    return [(source, path)] if isinstance(source, str) else []

"""Text -> Plan, or every mistake of it at once, each at its place with a hint.

The chain is `tree` (YAML to a tree with places), `shape` (pydantic over the model, single values
by `value` and `form`), and `rewrite` for what pydantic reports. What needs
facts from outside the text (files, columns) is `check`. Nothing here opens a file.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from uptake.core.problem import PlanRefused, Problem, Where
from uptake.plan.later import later_section
from uptake.plan.model import Plan
from uptake.plan.rewrite import mend, rewrite
from uptake.plan.shape import validator
from uptake.plan.source import Table, places_of
from uptake.plan.tree import read_tree
from uptake.plan.value import Mistakes
from uptake.plan.watched import watched


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """A plan that was read, with the text it came from.

    `digest` is the SHA-256 of the text's UTF-8; `marks` say where each key stands, by dotted path
    (`implement.gate.adoption`, `deploy.configuration.1`), `values` where its value does. `broken` is empty but in
    a `Draft`.
    """

    plan: Plan
    text: str
    digest: str
    marks: dict[str, Where]
    values: dict[str, Where]
    file: str
    broken: frozenset[str] = frozenset()

    def where(self, path: str) -> Where:
        """The place of a key, or of the nearest one above it that stands in the file."""
        while path and path not in self.marks:
            path = path.rpartition(".")[0]
        return self.marks[path] if path else Where(file=self.file, line=1, column=1)

    def value(self, path: str) -> Where:
        """The place of a key's value, of the nearest key above it where it is not in the file."""
        return self.values.get(path) or self.where(path)

    def is_whole(self, *paths: str) -> bool:
        """Whether the values at some paths, all that is below them and what they stand in was read without mistake."""
        return not any(
            f"{bad}.".startswith(f"{path}.") or f"{path}.".startswith(f"{bad}.")
            for path in paths
            for bad in self.broken
        )


def digest_of(text: str) -> str:
    """SHA-256 of a text's UTF-8, in hexadecimal: what names a revision of a plan."""
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What came of reading: the problems, and the plan as far as it goes (None where there is no tree at all).

    `read.broken` names the paths beside which the plan's values are made up, so that rules about them stay silent.
    """

    read: ReadPlan | None
    problems: tuple[Problem, ...]


HARMLESS = {"UP111", "UP112"}
"""Problems that leave the values around them as they are: a key is missing beside them, or is of a later version."""
MENDINGS_MOST = 20
"""Passes over a tree that is mended; each puts right one more level of nesting."""


def read_plan(text: str, *, file: str) -> ReadPlan:
    """Read one plan file.

    Args:
        text: the whole file.
        file: its name, for messages.

    Raises:
        PlanRefused: with all mistakes, in the order of the file.
    """
    draft = read_draft(text, file=file)
    if draft.problems:
        raise PlanRefused(*draft.problems)
    assert draft.read is not None
    return draft.read


def read_draft(text: str, *, file: str) -> Draft:
    """Read one plan file as far as it goes, for a check that tells everything at once.

    Args:
        text: the whole file.
        file: its name, for messages.
    """
    try:
        tree, problems = read_tree(text, file=file)
    except PlanRefused as refused:
        return Draft(read=None, problems=in_order(refused.problems))
    keys, values = places_of(tree)
    mistakes = Mistakes()
    broken: set[str] = set()
    plan = _validate(tree, mistakes, broken)
    told = {problem.where for problem in problems}
    mistakes.problems = problems + [problem for problem in mistakes.problems if problem.where not in told]
    paths = {(where.line, where.column): path for places in (keys, values) for path, where in places.items()}
    spoiling = [problem.where for problem in mistakes.problems if problem.code not in HARMLESS]
    broken |= {paths[place] for place in ((where.line, where.column) for where in spoiling) if place in paths}
    read = ReadPlan(
        plan=watched(plan),
        text=text,
        digest=digest_of(text),
        marks=keys,
        values=values,
        file=file,
        broken=frozenset(broken),
    )
    return Draft(read=read, problems=in_order(mistakes.problems))


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Problems in the order of the file, each once."""
    seen = dict.fromkeys(problems)
    return tuple(sorted(seen, key=lambda p: (p.where.file, p.where.line, p.where.column, p.code)))


def _validate(tree: Table, mistakes: Mistakes, broken: set[str]) -> Plan:
    """The plan; what pydantic finds is noted once and mended until nothing is found."""
    from pydantic_core import ValidationError

    notes = mistakes
    for _ in range(MENDINGS_MOST):
        try:
            return cast("Plan", validator().validate_python(tree, context=notes))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
        if notes is mistakes:
            for detail in details:
                rewrite(detail, tree, mistakes)
            spoilt = [detail["loc"] for detail in details if not later_section(str(detail["loc"][-1]))]
            broken |= {".".join(map(str, loc)) for loc in spoilt}
        for detail in details:
            mend(detail, tree)
        notes = Mistakes()
    raise AssertionError("a plan that cannot be mended")

"""Errors for people: what is wrong, where, and what to do next.

    Refused            the root: carries one or more Problems and the exit code
    |- PlanRefused     the plan file has mistakes (exit 2)
    |- Busy            somebody else is at it (exit 1)
    `- Stale           an expired epoch or a moved head: start the tick over

Errors for programmers are assertions. Nothing is logged and passed over.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A place in a text file: line and column count from 1; `width` columns are meant."""

    file: str
    line: int = 0
    column: int = 0
    width: int = 1

    def __str__(self) -> str:
        """file:line:column, as editors and terminals link it."""
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake: a documented code, its place, its cause, and a hint (may be empty)."""

    code: str
    where: Where
    what: str
    hint: str = ""


class Refused(Exception):
    """Something asked for cannot be done; nothing was changed, unless `begun`."""

    exit_code = 2
    begun = False
    """Whether something had been begun before, so that nobody may say that nothing was changed."""

    def __init__(self, *problems: Problem) -> None:
        """Args: problems: at least one."""
        assert problems
        super().__init__("; ".join(f"{p.where}: {p.what}" for p in problems))
        self.problems = problems


class PlanRefused(Refused):
    """The plan file has mistakes, all of them listed."""


class Busy(Refused):
    """Somebody else is at it: the same may succeed later."""

    exit_code = 1


class Stale(Exception):
    """A write by an expired epoch, or onto a head that has moved: read again and start over."""


def refuse(code: str, file: str, what: str, hint: str = "") -> Refused:
    """A refusal with a single problem that has no line."""
    return Refused(Problem(code=code, where=Where(file=file), what=what, hint=hint))

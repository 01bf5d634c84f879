"""What a plan does for people beside letting them in: training, help, and what they are asked. Values only.

A part of the plan's model, in a file of its own; keys and defaults are explained in the annotated reference.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.time import Span
from uptake.plan.pull import Pull


@dataclass(frozen=True, slots=True, kw_only=True)
class Train:
    """Who learns what before a wave opens: the courses of `path` in order, in sessions that a file lists.

    `needed`: the share of a wave's people who must have completed the path before it opens; 0 waits for nobody.
    """

    path: tuple[str, ...]
    sessions: str
    invite: Span = Span(days=-14)
    completions: Pull | None = None
    needed: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """Who helps, and where requests for help are counted."""

    contact: str
    tickets: Pull | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One survey, to each wave `at` so long after its opening; `with` adds our own item on barriers."""

    survey: Literal["umux-lite", "aim", "iam", "fim"]
    at: Span
    with_: tuple[Literal["barrier"], ...] = ()
    open_for: Span = Span(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What may be told of people: nothing of groups smaller than `min_group`; whether answers bear names inside."""

    min_group: int = 5
    survey_mode: Literal["anonymous", "confidential"] = "anonymous"

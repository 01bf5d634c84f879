"""What a plan is for, as it names it: outcomes and their guardrails.

Values only. What must hold of them stands in `outcome_rules`; how an effect is estimated in `measure`.
"""

from dataclasses import dataclass
from typing import Literal

from uptake.core.time import Span
from uptake.plan.pull import Pull


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardrail:
    """How far an outcome may rise or fall against waves not yet open: one of the two shares, looked at every `looks`.

    Beyond it, with `min_count` values, people are asked; harm is found where the looks show it.
    """

    increase: float | None = None
    decrease: float | None = None
    min_count: int = 20
    looks: Span = Span(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the change is for, or what it must not harm: measured alike in every wave, before and after.

    `by` is a share of what was expected without it; its effect is looked at every `looks` up to `judge`, the last look:
    a span from the first wave's opening, a date, or `open` for none.
    """

    name: str
    from_: Pull
    unit: Literal["setting", "person"] = "setting"
    want: Literal["decrease", "increase"] = "decrease"
    by: float = 0.0
    primary: bool = False
    judge: str = ""
    looks: Span = Span(days=7)
    guardrail: Guardrail | None = None

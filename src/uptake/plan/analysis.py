"""The analysis of a batch: metrics that are measured again and again, and what counts as well or ill.

After Argo Rollouts' AnalysisTemplate: a measurement is a success, a failure or inconclusive; too many of a kind
decide the metric, and what is inconclusive is a person's to judge. Values only.
"""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

from uptake.core.time import Span

Answer = Literal["success", "failure", "inconclusive"]
Sign = Literal["<", "<=", ">", ">="]
_BOUND = re.compile(r"(<=|>=|<|>)\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?)\s*(%?)")
_COMPARES: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A comparison with a number, such as `< 0.01`."""

    sign: Sign
    value: float

    @classmethod
    def parse(cls, text: str) -> "Bound":
        """Read one; a percentage is a share.

        Raises:
            ValueError: it is no comparison with a finite number.

        >>> Bound.parse("<= 1.5%")
        Bound(sign='<=', value=0.015)
        """
        match = _BOUND.fullmatch(text.strip())
        if match is None or not math.isfinite(float(match[2])):
            raise ValueError(text)
        value = float(match[2]) / 100 if match[3] else float(match[2])
        return cls(sign=cast("Sign", match[1]), value=value)

    def holds(self, value: float) -> bool:
        """Whether a value is so; never of one that is no number."""
        return _COMPARES[self.sign](value, self.value)

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One value of a Prometheus server: `query` must answer with exactly one."""

    url: str
    query: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonValue:
    """One number of a JSON answer, at a path such as `$.errors.share`."""

    url: str
    at: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is measured, exactly one of prometheus, json, command; and when it is a success or a failure.

    With one of `success` and `failure` the other is what is left; with both, what is neither is inconclusive. No
    answer, more than one and what is no number are inconclusive always. A command prints one number.
    """

    name: str
    prometheus: Prometheus | None = None
    json: JsonValue | None = None
    command: tuple[str, ...] = ()
    success: Bound | None = None
    failure: Bound | None = None
    failure_limit: int = 0
    inconclusive_limit: int = 0

    def judge(self, value: float) -> Answer:
        """What a measured value means."""
        if math.isnan(value) or (self.success is None and self.failure is None):
            return "inconclusive"
        if self.failure is not None and self.failure.holds(value):
            return "failure"
        if self.success is not None and self.success.holds(value):
            return "success"
        if self.success is None:
            return "success"
        return "failure" if self.failure is None else "inconclusive"

    def verdict(self, answers: list[Answer]) -> Answer:
        """What all measurements mean together; without a single success it is never one."""
        if answers.count("failure") > self.failure_limit:
            return "failure"
        if answers.count("inconclusive") > self.inconclusive_limit or "success" not in answers:
            return "inconclusive"
        return "success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Metrics that must stay well after each batch: each is measured `count` times, one `interval` after another."""

    metrics: tuple[Metric, ...]
    interval: Span = Span(seconds=30)
    count: int = 5
    timeout: Span = Span(seconds=10)

    @property
    def lasts_s(self) -> float:
        """How long it takes at most, in seconds."""
        return self.count * (self.interval.approx_s + self.timeout.approx_s)

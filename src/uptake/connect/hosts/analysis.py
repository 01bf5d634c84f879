"""The analysis of a batch: metrics measured again and again, side by side, and what they mean together.

A measurement is one number or none. What Prometheus has no single number for (no such metric, a target that is gone,
several rows, NaN) is inconclusive and never well; so is everything that cannot be asked.
"""

import json
import math
import re
import shlex
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uptake.connect.check import look
from uptake.connect.placeholder import fill
from uptake.connect.secrets import masked, quieten, resolve
from uptake.core.action import Failure, Outcome
from uptake.core.ids import ActionKey
from uptake.core.problem import Refused
from uptake.core.stage import HostFact
from uptake.plan.analysis import Analysis, Answer, Metric
from uptake.plan.model import Check

DETAIL_MOST = 300
BODY_BYTES_MOST = 1_000_000
PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
NOWHERE = HostFact(name="", address="", data={})


class Unmeasured(Exception):
    """There is no number; says why."""


@dataclass(slots=True)
class Course:
    """How one metric goes: what was answered, and the last words of each kind."""

    metric: Metric
    answers: list[Answer] = field(default_factory=list)
    said: dict[Answer, str] = field(default_factory=dict)
    values: list[float] = field(default_factory=list)

    def note(self, answer: Answer, words: str) -> None:
        """One more measurement."""
        self.answers.append(answer)
        self.said[answer] = words

    @property
    def verdict(self) -> Answer:
        """What it means so far."""
        return self.metric.verdict(self.answers)

    @property
    def lost(self) -> bool:
        """Whether it has failed for good."""
        return self.answers.count("failure") > self.metric.failure_limit

    def __str__(self) -> str:
        wanted = " and ".join(
            word
            for word in (
                f"{self.metric.success} wanted" if self.metric.success else "",
                f"{self.metric.failure} fails" if self.metric.failure else "",
            )
            if word
        )
        numbers = ", ".join(f"{value:.6g}" for value in self.values[-5:])
        well = self.answers.count("success")
        told = f"{self.metric.name}: {well} of {len(self.answers)} measurements well ({wanted})"
        return told + (f"; last {numbers}" if numbers else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """Where and for what is measured: the run's version, the plan's folder, what ends it early, and who is told."""

    version: str
    folder: Path
    stop: threading.Event
    tell: Callable[[str], None]


def analyse(key: ActionKey, analysis: Analysis, lab: Lab) -> Outcome | None:
    """Measure every metric `count` times; ends early once one has failed. None where it was stopped."""
    quieten()
    courses = [Course(metric) for metric in analysis.metrics]
    with ThreadPoolExecutor(max_workers=len(courses), thread_name_prefix="analysis") as pool:
        for turn in range(analysis.count):
            if turn and lab.stop.wait(analysis.interval.approx_s):
                return None
            lab.tell(f"analysis {turn + 1} of {analysis.count}")
            list(pool.map(lambda course: _measure(course, analysis.timeout.approx_s, lab), courses))
            if any(course.lost for course in courses):
                break
    bad = tuple(
        Failure(
            target=course.metric.name,
            state=course.verdict,
            step="analysis",
            lines=(str(course), course.said[course.verdict]),
        )
        for course in courses
        if course.verdict != "success"
    )
    counts: dict[str, int] = {}
    for course in courses:
        counts[course.verdict] = counts.get(course.verdict, 0) + 1
    return Outcome(key=key, ok=not bad, counts=counts, failures=bad, lines=tuple(str(course) for course in courses))


def _measure(course: Course, timeout_s: float, lab: Lab) -> None:
    """One measurement of one metric, noted."""
    try:
        value = measure(course.metric, timeout_s, lab)
    except Unmeasured as none:
        course.note("inconclusive", str(none)[:DETAIL_MOST])
    except Refused as refused:
        course.note("inconclusive", str(refused)[:DETAIL_MOST])
    else:
        course.values.append(value)
        course.note(course.metric.judge(value), f"measured {value:.6g}")


def measure(metric: Metric, timeout_s: float, lab: Lab) -> float:
    """One number.

    Raises:
        Unmeasured: there is none, or not one alone.
        Refused: a secret is missing.
    """
    if metric.prometheus is not None:
        query = {"query": _filled(metric.prometheus.query, lab)}
        url = metric.prometheus.url.rstrip("/") + "/api/v1/query"
        return _one_row(_json(url, query, metric.prometheus.headers, timeout_s, lab))
    if metric.json is not None:
        url = _filled(metric.json.url, lab)
        return _at(_json(url, None, metric.json.headers, timeout_s, lab), metric.json.at)
    return _printed(metric, timeout_s, lab)


def _filled(text: str, lab: Lab) -> str:
    return fill(text, version=lab.version, host="", data={})


def _json(url: str, query: dict[str, str] | None, headers: dict[str, str], timeout_s: float, lab: Lab) -> Any:
    """A JSON answer."""
    import httpx

    secrets = {name: resolve(text, folder=lab.folder) for name, text in headers.items()}
    try:
        answer = httpx.get(url, params=query, headers=secrets, timeout=timeout_s)
    except httpx.TimeoutException:
        raise Unmeasured(f"{url}: no answer within {timeout_s:g} s") from None
    except httpx.HTTPError as error:
        raise Unmeasured(f"{url}: cannot be asked: {type(error).__name__}") from None
    if not answer.is_success:
        words = " ".join(answer.text[:DETAIL_MOST].split())
        for text in secrets.values():
            words = masked(words, text)
        raise Unmeasured(f"{url}: {answer.status_code}: {words}")
    if len(answer.content) > BODY_BYTES_MOST:
        raise Unmeasured(f"{url}: answered with more than {BODY_BYTES_MOST} bytes")
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        raise Unmeasured(f"{url}: the answer is no JSON") from None


def _one_row(told: Any) -> float:
    """The single value of a Prometheus answer (HTTP API, instant queries)."""
    try:
        if told["status"] != "success":
            raise Unmeasured(f"Prometheus: {told['status']}")
        kind, rows = told["data"]["resultType"], told["data"]["result"]
        if kind == "scalar":
            return _number(rows[1])
        if kind != "vector":
            raise Unmeasured(f"Prometheus: the query answers with a {kind}, and one value is wanted")
        if len(rows) != 1:
            what = f"{len(rows)} rows" if rows else "nothing: no such series, or its target is gone"
            raise Unmeasured(f"Prometheus: the query answers with {what}, and one value is wanted")
        return _number(rows[0]["value"][1])
    except (KeyError, IndexError, TypeError):
        raise Unmeasured("this is no answer of Prometheus") from None


def _at(value: Any, path: str) -> float:
    """The number at a path into JSON."""
    for key, index, quoted in PART.findall(path):
        try:
            value = value[int(index)] if index else value[key or quoted]
        except (KeyError, IndexError, TypeError):
            raise Unmeasured(f"the answer has nothing at {path}") from None
    if isinstance(value, bool):
        raise Unmeasured(f"what stands at {path} is no number")
    return _number(value)


def _printed(metric: Metric, timeout_s: float, lab: Lab) -> float:
    """What a command prints, where it ends 0."""
    check = Check(kind="command", target=shlex.join(metric.command))
    seen = look(check, NOWHERE, version=lab.version, folder=lab.folder, timeout_s=timeout_s)
    if not seen.ok:
        raise Unmeasured(seen.detail)
    if len(seen.printed.split()) != 1:
        raise Unmeasured(f"{metric.command[0]}: one number is wanted; it printed {seen.printed[:60].strip()!r}")
    return _number(seen.printed)


def _number(text: Any) -> float:
    """A number, which may be infinite; NaN is none."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        raise Unmeasured(f"this is no number: {str(text)[:60]!r}") from None
    if math.isnan(value):
        raise Unmeasured("NaN: there is nothing to divide by")
    return value

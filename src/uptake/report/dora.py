"""DORA's five metrics of software delivery, from what the ledger holds: each with its definition and its basis.

The metrics and their names are DORA's (dora.dev, "software delivery performance metrics"); what counts as a
deployment, a failure and a recovery here stands beside each figure. What the ledger does not hold is "not measured",
with the reason. Pure: a picture and a period in, figures out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from uptake.core.picture import Picture
from uptake.core.time import Instant
from uptake.core.words import count, moment
from uptake.plan.model import Plan
from uptake.report.deployments import Deployment, deployments
from uptake.report.terminal import wrap
from uptake.report.words import length, of, percent

DAY_MS = 86_400_000
DEFINITIONS = {
    "change lead time": "The median time from the commit of a change until the deployment that brought it had"
    " succeeded.",
    "deployment frequency": "Deployments in the period, by week. A deployment is a run that changed at least one host,"
    " or of which others' version was seen, whether it ended well or not.",
    "failed deployment recovery time": "The median time from when a deployment was first known to have failed (a failed"
    " gate, an order to take it back, or its own end where a rework deployment followed) until its hosts were well on"
    " the version before, or it or a later run had succeeded.",
    "change fail rate": "The share of deployments that somebody or something had to step in for at once: they failed,"
    " were rolled back, were held by a failed gate, or were followed by a rework deployment.",
    "deployment rework rate": "The share of deployments that were not planned and were made because of an incident.",
}
"""The five, and what each means here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One of the five.

    Args:
        name: as DORA calls it.
        value: seconds, deployments per week, or a share in [0, 1]; None for not measured.
        unit: `s`, `per week` or `share`.
        shown: the value for people, or `not measured`.
        basis: what it was computed from, or why it was not.
        definition: what it means here.
    """

    name: str
    value: float | None
    unit: str
    shown: str
    basis: str
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a service is delivered in a period: from `since` on, before `until`."""

    service: str
    environment: str
    since: Instant
    until: Instant
    deployments: tuple[Deployment, ...]
    metrics: tuple[Metric, ...]


def delivery(plan: Plan, picture: Picture, *, since: Instant, until: Instant) -> Delivery:
    """The five metrics of a period.

    Args:
        plan: with a deploy half.
        picture: the fold of all entries; how a deployment of the period fared later counts too.
        since: where the period begins; it never begins before the ledger's first run.
        until: where it ends, this instant not included.
    """
    assert plan.deploy is not None
    first = picture.runs[0].started_at if picture.runs else until
    since = Instant(min(max(since, first), until))
    inside = tuple(one for one in deployments(picture) if since <= one.settled_at < until)
    return Delivery(
        service=plan.deploy.service,
        environment=plan.deploy.environment,
        since=since,
        until=until,
        deployments=inside,
        metrics=(
            _lead_time(inside),
            _frequency(inside, until - since, any_run=bool(picture.runs)),
            _recovery_time(inside),
            _share("change fail rate", inside, [one.failed_at is not None for one in inside], NOTHING),
            _share("deployment rework rate", inside, [one.rework for one in inside if one.rework is not None], UNSAID),
        ),
    )


NOTHING = "nothing was deployed in the period"
UNSAID = "no deployment of the period says whether it was planned"


def _metric(name: str, unit: str, basis: str, found: tuple[float, str] | None) -> Metric:
    value, shown = found if found is not None else (None, "not measured")
    return Metric(name=name, value=value, unit=unit, shown=shown, basis=basis, definition=DEFINITIONS[name])


def _lead_time(inside: Sequence[Deployment]) -> Metric:
    name, ended = "change lead time", [one for one in inside if one.deployed_at is not None]
    told = [one for one in ended if one.committed_at]
    took = [one.deployed_at - at for one in told if one.deployed_at is not None for at in one.committed_at]
    good = sorted(ms for ms in took if ms >= 0)
    late = (
        f"; {count(len(took) - len(good), 'commit')} later than the deployment left out"
        if len(took) > len(good)
        else ""
    )
    if not ended:
        return _metric(name, "s", "nothing was deployed well in the period", None)
    if not told:
        return _metric(name, "s", "no deployment of the period says when its changes were committed", None)
    if not good:
        return _metric(name, "s", f"no change can be timed{late}", None)
    basis = f"{count(len(good), 'change')} of {of(len(told), len(ended), 'deployment')} that succeeded{late}"
    middle = _median(good)
    return _metric(name, "s", basis, (middle / 1000, length(middle)))


def _frequency(inside: Sequence[Deployment], period_ms: int, *, any_run: bool) -> Metric:
    name, unit, days = "deployment frequency", "per week", period_ms / DAY_MS
    if not any_run:
        return _metric(name, unit, "nothing was deployed yet", None)
    basis = f"{count(len(inside), 'deployment')} in {days:.4g} days"
    if days < 1:
        return _metric(name, unit, f"{basis}: the period is shorter than a day", None)
    per_week = len(inside) / days * 7
    return _metric(name, unit, basis, (per_week, f"{per_week:.3g} per week"))


def _recovery_time(inside: Sequence[Deployment]) -> Metric:
    name, failed = "failed deployment recovery time", [one for one in inside if one.failed_at is not None]
    took = sorted(
        one.recovered_at - one.failed_at for one in failed if one.recovered_at is not None and one.failed_at is not None
    )
    if not inside:
        return _metric(name, "s", NOTHING, None)
    if not failed:
        return _metric(name, "s", "no deployment of the period failed", None)
    basis = f"{of(len(took), len(failed), 'failed deployment')} recovered"
    if not took:
        return _metric(name, "s", basis, None)
    middle = _median(took)
    return _metric(name, "s", basis, (middle / 1000, length(middle)))


def _share(name: str, inside: Sequence[Deployment], answers: Sequence[bool], why_not: str) -> Metric:
    """How many of those that can be told are so."""
    if not answers:
        return _metric(name, "share", why_not if inside else NOTHING, None)
    share = sum(answers) / len(answers)
    unsaid = len(inside) - len(answers)
    basis = of(sum(answers), len(answers), "deployment") + (f", {unsaid} not told" if unsaid else "")
    return _metric(name, "share", basis, (share, percent(share)))


def _median(ordered: Sequence[int]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def delivery_text(found: Delivery, timezone: str, *, width: int = 100) -> str:
    """The five for a terminal, ended by a newline.

    Args:
        found: the figures.
        timezone: the plan's.
        width: of the terminal, in columns.
    """
    period = f"{moment(found.since, timezone)} to {moment(found.until, timezone)}"
    lines = wrap(f"{found.service} in {found.environment}, {period}", width)
    for metric in found.metrics:
        lines += ["", *wrap(f"{metric.name.capitalize()}: {metric.shown} ({metric.basis})", width)]
        lines += wrap(metric.definition, width, indent="  ")
    return "\n".join(lines) + "\n"

"""`uptake dora`: DORA's five metrics of a plan's deployments, from its ledger.

Nothing is asked of any other place; what the ledger does not hold is not measured, with the reason. Exit 0 whatever
the figures are: it only shows.
"""

from dataclasses import asdict
from pathlib import Path

from uptake.app.start import deploy_of
from uptake.cli.shown import columns, now, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.core.time import Instant, iso, parse_instant
from uptake.report.dora import Delivery, delivery, delivery_text
from uptake.report.terminal import bounded


def run(plan: Path, *, since: str = "", until: str = "", json: bool = False) -> int:
    """Show the five metrics.

    Args:
        plan: the plan file.
        since: the day, or the moment, from which deployments count; the first run by default.
        until: the day, or the moment, from which they count no more; now by default.
        json: print one JSON object, numbers in full.
    """
    with opened_plan(plan) as opened:
        deploy_of(opened)
        zone = opened.read.plan.timezone
        begin, end = _instant("--since", since, zone), _instant("--until", until, zone)
        moment = end if end is not None else now()
        if begin is not None and begin >= moment:
            raise refuse("UP030", "--since", f"{since} is not before {until or 'now'}", "name an earlier day")
        found = delivery(opened.read.plan, opened.picture(), since=begin or Instant(0), until=moment)
    if json:
        print_json(_plain(found, opened.read.plan.plan))
    else:
        print_text(delivery_text(found, zone, width=bounded(columns())))
    return 0


def _instant(option: str, text: str, timezone: str) -> Instant | None:
    """An option's date or date-time; None where it was not given.

    Raises:
        Refused: it is neither.
    """
    if not text:
        return None
    try:
        return parse_instant(text, timezone)
    except (ValueError, OverflowError):
        hint = "write 2026-11-01, or 2026-11-01T18:00"
        raise refuse("UP030", option, f"`{text[:100]}` is no date", hint) from None


def _plain(found: Delivery, plan: str) -> dict[str, object]:
    return {
        "schema": 1,
        "plan": plan,
        "service": found.service,
        "environment": found.environment,
        "since": iso(found.since),
        "until": iso(found.until),
        "metrics": [asdict(metric) for metric in found.metrics],
        "deployments": [asdict(one) for one in found.deployments],
    }

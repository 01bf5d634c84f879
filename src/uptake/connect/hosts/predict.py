"""What a deploy would change, host by host, without touching anything: the dry run.

Operations are prepared against the hosts' present facts and never run. A later step's answer cannot know what an
earlier one would have made, so it is a prediction of each step on the hosts as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from uptake.connect.hosts.process import Child, Died
from uptake.connect.hosts.site import Site
from uptake.connect.hosts.worker import READY_LIMIT_S
from uptake.core.action import Part
from uptake.core.problem import refuse
from uptake.plan.model import Deploy, Step

STEPS_LIMIT_S = 600.0
"""The prediction may take so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Would:
    """One operation of one step on one host.

    Args:
        host: its name.
        part: of the plan.
        item: from 0.
        step: the plan item's name.
        operation: pyinfra's title of it; empty where the host or step failed as a whole.
        change: whether it would change something; None where that cannot be told.
        lines: why not.
        diff: what would change in its files, where it was asked for and pyinfra can tell.
    """

    host: str
    part: Part
    item: int
    step: str
    operation: str
    change: bool | None
    lines: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()


def predict(
    site: Site, hosts: Sequence[str], *, version: str, child: Child | None = None, diff: bool = False
) -> tuple[Would, ...]:
    """Ask what every step would change on these hosts.

    Args:
        site: where and what.
        hosts: their names.
        version: that would be deployed.
        child: one that has read the inventory; where there is none, one is started and ended.
        diff: whether files are compared.

    Raises:
        Refused: the inventory cannot be read, or the worker process ended.
    """
    own = Child(site.begin(0)) if child is None else None
    asked = child or own
    assert asked is not None
    found: list[Would] = []
    try:
        if own is not None:
            own.until("ready", READY_LIMIT_S)
        steps = _steps(site.deploy)
        wanted = [{"name": step.name, "arguments": step.arguments} for _, _, step in steps]
        order = {"do": "predict", "key": "", "hosts": list(hosts), "version": version, "diff": diff}
        asked.send({**order, "steps": wanted})
        for fact in (fact for fact in asked.until("ended", STEPS_LIMIT_S) if fact["say"] == "would"):
            part, item, step = steps[fact["item"]]
            facts = {"operation": fact["operation"], "change": fact["change"], "lines": tuple(fact["lines"])}
            facts |= {"diff": tuple(fact.get("diff", ()))}
            found.append(Would(host=fact["host"], part=part, item=item, step=step.name, **facts))
    except Died:
        raise refuse("hosts.died", "dry run", "the worker process ended before it had answered") from None
    finally:
        if own is not None:
            own.end()
    order_of = {name: place for place, name in enumerate(hosts)}
    return tuple(sorted(found, key=lambda one: order_of[one.host]))


def _steps(deploy: Deploy) -> list[tuple[Part, int, Step]]:
    """Each step in order; tests are left out, they ask a running service."""
    first: list[tuple[Part, int, Step]] = [("infrastructure", i, step) for i, step in enumerate(deploy.infrastructure)]
    return [*first, *(("configuration", i, step) for i, step in enumerate(deploy.configuration))]

"""What is left to serve while a batch is down, told before a run begins.

Counted by the hosts that answer now, not by those that the inventory names: a host that is down serves nobody.
"""

from collections.abc import Iterable, Sequence

from uptake.core.problem import Problem
from uptake.core.stage import HostFact
from uptake.deploy.targets import batches
from uptake.plan.model import Deploy
from uptake.plan.read import ReadPlan


def capacity(read: ReadPlan, deploy: Deploy, hosts: Sequence[HostFact], serving: Sequence[str]) -> Iterable[Problem]:
    """A warning for each batch that takes all hosts that serve now, of the plan or of one place among several hosts.

    Args:
        read: the plan, whose lines the warnings name.
        deploy: its half.
        hosts: that the run is for.
        serving: names of the hosts that answer now, those that the run leaves out included.
    """
    places: dict[str, list[str]] = {"": [host.name for host in hosts]}
    for host in hosts:
        if host.serves:
            places.setdefault(host.serves, []).append(host.name)
    cut = batches(deploy, tuple(hosts))
    for i, batch in enumerate(cut, 1):
        for place, names in places.items():
            left = [name for name in serving if name not in batch and (not place or name in names)]
            down = [name for name in serving if name in batch and name in names]
            if len(names) > 1 and down and not left:
                whom = f" for {place}" if place else ""
                what = f"while batch {i} of {len(cut)} is down, no host is left to serve{whom}"
                key = "deploy.update.max_parallel" if "deploy.update.max_parallel" in read.marks else "deploy.update"
                hint = "write a smaller `max_parallel`, or mend the hosts that do not answer first"
                yield Problem(code="preflight.capacity", where=read.where(key), what=what, hint=hint)
                break

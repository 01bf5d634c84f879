"""What is left to serve while a batch is down, told before a run begins.

Counted by the hosts that answer now, not by those that the inventory names: a host that is down serves nobody.
"""

from collections.abc import Iterable, Sequence

from uptake.core.problem import Problem
from uptake.core.stage import HostFact
from uptake.deploy.targets import batches
from uptake.plan.model import Deploy
from uptake.plan.read import ReadPlan


def capacity(
    read: ReadPlan, deploy: Deploy, hosts: Sequence[HostFact], serving: Sequence[str], *, without: Sequence[str] = ()
) -> Iterable[Problem]:
    """A warning for each batch that takes all hosts that serve now, of the plan or of one place.

    Args:
        read: the plan, whose lines the warnings name.
        deploy: its half.
        hosts: all of the inventory; one that names no place serves all of them, and a place of one host is never told.
        serving: names of the hosts that answer now.
        without: names of the hosts that the run leaves out, which go on serving.
    """
    places = {"": [host.name for host in hosts]}
    for place in sorted({host.serves for host in hosts} - {""}):
        places[place] = [host.name for host in hosts if host.serves in ("", place)]
    cut = batches(deploy, tuple(host for host in hosts if host.name not in without))
    for i, batch in enumerate(cut, 1):
        for place, names in places.items():
            up = [name for name in names if name in serving or name in without]
            left = [name for name in up if name not in batch]
            down = [name for name in up if name in batch]
            if len(names) > 1 and down and not left:
                whom = f" for {place}" if place else ""
                what = f"while batch {i} of {len(cut)} is down, no host is left to serve{whom}"
                key = "deploy.update.max_parallel" if "deploy.update.max_parallel" in read.marks else "deploy.update"
                hint = "write a smaller `max_parallel`, or mend the hosts that do not answer first"
                yield Problem(code="preflight.capacity", where=read.where(key), what=what, hint=hint)
                break

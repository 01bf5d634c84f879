"""Hosts to batches: canary first, then at most `max_parallel` at a time.

Pure and positional: the inventory's order is the batches' order. It does not look at
health; excluded hosts are taken out where the batches are used.
"""

from uptake.core.stage import HostFact, Stage
from uptake.plan.model import Deploy


def batches(deploy: Deploy, hosts: tuple[HostFact, ...]) -> tuple[tuple[str, ...], ...]:
    """The hosts' names, batch by batch.

    Shares of the hosts round down and are at least 1 (Nomad's `max_parallel`).
    """
    names = [host.name for host in hosts]
    width = parallel(deploy, len(names))
    canary = min(deploy.update.canary, len(names))
    cut = [tuple(names[:canary])] if canary else []
    rest = names[canary:]
    cut += [tuple(rest[i : i + width]) for i in range(0, len(rest), width)]
    return tuple(cut)


def parallel(deploy: Deploy, count: int) -> int:
    """How many hosts change at once, of `count`."""
    most = deploy.update.max_parallel
    if isinstance(most, int) and not isinstance(most, bool):
        return max(1, most)
    return max(1, int(most * count + 1e-9))


def batch_name(ordinal: int, *, of: int, canary: bool) -> str:
    """A batch's name for people.

    >>> batch_name(0, of=3, canary=True)
    'batch 1 of 3 (canary)'
    """
    return f"batch {ordinal + 1} of {of}" + (" (canary)" if canary and ordinal == 0 else "")


def whole_run(number: int) -> Stage:
    """The stage that stands for a whole run."""
    return Stage(half="deploy", run=number, ordinal=-1)


HALF = Stage(half="deploy", run=0, ordinal=-1)
"""The stage that stands for the deploy half: deployed or not."""

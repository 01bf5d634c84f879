"""Which version each host is on, read from the runs and roll backs in the ledger, never guessed.

A host is on a version once every configuration step of it has ended there (infrastructure steps
where a plan has no others). On the ring it is what remains of the actions after they were done.
"""

from uptake.core.action import RunStep
from uptake.core.picture import Act, Picture
from uptake.core.stage import Stage
from uptake.plan.model import Deploy


def versions(deploy: Deploy, picture: Picture) -> dict[str, str]:
    """Host -> its version; `2.6.0, 2.7.0 begun` while another is put there; hosts never touched are absent.

    Where others deploy, the service is on the version that its address tells.

    Args:
        deploy: the half whose steps bring a version.
        picture: the fold of all entries.
    """
    if deploy.observed is not None:
        run = picture.run
        told = [host.name for host in run.hosts if picture.host(host.name).state == "healthy"] if run else []
        return dict.fromkeys(told, run.version if run else "")
    part = "configuration" if deploy.configuration else "infrastructure"
    items = len(deploy.configuration or deploy.infrastructure)
    on: dict[str, str] = {}
    begun: dict[str, str] = {}
    done: dict[tuple[str, Stage], set[int]] = {}
    for act in sorted(picture.acts.values(), key=lambda act: act.seq):
        step = act.action
        if not isinstance(step, RunStep) or step.part != part:
            continue
        missed = _missed(act)
        for host in step.hosts:
            begun[host] = step.version
            ended = done.setdefault((host, step.stage), set())
            if host not in missed:
                ended.add(step.item)
            if len(ended) == items:
                on[host] = step.version
                begun.pop(host)
    return {host: _words(on.get(host, ""), begun.get(host, "")) for host in on | begun}


def _missed(act: Act) -> frozenset[str]:
    """The hosts on which a step has not ended well; all of them while it runs."""
    assert isinstance(act.action, RunStep)
    if act.outcome is None or act.outcome.interrupted:
        return frozenset(act.action.hosts)
    return frozenset() if act.outcome.ok else frozenset(failure.target for failure in act.outcome.failures)


def _words(on: str, begun: str) -> str:
    parts = [on, f"{begun} begun" if begun and begun != on else ""]
    return ", ".join(part for part in parts if part)

"""What must hold between the keys of `deploy.update`: one way each, a canary to promote, metrics that can answer.

Each rule appends to the mistakes and goes on. Pure.
"""

from uptake.plan.analysis import Metric
from uptake.plan.model import Deploy
from uptake.plan.read import ReadPlan
from uptake.plan.value import Mistakes


def check_update(read: ReadPlan, deploy: Deploy, mistakes: Mistakes) -> None:
    """Every rule of what a run does beside its steps."""
    update = deploy.update
    if not update.auto_promote and not update.canary and read.is_whole("deploy.update"):
        what = "`auto_promote: false` waits for a person after the canary, and there is none"
        mistakes.add("UP212", read.value("deploy.update.auto_promote"), what, "add `canary: 1`")
    if "deploy.update.max_fail_percentage" in read.marks and update.on_failure != "exclude":
        what = f"`max_fail_percentage` counts excluded hosts, and `on_failure: {update.on_failure}` excludes none"
        mistakes.add("UP212", read.where("deploy.update.max_fail_percentage"), what, "write `on_failure: exclude`")
    for key, hooks in (("before_host", update.before_host), ("after_host", update.after_host)):
        for i, hook in enumerate(hooks):
            ways = [bool(hook.command), hook.http is not None, hook.haproxy is not None]
            _one_of(read, f"deploy.update.{key}.{i}", ways, "command, http or haproxy", mistakes)
    if update.analysis is not None and read.is_whole("deploy.update.analysis"):
        if not update.analysis.metrics:
            where = read.where("deploy.update.analysis")
            mistakes.add("UP212", where, "`analysis` measures nothing", "add a metric, or take the key away")
        _names(read, update.analysis.metrics, mistakes)
        for i, metric in enumerate(update.analysis.metrics):
            _metric(read, f"deploy.update.analysis.metrics.{i}", metric, mistakes)


def _metric(read: ReadPlan, at: str, metric: Metric, mistakes: Mistakes) -> None:
    ways = [metric.prometheus is not None, metric.json is not None, bool(metric.command)]
    _one_of(read, at, ways, "prometheus, json or command", mistakes)
    if metric.success is None and metric.failure is None:
        what = f"nothing tells when `{metric.name}` is well"
        mistakes.add("UP211", read.where(at), what, 'add `success: "< 1%"`, `failure: "> 5%"`, or both')


def _names(read: ReadPlan, metrics: tuple[Metric, ...], mistakes: Mistakes) -> None:
    for i, metric in enumerate(metrics):
        if metric.name in [other.name for other in metrics[:i]]:
            where = read.value(f"deploy.update.analysis.metrics.{i}.name")
            mistakes.add("UP213", where, f"the metric `{metric.name}` is there twice", "give it another name")


def _one_of(read: ReadPlan, at: str, ways: list[bool], named: str, mistakes: Mistakes) -> None:
    if read.is_whole(at) and sum(ways) != 1:
        mistakes.add("UP212", read.where(at), f"exactly one of {named} must stand here", "keep one of them")

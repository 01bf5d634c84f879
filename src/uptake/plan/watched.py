"""A deployment by others as the deploy half knows one: a single target, named after the service, with one check.

Applied once a plan was read, so that gates, probes and screens need no case of their own.
"""

from dataclasses import replace
from urllib.parse import urlsplit

from uptake.core.stage import HostFact
from uptake.plan.model import Check, Deploy, Health, Plan, Update


def watched(plan: Plan) -> Plan:
    """The plan with the health gate of what is observed; unchanged where it deploys by itself."""
    deploy = plan.deploy
    if deploy is None or deploy.observed is None:
        return plan
    return replace(plan, deploy=replace(deploy, update=_update(deploy)))


def target(deploy: Deploy) -> HostFact:
    """What stands for hosts where others deploy: the service, at the address that tells its version."""
    assert deploy.observed is not None
    return HostFact(name=deploy.service, address=urlsplit(deploy.observed.http).hostname or "", data={})


def _update(deploy: Deploy) -> Update:
    observed = deploy.observed
    assert observed is not None
    health = Health(
        checks=(Check(kind="version", target=observed.http),),
        interval=observed.every,
        timeout=observed.timeout,
        min_healthy_time=observed.min_healthy_time,
        healthy_deadline=observed.healthy_deadline,
    )
    return Update(health=health, watch=observed.every, on_failure="hold")

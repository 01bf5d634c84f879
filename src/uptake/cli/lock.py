"""`uptake lock`: who deploys this service in this environment now, and who turns this plan's ring.

Reads the lock where it stands, on the hosts, and changes nothing; one whose holder is gone is taken over by the next
run once its time is up.
"""

from pathlib import Path

import msgspec

from uptake.app.opened import open_plan
from uptake.app.ring import make_site
from uptake.app.start import deploy_of
from uptake.core.problem import refuse


def run(plan: Path, *, json: bool = False) -> int:
    """Show the lock.

    Args:
        plan: the plan file.
        json: print one JSON object.
    """
    from uptake.connect.hosts.crew import Crew

    opened = open_plan(plan)
    try:
        deploy = deploy_of(opened)
        if deploy.observed is not None:
            raise refuse("UP021", str(plan), "this service is deployed by others, so no lock is taken", "ask them")
        turning = opened.store.lease.holder()
        crew = Crew(make_site(opened, deploy))
        try:
            claims, lost = crew.locks()
        finally:
            crew.end()
    finally:
        opened.store.close()
    held = [(host, claim) for host, claim in claims.items() if claim.left_s]
    if json:
        value = {
            "schema": 1,
            "service": deploy.service,
            "environment": deploy.environment,
            "held": [{"host": host, "by": c.words, "seconds_left": c.left_s, "epoch": c.epoch} for host, c in held],
            "unreachable": lost,
            "turning": turning,
        }
        print(msgspec.json.encode(value).decode())
        return 0
    name = f"{deploy.service} in {deploy.environment}"
    for host, claim in held:
        print(f"{name}: held by {claim.words} (on {host}, for {claim.left_s} s more unless it is renewed)")
    if not held:
        print(f"{name}: nobody deploys it now.")
    for host, why in lost.items():
        print(f"{host} could not be asked: {why}")
    print(f"This plan's ring is turned by {turning}." if turning else "Nobody turns this plan's ring now.")
    return 0

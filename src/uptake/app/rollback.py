"""A person orders the latest run taken back: looked at first, said once, done by the loop.

It says the word and what it will do; which hosts, in which order and through which gate is the deploy half's.
"""

from typing import Any

from uptake.app.opened import Opened, say
from uptake.app.start import By, deploy_of, refuse_edited, ticket_of
from uptake.core.entry import Said
from uptake.core.picture import Picture, RunPicture
from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.deploy.gates import run_state
from uptake.deploy.steps import ROLLBACK, changed_batches, release_before
from uptake.plan.model import Deploy

MAY_GO_BACK = ("succeeded", "running", "held")
"""States of a run that can be ordered back."""


def going_back(opened: Opened, picture: Picture) -> tuple[RunPicture, str, tuple[str, ...]]:
    """What would be done: the latest run, the version before, and the hosts that change, in order.

    Raises:
        Refused: no run, one that cannot be taken back, or nothing to go back to.
    """
    deploy, run = deploy_of(opened), picture.run
    refuse_edited(opened, picture)
    if run is None:
        raise refuse("UP031", str(opened.path), "nothing of this plan was deployed", "start it: `uptake deploy`")
    return run, *_back(opened, deploy, picture, run)


def _back(opened: Opened, deploy: Deploy, picture: Picture, run: RunPicture) -> tuple[str, tuple[str, ...]]:
    name, state = f"run {run.number} of {run.version}", run_state(picture, run)
    if deploy.observed is not None:
        hint = "go back with the tool that deploys; Uptake follows what the address tells"
        raise refuse("UP037", str(opened.path), "others deploy this plan's service", hint)
    if state not in MAY_GO_BACK:
        hint = "let it go on first: `uptake deploy`" if state == "interrupted" else "deploy another version"
        raise refuse("UP037", str(opened.path), f"{name} is {state}", hint)
    before = release_before(picture, run)
    if before is None:
        raise refuse("UP037", str(opened.path), f"{name} has no release before it", "deploy another version")
    hosts = tuple(host for _, batch in changed_batches(deploy, picture, run) for host in batch)
    return before.version, tuple(host for host in hosts if host not in run.excluded)


def order_back(opened: Opened, *, now: Instant, by: By) -> int:
    """Say that the latest run is to be taken back, and return its number.

    Raises:
        Refused: as in `going_back`.
    """
    ticket = ticket_of(by.ticket)
    numbers: list[int] = []
    mark = opened.store.texts.keep(by.why) if by.why else ""

    def build(picture: Picture) -> Said:
        run, _, _ = going_back(opened, picture)
        numbers.append(run.number)
        data: dict[str, Any] = {"run": run.number, **ticket}
        return Said(what=ROLLBACK, who=by.who, half="deploy", why=mark, data=data)

    say(opened, build, now=now)
    return numbers[-1]

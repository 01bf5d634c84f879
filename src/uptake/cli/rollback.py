"""`uptake rollback`: take the latest run back to the version before, on every host that it changed.

Shows what it will do and asks. Newest batch first, each through its health gate, as after a failure; ends with 0 once
all of them are on the version before. Infrastructure and data are not undone.
"""

import time
from pathlib import Path

from uptake.app.opened import Opened, in_force, open_plan
from uptake.app.rollback import going_back, order_back
from uptake.app.start import By, ticket_of
from uptake.cli.ask import confirm
from uptake.cli.code import CODES, INTERRUPTED, tell_run
from uptake.cli.ending import follow
from uptake.core.picture import Picture
from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.core.words import count
from uptake.report.ending import Standing, has_ended, standing

BACK = CODES | {"rolled back": 0, "succeeded": 1}
"""Exit code by a run's last state: going back is what was asked for."""


def run(plan: Path, *, why: str, ticket: str = "", yes: bool = False, detach: bool = False, json: bool = False) -> int:
    """Roll back.

    Args:
        plan: the plan file.
        why: the reason, kept apart from the ledger so that it can be erased.
        ticket: the number of a change ticket, shown by `uptake why`.
        yes: do not ask.
        detach: begin and return; `uptake serve` carries on.
        json: print one JSON object.
    """
    opened = open_plan(plan)
    try:
        return _run(opened, By(why=why, ticket=ticket), (yes, detach), as_json=json)
    finally:
        opened.store.close()


def _run(opened: Opened, by: By, how: tuple[bool, bool], *, as_json: bool) -> int:
    (yes, detach), _ = how, ticket_of(by.ticket)
    run, version, hosts = going_back(opened, opened.picture())
    where = f"{count(len(hosts), 'host')}, newest batch first: {', '.join(hosts)}" if hosts else "no host was changed"
    if not confirm(f"Take run {run.number} of {run.version} back to {version}: {where}.", yes=yes):
        return 1
    if detach and not opened.store.lease.holder():
        hint = "start `uptake serve` first, or leave --detach out"
        raise refuse("UP024", str(opened.path), "nothing turns the ring of this plan", hint)
    number = order_back(opened, now=Instant(time.time_ns() // 1_000_000), by=by)
    if detach:
        begun = Standing(run=number, version=run.version, state="going back", ended=False, why="")
        return tell_run(begun, 0, as_json=as_json)

    def ended(picture: Picture) -> bool:
        state = standing(opened.read, picture, number)
        return state is not None and state.state not in ("succeeded", "held") and has_ended(picture, number)

    picture = follow(opened, ended, quiet=as_json)
    found = standing(in_force(opened, picture).read, picture, number)
    assert found is not None
    return tell_run(found, BACK.get(found.state, INTERRUPTED), as_json=as_json)

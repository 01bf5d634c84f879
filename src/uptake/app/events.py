"""Events to other tools, put together: where they go, what they say, and what is the matter with an address.

Chosen here alone, as all real parts are: what is said is `report.cdevents`, who sends it `connect.notices.cdevents`.
A plan without `deploy.events` has no worker for them.
"""

from collections.abc import Callable
from dataclasses import replace

from uptake.app.opened import Opened
from uptake.deploy.gates import run_state
from uptake.plan.secret import is_reference
from uptake.report.board import Board
from uptake.report.words import sentence


def make_events(opened: Opened) -> Callable[[], None]:
    """Begin to tell the plan's addresses what its ledger says, and return what ends it."""
    deploy = opened.read.plan.deploy
    if deploy is None or not deploy.events:
        return lambda: None
    from uptake.connect.notices.cdevents import PostedEvents, Told
    from uptake.report.cdevents import ENDS, Chronicle

    plan, store, picture = opened.read.plan, opened.store, opened.picture()
    run = picture.run
    under_way = run is not None and run_state(picture, run) not in ENDS
    posted = PostedEvents(
        deploy.events,
        make=lambda: Chronicle(plan),
        ledger=store.ledger,
        begin=run.seq - 1 if run is not None and under_way else picture.seq,
        told=Told(folder=opened.folder, kept=store.feeds),
    )
    return posted.close


def with_untold(opened: Opened, board: Board) -> Board:
    """The board, with what is the matter with addresses that take no events, or refused one."""
    deploy = opened.read.plan.deploy
    if deploy is None or not deploy.events:
        return board
    from uptake.connect.notices.cdevents import name_of

    said: list[str] = []
    for number, address in enumerate(deploy.events):
        seen = opened.store.feeds.seen(name_of(address))
        shown = address if is_reference(address) else f"deploy.events.{number}"
        if seen.state == "refused":
            said.append(sentence(f"Events are not taken at {shown} since entry {seen.mark}: {seen.detail}"))
        elif seen.detail:
            said.append(sentence(f"Events at {shown}: {seen.detail}"))
    return replace(board, problems=(*board.problems, *said)) if said else board

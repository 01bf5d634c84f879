"""The sources that a plan reads again and again, put together: which there are, and where they write.

Chosen here alone, as all real parts are. A plan without sources has no worker for them.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from uptake.app.opened import Opened
from uptake.core.ports import Clock
from uptake.core.time import Span
from uptake.implement.decide.audience import MARK
from uptake.loop.ports import Looked
from uptake.plan.model import Implement

if TYPE_CHECKING:
    from uptake.connect.feeds.worker import Feed


def make_looked(opened: Opened, clock: Clock, *, held: Callable[[], bool]) -> tuple[Looked, Callable[[], None]]:
    """The ports that are asked at looks, and what closes them.

    Args:
        opened: the plan, its folder and its store.
        clock: the ring's.
        held: whether the lease is still ours.
    """
    from uptake.connect.feeds.worker import PulledSources

    plan, store = opened.read.plan, opened.store
    if plan.implement is None:
        return Looked(), lambda: None
    looked = _kept(opened, plan.implement)
    feeds = [
        *_use(opened, plan.implement),
        *_people(opened, plan.implement),
        *_help(opened, plan.implement),
        *_outcomes(opened, plan.implement),
    ]
    if not feeds:
        return looked, lambda: None
    sources = PulledSources(feeds, kept=store.feeds, clock=clock, timezone=plan.timezone, held=held)
    return replace(looked, sources=sources), sources.close


def _kept(opened: Opened, implement: Implement) -> Looked:
    """What is counted from the store, whoever brought it there: by a source, by post, or by a person's own link."""
    store = opened.store
    looked = Looked()
    if implement.train is not None:
        store.learning.path = implement.train.path
        looked = replace(looked, learning=store.learning)
    if implement.ask:
        store.links.surveys = tuple(asking.survey for asking in implement.ask)
        store.links.min_group = implement.privacy.min_group
        looked = replace(looked, surveys=store.links)
    if implement.support is not None:
        looked = replace(looked, tickets=store.tickets)
    if implement.outcomes:
        from uptake.connect.feeds.outcomes import KeptOutcomes

        kept, feeds, directory = store.outcomes, store.feeds, store.directory
        looked = replace(looked, outcomes=KeptOutcomes(opened.read.plan, kept=kept, feeds=feeds, directory=directory))
    return looked


def _use(opened: Opened, implement: Implement) -> Iterator["Feed"]:
    from uptake.connect.feeds.teams import TeamUsage
    from uptake.connect.feeds.usage import NAME, Usage
    from uptake.connect.feeds.worker import Feed

    plan, folder, store, usage = opened.read.plan, opened.folder, opened.store, implement.adoption.from_
    if usage is None:
        return
    by_team = TeamUsage(plan, usage, folder=folder, teams=store.teams)
    by_person = Usage(plan, usage, folder=folder, events=store.events, directory=store.directory)
    read = by_team if plan.counts_by_setting else by_person
    yield Feed(name=NAME, every=usage.every, lag=usage.lag, read=read)


def _people(opened: Opened, implement: Implement) -> Iterator["Feed"]:
    from uptake.app.audience import bring_in
    from uptake.connect.feeds.people import NAME, Export
    from uptake.connect.feeds.worker import Feed

    if implement.audience.refresh is None:
        return
    export = Export(
        implement.audience,
        folder=opened.folder,
        directory=opened.store.directory,
        approved=lambda mark: f"audience-{mark[:MARK]}" in opened.picture().approved,
        bring_in=lambda people, found, now: bring_in(opened, people, found, now),
    )
    yield Feed(name=NAME, every=implement.audience.refresh, lag=Span(), read=export, strict=True)


def _help(opened: Opened, implement: Implement) -> Iterator["Feed"]:
    """Completions of training, and requests for help."""
    from uptake.connect.feeds import completions, tickets
    from uptake.connect.feeds.worker import Feed

    plan, folder, store = opened.read.plan, opened.folder, opened.store
    pull = implement.train.completions if implement.train is not None else None
    if pull is not None:
        platform = completions.Platform(plan, pull, folder=folder, directory=store.directory, kept=store.learning)
        yield Feed(name=completions.NAME, every=pull.every, lag=pull.lag, read=platform)
    pull = implement.support.tickets if implement.support is not None else None
    if pull is not None:
        desk = tickets.HelpDesk(plan, pull, folder=folder, directory=store.directory, kept=store.tickets)
        yield Feed(name=tickets.NAME, every=pull.every, lag=pull.lag, read=desk)


def _outcomes(opened: Opened, implement: Implement) -> Iterator["Feed"]:
    from uptake.connect.feeds.outcomes import OutcomeRows, source_name
    from uptake.connect.feeds.worker import Feed

    store = opened.store
    for item, outcome in enumerate(implement.outcomes):
        rows = OutcomeRows(
            opened.read.plan, outcome, folder=opened.folder, kept=store.outcomes, directory=store.directory
        )
        yield Feed(name=source_name(item), every=outcome.from_.every, lag=outcome.from_.lag, read=rows)

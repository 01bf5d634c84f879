"""The real ring: ports of `connect/` and `store/` put together under the lease.

Follows where another process holds the lease, turns the ring itself where none does. In
`serve` the ring runs in a thread beside the event loop; everywhere else in the foreground.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uptake.app.events import make_events
from uptake.app.opened import Opened, in_force, is_other
from uptake.app.sources import make_looked
from uptake.core.ids import Epoch
from uptake.core.picture import Picture, fold
from uptake.core.ports import Clock, Hosts, Probes, Wake
from uptake.core.problem import Refused, Stale, refuse
from uptake.core.time import Instant, iso
from uptake.loop.ports import Ports
from uptake.loop.run import POLL_MS, run
from uptake.loop.tick import Ring
from uptake.plan.model import Deploy

if TYPE_CHECKING:
    from uptake.connect.hosts.crew import Crew
    from uptake.connect.hosts.site import Site

TAKE_AGAIN_S = 0.25
"""How often a follower tries to take over a lease that has come free."""
CLOCK_BEHIND_MOST_S = 60
"""Machines that take turns may differ by so much; a clock that is further behind was set back."""
PROBLEMS_MOST = 20
"""At most so many broken places of a ledger are named."""


@dataclass(slots=True, kw_only=True)
class Turning:
    """A ring with real parts that can be closed."""

    ring: Ring
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How a ring is followed: until when, shown to whom, and stopped by whom."""

    until: Callable[[Picture], bool]
    show: Callable[[Picture, dict[str, str]], None] | None
    stopped: Callable[[], bool]


def make_ring(opened: Opened, epoch: Epoch, crew: "Crew | None" = None) -> Turning:
    """The ring of an opened plan under a lease's epoch; a crew that has looked at the hosts goes on with them."""
    from uptake.connect.access.worker import GrantedAccess
    from uptake.connect.clock import Alarm, WallClock
    from uptake.connect.notices.worker import PostedNotices

    plan, folder, store, wake = opened.read.plan, opened.folder, opened.store, Alarm()
    clock = WallClock(wake)
    hosts, probes = _machines(opened, clock, wake, crew)
    notices = PostedNotices(plan=plan, folder=folder, directory=store.directory, receipts=store.receipts, wake=wake)
    notices.seats, notices.links = store.learning, store.links
    access = GrantedAccess(plan=plan, folder=folder, directory=store.directory, receipts=store.receipts, wake=wake)
    access.held = lambda: store.lease.epoch() == epoch
    looked, stop_looking = make_looked(opened, clock, held=access.held)
    stop_telling = make_events(opened)
    ports = Ports(
        clock=clock,
        ledger=store.ledger,
        receipts=store.receipts,
        events=store.events,
        hosts=hosts,
        probes=probes,
        notices=notices,
        access=access,
        looked=looked,
    )

    def close() -> None:
        stop_looking()
        for part in (hosts, probes, notices, access):
            part.close()
        stop_telling()

    ring = Ring(plan, ports, epoch=epoch, held=lambda: store.lease.epoch() == epoch, revision=opened.read.digest)
    return Turning(ring=ring, close=close)


def _machines(opened: Opened, clock: Clock, wake: Wake, crew: "Crew | None") -> tuple[Hosts, Probes]:
    """The hosts' worker and probes; idle ones where the plan has no deploy half, or others do the work."""
    from uptake.app.idle import NoHosts

    deploy = opened.read.plan.deploy
    if deploy is None:
        return NoHosts(wake), NoHosts(wake)
    from uptake.connect.probes.worker import HealthProbes

    probes = HealthProbes(deploy, folder=opened.folder, clock=clock, wake=wake)
    if deploy.observed is not None:
        return NoHosts(wake), probes
    from uptake.connect.hosts.worker import HostsWorker

    worker = HostsWorker(
        make_site(opened, deploy),
        receipts=opened.store.receipts,
        epoch=opened.store.lease.epoch,
        wake=wake,
        crew=(crew.child, crew.hosts) if crew is not None else None,
    )
    return worker, probes


def make_site(opened: Opened, deploy: Deploy) -> "Site":
    """Where the hosts' worker works: under the ledger's own name, so that a new ledger meets no old receipts."""
    from uptake.connect.hosts.site import Site

    ledger = opened.store.ledger.identity()
    return Site(plan=opened.read.plan.plan, deploy=deploy, folder=opened.folder, ledger=ledger)


def drive(
    opened: Opened,
    until: Callable[[Picture], bool],
    *,
    show: Callable[[Picture, dict[str, str]], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    crew: "Crew | None" = None,
) -> Picture:
    """Turn or follow the ring until `until(picture)` or `stopped()`, and return the last picture.

    A revision that comes meanwhile is taken up: the ring is made anew with its text.

    Args:
        opened: the plan.
        until: asked whenever something new is known.
        show: called with the picture and the hosts' progress, for screens.
        stopped: a person's Ctrl-C or a server's end.
        crew: a child process that has looked at the hosts; the first ring made takes it over.
    """
    follow = Followed(until=until, show=show, stopped=stopped)
    while True:
        epoch = opened.store.lease.take()
        picture = _follow(opened, follow) if epoch is None else _turn(opened, epoch, follow, crew)
        crew = None if epoch is not None else crew
        if picture is not None and (stopped() or until(picture) or not is_other(opened, picture)):
            return picture


def _refuse_unsound(opened: Opened) -> None:
    """Refuse a ledger that was changed after it was written, or whose last turn lies ahead of this machine's clock.

    Raises:
        Refused: it names the entries, or both times.
    """
    broken = opened.store.ledger.verify()
    if broken:
        raise Refused(*broken[:PROBLEMS_MOST])
    last, now = opened.picture().observed.now, Instant(time.time_ns() // 1_000_000)
    if last - now > CLOCK_BEHIND_MOST_S * 1000:
        what = f"this machine's clock says {iso(now)}, and the ring last turned at {iso(last)}"
        hint = "set the clock; waves and gates are timed by it"
        raise refuse("UP026", str(opened.path), what, hint)


def _turn(opened: Opened, epoch: Epoch, follow: Followed, crew: "Crew | None") -> Picture | None:
    """Turn the ring under our own lease; None where the lease was lost.

    Raises:
        Refused: a ledger on which nothing can be built.
    """
    try:
        _refuse_unsound(opened)
        opened = in_force(opened, opened.picture())
    except Refused:
        opened.store.lease.release()
        raise
    turning = make_ring(opened, epoch, crew)

    def done(picture: Picture) -> bool:
        if follow.show is not None:
            follow.show(picture, turning.ring.ports.hosts.progress())
        return follow.stopped() or follow.until(picture) or is_other(opened, picture)

    try:
        run(turning.ring, until=done)
    except Stale:
        return None
    finally:
        turning.close()
        opened.store.lease.release()
    return turning.ring.picture


def _follow(opened: Opened, follow: Followed) -> Picture | None:
    """Read along while another process turns; None once the lease is free."""
    picture = Picture()
    checked = 0.0
    while not follow.stopped():
        for entry in opened.store.ledger.read(picture.seq):
            fold(picture, entry)
        if follow.show is not None:
            follow.show(picture, {})
        if follow.until(picture):
            return picture
        if time.monotonic() - checked > TAKE_AGAIN_S:
            checked = time.monotonic()
            if not opened.store.lease.holder():
                return None
        time.sleep(POLL_MS / 1000)
    return picture

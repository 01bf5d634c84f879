"""Health probes: every watched host is looked at in turn, by threads of its own, independent of any run.

A host is healthy when all checks pass, unhealthy when one fails, unknown before its first look. Only a change
wakes the loop. Looks that take longer than the interval delay that host alone.
"""

import heapq
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from uptake.connect.check import look
from uptake.connect.told import other_than
from uptake.core.entry import HostSeen
from uptake.core.ports import Clock, Wake
from uptake.core.stage import HostFact
from uptake.core.time import Instant
from uptake.plan.model import Deploy

SIDE_BY_SIDE_MOST = 32
INTERVAL_LEAST_S = 0.05
"""No host is looked at more often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is watched now: the hosts, the run's version, and how often."""

    hosts: tuple[HostFact, ...] = ()
    version: str = ""
    interval_s: float = 1.0


@dataclass(order=True, slots=True)
class Due:
    """A look that is due: when (monotonic seconds), at whom, and under which `watch`."""

    at_s: float
    host: HostFact = field(compare=False)
    turn: int = field(compare=False)


class HealthProbes:
    """Probes over the plan's health checks. One scheduler thread, at most 32 looks side by side."""

    def __init__(self, deploy: Deploy, *, folder: Path, clock: Clock, wake: Wake) -> None:
        """Watch nobody yet.

        Args:
            deploy: the half, with checks, interval, timeout and watch; or with the address that others deploy behind.
            folder: the plan's folder, where check commands run.
            clock: says since when.
            wake: is set when a host's health has changed.
        """
        self._update, self._observed = deploy.update, deploy.observed
        self._folder = folder
        self._clock = clock
        self._wake = wake
        self._ready = threading.Condition()
        self._closing = False
        self._turn = 0
        self._watched = Watched()
        self._seen: dict[str, HostSeen] = {}
        self._due: list[Due] = []
        self._pool = ThreadPoolExecutor(max_workers=SIDE_BY_SIDE_MOST, thread_name_prefix="probe")
        self._thread = threading.Thread(target=self._schedule, name="probes", daemon=True)
        self._thread.start()

    def watch(self, hosts: Sequence[HostFact], *, version: str, in_run: bool) -> None:
        """Watch these hosts from now on; a first look comes at once, known health stays until then."""
        spans = self._update.health.interval if in_run else self._update.watch
        interval_s = max(spans.approx_s, INTERVAL_LEAST_S)
        with self._ready:
            self._turn += 1
            self._watched = Watched(hosts=tuple(hosts), version=version, interval_s=interval_s)
            unknown = Instant(self._clock.now())
            self._seen = {
                host.name: self._seen.get(host.name) or HostSeen(name=host.name, state="unknown", since=unknown)
                for host in hosts
            }
            now_s = time.monotonic()
            self._due = [Due(now_s, host, self._turn) for host in hosts] if self._update.health.checks else []
            heapq.heapify(self._due)
            self._ready.notify()

    def seen(self) -> tuple[HostSeen, ...]:
        """Each watched host's state, in the order they were given."""
        with self._ready:
            return tuple(self._seen.values())

    def close(self) -> None:
        """Stop probing; a look that is under way is waited for."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()
        self._pool.shutdown(cancel_futures=True)

    def _schedule(self) -> None:
        while (due := self._next()) is not None:
            self._pool.submit(self._look, due)

    def _next(self) -> Due | None:
        """The next look, once it is due; None when closing."""
        with self._ready:
            while not self._closing:
                if not self._due:
                    self._ready.wait()
                    continue
                left_s = self._due[0].at_s - time.monotonic()
                if left_s <= 0:
                    return heapq.heappop(self._due)
                self._ready.wait(left_s)
            return None

    def _look(self, due: Due) -> None:
        began_s = time.monotonic()
        with self._ready:
            watched = self._watched
            if self._closing or due.turn != self._turn:
                return
        why = self._first_failure(due.host, watched.version)
        changed = self._note(due, why)
        with self._ready:
            if not self._closing and due.turn == self._turn:
                heapq.heappush(self._due, Due(began_s + watched.interval_s, due.host, due.turn))
                self._ready.notify()
        if changed:
            self._wake.set()

    def _first_failure(self, host: HostFact, version: str) -> str:
        """Why the host is not well; empty when every check passes."""
        if self._observed is not None:
            return other_than(self._observed, version, folder=self._folder)
        timeout_s = self._update.health.timeout.approx_s
        for check in self._update.health.checks:
            seen = look(check, host, version=version, folder=self._folder, timeout_s=timeout_s)
            if not seen.ok:
                return seen.detail
        return ""

    def _note(self, due: Due, why: str) -> bool:
        """Keep what was seen; whether it is news."""
        state = "unhealthy" if why else "healthy"
        with self._ready:
            before = self._seen.get(due.host.name)
            if before is None or due.turn != self._turn or (before.state == state and before.detail == why):
                return False
            since = before.since if before.state == state else Instant(self._clock.now())
            self._seen[due.host.name] = HostSeen(name=due.host.name, state=state, since=since, detail=why)
        return before.state != state

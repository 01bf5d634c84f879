"""The lease: one process at a time writes for a plan, fenced by an epoch that only grows.

A thread of its own renews it at a third of its time to live. A holder that is proved dead on
this machine is taken over at once, one that is silent (stopped, cut off) after the time to
live; one that was stopped within a commit keeps SQLite's file locked until it goes on or ends.
On the ring it stands before every append; the ledger checks the epoch again.
"""

import threading
import time
from typing import Any

from sqlalchemy import Row, select, update

from uptake.core.ids import Epoch
from uptake.core.problem import Refused
from uptake.store.database import Database, insert_or, now
from uptake.store.process import Process, proved_dead, this_process
from uptake.store.tables import lease

TTL_S = 10.0
"""How long a silent holder keeps the lease."""
RENEWALS_PER_TTL = 3
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _steady_s() -> float:
    """Seconds that only go forward and go on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


class SqlLease:
    """The `Lease` port over a database."""

    def __init__(self, database: Database, *, ttl_s: float = TTL_S) -> None:
        """Args: database: the plan's own; ttl_s: how long a silent holder keeps the lease."""
        self._database = database
        self._ttl_s = ttl_s
        self._epoch: Epoch | None = None
        self._good_until_s = 0.0
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> Epoch | None:
        """Take or keep the lease and renew it from now on; None where another live process holds it."""
        with self._guard:
            if self._renew():
                return self._epoch
            self._epoch = self._take_over()
            if self._epoch is not None and self._thread is None:
                self._stop.clear()
                self._thread = threading.Thread(target=self._renew_on, name="lease", daemon=True)
                self._thread.start()
            return self._epoch

    def epoch(self) -> Epoch | None:
        """The epoch held, None once lost."""
        held = self._epoch
        return held if _steady_s() < self._good_until_s else None

    def holder(self) -> str:
        """Who holds it, in words; empty for nobody."""
        row = self._row()
        return row.words if row is not None and _is_held(row) else ""

    def release(self) -> None:
        """Give it back."""
        self._stop.set()
        with self._guard:
            held, self._epoch = self._epoch, None
            thread, self._thread = self._thread, None
            if held is not None:
                with self._database.writing() as conn:
                    mine = (lease.c.plan == self._database.plan, lease.c.epoch == held)
                    conn.execute(update(lease).where(*mine).values(words="", expires_at=0))
        if thread is not None:
            thread.join()

    def _row(self) -> Row[Any] | None:
        """The plan's lease as it stands."""
        with self._database.reading() as conn:
            return conn.execute(select(lease).where(lease.c.plan == self._database.plan)).one_or_none()

    def _take_over(self) -> Epoch | None:
        """A new epoch where nobody holds the lease any more."""
        row = self._row()
        if row is not None and _is_held(row):
            return None
        begun_s = _steady_s()
        with self._database.writing() as conn:
            self._database.lock(conn)
            row = conn.execute(select(lease).where(lease.c.plan == self._database.plan)).one_or_none()
            if row is not None and _is_held(row):
                return None
            epoch = Epoch(row.epoch + 1 if row else 1)
            values = self._values(epoch)
            insert = insert_or(conn, lease).values(plan=self._database.plan, **values)
            conn.execute(insert.on_conflict_do_update(index_elements=["plan"], set_=values))
        self._good_until_s = begun_s + self._ttl_s
        return epoch

    def _values(self, epoch: Epoch) -> dict[str, Any]:
        """The row of this process."""
        me = this_process()
        return {
            "epoch": epoch,
            "machine": me.machine,
            "boot": me.boot,
            "space": me.space,
            "pid": me.pid,
            "started": me.started,
            "words": str(me),
            "expires_at": now() + round(self._ttl_s * 1000),
        }

    def _renew(self) -> bool:
        """Prolong the lease; False once it is lost. An expired one is never brought back to life."""
        begun_s, moment = _steady_s(), now()
        if self._epoch is None or begun_s >= self._good_until_s:
            self._epoch = None
            return False
        mine = (lease.c.plan == self._database.plan, lease.c.epoch == self._epoch, lease.c.expires_at > moment)
        with self._database.writing() as conn:
            renewal = update(lease).where(*mine).values(expires_at=moment + round(self._ttl_s * 1000))
            kept = conn.execute(renewal).rowcount == 1
        if kept:
            self._good_until_s = begun_s + self._ttl_s
        else:
            self._epoch = None
        return kept

    def _renew_on(self) -> None:
        """The renewing thread: ends when the lease is lost or given back."""
        pause_s = self._ttl_s / RENEWALS_PER_TTL
        while not self._stop.wait(pause_s):
            with self._guard:
                try:
                    if not self._renew():
                        self._thread = None
                        return
                except Refused:
                    pause_s = self._ttl_s / RENEWALS_PER_TTL**2  # the state was busy; `epoch` ends by itself


def _is_held(row: Row[Any]) -> bool:
    """Whether a lease stands: given back, expired and dead holders hold nothing."""
    if not row.words or row.expires_at <= now():
        return False
    holder = Process(machine=row.machine, boot=row.boot, space=row.space, pid=row.pid, started=row.started)
    return not proved_dead(holder)

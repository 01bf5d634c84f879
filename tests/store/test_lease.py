"""The lease: one holder, taken over from the dead at once and from the silent after the time to live."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from sqlalchemy import update

from uptake.core.entry import Observed
from uptake.core.problem import Stale
from uptake.core.time import Instant
from uptake.store import process
from uptake.store.open import Store
from uptake.store.process import proved_dead, this_process
from uptake.store.tables import lease

HOLDER = """
import sys, time
from uptake.store.open import open_store
store = open_store(sys.argv[1], "helpdesk", ttl_s=600)
print(store.lease.take(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def other(opening):
    """A second one who wants the lease."""
    return opening()


def silence(store: Store) -> None:
    """Stop the renewing thread, as a stopped process's would be."""
    store.lease._stop.set()
    assert store.lease._thread is not None
    store.lease._thread.join()
    store.lease._thread = None


def test_one_holds_it(store, other):
    assert store.lease.epoch() is None
    assert store.lease.holder() == ""
    assert store.lease.take() == 1
    assert store.lease.take() == 1
    assert store.lease.epoch() == 1
    assert other.lease.take() is None
    assert other.lease.epoch() is None
    assert str(os.getpid()) in other.lease.holder()


def test_given_back_it_goes_to_the_next_with_a_new_epoch(store, other):
    store.lease.take()
    store.lease.release()
    assert store.lease.epoch() is None
    assert other.lease.holder() == ""
    assert other.lease.take() == 2
    assert store.lease.take() is None


def test_it_is_renewed_past_its_time_to_live(store, other):
    store.lease.take()
    until = time.monotonic() + 1.6
    while time.monotonic() < until:
        assert store.lease.epoch() == 1
        assert other.lease.take() is None
        time.sleep(0.1)
    store.ledger.append([Observed(now=Instant(1))], at=Instant(1), epoch=store.lease.epoch())


def test_a_silent_holder_writes_nothing_and_loses_it(store, other):
    epoch = store.lease.take()
    silence(store)
    time.sleep(1.05)
    assert store.lease.epoch() is None
    with pytest.raises(Stale):
        store.ledger.append([Observed(now=Instant(1))], at=Instant(1), epoch=epoch)
    assert other.lease.take() == 2
    with pytest.raises(Stale):
        store.ledger.append([Observed(now=Instant(1))], at=Instant(1), epoch=epoch)
    assert store.lease.take() is None
    assert store.ledger.head() == 0


def test_a_silent_holder_comes_back_with_a_new_epoch(store):
    assert store.lease.take() == 1
    silence(store)
    time.sleep(1.05)
    assert store.lease.take() == 2
    assert store.lease._thread is not None


def test_the_dead_are_followed_at_once(store, place):
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(place)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"1\n"
        assert store.lease.take() is None
    finally:
        holder.kill()
    # Killed and not waited for: a process that is no more than an entry in the table is dead.
    until = time.monotonic() + 5
    while store.lease.take() is None:
        assert time.monotonic() < until
    holder.wait()
    holder.stdout.close()
    assert store.lease.epoch() == 2


def test_the_thread_survives_a_locked_state(store):
    store.lease.take()
    with store.database.writing():
        time.sleep(0.8)
    time.sleep(0.4)
    assert store.lease.take() is not None


def test_who_is_proved_dead(monkeypatch):
    me = this_process()
    assert not proved_dead(me)
    assert proved_dead(replace(me, started="1"))
    assert proved_dead(replace(me, pid=2**22 + 1))
    assert proved_dead(replace(me, boot="another boot"))
    assert not proved_dead(replace(me, pid=2**22 + 1, space="another container"))
    assert not proved_dead(replace(me, machine="another machine", boot="another boot"))
    assert not proved_dead(replace(this_process(), pid=1, started=process._stat(1)[1]))


def test_a_pid_used_again_is_not_the_holder(store, other):
    store.lease.take()
    silence(store)
    with store.database.writing() as conn:
        conn.execute(update(lease).values(started="1", expires_at=2**52))
    assert other.lease.take() == 2

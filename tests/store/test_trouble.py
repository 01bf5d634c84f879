"""A state that is locked for too long, or a disk that is full: a refusal with a next step, and nothing lost."""

import sqlite3

import pytest
from sqlalchemy import event

from uptake.core.entry import Said
from uptake.core.event import Event
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.store import database
from uptake.store.open import open_store


def test_a_state_that_stays_locked_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_S", 0.2)
    store = open_store(tmp_path, "helpdesk")
    other = sqlite3.connect(tmp_path / ".uptake" / "state.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for write in (
        lambda: store.ledger.append([Said(what="hold", who="kim")], at=Instant(1)),
        store.lease.take,
        lambda: store.events.append([], received_at=Instant(1)),
    ):
        with pytest.raises(Refused) as caught:
            write()
        problem = caught.value.problems[0]
        assert problem.code == "UP303"
        assert "stopped Uptake process" in problem.hint
    assert store.ledger.head() == 0
    other.execute("ROLLBACK")
    other.close()
    assert store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))[0].seq == 1
    store.close()


def until_refused(write) -> tuple[int, Refused]:
    """How often it went well before it was refused, and the refusal."""
    for number in range(1000):
        try:
            write(number)
        except Refused as refused:
            return number, refused
    raise AssertionError("it was never refused")


def stranger(number: int) -> list[Event]:
    return [Event(id=str(number), source="app", subject="stranger", name="n" * 200, at=Instant(1))]


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path):
    store = open_store(tmp_path, "helpdesk")
    store.database.close()
    event.listen(store.database._reads, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 120"))
    report = Said(what="report", who="kim", data={"words": "x" * 2000})
    entries, refused = until_refused(lambda number: store.ledger.append([report], at=Instant(number)))
    assert refused.problems[0].code == "UP304"
    assert "full" in refused.problems[0].what
    posted, _ = until_refused(lambda number: store.events.append(stranger(number), received_at=Instant(1)))
    store.close()
    roomy = open_store(tmp_path, "helpdesk")
    assert entries > 0
    assert roomy.ledger.head() == entries
    assert roomy.ledger.verify() == []
    assert roomy.events.strays() == posted
    assert roomy.events.append(stranger(posted), received_at=Instant(1)) == 1
    roomy.close()

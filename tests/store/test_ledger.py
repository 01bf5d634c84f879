"""The ledger on disk: order, chain, fences, and what tampering looks like."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from uptake.core.entry import FIRST_HASH, Decided, Observed, Said, chain
from uptake.core.ids import Epoch
from uptake.core.problem import Stale
from uptake.core.time import Instant
from uptake.store.ledger import PAGE
from uptake.store.tables import ledger

HOLD = Said(what="hold", who="kim", why="0" * 64, data={"stage": "deploy/1/0"})


def test_what_was_appended_is_read(store):
    epoch = store.lease.take()
    written = store.ledger.append([Observed(now=Instant(5), strays=2), HOLD], at=Instant(7), expect=0, epoch=epoch)
    assert store.ledger.head() == 2
    assert tuple(store.ledger.read()) == written
    assert [entry.body for entry in store.ledger.read(1)] == [HOLD]
    assert [entry.kind for entry in written] == ["Observed", "Said"]
    assert written[0].hash == chain(FIRST_HASH, seq=1, at=Instant(7), kind="Observed", raw=written[0].raw)


def test_long_ledgers_are_read_in_pages(store):
    store.ledger.append([HOLD] * (2 * PAGE + 1), at=Instant(1))
    assert [entry.seq for entry in store.ledger.read()] == list(range(1, 2 * PAGE + 2))
    assert [entry.seq for entry in store.ledger.read(2 * PAGE)] == [2 * PAGE + 1]


def test_a_moved_head_is_stale_and_nothing_is_written(store):
    epoch = store.lease.take()
    store.ledger.append([Observed(now=Instant(1))], at=Instant(1), expect=0, epoch=epoch)
    store.ledger.append([HOLD], at=Instant(2))
    with pytest.raises(Stale):
        store.ledger.append([Decided(decisions=(), look_again=Instant(9))], at=Instant(3), expect=1, epoch=epoch)
    assert store.ledger.head() == 2


def test_only_a_persons_word_goes_without_the_lease(store):
    with pytest.raises(Stale):
        store.ledger.append([HOLD, Observed(now=Instant(1))], at=Instant(1))
    assert store.ledger.head() == 0
    store.ledger.append([HOLD], at=Instant(1))
    assert store.ledger.head() == 1


@pytest.mark.parametrize("epoch", [0, 2, 99])
def test_another_epoch_is_stale(store, epoch):
    assert store.lease.take() == 1
    with pytest.raises(Stale):
        store.ledger.append([Observed(now=Instant(1))], at=Instant(1), epoch=Epoch(epoch))
    assert store.ledger.head() == 0


def test_writers_at_once_make_one_chain(store, opening):
    def speak(number: int) -> list[int]:
        opened = opening()
        return [opened.ledger.append([HOLD, HOLD], at=Instant(number))[1].seq for _ in range(10)]

    with ThreadPoolExecutor(4) as pool:
        seqs = [seq for some in pool.map(speak, range(4)) for seq in some]
    assert sorted(seqs) == list(range(2, 82, 2))
    assert store.ledger.verify() == []


@pytest.mark.parametrize(
    "change",
    [
        update(ledger).where(ledger.c.seq == 3).values(raw=b'{"what":"resume","who":"kim"}'),
        update(ledger).where(ledger.c.seq == 3).values(at=99),
        update(ledger).where(ledger.c.seq == 3).values(kind="Observed"),
        update(ledger).where(ledger.c.seq == 3).values(hash="f" * 64),
        delete(ledger).where(ledger.c.seq == 3),
        delete(ledger).where(ledger.c.seq == 1),
    ],
)
def test_a_changed_entry_is_found(store, change):
    for number in range(5):
        store.ledger.append([HOLD], at=Instant(number))
    assert store.ledger.verify() == []
    with store.database.writing() as conn:
        conn.execute(change)
    problems = store.ledger.verify()
    assert problems
    assert problems[0].where.line in {2, 3, 4}
    assert problems[0].hint


def test_a_body_that_cannot_be_read_is_found(store):
    store.ledger.append([HOLD], at=Instant(1))
    raw = b'{"broken":'
    with store.database.writing() as conn:
        mark = chain(FIRST_HASH, seq=1, at=Instant(1), kind="Said", raw=raw)
        conn.execute(update(ledger).values(raw=raw, hash=mark))
    assert [problem.what for problem in store.ledger.verify()] == ["the body is no Said"]


def test_exported_lines_prove_themselves(store):
    store.ledger.append([HOLD, Said(what="resume", who="jo", data={"ü": [1, 2.5]})], at=Instant(3))
    last = FIRST_HASH
    for line in store.ledger.export():
        entry = json.loads(line)
        raw = line[line.index('"body":') + len('"body":') : -1].encode()
        last = chain(last, seq=entry["seq"], at=entry["at"], kind=entry["kind"], raw=raw)
        assert last == entry["hash"]
        assert entry["body"]["who"] in {"kim", "jo"}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.dictionaries(st.text(max_size=8), VALUES, max_size=4), who=st.text(max_size=20), at=st.integers(0, 2**52)
)
def test_any_word_survives(store, data, who, at):
    said = Said(what="report", who=who, data=data)
    (entry,) = store.ledger.append([said], at=Instant(at))
    assert next(store.ledger.read(entry.seq - 1)) == entry
    assert entry.body == said
    assert store.ledger.verify() == []


def test_a_ledger_has_a_name_before_its_first_entry_and_keeps_it(opening):
    """Hosts keep receipts under it: were it another one after the first entry, a step could be done twice."""
    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda each: each.ledger.identity(), [opening() for _ in range(8)]))
    (name,) = names
    store = opening()
    store.ledger.append([HOLD], at=Instant(1))
    assert store.ledger.identity() == name
    assert opening().ledger.identity() == name
    assert opening("another").ledger.identity() != name


def test_a_ledger_that_was_begun_before_there_were_names_goes_by_its_first_entry(opening):
    (entry,) = opening().ledger.append([HOLD], at=Instant(1))
    assert opening().ledger.identity() == entry.hash

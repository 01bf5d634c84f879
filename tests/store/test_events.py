"""Events: kept once, clipped, counted by wave and by person, strays let in when their person comes."""

import itertools
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.conftest import people
from uptake.core.event import Answer, Ask, Event
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.time import Instant
from uptake.store import events as module
from uptake.store.tables import inbox, seen, stray, used

LATE = Instant(10_000)


def use(number: int, subject: str, at: int, name: str = "ticket", source: str = "app") -> Event:
    return Event(id=str(number), source=source, subject=subject, name=name, at=Instant(at))


def ask(wave: int, *, count: int = 1, since: int = 0, until: int = 1000, opened: bool = True) -> Ask:
    return Ask(wave=wave, name="ticket", count=count, since=Instant(since), until=Instant(until), opened=opened)


@pytest.fixture
def drawn(store):
    """Six people, two in each of the waves 0, 1, 2."""
    store.directory.freeze(people(6))
    store.directory.assign({one.pid: number % 3 for number, one in enumerate(store.directory.people())})
    return store


def test_an_event_counts_once(drawn):
    some = [use(1, "u0", 5), use(2, "u0", 6), use(1, "u0", 5)]
    assert drawn.events.append(some, received_at=LATE) == 2
    assert drawn.events.append(some, received_at=LATE) == 0
    drawn.events.fold()
    assert drawn.events.append(some, received_at=LATE) == 0
    assert drawn.events.append([use(1, "u0", 5, source="other")], received_at=LATE) == 1
    assert drawn.events.who([ask(0)])[0].uses + drawn.events.who([ask(0)])[1].uses == 3


def test_source_and_id_are_not_run_together(drawn):
    pair = [use(1, "u0", 5, source="a"), Event(id="1b", source="", subject="u0", name="ticket", at=Instant(5))]
    other = [Event(id="b", source="1", subject="u0", name="ticket", at=Instant(5))]
    assert drawn.events.append(pair, received_at=LATE) == 2
    assert drawn.events.append(other, received_at=LATE) == 1


def test_each_batch_hears_of_its_own(drawn):
    first, second = [use(1, "u0", 5), use(2, "u1", 5)], [use(2, "u1", 5), use(3, "nobody", 5)]
    assert drawn.events.append_each([first, second, []], received_at=LATE) == (2, 1, 0)
    assert drawn.events.append_each([], received_at=LATE) == ()
    assert drawn.events.append([], received_at=LATE) == 0


def test_another_process_knows_what_came(drawn, opening):
    other = opening()
    assert drawn.events.append([use(1, "u0", 5)], received_at=LATE) == 1
    assert other.events.append([use(1, "u0", 5), use(2, "u0", 5)], received_at=LATE) == 1
    other.events.fold()
    assert drawn.events.append([use(2, "u0", 5), use(1, "u0", 5)], received_at=LATE) == 0
    assert drawn.events.append([use(3, "u0", 5)], received_at=LATE) == 1
    assert sum(one.uses for one in other.events.who([ask(0)])) == 3


def test_the_window_is_open_below_and_closed_above(drawn):
    drawn.events.append([use(1, "u0", 100), use(2, "u3", 101), use(3, "u0", 200), use(4, "u3", 201)], received_at=LATE)
    assert drawn.events.count([ask(0, since=100, until=200)]) == (Answer(wave=0, drawn=2, present=2, adopters=2),)
    assert drawn.events.count([ask(0, count=2, since=100, until=201)])[0].adopters == 1
    assert drawn.events.count([ask(0, since=201, until=300)])[0].adopters == 0


def test_time_is_clipped_to_when_it_was_received(drawn):
    drawn.events.append([use(1, "u0", 9_999)], received_at=Instant(50))
    assert drawn.events.count([ask(0, until=50)])[0].adopters == 1


def test_each_ask_has_its_own_window_name_and_count(drawn):
    drawn.events.append(
        [use(1, "u0", 10), use(2, "u1", 10), use(3, "u1", 20), use(4, "u2", 10), use(5, "u4", 10, name="mail")],
        received_at=LATE,
    )
    asks = [ask(2, opened=False), ask(0), ask(1, count=2, since=5), ask(7), ask(1, since=15)]
    assert drawn.events.count(asks) == (
        Answer(wave=2, drawn=2, present=2, adopters=0, early=1),
        Answer(wave=0, drawn=2, present=2, adopters=1),
        Answer(wave=1, drawn=2, present=2, adopters=1),
        Answer(wave=7, drawn=0, present=0, adopters=0),
        Answer(wave=1, drawn=2, present=2, adopters=1),
    )
    assert drawn.events.count([]) == ()
    assert drawn.events.who([]) == ()


def test_who_has_left_is_no_adopter(drawn):
    drawn.events.append([use(1, "u0", 10), use(2, "u3", 10)], received_at=LATE)
    drawn.directory.freeze(people(3))
    assert drawn.events.count([ask(0)]) == (Answer(wave=0, drawn=2, present=1, adopters=1),)
    drawn.directory.erase("u0")
    assert drawn.events.count([ask(0)]) == (Answer(wave=0, drawn=2, present=0, adopters=0),)


def test_strays_are_kept_apart_and_let_in(drawn):
    guests = [use(1, "guest", 10), use(2, "guest", 20), use(3, "ghost", 10)]
    assert drawn.events.append(guests, received_at=LATE) == 3
    assert drawn.events.append(guests, received_at=LATE) == 0
    assert drawn.events.strays() == 3
    assert [(one.subject, one.events) for one in drawn.events.stray_subjects()] == [("guest", 2), ("ghost", 1)]
    drawn.directory.freeze([*people(6), Person(pid=Pid(""), external_id="guest", setting="", attributes={})])
    drawn.directory.assign({drawn.directory.find("guest").pid: 2})
    assert drawn.events.count([ask(2, count=2)])[0].adopters == 1
    assert drawn.events.strays() == 1
    assert drawn.events.append(guests, received_at=LATE) == 0
    assert drawn.events.append([use(4, "guest", 30)], received_at=LATE) == 1
    assert drawn.events.count([ask(2, count=3)])[0].adopters == 1


def test_erasing_takes_strays_along(drawn):
    drawn.events.append([use(1, "guest", 10)], received_at=LATE)
    drawn.directory.erase("guest")
    assert drawn.events.strays() == 0


def test_names_are_not_in_the_data(drawn):
    drawn.directory.freeze([Person(pid=Pid(""), external_id="kim.secret", setting="", attributes={})])
    drawn.events.append([use(1, "kim.secret", 10)], received_at=LATE)
    drawn.events.fold()
    with drawn.database.reading() as conn:
        rows = [str(conn.execute(table.select()).all()) for table in (inbox, used, stray, seen)]
    assert "kim.secret" not in "".join(rows)


def test_a_full_inbox_is_folded_before_more_comes_in(drawn, monkeypatch):
    monkeypatch.setattr(module, "UNFOLDED_MOST", 10)
    monkeypatch.setattr(module, "FOLD_EVENTS", 4)
    for number in range(20):
        drawn.events.append([use(number * 3 + one, f"u{one}", number) for one in range(3)], received_at=LATE)
        assert drawn.events._known.unfolded <= 12
    assert sum(one.uses for one in drawn.events.who([ask(wave, since=-1) for wave in range(3)])) == 60


def test_a_commit_that_fails_is_not_taken_for_known(drawn, monkeypatch):
    def full(*_):
        raise OSError("disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(drawn.events, "_write", full)
        with pytest.raises(OSError, match="full"):
            drawn.events.append([use(1, "u0", 5)], received_at=LATE)
    assert drawn.events.append([use(1, "u0", 5)], received_at=LATE) == 1


NUMBERS = itertools.count()
EVENTS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8), st.integers(0, 60), st.sampled_from("xy")), max_size=25
)
STEPS = st.lists(st.tuples(EVENTS, st.booleans(), st.integers(1, 60)), min_size=1, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, since=st.integers(-1, 40), width=st.integers(0, 40), count=st.integers(1, 3))
def test_counts_are_those_of_a_plain_model(opening, steps, since, width, count):
    store = opening(f"plan {next(NUMBERS)}")
    store.directory.freeze(people(6))
    store.directory.assign({one.pid: number % 2 for number, one in enumerate(store.directory.people())})
    waves = {one.external_id: one.wave for one in store.directory.people()}
    known, uses = set(), defaultdict(list)
    for some, folds, received in steps:
        batch = [use(number, f"u{subject}", at, kind) for number, subject, at, kind in some]
        new = [event for event in {event.id: event for event in reversed(batch)}.values() if event.id not in known]
        assert store.events.append(batch, received_at=Instant(received)) == len(new)
        known |= {event.id for event in new}
        for event in new:
            uses[event.subject].append((event.name, min(event.at, received)))
        if folds:
            store.events.fold()
    until = since + width
    asks = [
        Ask(wave=wave, name="x", count=count, since=Instant(since), until=Instant(until), opened=wave == 0)
        for wave in (0, 1)
    ]
    inside = {who: sum(n == "x" and since < at <= until for n, at in uses[who]) for who in waves}
    before = {who: sum(n == "x" and at <= until for n, at in uses[who]) for who in waves}
    opened, closed = store.events.count(asks)
    assert opened.adopters == sum(waves[who] == 0 and inside[who] >= count for who in waves)
    assert closed.early == sum(waves[who] == 1 and before[who] > 0 for who in waves)
    assert store.events.strays() == sum(len(uses[who]) for who in uses if who not in waves)
    store.close()

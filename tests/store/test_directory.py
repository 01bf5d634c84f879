"""The directory: random pids, a frozen draw, joiners, leavers and the forgotten."""

import re

import pytest

from tests.store.conftest import people
from uptake.core.chance import digest
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import Refused


def test_pids_are_random_and_stay(store):
    store.directory.freeze(people(20))
    first = {one.external_id: one.pid for one in store.directory.people()}
    assert len(set(first.values())) == 20
    assert all(re.fullmatch("[0-9a-f]{32}", pid) for pid in first.values())
    store.directory.freeze(people(25))
    second = {one.external_id: one.pid for one in store.directory.people()}
    assert {name: second[name] for name in first} == first
    assert len(second) == 25


def test_facts_follow_the_audience_and_leavers_are_kept(store):
    store.directory.freeze(people(3))
    moved = Person(pid=Pid(""), external_id="u1", setting="team9", attributes={"site": "south"})
    store.directory.freeze([moved])
    one = store.directory.find("u1")
    assert (one.setting, one.attributes, one.present) == ("team9", {"site": "south"}, True)
    assert [one.present for one in store.directory.people()] == [False, True, False]


def test_the_same_audience_again_changes_nothing(store):
    def version() -> int:
        with store.database.reading() as conn:
            return store.database.lock(conn).directory_version

    store.directory.freeze(people(3))
    first = version()
    store.directory.freeze(people(3))
    assert version() == first
    store.directory.freeze(people(2))
    assert version() == first + 1


def test_people_come_in_external_id_order_and_by_wave(store):
    store.directory.freeze(list(reversed(people(12))))
    names = [one.external_id for one in store.directory.people()]
    assert names == sorted(names)
    pids = {one.external_id: one.pid for one in store.directory.people()}
    store.directory.assign({pids["u1"]: 0, pids["u2"]: 1, pids["u3"]: 1})
    assert [one.external_id for one in store.directory.people(1)] == ["u2", "u3"]
    assert store.directory.find("u1").wave == 0
    assert store.directory.find("u9").wave is None


def test_a_person_never_changes_wave(store):
    store.directory.freeze(people(3))
    first, second, third = (one.pid for one in store.directory.people())
    store.directory.assign({first: 0, second: 1})
    store.directory.assign({first: 0})
    with pytest.raises(Refused) as caught:
        store.directory.assign({third: 1, second: 0})
    assert "another wave" in caught.value.problems[0].what
    assert [one.wave for one in store.directory.people()] == [0, 1, None]


def test_nobody_unknown_is_drawn(store):
    with pytest.raises(Refused):
        store.directory.assign({Pid("0" * 32): 1})


def test_an_external_id_stands_once(store):
    with pytest.raises(Refused):
        store.directory.freeze([*people(2), *people(1)])
    assert store.directory.people() == ()


def test_spellings_of_one_name_are_one_person(store):
    store.directory.freeze([Person(pid=Pid(""), external_id="Zo\u00eb", setting="", attributes={})])
    assert store.directory.find("Zoe\u0308").external_id == "Zo\u00eb"


def test_digests_are_what_the_draw_ranks(store):
    store.directory.freeze(people(2))
    by_name = {one.external_id: one.pid for one in store.directory.people()}
    assert store.directory.digests() == {by_name["u0"]: digest("u0"), by_name["u1"]: digest("u1")}


def test_the_erased_leave_a_bare_pid_in_the_draw(store):
    store.directory.freeze([Person(pid=Pid(""), external_id="kim.forgotten@example.org", setting="", attributes={})])
    pid = store.directory.find("kim.forgotten@example.org").pid
    store.directory.assign({pid: 2})
    assert store.directory.erase("kim.forgotten@example.org")
    assert not store.directory.erase("kim.forgotten@example.org")
    assert store.directory.find("kim.forgotten@example.org") is None
    assert store.directory.people() == ()
    store.directory.freeze([Person(pid=Pid(""), external_id="kim.forgotten@example.org", setting="", attributes={})])
    assert store.directory.find("kim.forgotten@example.org").pid != pid

"""Access by a directory: Debian's slapd, unmodified, at scale, killed, and with everybody who does not fit."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.connect.access.slapd import ADMIN, NAMES, NOBODY, PASSWORD, PEOPLE, POSIX, Directory, directory
from tests.connect.world import World, eventually, free_port, grant, outcome, person, plan, withdraw, world
from uptake.connect.access.worker import GrantedAccess
from uptake.core.action import Outcome
from uptake.plan.model import Access, AccessLdap

ROOT = Path(__file__).parents[3]
MANY = 500
FEWER = 60
KILLED = 150
KILL_AT = (30, 90)
LIMIT_S = 300.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("DIRECTORY_PASSWORD", PASSWORD)
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    with directory(tmp_path_factory.mktemp("slapd")) as made:
        yield made


def access(slapd: Directory, **more: Any) -> Access:
    known = AccessLdap(
        url=slapd.url,
        bind=ADMIN,
        password="env:DIRECTORY_PASSWORD",
        group=NAMES,
        person="(uid={person.id})",
        base=PEOPLE,
        placeholder=NOBODY,
        ca=slapd.ca,
    )
    return Access(ldap=replace(known, **more))


def run(here: World, action: Any, way: Access) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=way)))
    port.accept(action)
    ended = outcome(port, here.wake, limit_s=LIMIT_S)
    port.close()
    return ended


def ids(*numbers: int) -> set[str]:
    return {f"{number:05}" for number in numbers}


@pytest.mark.parametrize("many", [FEWER, pytest.param(MANY, marks=pytest.mark.slow)])
def test_all_are_granted_and_withdrawn_exactly_and_a_second_round_writes_nothing(
    here: World, slapd: Directory, many: int
) -> None:
    """One of them is in already, and one is nobody."""
    here.know(*(person(n) for n in range(1, many + 1)))
    slapd.know(*sorted(ids(*range(1, many))))
    slapd.add("00007")
    ended = run(here, grant(), access(slapd))
    assert (ended.ok, ended.counts) == (False, {"done": many - 1, "nobody": 1})
    assert [(one.target, one.state) for one in ended.failures] == [(person(many).pid, "nobody")]
    assert slapd.members() == ids(*range(1, many)) | {"before"}
    mark = slapd.written()
    assert run(here, grant(), access(slapd)).counts == {"done": many - 1, "nobody": 1}
    assert run(here, grant(ordinal=1), access(slapd)).counts == {"done": many - 1, "nobody": 1}
    assert slapd.written() == mark
    ended = run(here, withdraw(), access(slapd))
    assert (ended.ok, ended.counts) == (True, {"done": many - 2, "kept": 1, "nobody": 1})
    assert slapd.members() == {"before", "00007"}
    mark = slapd.written()
    assert run(here, withdraw(), access(slapd)).ok
    assert run(here, withdraw(ordinal=1), access(slapd)).ok
    assert slapd.written() == mark


def test_killed_midway_it_goes_on_and_the_withdrawal_takes_all_that_was_given(here: World, slapd: Directory) -> None:
    """What a killed process had written is still known as given, not as there before."""
    here.know(*(person(n) for n in range(1, KILLED + 1)))
    slapd.know(*sorted(ids(*range(1, KILLED + 1))))
    way = access(slapd)
    assert way.ldap is not None
    argv = [sys.executable, "-m", "tests.connect.under_way", "ldap", str(here.folder), slapd.url, slapd.ca]
    for count in KILL_AT:
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            eventually(lambda count=count: len(slapd.members()) > count)
            process.kill()
    assert len(slapd.members()) < KILLED
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert json.loads(process.communicate(timeout=120)[0]) == {"ok": True, "counts": {"done": KILLED}}
    assert slapd.members() == ids(*range(1, KILLED + 1)) | {"before"}
    assert run(here, withdraw(), way).counts == {"done": KILLED}
    assert slapd.members() == {"before"}


def test_the_last_of_a_group_that_may_not_be_empty(here: World, slapd: Directory) -> None:
    slapd.know("00001")
    here.know(person(1))
    assert run(here, grant(), access(slapd)).ok
    slapd.remove("before")
    ended = run(here, withdraw(), access(slapd, placeholder=""))
    assert ended.counts == {"failed": 1}
    assert "name a `placeholder`" in ended.failures[0].lines[1]
    assert run(here, withdraw(ordinal=1), access(slapd)).ok
    assert slapd.members() == {"nobody"}
    assert run(here, grant(ordinal=1), access(slapd)).ok
    assert slapd.members() == {"nobody", "00001"}


def test_groups_of_accounts_hold_names_and_may_be_empty(here: World, slapd: Directory) -> None:
    slapd.know("00001", "00002")
    here.know(*(person(n) for n in range(1, 4)))
    way = access(slapd, group=POSIX, attribute="memberUid", placeholder="", person="(mail={person.id}@example.org)")
    assert run(here, grant(), way).counts == {"done": 2, "nobody": 1}
    assert slapd.members(POSIX, "memberUid") == ids(1, 2)
    assert run(here, withdraw(), way).counts == {"done": 2, "nobody": 1}
    assert slapd.members(POSIX, "memberUid") == set()


def test_a_whole_dn_and_ldaps(here: World, slapd: Directory) -> None:
    slapd.know("00001")
    here.know(person(1), person(2))
    way = access(slapd, url=slapd.tls_url, person=f"uid={{person.id}},{PEOPLE}", base="")
    assert run(here, grant(), way).counts == {"done": 1, "nobody": 1}
    assert slapd.members() == {"before", "00001"}


def test_a_persons_column_cannot_leave_the_filter(here: World, slapd: Directory) -> None:
    slapd.know("00001")
    here.know(person(1, site="*"), person(2, site=")(uid=00001"), person(3, site=""))
    ended = run(here, grant(), access(slapd, person="(uid={person.site})"))
    assert (ended.counts, slapd.members()) == ({"nobody": 3}, {"before"})
    ended = run(here, grant(ordinal=1), access(slapd, person=f"uid={{person.site}},{PEOPLE}"))
    assert (ended.counts, slapd.members()) == ({"nobody": 3}, {"before"})


def test_two_who_fit_are_no_choice_of_ours(here: World, slapd: Directory) -> None:
    slapd.know("00001", "00002")
    here.know(person(1, site="a"))
    ended = run(here, grant(), access(slapd, person="(|(uid={person.id})(uid=00002))"))
    assert (ended.counts, slapd.members()) == ({"failed": 1}, {"before"})
    assert "2 entries fit" in ended.failures[0].lines[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"password": "env:WRONG"}, "does not let"),
        ({"ca": ""}, "certificate is not trusted"),
        ({"group": "cn=none,dc=example,dc=org"}, "LDAP 32"),
        ({"base": "ou=none,dc=example,dc=org"}, "LDAP 32"),
    ],
)
def test_a_mistake_in_the_plan_is_said_in_words(
    here: World, slapd: Directory, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("WRONG", "wrong-s3cret")
    slapd.know("00001")
    here.know(person(1))
    ended = run(here, grant(), access(slapd, **more))
    assert not ended.ok
    assert said in ended.failures[0].lines[0]
    assert "s3cret" not in repr(ended)


def test_a_name_that_the_certificate_has_not_is_refused(here: World, slapd: Directory) -> None:
    here.know(person(1))
    ended = run(here, grant(), access(slapd, url=slapd.url.replace("localhost", "127.0.0.1")))
    assert "certificate is not trusted" in ended.failures[0].lines[0]


def test_no_directory_is_a_failure_that_says_nothing_of_people(here: World, slapd: Directory) -> None:
    here.know(person(1))
    ended = run(here, grant(), access(slapd, url=f"ldap://localhost:{free_port()}"))
    assert (ended.counts, ended.failures[0].exit_code) == ({"failed": 1}, None)
    assert "cannot be reached" in ended.failures[0].lines[0]


def test_a_directory_that_was_started_again_is_met_by_new_connections(here: World, slapd: Directory) -> None:
    slapd.know(*sorted(ids(*range(1, 9))))
    here.know(*(person(n) for n in range(1, 9)))
    port = GrantedAccess(**here.parts(plan(access=access(slapd))))
    port.accept(grant())
    assert outcome(port, here.wake).ok
    slapd.stop()
    slapd.start()
    port.accept(withdraw())
    ended = outcome(port, here.wake)
    port.close()
    assert (ended.ok, ended.counts, slapd.members()) == (True, {"done": 8}, {"before"})

"""Access over SCIM against scim2-server, unmodified, in a process of its own: many people, killed, mistakes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connect.access.scim import TOKEN, Scim, running
from tests.connect.world import World, eventually, grant, outcome, person, plan, withdraw, world
from uptake.connect.access.worker import GrantedAccess
from uptake.core.action import Outcome
from uptake.plan.model import Access

ROOT = Path(__file__).parents[3]
MANY = 500
FEWER = 60
KILLED = 60
KILL_AT = (10, 30)
LIMIT_S = 300.0


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("SCIM_TOKEN", TOKEN)
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def scim(tmp_path: Path) -> Iterator[Scim]:
    with running(tmp_path) as made:
        yield made


def access(scim: Scim, **more: str) -> Access:
    known = {"url": scim.url, "group": scim.group, "token": "env:SCIM_TOKEN"}
    return Access(template="scim", with_=known | more)


def run(here: World, action: Any, way: Access) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=way)))
    port.accept(action)
    ended = outcome(port, here.wake, limit_s=LIMIT_S)
    port.close()
    return ended


def mails(*numbers: int) -> set[str]:
    return {f"person{number}@example.org" for number in numbers}


@pytest.mark.parametrize("many", [FEWER, pytest.param(MANY, marks=pytest.mark.slow)])
def test_all_are_granted_and_withdrawn_exactly_and_a_second_round_writes_nothing(
    here: World, scim: Scim, many: int
) -> None:
    """One of them is in already, and one is nobody."""
    here.know(*(person(n) for n in range(1, many + 1)))
    scim.fill(*sorted(mails(*range(1, many))), "other@example.org")
    scim.add("other@example.org")
    scim.add("person7@example.org")
    ended = run(here, grant(), access(scim))
    assert (ended.ok, ended.counts) == (False, {"done": many - 1, "nobody": 1})
    assert [(one.target, one.state) for one in ended.failures] == [(person(many).pid, "nobody")]
    members, version = scim.look()
    assert members == mails(*range(1, many)) | {"other@example.org"}
    assert run(here, grant(ordinal=1), access(scim)).counts == {"done": many - 1, "nobody": 1}
    assert scim.look()[1] == version
    ended = run(here, withdraw(), access(scim))
    assert (ended.ok, ended.counts) == (True, {"done": many - 2, "kept": 1, "nobody": 1})
    members, version = scim.look()
    assert members == {"other@example.org", "person7@example.org"}
    assert run(here, withdraw(ordinal=1), access(scim)).ok
    assert scim.look()[1] == version


def test_killed_midway_it_goes_on_and_the_withdrawal_takes_all_that_was_given(here: World, scim: Scim) -> None:
    here.know(*(person(n) for n in range(1, KILLED + 1)))
    scim.fill(*sorted(mails(*range(1, KILLED + 1))))
    argv = [sys.executable, "-m", "tests.connect.under_way", "scim", str(here.folder), scim.url, scim.group]
    for count in KILL_AT:
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            eventually(lambda count=count: len(scim.members()) > count)
            process.kill()
    assert len(scim.members()) < KILLED
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert json.loads(process.communicate(timeout=120)[0]) == {"ok": True, "counts": {"done": KILLED}}
    assert scim.members() == mails(*range(1, KILLED + 1))
    assert run(here, withdraw(), access(scim)).counts == {"done": KILLED}
    assert scim.members() == set()


def test_a_name_cannot_leave_the_filter(here: World, scim: Scim) -> None:
    """The server would take the whole filter, and a member that is nobody."""
    scim.fill("person1@example.org", 'odd"name\\x')
    here.know(
        person(1, email='x" or userName eq "person1@example.org'),
        person(2, email='odd"name\\x'),
        person(3, email="PERSON1@example.org"),
    )
    ended = run(here, grant(), access(scim))
    assert ended.counts == {"nobody": 1, "done": 2}
    assert scim.members() == {'odd"name\\x', "person1@example.org"}


@pytest.mark.parametrize(
    ("more", "said"), [({"group": "none"}, "HTTP 404"), ({"token": "env:WRONG"}, "HTTP 401"), ({"url": ""}, "")]
)
def test_a_mistake_in_the_plan_is_said_in_words(
    here: World, scim: Scim, monkeypatch: pytest.MonkeyPatch, more: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("WRONG", "wr0ng-token")
    scim.fill("person1@example.org")
    here.know(person(1))
    more = {"url": f"{scim.url}/v3"} if more == {"url": ""} else more
    ended = run(here, grant(), access(scim, **more))
    assert (ended.ok, ended.counts) == (False, {"failed": 1})
    assert said in ended.failures[0].lines[0]
    assert "wr0ng" not in repr(ended)

"""Access as a member list: whole each time, others untouched, nothing half written."""

from pathlib import Path

import pytest

from tests.connect.world import World, grant, outcome, person, plan, withdraw
from uptake.connect.access.members import change
from uptake.connect.access.worker import GrantedAccess
from uptake.core.action import Outcome
from uptake.core.problem import Refused
from uptake.plan.model import Access


def run(here: World, action) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=Access(members="list.csv"))))
    port.accept(action)
    ended = outcome(port, here.wake)
    port.close()
    return ended


def test_waves_come_and_go(here: World) -> None:
    here.know(person(1), person(2))
    here.know(person(3), wave=1)
    assert run(here, grant(0)).counts == {"done": 2}
    assert (here.folder / "list.csv").read_text() == "employee_id\n00001\n00002\n"
    assert run(here, grant(1)).counts == {"done": 1}
    assert run(here, withdraw(0)).counts == {"done": 2}
    assert (here.folder / "list.csv").read_text() == "employee_id\n00003\n"
    assert [path.name for path in here.folder.iterdir() if path.name.endswith(".new")] == []


def test_who_stood_in_the_list_before_stays_in_it(here: World) -> None:
    here.know(person(1), person(2))
    (here.folder / "list.csv").write_text("employee_id\n00002\n00009\n")
    assert run(here, grant()).counts == {"done": 2}
    assert run(here, grant(ordinal=1)).counts == {"done": 2}
    assert run(here, withdraw()).counts == {"done": 1, "kept": 1}
    assert (here.folder / "list.csv").read_text() == "employee_id\n00002\n00009\n"


def test_an_existing_file_that_is_no_such_list_stays_as_it_is(here: World) -> None:
    here.know(person(1))
    (here.folder / "list.csv").write_text("name,salary\nkim,1\n")
    ended = run(here, grant())
    assert (ended.ok, ended.counts) == (False, {"wanted": 1})
    assert (here.folder / "list.csv").read_text() == "name,salary\nkim,1\n"


def test_mode_and_link_are_kept_and_a_repeat_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("id\nb\n")
    (tmp_path / "real.csv").chmod(0o640)
    (tmp_path / "list.csv").symlink_to("real.csv")
    change(tmp_path / "list.csv", "grant", ["a", 'c,"d"'], heading="id")
    assert (tmp_path / "list.csv").is_symlink()
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "real.csv").read_text() == 'id\na\nb\n"c,""d"""\n'
    before = (tmp_path / "real.csv").stat().st_ino
    change(tmp_path / "list.csv", "grant", ["a"], heading="id")
    assert (tmp_path / "real.csv").stat().st_ino == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written"):
        change(tmp_path / "no" / "list.csv", "grant", ["a"], heading="id")

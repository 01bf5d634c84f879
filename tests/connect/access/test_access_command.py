"""Access by a command: granted, withdrawn, repeated, nobody, failed, too slow, overtaken."""

import json
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.connect.world import QUICK, World, eventually, grant, outcome, person, plan, withdraw
from uptake.connect.access.worker import GrantedAccess
from uptake.core.action import LINES_MOST, Outcome
from uptake.plan.model import Access

COMMAND = Access(command=(sys.executable, "-S", "access.py", "{act}"))


def run(here: World, action, access: Access = COMMAND, patience=QUICK) -> Outcome:
    port = GrantedAccess(**here.parts(plan(access=access), patience))
    port.accept(action)
    ended = outcome(port, here.wake)
    port.close()
    return ended


def members(here: World) -> set[str]:
    return {path.name for path in (here.folder / "members").iterdir()}


def log(here: World) -> list[str]:
    return (here.folder / "log").read_text().splitlines()


def test_grants_and_withdraws_exactly_the_wave(here: World) -> None:
    here.know(*(person(n) for n in range(1, 8)))
    here.know(person(20), wave=1)
    (here.folder / "members" / "00003").touch()
    ended = run(here, grant())
    assert (ended.ok, ended.counts, ended.failures) == (True, {"done": 7}, ())
    assert members(here) == {f"{n:05}" for n in range(1, 8)}
    assert "grant 00003" not in log(here)
    assert sorted(line for line in log(here) if line.endswith("00004")) == ["grant 00004", "read 00004", "read 00004"]
    (here.folder / "log").unlink()
    assert run(here, grant()).ok
    assert not (here.folder / "log").exists()
    ended = run(here, withdraw())
    assert (ended.ok, ended.counts, members(here)) == (True, {"done": 6, "kept": 1}, {"00003"})


def test_the_person_comes_on_standard_input(here: World) -> None:
    (here.folder / "access.py").write_text(
        "import sys, pathlib; pathlib.Path('in').write_bytes(sys.stdin.buffer.read())"
    )
    here.know(person(417))
    assert run(here, grant()).ok
    assert json.loads((here.folder / "in").read_text()) == {
        "id": "00417",
        "employee_id": "00417",
        "team": "team a",
        "name": "Person 417",
        "email": "person417@example.org",
        "site": "north",
    }


def test_nobody_is_named_and_not_counted_as_granted(here: World) -> None:
    here.know(person(1), person(2, site="nowhere"))
    ended = run(here, grant())
    assert (ended.ok, ended.counts) == (False, {"done": 1, "nobody": 1})
    assert [(f.target, f.state, f.exit_code) for f in ended.failures] == [(person(2).pid, "nobody", 4)]
    ended = run(here, withdraw())
    assert (ended.ok, ended.counts) == (True, {"done": 1, "nobody": 1})


def test_a_failure_keeps_the_last_lines_without_the_persons_own_values(here: World) -> None:
    here.know(person(1), person(2, site="broken"))
    ended = run(here, grant())
    assert (ended.ok, ended.counts) == (False, {"done": 1, "failed": 1})
    (failure,) = ended.failures
    assert (failure.target, failure.step, failure.exit_code) == (person(2).pid, "grant", 7)
    assert len(failure.lines) == LINES_MOST
    assert failure.lines[-1] == "line 49 about {person.email}"


def test_a_write_that_reading_does_not_confirm_is_a_failure(here: World) -> None:
    here.know(person(1, site="liar"))
    ended = run(here, grant())
    assert (ended.ok, ended.counts) == (False, {"failed": 1})
    assert "reading again says otherwise" in ended.failures[0].lines[0]


def test_too_slow_is_in_doubt_and_goes_on_when_accepted_again(here: World) -> None:
    here.know(person(1, site="slow"), person(2))
    ended = run(here, grant(), patience=replace(QUICK, timeout_s=0.5))
    assert (ended.ok, ended.counts) == (False, {"done": 1, "in doubt": 1})
    (here.folder / "members" / "00001").touch()
    assert run(here, grant()).counts == {"done": 2}


def test_closing_ends_the_command_and_a_later_accept_goes_on(here: World) -> None:
    here.know(person(1, site="slow"), *(person(n) for n in range(2, 30)))
    port = GrantedAccess(**here.parts(plan(access=COMMAND), replace(QUICK, timeout_s=50.0)))
    port.accept(grant())
    eventually(lambda: (here.folder / "log").exists() and "grant 00001" in log(here))
    port.close()
    assert port.outcomes() == ()
    assert here.receipts.states(grant().key)[person(1).pid] == "in doubt"
    (here.folder / "members" / "00001").touch()
    ended = run(here, grant())
    assert (ended.ok, ended.counts) == (True, {"done": 29})


def test_a_withdrawal_overtakes_the_grant_of_its_wave(here: World) -> None:
    here.know(*(person(n) for n in range(1, 60)))
    port = GrantedAccess(**here.parts(plan(access=COMMAND)))
    port.accept(grant())
    eventually(lambda: len(members(here)) > 3)
    port.accept(withdraw())
    first, second = outcome(port, here.wake), outcome(port, here.wake)
    port.close()
    assert (first.key, first.ok, first.interrupted) == (grant().key, False, True)
    assert first.counts["done"] < 40
    assert (second.key, second.ok, members(here)) == (withdraw().key, True, set())


@pytest.mark.parametrize(
    ("command", "said"),
    [(("no-such-program", "{act}"), "No such file"), ((sys.executable, "access.py"), "no argument holds {act}")],
)
def test_a_command_that_cannot_run_leaves_everyone_wanted(here: World, command: tuple[str, ...], said: str) -> None:
    here.know(person(1), person(2))
    ended = run(here, grant(), Access(command=command))
    assert (ended.ok, ended.counts) == (False, {"wanted": 2})
    assert said in ended.failures[0].lines[0]


def test_no_process_list_shows_who_or_what(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED", "s3cret-value")
    here.know(person(1, site="slow"))
    port = GrantedAccess(**here.parts(plan(access=COMMAND), replace(QUICK, timeout_s=50.0)))
    port.accept(grant())
    eventually(lambda: (here.folder / "log").exists() and "grant 00001" in log(here))
    shown = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            shown += path.read_bytes()
    port.close()
    assert b"access.py" in shown
    assert not any(word in shown for word in (b"s3cret", b"person1@", b"00001", b"Person 1"))

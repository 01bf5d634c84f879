"""The verbs that only look, over a real state: compare, status, why, who, verify, replay."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.report.story import DEPLOY, IMPLEMENT
from uptake.app.opened import open_plan
from uptake.app.start import read_audience, start_implement
from uptake.cli.verbs import dispatch
from uptake.core.entry import Asked, Decided, Observed
from uptake.core.event import Event
from uptake.core.picture import fold
from uptake.core.time import Instant
from uptake.core.training import Completion
from uptake.implement.gates import asks
from uptake.implement.targets import wave_stage
from uptake.loop.decide import decide
from uptake.report.comparison import COMPARISON

START = time.time_ns() // 1_000_000 - 60_000
TEAMS = [("north", "a"), ("north", "b"), ("north", "c"), ("south", "d"), ("south", "e"), ("south", "f")]
A0 = "pid = (SELECT pid FROM person WHERE external_id = 'a0')"
PLAN = DEPLOY.partition("deploy:")[0] + IMPLEMENT.replace("sizes: [50%, 40%], holdout: 10%", "sizes: [50%, 50%]")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    rows = [f"{team}{n},{team},{site}" for site, team in TEAMS for n in range(5)]
    (tmp_path / "people.csv").write_text("employee_id,team,site\n" + "\n".join(rows) + "\n")
    return path


def live(path: Path) -> None:
    """Draw, open the first wave, let half of it use it three times, and look."""
    opened = open_plan(path)
    start_implement(opened, read_audience(opened), now=Instant(START))
    epoch = opened.store.lease.take()
    assert epoch is not None

    def turn(at: int, *, looks: bool) -> None:
        picture = opened.picture()
        answers = opened.store.events.count(asks(opened.read.plan, picture, Instant(at))) if looks else ()
        seen = Observed(now=Instant(at), waves=answers, looked_at=Instant(at if looks else 0))
        for entry in opened.store.ledger.append([seen], at=Instant(at), epoch=epoch):
            fold(picture, entry)
        found = decide(opened.read.plan, picture, Instant(at))
        if found.decisions:
            bodies = [Decided(decisions=found.decisions, look_again=found.look_again)]
            bodies += [Asked(action=action) for action in found.actions]
            opened.store.ledger.append(bodies, at=Instant(at), epoch=epoch)

    turn(START + 1000, looks=False)
    assert opened.picture().opened_at(wave_stage(0)) == START + 1000
    first = [person.external_id for person in opened.store.directory.people(0)]
    events = [
        Event(id=f"{who}-{n}", source="t", subject=who, name="issue.created", at=Instant(START + 2000 + n))
        for number, who in enumerate(first)
        for n in range(3 if number % 3 else 1)
    ]
    assert opened.store.events.append(events, received_at=Instant(START + 3000)) == len(events)
    turn(START + 14_000, looks=True)
    opened.store.close()


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capsys.readouterr()
    assert dispatch(words) == code
    return capsys.readouterr().out


def told_json(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict:
    found = json.loads(told(capsys, *words, "--json", code=code))
    assert found["schema"] == 1
    return found


def test_before_anything_was_started(plan, capsys):
    path = str(plan)
    assert "Nobody has been let in yet." in told(capsys, "status", path)
    assert "Definition" in told(capsys, "compare", path)
    assert told(capsys, "why", path) == "Nothing is decided yet.\n"
    assert told(capsys, "who", path) == "Nobody is drawn yet.\n"
    assert told(capsys, "verify", path) == "ok    chain  0 entries\n"
    assert told(capsys, "replay", path) == "0 ticks, 0 decisions, 0 differences\n"
    assert told_json(capsys, "who", path)["people"] == []


def test_compare_and_status_show_the_same(plan, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "220")  # wide enough that no phrase is wrapped
    live(plan)
    text = told(capsys, "compare", str(plan))
    for _, deploy, implement in COMPARISON:
        for phrase in (*deploy, *implement):
            assert phrase in text
    board = told_json(capsys, "compare", str(plan))
    status = told_json(capsys, "status", str(plan))
    assert status.pop("turning") == ""
    assert board.pop("forecast")["words"]
    assert board.pop("now") <= status.pop("now")
    changing = {COMPARISON[2][2][0], COMPARISON[5][2][0]}
    for one in (board, status):
        one["figures"] = [figure for figure in one["figures"] if figure["phrase"] not in changing]
    assert board == status
    assert board["seal"]
    text = told(capsys, "status", str(plan))
    assert "Wave 1  adopted  10 of 15 = 67%" in text
    assert "Turning    nobody now; uptake serve plan.yaml watches and goes on" in text


def test_html_opens_without_a_server(plan, capsys, tmp_path):
    live(plan)
    file = tmp_path / "compare.html"
    assert told(capsys, "compare", str(plan), "--html", str(file)) == f"{file}\n"
    assert "training users" in file.read_text()
    assert dispatch(["compare", str(plan), "--html", str(tmp_path / "no" / "such.html")]) == 2
    assert "UP041" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.glob("*.html")) == ["compare.html"]


def test_why(plan, capsys):
    live(plan)
    text = told(capsys, "why", str(plan), "wave-1")
    assert "adoption: 10 of 15 = 66.67% (95% interval 42 to 85%); wanted at least 60%" in " ".join(text.split())
    found = told_json(capsys, "why", str(plan), "all")["decisions"]
    assert [one["seq"] for one in found] == sorted((one["seq"] for one in found), reverse=True)
    assert told_json(capsys, "why", str(plan), str(found[0]["seq"]))["decisions"][0] == found[0]
    assert dispatch(["why", str(plan), "wave-7"]) == 2
    assert "there are wave-1" in capsys.readouterr().err


def test_who_used_what(plan, capsys):
    live(plan)
    people = told_json(capsys, "who", str(plan))["people"]
    assert len(people) == 30
    first = [one for one in people if one["wave"] == 1]
    assert len(first) == 15
    assert sorted(one["uses"] for one in first) == [1] * 5 + [3] * 10
    assert all(one["adopter"] == (one["uses"] == 3) for one in first)
    assert {one["opened_at"] for one in first} == {START + 1000}
    assert {(one["uses"], one["opened_at"]) for one in people if one["wave"] == 2} == {(0, None)}
    lines = told(capsys, "who", str(plan)).splitlines()
    assert lines[0].split() == ["Person", "Setting", "Wave", "State", "Opened", "Access", "Uses", "Adopter"]
    assert len(lines) == 31


def test_who_is_named_and_known_to_nobody(plan, capsys):
    live(plan)
    assert told(capsys, "who", str(plan), "--unmatched").startswith("Nobody: ")
    opened = open_plan(plan)
    at = Instant(START + 4000)
    stranger = Event(id="s1", source="t", subject="stranger", name="issue.created", at=at)
    opened.store.events.append([stranger], received_at=at)
    opened.store.learning.add("posted", [Completion(subject="x99", course="basics", at=at)], pids={})
    opened.store.close()
    assert told(capsys, "who", str(plan), "--unmatched") == "stranger  1 event\nx99  completions\n"
    found = told_json(capsys, "who", str(plan), "--unmatched")
    assert (found["events"], found["completions"]) == ([{"subject": "stranger", "events": 1}], ["x99"])


def test_verify_recomputes_the_draw(plan, capsys):
    live(plan)
    text = told(capsys, "verify", str(plan))
    names = [line.split()[1] for line in text.splitlines()]
    assert names == ["chain", "plan", "seed", "audience", "draw", "waves", "exposure"]
    assert all(line.startswith("ok") for line in text.splitlines())
    assert "committed in entry 1, audience frozen in 2, revealed in 3" in text


@pytest.mark.parametrize(
    ("harm", "name"),
    [
        ("UPDATE ledger SET at = at + 1 WHERE seq = 2", "chain"),
        ("DELETE FROM ledger WHERE seq = 2", "chain"),
        ("UPDATE assignment SET wave = 1 WHERE pid = (SELECT min(pid) FROM assignment WHERE wave = 0)", "draw"),
        (f"UPDATE placed SET setting = 'f' WHERE {A0}", "audience"),
        ("DELETE FROM person WHERE external_id = 'a0'", "audience"),
    ],
)
def test_verify_finds_what_was_changed(plan, capsys, harm, name):
    live(plan)
    with sqlite3.connect(plan.parent / ".uptake" / "state.db") as connection:
        connection.executescript(harm)
    connection.close()
    found = told_json(capsys, "verify", str(plan), code=1)
    assert not found["ok"]
    assert name in [check["name"] for check in found["checks"] if not check["ok"]]
    assert "FAIL" in told(capsys, "verify", str(plan), code=1)


def test_replay_finds_a_decision_that_nobody_would_make(plan, capsys):
    live(plan)
    assert told_json(capsys, "replay", str(plan))["differences"] == []
    opened = open_plan(plan)
    epoch = opened.store.lease.take()
    assert epoch is not None
    picture = opened.picture()
    last = picture.decisions[-1].decision
    at = Instant(START + 15_000)
    seen = Observed(now=at, waves=picture.observed.waves, looked_at=picture.observed.looked_at)
    wrong = Decided(decisions=(replace(last, why="Because."),), look_again=at)
    first, _ = opened.store.ledger.append([seen, wrong], at=at, epoch=epoch)
    opened.store.close()
    assert told_json(capsys, "replay", str(plan), code=1)["differences"] == [first.seq]
    assert f"entry {first.seq}" in told(capsys, "replay", str(plan), code=1)


def test_a_terminal_that_has_ascii_only(plan):
    live(plan)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "100"}
    uptake = Path(sys.executable).with_name("uptake")
    run = subprocess.run([uptake, "status", plan], env=environment, capture_output=True, check=True)
    assert b"Implement  =====" in run.stdout
    assert b"  +  Wave 1  adopted" in run.stdout

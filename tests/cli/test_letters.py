"""Letters before they are sent: shown with subject and number when asked, and written whole by --preview."""

import io
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from uptake.app.opened import open_plan
from uptake.cli.implement import run
from uptake.core.problem import Refused

PLAN = """\
plan: policy
title: Meetings end at five to
owner: kim@example.org
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [name, email]}
  waves: {assign_by: person, sizes: [100%], start: "2030-01-01", every: 1d}
  gate: {adoption: 50%, at: 1d}
  announce: [{at: -14d, text: coming.md}]
  train: {path: [basics], sessions: sessions.csv}
  ask: [{survey: umux-lite, with: [barrier], at: 14d}]
  adoption: {event: ended.early, count: 1, within: 1d, target: 50%}
mail: {server: "smtp://127.0.0.1:9", from: "env:SENDER_THAT_IS_NOT_SET"}
web: {url: "https://uptake.example.org"}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    (tmp_path / "coming.md").write_text("# Soon, {person.name}\n\nIt comes. **Read** [your page]({link}).\n")
    (tmp_path / "people.csv").write_text("id,team,name,email\np1,a,Ada <b>,ada@example.org\np2,a,Ben,ben@example.org\n")
    (tmp_path / "sessions.csv").write_text(
        "course,start,end,place,seats\nbasics,2029-12-20T09:00,2029-12-20T10:00,R 1,9\n"
    )
    return path


def test_each_letter_is_written_and_nothing_is_begun(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = plan.parent / "letters"
    assert run(plan, preview=folder) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert [name for name in names if name.endswith(".eml")] == [
        "1-implement-announce-0.eml",
        "2-implement-train--basics.eml",
        "3-implement-ask-0.eml",
    ]
    assert capsys.readouterr().out.count("\n") == len(names) == 6
    coming, training, survey = (
        message_from_bytes((folder / name).read_bytes(), policy=default) for name in names if name.endswith(".eml")
    )
    assert (coming["To"], coming["Subject"]) == ("ada@example.org", "Soon, Ada <b>")
    page = (folder / "1-implement-announce-0.html").read_text()
    assert "<strong>Read</strong>" in page
    assert '<a href="https://uptake.example.org/me/example">your page</a>' in page
    assert [part.get_content_type() for part in training.walk()].count("text/calendar") == 1
    assert 'href="https://uptake.example.org/s/example"' in (folder / "3-implement-ask-0.html").read_text()
    assert survey["Subject"] == "3 short questions"
    opened = open_plan(plan)
    assert list(opened.store.ledger.read()) == []
    opened.store.close()


def test_the_question_shows_subjects_first_lines_and_how_many(
    plan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(Refused):
        run(plan)
    told = capsys.readouterr().err
    assert "mail to each of 2 (implement.announce.0): Soon, Ada <b>" in told
    assert "    | It comes." in told
    assert "mail to each of 2 (implement.ask.0): 3 short questions" in told


def test_sessions_that_cannot_be_used_are_named_before_anything_is_begun(plan: Path) -> None:
    (plan.parent / "sessions.csv").write_text("course,start,end,place,seats\nbasics,soon,2029-12-20T10:00,R 1,9\n")
    with pytest.raises(Refused) as refused:
        run(plan, yes=True)
    assert refused.value.problems[0].where.line == 2

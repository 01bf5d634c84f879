"""`uptake import events`: all or nothing, bad lines by number, twice is once."""

import json

import pytest

from tests.cli.test_token import PLAN
from uptake.cli import import_
from uptake.core.event import Ask
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import Refused
from uptake.core.time import Instant, parse_instant
from uptake.store.open import open_store


@pytest.fixture
def plan(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    (tmp_path / "people.csv").write_text("id,team\na,x\nb,y\n")
    store = open_store(tmp_path, "policy")
    store.directory.freeze([Person(pid=Pid(""), external_id="a", setting="x", attributes={})])
    store.directory.assign({store.directory.find("a").pid: 1})
    store.close()
    return path


def uses(plan, *, until: int = 2**50, since: int = 0) -> int:
    store = open_store(plan.parent, "policy")
    ask = Ask(wave=1, name="used", count=1, since=Instant(since), until=Instant(until), opened=True)
    (one,) = store.events.who([ask])
    store.close()
    return one.uses


def imported(plan, text: str, name: str = "events.csv", **options) -> int:
    file = plan.parent / name
    file.write_text(text, encoding="utf-8")
    return import_.events(file, plan, **options)


def test_csv_twice_is_once(plan, capsys):
    text = "id,subject,event,at\n1,a,used,2026-01-02T10:00:00+01:00\n2,a,used,2026-01-03\n3,nobody,used,2026-01-03\n"
    assert imported(plan, text) == 0
    assert "3 events: 3 new, 0 known already" in capsys.readouterr().out
    assert imported(plan, text, json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"schema": 1, "events": 3, "new": 0, "strays": 1}
    assert uses(plan) == 2


def test_times_are_in_the_plans_zone(plan):
    imported(plan, "id,subject,name,at\n1,a,used,2026-07-01T12:00:00\n")
    noon = parse_instant("2026-07-01T12:00:00", "Europe/Berlin")
    assert uses(plan, until=noon - 1) == 0
    assert uses(plan, until=noon, since=noon - 1) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("e.csv", "\ufeffid;subject;name;at\n1;a;used;2026-01-02\n"),
        ("e.tsv", "id\tsubject\tevent\tat\textra\n1\ta\tused\t1767348000000\tx\n"),
        ("e.ndjson", '\n{"id": 1, "subject": "a", "name": "used", "at": "2026-01-02T00:00Z", "x": [1]}\n\n'),
        ("e.txt", '{"id": "1", "subject": "a", "event": "used", "at": 1767348000000}\n'),
    ],
)
def test_shapes_of_files(plan, name, text):
    assert imported(plan, text, name) == 0
    assert uses(plan) == 1


def test_ids_count_within_their_source(plan):
    text = "id,subject,name,at\n1,a,used,2026-01-02\n"
    imported(plan, text)
    imported(plan, text, source="export")
    imported(plan, "id,subject,name,at,source\n1,a,used,2026-01-02,third\n2,a,used,2026-01-02,\n")
    assert uses(plan) == 4


def test_every_bad_line_is_named_and_nothing_is_kept(plan):
    lines = [
        "id,subject,name,at",
        "1,a,used,2026-01-02",
        ",a,used,2026-01-02",
        "3,,used,2026-01-02",
        "4,a,,2026-01-02",
        "5,a,used,yesterday",
        "6,a,used,1767348000",
        f"7,{'a' * 201},used,2026-01-02",
        "8,a,used",
        "9,a,used,2026-01-02,more",
    ]
    with pytest.raises(Refused) as caught:
        imported(plan, "\n".join(lines))
    assert [problem.where.line for problem in caught.value.problems] == list(range(3, 11))
    assert "seconds" in caught.value.problems[4].what
    assert uses(plan) == 0


def test_bad_json_lines_are_named(plan):
    with pytest.raises(Refused) as caught:
        imported(plan, '{"id": 1}\n[]\n{"id": "2", "subject": "a", "name": "used", "at": true}\n', "e.jsonl")
    assert [(problem.where.line, problem.where.column) for problem in caught.value.problems] == [(1, 1), (2, 1), (3, 1)]


def test_too_many_bad_lines_are_counted(plan):
    with pytest.raises(Refused) as caught:
        imported(plan, "id,subject,name,at\n" + "1,a,used,never\n" * 250)
    assert len(caught.value.problems) == 101
    assert "150 more" in caught.value.problems[-1].what


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"who,when\n1,2\n", "no column id, subject, at, name"),
        (b"", "no column"),
        (b"id,subject,name,at\n1,\xff,used,2026-01-02\n", "not UTF-8"),
        (b'id,subject,name,at\n1,"a"b,used,2026-01-02\n', "no CSV"),
    ],
)
def test_files_that_are_no_events(plan, raw, what):
    file = plan.parent / "events.csv"
    file.write_bytes(raw)
    with pytest.raises(Refused, match=what):
        import_.events(file, plan)


def test_a_file_that_is_not_there(plan):
    with pytest.raises(Refused, match="cannot be read"):
        import_.events(plan.parent / "nowhere.csv", plan)

"""The audience file: what is read, and each mistake with its line."""

from pathlib import Path

import pytest

from uptake.connect.people.csv import PROBLEMS_MOST, read_people
from uptake.core.problem import Refused
from uptake.plan.model import Audience

AUDIENCE = Audience(from_="people.csv", id="number", setting="team", attributes=("site", "email"))
HEADING = "number,team,site,email\n"


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "people.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems(folder: Path, text: str | bytes, audience: Audience = AUDIENCE) -> list[tuple[str, int, str]]:
    with pytest.raises(Refused) as refused:
        read_people(written(folder, text), audience)
    assert all(p.where.file.endswith("people.csv") for p in refused.value.problems)
    return [(p.code, p.where.line, p.what) for p in refused.value.problems]


def test_reads_everyone_in_order_as_text(tmp_path: Path) -> None:
    people = read_people(written(tmp_path, HEADING + "00417,Ops,north,a@x.org\n00012, Ops ,süd,\n"), AUDIENCE)
    assert [(p.external_id, p.setting, p.attributes) for p in people] == [
        ("00417", "Ops", {"site": "north", "email": "a@x.org"}),
        ("00012", "Ops", {"site": "süd", "email": ""}),
    ]
    assert len({p.pid for p in people}) == 2
    assert all(len(p.pid) == 32 and int(p.pid, 16) >= 0 for p in people)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_takes_what_spreadsheets_write(tmp_path: Path, delimiter: str, end: str, mark: str) -> None:
    rows = [["number", "more", "team", "site", "email"], ["00417", f'"a{delimiter} ""b"""', "Ops", "north", ""]]
    text = mark + end.join(delimiter.join(row) for row in rows) + end + end
    (one,) = read_people(written(tmp_path, text), AUDIENCE)
    assert (one.external_id, one.setting) == ("00417", "Ops")


def test_a_line_break_in_quotes_keeps_the_count_of_lines(tmp_path: Path) -> None:
    assert problems(tmp_path, HEADING + '1,"Ops\nEast",n,\n2,Ops,n\n') == [
        ("csv.ragged", 4, "3 cells beneath 4 columns")
    ]


def test_undeclared_cp1252_is_refused_with_its_line(tmp_path: Path) -> None:
    text = HEADING.encode() + b"1,Ops,north,\n2,Ops,s\xfcd,\n"
    assert problems(tmp_path, text) == [("csv.encoding", 3, "not UTF-8 text")]


def test_a_missing_column_is_named_with_a_near_one(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_people(written(tmp_path, "Number,team,site,email\n1,Ops,n,\n"), AUDIENCE)
    (problem,) = refused.value.problems
    assert (problem.code, str(problem.where)[-4:], problem.hint) == ("people.column", ":1:1", "did you mean `Number`?")


def test_ids_empty_repeated_or_spoilt(tmp_path: Path) -> None:
    text = HEADING + "7,Ops,n,\n,Ops,n,\n8,Ops,n,\n7,Ops,n,\n4.17E+02,Ops,n,\n7,Ops,s,\n9,,n,\n"
    assert problems(tmp_path, text) == [
        ("people.id", 3, "`number` is empty"),
        ("people.repeated", 5, "the id 7 stands on lines 2, 5, 7"),
        ("people.id", 6, "a spreadsheet has turned `number` into 4.17E+02"),
        ("people.setting", 8, "`team` is empty"),
    ]


def test_the_same_id_in_two_spellings_of_unicode_is_repeated(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADING + "m\u00fcller,Ops,n,\nmu\u0308ller,Ops,n,\n")
    assert [(code, line) for code, line, _ in found] == [("people.repeated", 3)]


def test_cut_off_inside_a_quote(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADING + '1,Ops,n,\n2,"Ops,n,\n3,Ops,n,\n')
    assert [(code, line) for code, line, _ in found] == [("csv.quote", 3)]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    assert [code for code, _, _ in problems(tmp_path, text)] == ["csv.empty"]


def test_a_heading_alone(tmp_path: Path) -> None:
    assert problems(tmp_path, HEADING) == [("people.empty", 1, "a heading, and nobody beneath it")]


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read: No such file"):
        read_people(tmp_path / "people.csv", AUDIENCE)


def test_the_list_of_mistakes_ends(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADING + "1,Ops,n\n" * 1000)
    assert len(found) == PROBLEMS_MOST + 1
    assert found[-1] == ("people.more", 0, f"and {1000 - PROBLEMS_MOST} more mistakes")


def test_id_as_an_attribute_that_is_not_the_id(tmp_path: Path) -> None:
    audience = Audience(from_="people.csv", id="number", attributes=("id",))
    assert [code for code, _, _ in problems(tmp_path, "number,id\n1,2\n", audience)] == ["people.column"]

"""Seeded mistakes: each is found at its line and column, all at once, most with a hint.

`mistakes/plan.yaml` says at the end of each line what is to be found in it, as CODE:COLUMN.
"""

import re
from pathlib import Path

import pytest

from tests.house.code import ROOT
from uptake.app.facts import examine
from uptake.core.problem import PlanRefused
from uptake.plan.codes import CODES
from uptake.plan.fact import Facts
from uptake.plan.read import read_plan
from uptake.plan.source import decode_plan

SEEDED = Path(__file__).parent / "mistakes" / "plan.yaml"


def seeded() -> set[tuple[int, int, str]]:
    """(line, column, code) of each mistake that is said to be in the file."""
    found: set[tuple[int, int, str]] = set()
    for number, line in enumerate(SEEDED.read_text(encoding="utf-8").splitlines(), start=1):
        said = line.partition("#! ")[2].split()
        found |= {(number, int(word.partition(":")[2]), word.partition(":")[0]) for word in said}
    return found


def test_every_seeded_mistake_is_found_at_its_place_and_nothing_else() -> None:
    problems = [problem for problem in examine(SEEDED).problems if problem.where.file == str(SEEDED)]
    assert {(p.where.line, p.where.column, p.code) for p in problems} == seeded()
    assert len(seeded()) >= 90
    assert len({p.code for p in problems}) >= 24


def test_nearly_all_have_a_hint_and_all_a_documented_code() -> None:
    problems = examine(SEEDED).problems
    hinted = [problem for problem in problems if problem.hint]
    assert len(hinted) == len(problems)
    assert len([problem for problem in problems if problem.hint.startswith("did you mean")]) >= 14
    page = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Za-z0-9_.]+)` \|", page, re.MULTILINE))
    assert {problem.code for problem in problems} <= documented
    assert {problem.code for problem in problems if problem.where.file == str(SEEDED)} <= set(CODES)


def test_the_caret_covers_what_is_meant() -> None:
    rows = SEEDED.read_text(encoding="utf-8").splitlines()
    for problem in examine(SEEDED).problems:
        if problem.code in {"UP110", "UP120", "UP121", "UP122", "UP123"}:
            where = problem.where
            meant = rows[where.line - 1][where.column - 1 : where.column - 1 + where.width]
            assert meant.strip("\"'") in problem.what.replace("`", ""), problem


def test_a_text_beside_the_plan_is_checked_too() -> None:
    (problem,) = [p for p in examine(SEEDED).problems if p.where.file == str(SEEDED.parent / "texts" / "soon.md")]
    assert (problem.where.line, problem.where.column, problem.where.width, problem.code) == (1, 6, 13, "UP202")


WRONG = {
    "empty": ("", "UP103", 1, 1),
    "only a comment": ("# nothing\n", "UP103", 1, 1),
    "a list": ("- plan: x\n", "UP103", 1, 1),
    "a text": ("helpdesk\n", "UP103", 1, 1),
    "two documents": ("plan: a\ntitle: b\n---\nplan: c\n", "UP103", 3, 1),
    "a directive": ("%YAML 1.1\n---\nplan: a\n", "UP103", 2, 1),
    "a tab": ("plan: a\ndeploy:\n\tservice: x\n", "UP102", 3, 1),
    "two colons": ("plan: a\ntitle: one: two\n", "UP102", 2, 11),
    "an open bracket": ("plan: a\nnotify: [a, b\n", "UP102", 2, 9),
    "an open quote": ('plan: "a\ntitle: b\n', "UP102", 1, 7),
    "an unknown escape": ('plan: "\\q"\n', "UP102", 1, 9),
    "a key without colon": ("plan: a\ntitle\nowner: b\n", "UP102", 3, 1),
    "bad indentation": ("plan: a\n  title: b\n", "UP102", 2, 8),
    "a python tag": ("plan: !!python/object:os.system x\ntitle: b\n", "UP105", 1, 7),
    "a merge key": ("plan: a\ntitle: b\n<<: {owner: c}\n", "UP105", 3, 1),
    "a compound key": ("plan: a\ntitle: b\n? [x]\n: c\n", "UP103", 3, 3),
    "a control character": ("plan: a\ntitle: b\x07\n", "UP102", 2, 9),
    "half a surrogate": ("plan: a\ntitle: \ud800\n", "UP101", 2, 8),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_plan_at_all(name: str) -> None:
    text, code, line, column = WRONG[name]
    with pytest.raises(PlanRefused) as caught:
        read_plan(text, file="plan.yaml")
    assert (code, line, column) in {(p.code, p.where.line, p.where.column) for p in caught.value.problems}
    assert all("pydantic" not in p.what and "Input should" not in p.what for p in caught.value.problems)


def test_bytes_that_are_not_utf8() -> None:
    with pytest.raises(PlanRefused) as caught:
        decode_plan(b"plan: a\ntitle: caf\xe9\n", file="plan.yaml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line, problem.where.column) == ("UP101", 2, 11)


def test_alias_bombs_are_stopped_and_small_aliases_work() -> None:
    bomb = "plan: a\ntitle: b\nx0: &x0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    bomb += "".join(f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 12))
    with pytest.raises(PlanRefused) as caught:
        read_plan(bomb, file="plan.yaml")
    assert caught.value.problems[-1].code == "UP107"
    assert read_plan("plan: &p a\ntitle: *p\n", file="plan.yaml").plan.title == "a"
    with pytest.raises(PlanRefused):
        read_plan("plan: a\ntitle: &t [*t]\n", file="plan.yaml")


def test_deep_and_long_texts_are_stopped() -> None:
    for text in ("[" * 5_000, "a: " + "{a: " * 5_000, "x" * 1_000_001, "- " * 5_000):
        with pytest.raises(PlanRefused):
            read_plan(text, file="plan.yaml")


def test_traps_of_yaml_stay_text() -> None:
    text = "plan: no\ntitle: 12:30\nowner: 1.10\nwhy: 2026-01-05\ntimezone: 'null'\n"
    plan = read_plan(text, file="plan.yaml").plan
    assert (plan.plan, plan.title, plan.owner, plan.why, plan.timezone) == ("no", "12:30", "1.10", "2026-01-05", "null")
    assert read_plan("\ufeffplan: a\r\ntitle: NO\r\n", file="p").plan.title == "NO"


def test_facts_are_a_value() -> None:
    assert Facts() == Facts(files={}, texts={}, people=None, host_data=None, problems=())


def test_every_code_is_documented_and_used() -> None:
    room = Path(__file__).parents[2] / "src" / "uptake"
    beside = ("app/facts.py", "cli/explain.py", "cli/init.py")
    sources = [*(room / "plan").rglob("*.py"), *(room / name for name in beside)]
    used = {
        code
        for source in sources
        if source.name != "codes.py"
        for code in re.findall(r'"(UP\d{3})"', source.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)

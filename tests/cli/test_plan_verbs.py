"""The verbs of the plan: check, explain, schema, init."""

import json
import re
import shutil
from pathlib import Path

import pytest

from uptake.cli import check, explain, init, schema
from uptake.core.problem import Refused

MISTAKES = Path(__file__).parents[1] / "plan" / "mistakes"


def test_init_writes_what_passes_check_and_never_overwrites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "plan"
    assert init.run(folder) == 0
    assert "Wrote" in capsys.readouterr().out
    written = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert set(written) == set(init.starter())
    assert check.run(folder / "plan.yaml") == 0
    out = capsys.readouterr()
    assert out.err == ""
    assert out.out.count("\n") == 4
    assert "8 settings: wave 1 2, wave 2 2, wave 3 4" in out.out
    assert "24 people in 3 waves" in out.out
    with pytest.raises(Refused) as caught:
        init.run(folder)
    assert caught.value.exit_code == 2
    assert written == {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_init_leaves_nothing_half_done(tmp_path: Path) -> None:
    (tmp_path / "texts").symlink_to(tmp_path / "nowhere")
    with pytest.raises(Refused):
        init.run(tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_init_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert init.run(tmp_path, json=True) == 0
    assert json.loads(capsys.readouterr().out)["files"][0] == "plan.yaml"


def test_every_file_of_the_starter_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in init.starter():
        if name in {"plan.yaml", init.SCHEMA}:
            continue
        folder = tmp_path / name.replace("/", "-")
        init.run(folder)
        (folder / name).unlink()
        capsys.readouterr()
        assert check.run(folder / "plan.yaml") == 2
        assert f"the file `{name}` is not there" in capsys.readouterr().err


def test_check_reports_everything_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(MISTAKES / "plan.yaml") == 2
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.count("error[UP") >= 60
    assert out.err.rstrip().endswith("Nothing was changed.")
    assert "\x1b" not in out.err


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(MISTAKES / "plan.yaml", json=True) == 2
    result = json.loads(capsys.readouterr().out)
    assert result["ok"] is False
    assert result["plan"] is None
    assert {"code": "UP201", "line": 21, "column": 12}.items() <= next(
        p for p in result["problems"] if p["code"] == "UP201"
    ).items()


@pytest.mark.parametrize(
    ("data", "code"),
    [(None, "UP001"), (b"", "UP103"), (b"\xff\xfe", "UP101"), (b"plan: [", "UP102"), (b"- \x00", "UP102")],
)
def test_check_of_what_is_no_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None, code: str
) -> None:
    path = tmp_path / "plan.yaml"
    if data is not None:
        path.write_bytes(data)
    assert check.run(path) == 2
    assert f"error[{code}]" in capsys.readouterr().err
    assert check.run(tmp_path) == 2
    assert "error[UP001]" in capsys.readouterr().err


def test_check_tells_of_rows_of_the_audience(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init.run(tmp_path)
    people = tmp_path / "people.csv"
    rows = people.read_text(encoding="utf-8").splitlines()
    people.write_text("\n".join([*rows[:3], rows[2], *rows[4:], "0099,Only a name", ""]), encoding="utf-8")
    capsys.readouterr()
    assert check.run(tmp_path / "plan.yaml", json=True) == 2
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["code"], p["line"]) for p in problems] == [("people.repeated", 4), ("csv.ragged", 26)]
    people.write_text("employee_id;name;email;site\n1;A;a@example.org;ulm\n", encoding="utf-8")
    check.run(tmp_path / "plan.yaml", json=True)
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["what"] == "people.csv has no column `team`"
    people.write_text(rows[0] + "\n" + "\n".join(rows[1:7]) + "\n", encoding="utf-8")
    check.run(tmp_path / "plan.yaml", json=True)
    codes = {p["code"] for p in json.loads(capsys.readouterr().out)["problems"]}
    assert "UP204" in codes


def test_check_runs_nobody_s_code(tmp_path: Path) -> None:
    init.run(tmp_path)
    trap = tmp_path / "sprung"
    (tmp_path / "inventory.py").write_text(f"open({str(trap)!r}, 'w')\nweb = ['a']\n", encoding="utf-8")
    (tmp_path / "configure.py").write_text(f"open({str(trap)!r}, 'w')\n", encoding="utf-8")
    plan = tmp_path / "plan.yaml"
    text = plan.read_text(encoding="utf-8").replace("inventory.csv", "inventory.py")
    plan.write_text(
        text.replace("  configuration: ", "  configuration:\n    - run: configure.py\n    #"), encoding="utf-8"
    )
    assert check.run(plan) == 0
    assert not trap.exists()


def test_check_tells_of_hosts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init.run(tmp_path)
    inventory = tmp_path / "inventory.csv"
    inventory.write_text("name,address,port\na,127.0.0.1,x\n", encoding="utf-8")
    capsys.readouterr()
    assert check.run(tmp_path / "plan.yaml") == 2
    assert "no number" in capsys.readouterr().err
    shutil.copy(inventory, tmp_path / "old.csv")
    inventory.write_text("name,address,site\n", encoding="utf-8")
    assert check.run(tmp_path / "plan.yaml") == 2
    assert "names no host" in capsys.readouterr().err


LEAVES = ["service", "version", "inventory", "canary", "max_parallel", "timezone", "setting", "assign_by", "every",
          "event", "count", "within", "target", "at", "from", "id", "min_people", "do"]  # fmt: skip


@pytest.mark.parametrize("key", LEAVES)
def test_one_wound_makes_one_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str) -> None:
    init.run(tmp_path)
    plan = tmp_path / "plan.yaml"
    text = plan.read_text(encoding="utf-8")
    for wound, instead in ((rf"\b{key}:.*?(?=[,}}\n])", f"{key}: []"), (rf"(?m)^ *{key}:.*\n", "")):
        plan.write_text(re.sub(wound, instead, text, count=1), encoding="utf-8")
        capsys.readouterr()
        check.run(plan, json=True)
        problems = json.loads(capsys.readouterr().out)["problems"]
        assert len(problems) == 1 or (not instead and not problems), problems


def test_a_plan_that_never_ends(capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(Path("/dev/zero")) == 2
    assert "more than 1,000,000 characters" in capsys.readouterr().err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    for word, part in {
        "gate.at": "duration, needed",
        "canary": "default 0",
        "up120": "A share is written as a percentage",
        "files.directory": "Its arguments: path, [present]",
        "files.template": "...",
        "release": "made current by one rename",
        "": "implement.adjust.when.below",
    }.items():
        assert explain.run(word) == 0
        assert part in capsys.readouterr().out
        assert explain.run(word, json=True) == 0
        assert json.loads(capsys.readouterr().out)["schema"] == 1
    with pytest.raises(Refused) as caught:
        explain.run("canry")
    assert caught.value.problems[0].hint == "did you mean `canary`?"
    with pytest.raises(Refused) as caught:
        explain.run("gat.at")
    assert caught.value.problems[0].hint == "did you mean `gate.at`?"


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert schema.run() == 0
    pretty = capsys.readouterr().out
    assert schema.run(json=True) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(pretty)
    assert json.loads(pretty)["properties"]["plan"]["description"]

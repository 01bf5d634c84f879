"""`uptake revise` as its user meets it: what it shows, what it refuses, what it brings in."""

import io
import json
import re
from pathlib import Path

import pytest

from uptake.app.opened import Opened, open_plan
from uptake.app.revise import revise, revising
from uptake.app.start import read_audience, start_implement
from uptake.cli.replay import run as replay
from uptake.cli.revise import run
from uptake.cli.verify import verified
from uptake.cli.why import run as why
from uptake.core.problem import PlanRefused, Refused
from uptake.core.time import Instant

NOW = Instant(1_800_000_000_000)
PLAN = """\
plan: policy
title: Meetings end at five to
implement:
  audience: {from: people.csv, id: id, attributes: [email]}
  waves: {assign_by: person, sizes: [50%, 50%], start: "2026-01-01", every: 1d}
  announce:
    - {at: 0s, text: coming.md}
  gate:
    adoption: 50%
    at: 1d
  adoption: {event: ended.early, count: 1, within: 1d, target: 50%}
mail: {server: "smtp://127.0.0.1:9", from: desk@example.org}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    (tmp_path / "coming.md").write_text("# Soon\n\nIt comes.\n")
    (tmp_path / "people.csv").write_text("id,team,email\n" + "".join(f"p{n},t{n % 4},p{n}@e.org\n" for n in range(20)))
    return path


@pytest.fixture
def begun(plan: Path) -> Path:
    opened = open_plan(plan)
    start_implement(opened, read_audience(opened), now=NOW)
    opened.store.close()
    return plan


def edit(plan: Path, old: str, new: str) -> None:
    text = plan.read_text()
    assert old in text
    plan.write_text(text.replace(old, new, 1))


def words(plan: Path) -> list[str]:
    opened = open_plan(plan)
    said = [spoken.said.what for spoken in opened.picture().words]
    opened.store.close()
    return said


def refused(plan: Path, **choice: object) -> Refused:
    with pytest.raises(Refused) as caught:
        run(plan, yes=True, **choice)  # type: ignore[arg-type]
    assert "revise" not in words(plan)
    return caught.value


def test_it_shows_the_difference_and_brings_it_in(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(begun, "adoption: 50%\n", "adoption: 40%\n")
    assert run(begun, yes=True) == 0
    shown = capsys.readouterr()
    assert re.search(r"implement\.gate\.adoption  50% -> 40%  plan\.yaml:9\n +for waves not yet opened", shown.err)
    assert re.fullmatch(r"revise: entry 4 of the ledger, revision [0-9a-f]{12}\n", shown.out)
    opened = open_plan(begun)
    said = opened.picture().words[-1].said
    assert said.data["revision"] == opened.read.digest
    assert said.data["text"] == begun.read_text()
    assert said.data["changes"] == ["implement.gate.adoption"]
    assert set(said.data["files"]) >= {"people.csv", "coming.md"}  # type: ignore[call-overload]
    assert all(check.ok for check in verified(opened))
    opened.store.close()
    assert replay(begun) == 0
    assert why(begun) == 0
    assert run(begun, yes=True) == 0
    assert "nothing to bring in" in capsys.readouterr().out


def test_a_half_goes_on_after_a_revision(begun: Path) -> None:
    edit(begun, "Meetings", "All meetings")
    opened = open_plan(begun)
    with pytest.raises(Refused, match="not the revision"):
        start_implement(opened, (), now=NOW)
    opened.store.close()
    assert run(begun, yes=True) == 0
    opened = open_plan(begun)
    assert start_implement(opened, (), now=NOW).how == "under way"
    opened.store.close()


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("[50%, 50%]", "[40%, 60%]", "implement.waves.sizes.0"),
        ("[50%, 50%]", "[20%, 30%, 50%]", "implement.waves.sizes.0"),
        ("[50%, 50%]", "[50%, 40%], holdout: 10%", "implement.waves.sizes.1"),
        ("sizes:", "order: listed, sizes:", "implement.waves.order"),
        ("from: people.csv, id: id", "from: people.csv, id: email", "implement.audience.id"),
        ("id: id", "id: id, setting: team", "implement.audience.setting"),
        ("plan: policy", "plan: other", "plan"),
    ],
)
def test_what_the_draw_stands_on_is_refused_at_its_line(begun: Path, old: str, new: str, path: str) -> None:
    edit(begun, old, new)
    error = refused(begun)
    assert {problem.code for problem in error.problems} == {"UP050"}
    assert all(problem.where.line for problem in error.problems)
    assert path == "plan" or any(path in problem.what for problem in error.problems), error.problems


def test_the_same_shares_written_otherwise_are_no_other_draw(begun: Path) -> None:
    edit(begun, "[50%, 50%]", "[50.0%, 50%]")
    assert run(begun, yes=True) == 0


def test_strata_are_refused_and_mistakes_are_all_named(begun: Path) -> None:
    edit(begun, "attributes: [email]", "attributes: [email, team]")
    edit(begun, "every: 1d", "stratify: [team], every: 1d")
    assert any("stratify" in problem.what for problem in refused(begun).problems)
    edit(begun, "every: 1d", "every: often")
    error = refused(begun)
    assert isinstance(error, PlanRefused)
    assert "UP121" in {problem.code for problem in error.problems}


def test_expect_holds_the_file_to_a_digest(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(begun, "every: 1d", "every: 2d")
    assert refused(begun, expect="0" * 64).problems[0].code == "UP051"
    assert run(begun, markdown=True) == 0
    page = capsys.readouterr().out
    assert "| `implement.waves.every` | `1d` | `2d` | plan.yaml:5 | for waves not yet opened |" in page
    assert "revise" not in words(begun)
    digest = re.search(r"--expect ([0-9a-f]{64})", page)
    assert digest
    assert run(begun, yes=True, expect=digest[1], json=True) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["revision"], value["entry"]) == (digest[1], 4)
    assert [change["path"] for change in value["changes"]] == ["implement.waves.every"]


def test_markdown_shows_what_is_refused_and_ends_2(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(begun, "[50%, 50%]", "[60%, 40%]")
    assert run(begun, markdown=True) == 2
    assert "refused: the waves are drawn" in capsys.readouterr().out


def test_without_a_terminal_it_wants_a_yes(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    edit(begun, "every: 1d", "every: 2d")
    with pytest.raises(Refused, match="needs a yes"):
        run(begun)
    assert "revise" not in words(begun)


def test_a_new_measure_comments_files_and_nothing_started(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(plan).problems[0].code == "UP031"
    opened = open_plan(plan)
    start_implement(opened, read_audience(opened), now=NOW)
    opened.store.close()
    edit(plan, "count: 1", "count: 2")
    assert run(plan, yes=True) == 0
    assert "a new measurement begins" in capsys.readouterr().err
    plan.write_text("# ours\n" + plan.read_text())
    assert run(plan, yes=True) == 0
    assert "only comments and layout differ" in capsys.readouterr().err
    (plan.parent / "coming.md").write_text("# Later\n\nIt comes.\n")
    assert run(plan, yes=True) == 0
    assert "coming.md: other contents" in capsys.readouterr().err
    assert words(plan)[3:] == ["revise"] * 3
    assert replay(plan) == 0


def test_of_two_revisions_of_the_same_text_the_second_is_refused(begun: Path) -> None:
    edit(begun, "every: 1d", "every: 2d")

    def look() -> Opened:
        return open_plan(begun)

    first, second = look(), look()
    seen = revising(second, second.picture())
    revise(first, revising(first, first.picture()), now=NOW)
    with pytest.raises(Refused, match="meanwhile"):
        revise(second, seen, now=NOW)
    first.store.close()
    second.store.close()


def test_the_other_half_may_be_added(begun: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check = "{http: {url: 'http://{host}/', expect: 200}}"
    half = f"""deploy:
  service: s
  version: '1'
  environment: test
  hosts: {{list: [h1]}}
  configuration: [{{shell: 'true'}}]
  update: {{health: {{checks: [{check}]}}}}
"""
    begun.write_text(begun.read_text() + half)
    assert run(begun, yes=True) == 0
    assert "this half can be started" in capsys.readouterr().err
    edit(begun, "version: '1'", "version: '2'")
    assert run(begun, yes=True) == 0
    assert "this half was not started" in capsys.readouterr().err

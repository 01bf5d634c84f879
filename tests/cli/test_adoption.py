"""`uptake adoption` over a real state: the same figures on the verb, its JSON, the page and the report."""

import html
import re
from pathlib import Path

import httpx
import pytest

from tests.cli.test_shown import PLAN, TEAMS, live, told, told_json
from tests.report.reading import Read
from tests.web.world import World, served
from uptake.app.opened import open_plan
from uptake.core.event import Event
from uptake.core.time import Instant
from uptake.web.serve import Served


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "160")
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    rows = [f"{team}{n},{team},{site}" for site, team in TEAMS for n in range(5)]
    (tmp_path / "people.csv").write_text("employee_id,team,site\n" + "\n".join(rows) + "\n")
    return path


def test_the_figures_by_hand(plan, capsys):
    """Of the first wave's 15 people ten create three issues at once, two seconds after the opening; 13 s are seen."""
    live(plan)
    found = told_json(capsys, "adoption", str(plan))
    assert (found["schema"], found["plan"]) == (1, "helpdesk")
    shown = found["adoption"]
    (wave,) = shown["waves"]
    assert (wave["people"], wave["adopters"], wave["active"], wave["followed"]) == (15, 10, 10, 13)
    assert (wave["median"], shown["unit"]) == (2, "second")
    assert [(one["after"], one["watched"], one["adopted"]) for one in wave["curve"]] == [(2, 15, 10)]
    rows = {one["name"]: one for one in shown["re_aim"]}
    assert (rows["reach"]["numerator"], rows["reach"]["denominator"]) == (10, 30)
    assert (rows["adoption: settings"]["numerator"], rows["adoption: settings"]["denominator"]) == (3, 6)
    assert rows["implementation: cost"]["said"] == "not measured"
    text = told(capsys, "adoption", str(plan))
    for words in (
        "Wave 1  15      13 seconds  2 seconds (2 or more)  0% (0 to 22%)    67% (44 to 88%)",
        "Waves are not compared: there are fewer than two waves.",
        "Of 10 people who have adopted, 10 still use it as often now.",
        "reach: 33% (10 of 30)",
        "penetration: 67% (10 of 15)",
        "sustainability: 90 days: not measured",
    ):
        assert words in text
    assert all(row["name"] in text and row["definition"] in text for row in (*shown["re_aim"], *shown["proctor"]))
    assert not re.search(r"\b[a-f][0-4]\b", text), "nobody is named"


def test_page_report_and_verb_tell_the_same(plan, tmp_path, capsys):
    live(plan)
    shown = told_json(capsys, "adoption", str(plan))["adoption"]
    text = told(capsys, "adoption", str(plan))
    out = tmp_path / "report.html"
    told(capsys, "report", str(plan), "--out", str(out))
    opened = open_plan(plan)
    made = Served(opened)
    try:
        with served(World(opened.store).parts(board=made.board)) as url:
            page = httpx.get(url, trust_env=False).text
    finally:
        made.close()
        opened.store.close()
    for source in (page, out.read_text()):
        read = Read(source)
        assert read.text("time-to-adoption").endswith(
            "Wave 11513 seconds2 seconds (2 or more)0% (0 to 22%)67% (44 to 88%)67% (44 to 88%)67% (44 to 88%)"
        )
        assert shown["stay_words"] in read.text("use")
        for part in ("re-aim", "proctor"):
            told_rows = re.findall(rf'id="{part}">(.*?)</details>', source, re.DOTALL)[0]
            cells = [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", told_rows)]
            names = [html.unescape(name) for name in re.findall(r'<th scope="row">(.*?)<small>', told_rows)]
            assert names == [row["name"] for row in shown[part.replace("-", "_")]]
            for name, cell in zip(names, cells, strict=True):
                assert f"  {name}: {cell}\n" in text
    assert "adoption" not in told_json(capsys, "status", str(plan))


def test_before_anybody_looked(plan, capsys, tmp_path):
    assert told(capsys, "adoption", str(plan)) == "Nobody has looked at use yet: there is nothing to tell.\n"
    assert told_json(capsys, "adoption", str(plan)) == {"schema": 1, "plan": "helpdesk", "adoption": None}
    told(capsys, "report", str(plan), "--out", str(tmp_path / "r.html"))
    assert 'id="use"' not in (tmp_path / "r.html").read_text()


def test_a_plan_that_lets_nobody_in(plan, capsys):
    plan.write_text(
        "plan: alone\ntitle: t\ndeploy:\n  service: s\n  version: '1'\n  environment: e\n  hosts: [h]\n"
        "  configuration: [{shell: 'true'}]\n  update: {health: {checks: [{tcp: '{host}:1'}]}}\n"
    )
    found = told_json(capsys, "adoption", str(plan), code=2)
    assert found["problems"][0]["code"] == "UP021"


def test_of_few_people_nothing_is_told(plan, capsys):
    plan.write_text(PLAN.replace("  adjust:", "  privacy: {min_group: 16}\n  adjust:"))
    live(plan)
    text = told(capsys, "adoption", str(plan))
    assert "Too few people are let in to show anything of them." in text
    assert "15" not in text.partition("\n")[2]
    shown = told_json(capsys, "adoption", str(plan))["adoption"]
    assert (shown["waves"], shown["apart"], shown["re_aim"], shown["proctor"]) == ([], [], [], [])


def test_an_event_that_came_late_counts_by_its_own_time(plan, capsys):
    live(plan)
    opened = open_plan(plan)
    looked = opened.picture().observed.looked_at
    who = [one.external_id for one in opened.store.directory.people(0)][::3]
    late = [
        Event(id=f"late-{name}-{n}", source="t", subject=name, name="issue.created", at=Instant(at))
        for name, at in zip(who, (looked - 9_000, looked - 2_000, looked, looked + 1, looked + 9_000), strict=True)
        for n in range(2)
    ]
    opened.store.events.append(late, received_at=Instant(looked + 60_000))
    opened.store.events.fold()
    opened.store.close()
    (wave,) = told_json(capsys, "adoption", str(plan))["adoption"]["waves"]
    assert wave["adopters"] == 13, "with the use that each of the five has: three of them not after the look"
    assert [(one["after"], one["adopted"]) for one in wave["curve"]] == [(2, 10), (5, 1), (12, 1)]

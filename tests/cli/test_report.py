"""One file that opens without a server, and the same figures wherever they are shown."""

import json
import re
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from tests.cli.test_shown import PLAN, live, told, told_json
from tests.report.reading import Read
from tests.web.world import World, served
from uptake.app.opened import open_plan
from uptake.app.rehearsed import kept
from uptake.report.board import slug
from uptake.web.serve import Served


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    rows = [f"{site}{team}{n},{team},{site}" for site, team in zip("nnnsss", "abcdef", strict=True) for n in range(5)]
    (tmp_path / "people.csv").write_text("employee_id,team,site\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def still(monkeypatch) -> None:
    """The machine's clock stands, so that what is shown one after the other is of one moment; columns one by one."""
    monkeypatch.setenv("COLUMNS", "60")
    moment = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: moment)


def figures_of(board: dict) -> dict[str, dict]:
    return {f"{f['half']}.{slug(f['row'])}.{slug(f['phrase'])}": f for f in board["figures"]}


def test_the_same_figures_on_page_report_status_and_compare(plan, tmp_path, capsys, still):
    live(plan)
    status, compared = told_json(capsys, "status", str(plan)), told_json(capsys, "compare", str(plan))
    status.pop("turning")
    ahead = compared.pop("forecast")
    assert compared == status
    assert ahead["words"] in " ".join(told(capsys, "compare", str(plan)).split())
    assert (ahead["reach"] is None) == (ahead["fan"] == [])
    assert status["looks"]
    out = tmp_path / "report.html"
    assert told(capsys, "report", str(plan), "--out", str(out)) == f"{out}\n"
    opened = open_plan(plan)
    try:
        parts = replace(World(opened.store).parts(board=Served(opened).board), read=lambda: opened.read)
        with served(parts) as url:
            page = httpx.get(url, trust_env=False).text
    finally:
        opened.store.close()
    text = " ".join(told(capsys, "compare", str(plan)).split())
    for source in (page, out.read_text()):
        read = Read(source)
        wanted = figures_of(status)
        assert read.figures.keys() == wanted.keys()
        for key, figure in wanted.items():
            words = read.figures[key]
            shown = figure["value"] if figure["sure"] != "not measured" else "not measured in this plan"
            assert words.startswith(f"{figure['phrase']} {shown}".rstrip()), words
            assert figure["source"] in words
            assert shown in text
        for head in status["heads"]:
            assert head["number"] in source
            assert head["caption"] in source
        for wave in status["waves"]:
            if wave["share"] is not None:
                assert f"{wave['adopters']:,} of {wave['present']:,}" in read.text("waves")
        for look in status["looks"]:
            assert f"{look['adopters']:,} of {look['present']:,}" in read.text("adoption")
        assert status["verdict"] == re.sub(r"\s+", " ", " ".join(_verdict(source)))


def _verdict(source: str) -> list[str]:
    found = re.search(r'<p class="verdict">(.*?)</p>', source, re.DOTALL)
    assert found
    return [re.sub(r"<[^>]+>", "", found[1])]


def test_the_report_stands_alone(plan, tmp_path, capsys):
    live(plan)
    out = tmp_path / "report.html"
    told_json(capsys, "report", str(plan), "--out", str(out))
    source = out.read_text()
    read = Read(source)
    assert not [tag for tag, _ in read.tags if tag in ("script", "link", "img", "form", "iframe", "object")]
    assert all(link.startswith("#") for link in read.links), read.links
    assert {link[1:] for link in read.links} <= read.ids, "every link has its evidence in the file"
    assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org/)", source)
    assert 'class="at-wide"><svg' in source
    cited = {int(link.removeprefix("#entry-")) for link in read.links if link.startswith("#entry-")}
    assert cited
    assert "Entry " in read.text(f"entry-{max(cited)}")
    assert all(one < other for one, other in pairwise(sorted(cited)))


def test_it_is_written_whole_or_not_at_all(plan, tmp_path, capsys):
    found = told_json(capsys, "report", str(plan), "--out", str(tmp_path / "nowhere" / "r.html"), code=2)
    assert found["problems"][0]["code"] == "UP041"
    assert list(tmp_path.glob("*draft*")) == []


def test_before_anything_it_says_what_to_do(plan, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told(capsys, "report", str(plan)) == "helpdesk-report.html\n"
    source = (tmp_path / "helpdesk-report.html").read_text()
    assert "Nobody has been let in yet." in source
    assert "uptake implement plan.yaml" in source


def test_the_last_rehearsal_is_kept(plan, tmp_path, capsys):
    assert kept(tmp_path, "helpdesk") is None
    told_json(capsys, "rehearse", str(plan), "--people", "60")
    found = kept(tmp_path, "helpdesk")
    assert found is not None
    assert found.seed == 1
    (tmp_path / ".uptake" / "rehearsal-helpdesk.json").write_text(json.dumps({"plan": 1}))
    assert kept(tmp_path, "helpdesk") is None

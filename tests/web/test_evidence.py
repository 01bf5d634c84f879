"""What figures cite has an address: any entry, each decision, the plan's lines; and what is not there is not found."""

from dataclasses import replace

import httpx
import pytest

from tests.report.reading import Read
from tests.report.story import Story
from tests.web.told import parts_of
from tests.web.world import served
from uptake.report.figures import figures
from uptake.report.history import History, followed
from uptake.web.charts import Drawings
from uptake.web.listen import Settings


@pytest.fixture(scope="module")
def story() -> Story:
    told = Story()
    told.deploy()
    told.start_implement()
    told.settle()
    told.adopted(20)
    told.later(3)
    told.settle()
    return told


@pytest.fixture
def site(story, world):
    parts = parts_of(world, story.read, tuple(story.entries))
    with served(parts) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def test_every_link_of_the_page_is_answered(site):
    read = Read(site.get("/").text)
    inside = {link for link in read.links if link.startswith("/") and not link.startswith(("//", "/tell"))}
    assert any(link.startswith("/entries/") for link in inside)
    assert any(link.startswith("/plan#L") for link in inside)
    lines = Read(site.get("/plan").text).ids
    for link in inside:
        path, _, fragment = link.partition("#")
        answer = site.get(path, follow_redirects=True)
        assert answer.status_code == 200, link
        if path == "/plan":
            assert fragment in lines


def test_a_decision_with_its_evidence(site, story):
    for noted in story.picture.decisions:
        page = site.get(f"/decisions/{noted.seq}").text
        text = Read(page).text("main")
        assert " ".join(noted.decision.why.split()) in text
        assert noted.decision.rule in text
        for fact in noted.decision.evidence:
            assert fact.seen in text
        assert story.entries[noted.seq - 1].hash in text


def test_every_entry_is_shown_and_names_nobody(site, story):
    for entry in story.entries:
        answer = site.get(f"/entries/{entry.seq}")
        assert answer.status_code == 200
        assert entry.hash in answer.text


@pytest.mark.parametrize("seq", ["0", "-1", "9999999", "1e3", "99999999999999999999999", "x", "%00", "\u0663"])
def test_an_entry_that_is_not_there(site, seq):
    answer = site.get(f"/entries/{seq}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/plans", "/hosts", "/people", "/decisions", "/decisions/1", "/entries/1", "/plan"])
def test_pages_are_for_who_may_see_them(story, world, path):
    parts = parts_of(world, story.read, tuple(story.entries))
    settings = Settings(port=0, behind_proxy=True)
    with served(parts, settings) as url, httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"X-API-Key": world.tokens["flags"]}).status_code == 403
        assert client.get(path, headers={"X-API-Key": world.tokens["viewer"]}).status_code == 200


def test_the_report_is_handed_out_as_a_file(site):
    answer = site.get("/report")
    assert answer.headers["content-disposition"] == 'attachment; filename="helpdesk.html"'
    read = Read(answer.text)
    assert all(link.startswith("#") for link in read.links)
    assert {link[1:] for link in read.links} <= read.ids


def test_charts_are_drawn_when_their_data_change_and_never_waited_for_twice(story):
    asked: list[set[str]] = []

    def count(specs):
        asked.append(set(specs))
        return dict.fromkeys(specs, f"<svg>{len(asked)}</svg>")

    board = replace(story.board(), looks=())
    drawings = Drawings(count)
    assert drawings.of(board) == {}
    assert asked == []
    full = figures(story.read, story.picture, story.now, history=followed(History(), story.entries))
    first = drawings.of(full)
    assert set(first) == {"adoption-wide", "adoption-narrow", "waves-wide", "waves-narrow"}
    assert drawings.of(replace(full, problems=("other words",))) is first
    assert len(asked) == 1
    last = full.looks[-1]
    grown = replace(full, looks=(*full.looks[:-1], replace(last, adopters=last.adopters + 1)))
    drawings.of(grown)
    drawings.close()
    assert len(asked) == 2
    assert drawings.of(grown)["adoption-wide"] == "<svg>2</svg>"

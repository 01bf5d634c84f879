"""Something wrong on a page: anybody who reads it may say so once, in words that can be erased."""

import json
from collections.abc import Iterator

import pytest

from tests.web.board import PLAN
from tests.web.visitor import visitor
from tests.web.world import served
from uptake.app.opened import open_plan
from uptake.app.word import Word, speak
from uptake.cli import status, why
from uptake.core.entry import Said
from uptake.core.time import Instant
from uptake.web import telling

TEXT = "Wave 2 has <b>31</b> people, not 30"


@pytest.fixture
def url(world) -> Iterator[str]:
    with served(world.parts()) as made:
        yield made


@pytest.mark.parametrize("role", ["", "viewer"])
def test_a_reader_tells(world, url, role):
    with visitor(url, world.tokens.get(role, "")) as reader:
        sent = reader.send("/tell?figure=entry-12&page=/hosts", figure="entry-12", text=TEXT)
        assert (sent.status_code, sent.headers["location"]) == (303, "/tell/1")
        thanks = reader.http.get("/tell/1").text
        assert "Thank you" in thanks
        assert "entry 1" in thanks
        shown = reader.http.get("/decisions").text
        assert "Wave 2 has &lt;b&gt;31&lt;/b&gt; people" in shown
        assert 'id="report-1"' in shown
        assert reader.http.get("/tell/2").status_code == 404
        assert reader.http.get("/tell/x").status_code == 404
        said = next(iter(world.store.ledger.read())).body
        assert isinstance(said, Said)
        assert said.data["figure"] == "entry-12"
        assert said.data["page"] == "/hosts"
        assert "Wave" not in str(said)
        assert world.store.texts.erase(said.why)
        assert "(the text was erased)" in reader.http.get("/decisions").text


def test_an_operator_settles_it(world, url):
    world.draw()
    with visitor(url) as reader, visitor(url, world.tokens["operator"]) as operator:
        reader.send("/tell", text="x")
        assert "Settle it" not in reader.http.get("/decisions").text
        assert "/approve/report-2" in operator.http.get("/decisions").text
        assert "something is wrong" in operator.http.get("/approve/report-2").text
        settled = operator.send("/approve/report-2", why="the export was old")
        assert settled.headers["location"] == "/entries/3"
        assert "Settled by the operator" in reader.http.get("/decisions").text
        assert operator.http.get("/approve/report-2").status_code == 409
        assert operator.http.get("/approve/report-9").status_code == 404
    assert world.store.ledger.head() == 3


def test_addresses_and_keys_are_not_taken_as_they_come(world, url):
    with visitor(url) as reader:
        assert "evil" not in reader.http.get("/tell?page=//evil.example&figure=<script>").text
        sent = reader.send("/tell", figure='"><script>', page="//evil.example", text="x")
        assert sent.status_code == 303
        said = next(iter(world.store.ledger.read())).body
        assert isinstance(said, Said)
        assert (said.data["figure"], said.data["page"]) == ("", "")
        assert "evil" not in reader.http.get("/decisions").text


def test_bad_reports_are_not_kept(world, url):
    with visitor(url) as reader:
        assert reader.send("/tell", text="  ").status_code == 422
        assert reader.send("/tell", text="x" * 2_001).status_code == 422
        assert reader.http.post("/tell", data={"text": "x"}).status_code == 400
    assert world.store.ledger.head() == 0


def test_only_so_many(world, monkeypatch):
    monkeypatch.setattr(telling, "BURST_S", 120.0)
    with served(world.parts()) as url, visitor(url) as reader, visitor(url, world.tokens["viewer"]) as other:
        assert [reader.send("/tell", text="x").status_code for _ in range(3)] == [303, 303, 429]
        assert reader.http.post("/tell", data={"text": "forged"}).status_code == 400
        assert "Send this one again in" in reader.send("/tell", text="x").text
        assert other.send("/tell", text="x").status_code == 303


def test_why_and_status_show_it(tmp_path, capsys):
    plan = tmp_path / "plan.yaml"
    plan.write_text("plan: helpdesk\ntitle: Roundup\n" + PLAN)
    opened = open_plan(plan)
    report = Word(what="report", why="31, not 30", data={"figure": "deploy.goals.x", "page": "/"})
    speak(opened, report, who="kim", now=Instant(1_799_654_400_000))
    opened.store.close()
    assert why.run(plan, "reports") == 0
    assert "31, not 30" in capsys.readouterr().out
    assert why.run(plan, "reports", json=True) == 0
    assert json.loads(capsys.readouterr().out)["reports"][0]["text"] == "31, not 30"
    assert status.run(plan) in {0, 3}
    assert "1 report of something wrong on a page" in " ".join(capsys.readouterr().out.split())

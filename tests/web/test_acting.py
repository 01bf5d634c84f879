"""Hold, resume and approve from the page: by an operator's token, said once, and never by a forged or old form."""

import time
from collections.abc import Iterator

import pytest

from tests.web.board import sample_board
from tests.web.visitor import Visitor, ask, visitor
from tests.web.world import World, served
from uptake.core.entry import Said
from uptake.report.board import Board
from uptake.web.consequence import consequence


@pytest.fixture
def url(world) -> Iterator[str]:
    with served(world.parts()) as made:
        yield made


@pytest.fixture
def operator(world, url) -> Iterator[Visitor]:
    with visitor(url, world.tokens["operator"]) as made:
        yield made


def last(world: World) -> Said:
    body = list(world.store.ledger.read())[-1].body
    assert isinstance(body, Said)
    return body


def test_hold_and_resume(world, operator):
    world.draw()
    page = operator.http.get("/hold").text
    assert "1 wave with 30 people" in page
    assert "What runs on a host ends its step" in page
    held = operator.send("/hold", half="implement", why="the hall is flooded")
    assert (held.status_code, held.headers["location"]) == (303, "/entries/2")
    assert (last(world).what, last(world).who, last(world).half) == ("hold", "the operator", "implement")
    assert world.store.texts.find(last(world).why) == "the hall is flooded"
    assert operator.http.get("/entries/2").status_code == 200
    assert 'href="/resume"' in operator.http.get("/").text
    assert operator.send("/resume").headers["location"] == "/entries/3"
    assert 'href="/hold"' in operator.http.get("/").text
    assert operator.http.get("/resume").status_code == 409


def test_a_form_sent_twice_is_one_word(world, operator):
    world.draw()
    fields = {**operator.form("/hold"), "why": "twice"}
    first, again = (operator.http.post("/hold", data=fields) for _ in "ab")
    assert first.headers["location"] == again.headers["location"] == "/entries/2"
    assert world.store.ledger.head() == 2


def test_a_question_has_one_answer(world, url, operator):
    world.draw()
    ask(world, "gate-wave-1")
    assert "/approve/gate-wave-1" in operator.http.get("/").text
    assert "Adoption is 3 of 29, wanted 60%." in operator.http.get("/approve/gate-wave-1").text
    assert operator.send("/approve/gate-wave-1").status_code == 422
    with visitor(url, world.tokens["owner"]) as owner:
        fields = owner.form("/approve/gate-wave-1")
        answered = operator.send("/approve/gate-wave-1", why="half the team was on leave")
        assert answered.headers["location"] == "/entries/3"
        late = owner.http.post("/approve/gate-wave-1", data={**fields, "why": "I see no reason"})
        assert late.headers["location"] == "/entries/3"
        assert "the operator answered it already" in owner.http.get("/approve/gate-wave-1").text
    assert world.store.ledger.head() == 3
    assert last(world).data["question"] == "gate-wave-1"
    assert operator.http.get("/approve/gate-wave-9").status_code == 404


@pytest.mark.parametrize("role", ["", "viewer"])
def test_a_viewer_is_told_no(world, url, operator, role):
    world.draw()
    ask(world, "gate-wave-1")
    fields = operator.form("/hold")
    with visitor(url, world.tokens.get(role, "")) as reader:
        page = reader.http.get("/").text
        assert "/hold" not in page
        assert ("Sign in to act" in page) == (not role)
        for path in ("/hold", "/resume", "/approve/gate-wave-1"):
            shown = reader.http.get(path)
            assert shown.status_code == 403
            assert "needs an operator" in shown.text
            assert reader.http.post(path, data={**fields, "why": "x"}).status_code == 400
        mine = reader.form("/tell")
        assert reader.http.post("/hold", data={**mine, "why": "x"}).status_code == 400
    assert world.store.ledger.head() == 2


def test_a_role_that_was_lowered_counts_at_once(world, url, operator):
    world.draw()
    fields = operator.form("/hold")
    world.store.tokens.revoke("the operator")
    time.sleep(3.2)
    sent = operator.http.post("/hold", data=fields)
    assert sent.status_code in {400, 403}
    assert world.store.ledger.head() == 1


@pytest.mark.parametrize("wrong", ["proof", "key", "none", "purpose", "origin", "holder", "large", "half", "long"])
def test_a_form_that_is_not_ours_does_nothing(world, url, operator, wrong):
    world.draw()
    fields = {**operator.form("/hold"), "why": "x"}
    headers: dict[str, str] = {}
    match wrong:
        case "proof":
            fields["proof"] = "0" * 64
        case "key":
            fields["key"] = "another"
        case "none":
            fields = {}
        case "purpose":
            fields = operator.form("/tell")
        case "origin":
            headers = {"Origin": "https://elsewhere.example"}
        case "holder":
            with visitor(url, world.tokens["owner"]) as owner:
                fields = owner.form("/hold")
        case "large":
            fields["why"] = "x" * 40_000
        case "half":
            fields["half"] = "both"
        case _:
            fields["why"] = "x" * 2_001
    sent = operator.http.post("/hold", data=fields, headers=headers)
    assert sent.status_code == (422 if wrong in {"half", "long"} else 400)
    said = {"half": "`both` is no half", "long": "At most 2,000 are kept"}.get(wrong, "nothing was done")
    assert said in sent.text
    assert world.store.ledger.head() == 1


def test_nothing_is_held_before_anything_was_started(world, operator):
    assert operator.http.get("/hold").status_code == 409
    assert 'href="/hold"' not in operator.http.get("/").text
    assert world.store.ledger.head() == 0


def test_what_a_word_does_in_numbers():
    board: Board = sample_board()
    assert "1 wave with 30 people and 2 hosts" in consequence(board, "hold")
    assert "hosts" not in consequence(board, "hold", "implement")
    assert "wave" not in consequence(board, "resume", "deploy")

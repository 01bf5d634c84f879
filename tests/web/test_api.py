"""The JSON interface of a job elsewhere: by token alone, by role, once for a key, refusals with their place."""

import json

import httpx
import pytest

from tests.web.world import World, now
from uptake.core.decision import Decision
from uptake.core.entry import Decided, Said
from uptake.core.stage import Stage
from uptake.core.time import NEVER
from uptake.report.plain import board_json, board_of_json


@pytest.fixture
def started(world: World) -> World:
    """A plan with an open question."""
    world.draw()
    stage = Stage(half="implement", run=1, ordinal=0)
    asks = Decision(
        stage=stage, verdict="hold", state="held", rule="implement.gate", why="Low.", question="gate-wave-1"
    )
    epoch = world.store.lease.take()
    world.store.ledger.append([Decided(decisions=(asks,), look_again=NEVER)], at=now(), epoch=epoch)
    return world


def words(world: World) -> list[Said]:
    return [entry.body for entry in world.store.ledger.read() if isinstance(entry.body, Said)][1:]


def by(world: World, role: str, key: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {world.tokens[role]}"} | ({"Idempotency-Key": key} if key else {})


def test_who_may_ask_and_who_may_say(client: httpx.Client, started: World) -> None:
    allowed = {
        "viewer": (200, 403),
        "operator": (200, 200),
        "owner": (200, 200),
        "flags": (403, 403),
        "intake": (403, 403),
    }
    for role, (reads, says) in allowed.items():
        assert client.get("/api/status", headers=by(started, role)).status_code == reads
        assert client.post("/api/hold", json={"why": "x"}, headers=by(started, role)).status_code == says, role
    assert [one.who for one in words(started)] == ["the operator", "the owner"]
    for answer in (client.get("/api/status"), client.post("/api/hold"), client.get("/api/runs/1")):
        assert answer.status_code == 401, "on loopback too"
        assert answer.json()["code"] == "NO_TOKEN"


def test_a_browsers_session_never_says_a_word(client: httpx.Client, started: World) -> None:
    shown = client.get("/sign-in").text
    proof = shown.partition('name="proof" value="')[2].partition('"')[0]
    answer = client.post("/sign-in", data={"token": started.tokens["owner"], "proof": proof})
    assert answer.status_code == 303, answer.text
    assert client.cookies
    assert client.post("/api/hold", json={}).status_code == 401
    assert words(started) == []


def test_a_key_says_a_word_once(client: httpx.Client, started: World) -> None:
    first = client.post("/api/hold", json={"half": "deploy", "why": "x"}, headers=by(started, "operator", "k")).json()
    again = client.post("/api/hold", json={"half": "deploy", "why": "x"}, headers=by(started, "operator", "k")).json()
    other = client.post("/api/hold", json={}, headers=by(started, "owner", "k")).json()
    assert (first["new"], again["new"], other["new"]) == (True, False, True)
    assert first["entry"] == again["entry"] != other["entry"]
    assert [(one.who, one.half, one.data["key"]) for one in words(started)] == [
        ("the operator", "deploy", "k"),
        ("the owner", "", "k"),
    ]
    assert started.store.texts.find(words(started)[0].why) == "x"


def test_an_answer_needs_a_reason_and_a_question(client: httpx.Client, started: World) -> None:
    def answered(**body: str) -> tuple[int, str]:
        answer = client.post("/api/approve", json=body, headers=by(started, "operator"))
        return answer.status_code, answer.json().get("code", "")

    assert answered(question="gate-wave-1") == (422, "UP030")
    assert answered(question="gate-wave-2", why="x") == (404, "UP032")
    assert answered(question="gate-wave-1", why="seen") == (200, "")
    assert answered(question="gate-wave-1", why="seen") == (200, ""), "the same answer again"
    assert [one.what for one in words(started)] == ["approve"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "NOT_JSON"),
        (b"[]", 400, "NOT_JSON"),
        (b"\xff", 400, "NOT_JSON"),
        (b'{"whom": "x"}', 400, "NOT_JSON"),
        (b'{"half": "both"}', 422, "UP030"),
        (b'{"plan": "other.yaml"}', 409, "UP064"),
        (b'{"why": "' + b"x" * 40_000 + b'"}', 413, "TOO_LARGE"),
        (b'{"why": "' + b"x" * 3000 + b'"}', 422, "UP030"),
    ],
)
def test_bad_words_change_nothing(client: httpx.Client, started: World, body: bytes, status: int, code: str) -> None:
    answer = client.post("/api/hold", content=body, headers=by(started, "operator"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["what"]
    assert words(started) == []


def test_nothing_held_is_told_with_its_place(client: httpx.Client, started: World) -> None:
    answer = client.post("/api/resume", headers=by(started, "operator"))
    assert answer.status_code == 409
    assert answer.json()["problems"] == [
        {"code": "UP033", "where": "plan.yaml", "what": "nothing is held", "hint": "see `uptake status`"}
    ]


def test_a_plan_that_is_named_must_be_the_one(client: httpx.Client, started: World) -> None:
    for name, status in (("plan.yaml", 200), ("helpdesk", 200), ("other.yaml", 409)):
        assert client.get("/api/status", params={"plan": name}, headers=by(started, "viewer")).status_code == status


def test_the_figures_are_the_boards(client: httpx.Client, started: World) -> None:
    told = client.get("/api/status", headers=by(started, "viewer")).json()
    assert told.pop("turning").startswith("pid "), "who turns the ring"
    assert json.loads(json.dumps(board_json(board_of_json(told)))) == told


def test_a_run_that_is_not_there(client: httpx.Client, started: World) -> None:
    for path in ("/api/runs/1", "/api/runs/0", "/api/runs/99999999999999999999", "/api/runs/x", "/api/rollback"):
        assert client.get(path, headers=by(started, "viewer")).status_code == 404, path
    assert client.get("/api/hold", headers=by(started, "operator")).status_code == 405


def test_a_change_ticket_is_kept_with_the_word(client: httpx.Client, started: World) -> None:
    bad = client.post("/api/hold", json={"ticket": "no; ticket"}, headers=by(started, "operator"))
    assert (bad.status_code, words(started)) == (422, [])
    good = client.post("/api/hold", json={"why": "x", "ticket": "CHG0012345"}, headers=by(started, "operator"))
    assert good.status_code == 200
    assert [one.data["ticket"] for one in words(started)] == ["CHG0012345"]

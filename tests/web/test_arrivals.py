"""Completions and requests for help over HTTP: every shape, every refusal by name, once however often they are sent."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.web.world import now, served
from uptake.app.arrivals import POSTED, Arrivals
from uptake.app.opened import Opened
from uptake.core.ids import Pid
from uptake.core.look import WaveLook
from uptake.core.ports import Person
from uptake.core.time import Instant
from uptake.plan.read import read_plan
from uptake.store.open import Store, open_store
from uptake.web import arrivals
from uptake.web.auth import Door, DoorRule, Tokens

TEXT = """
plan: school
title: School
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [email]}
  waves: {assign_by: person, sizes: [100%], every: 1d}
  adoption: {event: used, count: 1, within: 1d, target: 50%}
  gate: {adoption: 50%, at: 1d}
"""
TRAIN = """
  train: {path: [basics, triage], sessions: sessions.csv}
"""
SUPPORT = """
  support: {contact: help@example.org}
"""
AT = "2026-11-24T10:00:00+01:00"
AT_MS = Instant(1_795_510_800_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path, "school")
    people = [
        Person(pid=Pid(""), external_id=f"p{i}", setting="team", attributes={"email": f"P{i}@example.org"})
        for i in range(3)
    ]
    made.directory.freeze(people)
    made.directory.assign({person.pid: 0 for person in made.directory.people()})
    made.learning.path = ("basics", "triage")
    yield made
    made.close()


def client_of(store: Store, folder: Path, text: str) -> Iterator[httpx.Client]:
    read = read_plan(text, file="plan.yaml")
    opened = Opened(path=folder / "plan.yaml", file=read, read=read, store=store)
    token = store.tokens.add("the platform", "intake")
    app = Starlette(
        routes=arrivals.routes(Arrivals(lambda: opened), read=lambda: read),
        middleware=[
            Middleware(
                Door, tokens=Tokens(store.tokens.known), rule=DoorRule(page_is_free=True, cookie="uptake-session")
            )
        ],
    )
    with (
        served(app) as url,
        httpx.Client(base_url=url, trust_env=False, headers={"Authorization": f"Bearer {token}"}) as made,
    ):
        yield made


@pytest.fixture
def client(store: Store, tmp_path: Path) -> Iterator[httpx.Client]:
    yield from client_of(store, tmp_path, TEXT + TRAIN + SUPPORT)


def plain(subject: str = "p0", course: str = "basics", at: object = AT) -> dict:
    return {"subject": subject, "course": course, "at": at}


def statement(verb: str = "completed", *, course: str = "triage", result: dict | None = None, **actor) -> dict:
    return {
        "id": "7ccd3322-e1a5-411a-a67d-6a735c76f119",
        "timestamp": AT,
        "actor": actor or {"account": {"homePage": "https://hr.example.org", "name": "p0"}},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en": verb}},
        "object": {"id": f"https://lms.example.org/course/{course}", "objectType": "Activity"},
        **({"result": result} if result is not None else {}),
    }


def post(client: httpx.Client, body: object, path: str = "/completions", kind: str = "application/json"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(path, content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (plain(), (1, 0, 0)),
        ([plain(), plain("p1", "triage", int(AT_MS))], (2, 0, 0)),
        ([], (0, 0, 0)),
        (plain(course="first aid"), (0, 1, 0)),
        (plain("nobody"), (1, 0, 1)),
        (plain("p1@Example.org"), (1, 0, 0)),
        (statement(), (1, 0, 0)),
        (statement("passed", result={"success": True, "score": {"scaled": 0.9}}), (1, 0, 0)),
        (statement(mbox="mailto:p1@example.org"), (1, 0, 0)),
        (statement("failed"), (0, 1, 0)),
        (statement("completed", result={"success": False}), (0, 1, 0)),
        ([statement("attempted"), statement()], (1, 1, 0)),
    ],
)
def test_every_shape_is_taken_and_a_repeat_changes_nothing(client, store, body, taken) -> None:
    first, again = post(client, body), post(client, body)
    wanted = dict(zip(("accepted", "ignored", "unknown"), taken, strict=True))
    assert (first.status_code, first.json()) == (202, wanted)
    assert (again.status_code, again.json()) == (202, wanted)
    parts = body if isinstance(body, list) else [body]
    assert len(store.learning.known(POSTED)) == taken[0] <= len(parts)
    assert sum(map(len, store.learning.completed().values())) == taken[0] - taken[2]
    assert set(store.learning.known(POSTED).values()) <= {AT_MS}


def test_a_person_is_trained_by_what_was_posted(client, store) -> None:
    post(client, [plain(), plain(course="triage")])
    (seen,) = store.learning.trained([WaveLook(wave=0, opened_at=None, until=now())])
    assert (seen.people, seen.trained) == (3, 1)


def test_completions_of_somebody_who_comes_later_are_hers(client, store, tmp_path) -> None:
    post(client, [plain("p9"), plain("stranger")])
    assert store.learning.unmatched() == ("p9", "stranger")
    people = list(store.directory.people())
    store.directory.freeze([*people, Person(pid=Pid(""), external_id="p9", setting="team", attributes={})])
    read = read_plan(TEXT + TRAIN, file="plan.yaml")
    Arrivals(lambda: Opened(path=tmp_path / "plan.yaml", file=read, read=read, store=store)).match_again()
    assert store.learning.unmatched() == ("stranger",)
    comer = store.directory.find("p9")
    assert comer is not None
    assert store.learning.completed()[comer.pid] == {"basics"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"subject": "p0", "course": "basics"}, "missing required field `at`"),
        ({**plain(), "grade": 1}, "unknown field `grade`"),
        (plain(at="2026-11-24T10:00:00"), "timezone"),
        (plain(subject=""), "length >= 1"),
        (plain(course=""), "a course's name"),
        ({**statement(), "actor": {}}, "neither an account nor an mbox"),
    ],
)
def test_what_is_wrong_is_named_by_its_place_and_nothing_is_kept(client, store, body, words) -> None:
    answer = post(client, [plain("p2"), body])
    assert answer.status_code == 400
    (problem,) = answer.json()["problems"]
    assert problem["index"] == 1
    assert words in problem["what"]
    assert store.learning.known(POSTED) == {}


def test_requests_for_help_count_once_from_the_opening_on(client, store) -> None:
    opened = Instant(AT_MS - 1000)
    sent = [{"id": "T-1", "subject": "p0", "at": AT}, {"id": "T-2", "subject": "p1@example.org", "at": AT}]
    sent += [{"id": "T-3", "subject": "p0", "at": int(opened) - 1}, {"id": "T-4", "subject": "stranger", "at": AT}]
    for _ in range(2):
        answer = post(client, sent, "/tickets")
        assert (answer.status_code, answer.json()) == (202, {"accepted": 4, "ignored": 0, "unknown": 1})
    week = 7 * 86_400_000
    (seen,) = store.tickets.ticketed([WaveLook(wave=0, opened_at=opened, until=Instant(opened + 2 * week))])
    assert (seen.tickets, seen.person_weeks) == (2, 6.0)


def test_only_an_intake_token_may_post_and_only_where_the_plan_asks(store, tmp_path) -> None:
    for client in client_of(store, tmp_path, TEXT):
        for path in ("/completions", "/tickets"):
            assert client.post(path, headers={"Authorization": ""}).status_code == 401
            viewer = store.tokens.add(f"v{path}", "viewer")
            assert client.post(path, headers={"Authorization": f"Bearer {viewer}"}).status_code == 401
            refused = post(client, plain(), path)
            assert (refused.status_code, refused.json()["code"]) == (403, "NOT_ASKED")
            assert client.get(path).status_code == 405


def test_a_body_of_another_kind_or_size_is_refused(client) -> None:
    assert post(client, plain(), kind="text/csv").status_code == 415
    assert post(client, b"{", kind="application/json").json()["code"] == "BAD_EVENTS"
    assert post(client, b" " * (arrivals.BODY_MOST_BYTES + 1)).status_code == 413

"""Events over HTTP: every shape, every refusal by name, and nothing acknowledged that a killed server loses."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from tests.web.world import WAVE_OF, World
from uptake.core.event import Ask
from uptake.core.time import Instant
from uptake.web.intake import BODY_MOST_BYTES
from uptake.web.reading import EVENTS_MOST, PROBLEMS_MOST

AT = "2026-11-24T10:00:00+01:00"
AT_MS = 1_795_510_800_000
KILLS = 2
BATCH = 20


def event(number: int, subject: str = "ada", **other) -> dict:
    return {"id": f"e{number}", "subject": subject, "name": "ticket.created", "at": AT, **other}


def cloud(number: int, **other) -> dict:
    facts = {"specversion": "1.0", "id": f"c{number}", "source": "/desk", "type": "ticket.created"}
    return {**facts, "subject": "ada", "time": AT, "data": {"title": "x"}, "traceparent": "00-1", **other}


def adopters(world: World, name: str = "ticket.created") -> list[int]:
    ask = [Ask(wave=wave, name=name, count=1, since=Instant(0), until=Instant(2**50), opened=True) for wave in range(4)]
    return [answer.adopters for answer in world.store.events.count(ask)]


def uses(world: World) -> int:
    """All known uses of all people."""
    ask = [Ask(wave=0, name="ticket.created", count=1, since=Instant(0), until=Instant(2**50), opened=True)]
    return sum(one.uses for one in world.store.events.who(ask))


@pytest.fixture
def intake(client, world) -> httpx.Client:
    client.headers["Authorization"] = f"Bearer {world.tokens['intake']}"
    return client


def post(intake: httpx.Client, body: object, kind: str = "application/json") -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return intake.post("/events", content=content, headers={"Content-Type": kind})


@pytest.mark.parametrize(
    ("body", "kind", "accepted"),
    [
        (event(1), "application/json", 1),
        ([event(1), event(2, at=AT_MS)], "application/json; charset=utf-8", 2),
        ([], "application/json", 0),
        (
            b'{"id":"e1","subject":"ben","name":"ticket.created","at":"2026-11-24T09:00:00Z"}\n\n',
            "application/x-ndjson",
            1,
        ),
        ("\r\n".join(json.dumps(event(number)) for number in range(3)).encode(), "application/ndjson", 3),
        (cloud(1), "application/cloudevents+json", 1),
        ([cloud(1), cloud(2)], "application/cloudevents-batch+json", 2),
    ],
)
def test_every_shape_is_taken_once(intake, world, body, kind, accepted):
    first, again = post(intake, body, kind), post(intake, body, kind)
    assert (first.status_code, first.json()) == (202, {"accepted": accepted, "new": accepted})
    assert (again.status_code, again.json()) == (202, {"accepted": accepted, "new": 0})
    assert sum(adopters(world)) == (1 if accepted else 0)


def test_ids_belong_to_their_source(intake):
    assert post(intake, event(1, source="north")).json()["new"] == 1
    assert post(intake, event(1, source="south")).json()["new"] == 1
    assert post(intake, event(1)).json()["new"] == 1
    assert post(intake, event(1, source="the intake")).json()["new"] == 0


def test_somebody_unknown_is_taken_and_counted_apart(intake, world):
    answer = post(intake, [event(1, "zoe"), event(2, "ada")])
    assert (answer.status_code, answer.json()["new"]) == (202, 2)
    assert world.store.events.strays() == 1
    assert adopters(world) == [1, 0, 0, 0]


BAD = [
    ({**event(1), "at": "2026-11-24T10:00:00"}, "timezone"),
    ({**event(1), "at": "yesterday"}, "at"),
    ({**event(1), "at": -1}, "at"),
    ({**event(1), "at": 1.5}, "at"),
    ({**event(1), "id": ""}, "id"),
    ({**event(1), "id": 7}, "id"),
    ({**event(1), "name": "x" * 201}, "name"),
    ({**event(1), "user": "ada"}, "user"),
    ({"id": "e1", "name": "n", "at": AT}, "subject"),
    ("no event", "object"),
    (None, "object"),
]


@pytest.mark.parametrize(("wrong", "word"), BAD)
def test_one_bad_event_is_named_and_nothing_is_kept(intake, world, wrong, word):
    answer = post(intake, [event(1), wrong, event(2)])
    refused = answer.json()
    assert (answer.status_code, refused["code"]) == (400, "BAD_EVENTS")
    assert [problem["index"] for problem in refused["problems"]] == [1]
    assert word in refused["problems"][0]["what"]
    assert "1 of 3" in refused["what"]
    assert sum(adopters(world)) == 0


def test_every_bad_event_is_named_up_to_the_limit(intake):
    refused = post(intake, [{"id": number} for number in range(150)]).json()
    assert "150 of 150" in refused["what"]
    assert [problem["index"] for problem in refused["problems"]] == list(range(PROBLEMS_MOST))


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"", "application/json", 400, "EMPTY"),
        (b"\n\n", "application/x-ndjson", 400, "EMPTY"),
        (b"[1,", "application/json", 400, "NOT_JSON"),
        (b"{", "application/json", 400, "BAD_EVENTS"),
        (b"\xff\xfe", "application/json", 400, "BAD_EVENTS"),
        (b"{}", "application/cloudevents-batch+json", 400, "NOT_JSON"),
        (json.dumps(cloud(1, specversion="0.3")).encode(), "application/cloudevents+json", 400, "BAD_EVENTS"),
        (json.dumps(event(1)).encode(), "application/cloudevents+json", 400, "BAD_EVENTS"),
        (json.dumps(event(1)).encode(), "application/x-www-form-urlencoded", 415, "UNKNOWN_TYPE"),
        (b"[" + b"{}," * EVENTS_MOST + b"{}]", "application/json", 413, "TOO_MANY"),
        (b" " * (BODY_MOST_BYTES + 1), "application/json", 413, "TOO_LARGE"),
    ],
)
def test_refusals_have_a_name_and_a_hint(intake, body, kind, status, code):
    answer = post(intake, body, kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["what"]
    assert answer.json()["hint"]


def test_a_body_without_a_length_is_limited_too(intake):
    def parts():
        for _ in range(BODY_MOST_BYTES // 65536 + 2):
            yield b" " * 65536

    try:
        answer = intake.post("/events", content=parts(), headers={"Content-Type": "application/json"})
    except httpx.WriteError:
        return  # the server answered and closed before all of it was sent
    assert answer.status_code == 413


def test_tokens(client, world):
    for token, status in (("", 401), ("wrong", 401), (world.tokens["flags"], 403), (world.tokens["viewer"], 403)):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        assert client.post("/events", json=event(1), headers=headers).status_code == status
    assert client.post(f"/events?token={world.tokens['intake']}", json=event(1)).status_code == 401
    assert client.get("/events", headers={"X-API-Key": world.tokens["intake"]}).status_code == 405
    assert sum(adopters(world)) == 0


def test_many_at_once_are_each_told_their_own_number(intake, world):
    told: list[int] = []

    def send(start: int) -> None:
        told.extend(
            post(intake, [event(number), event(1000 + number, "ben")]).json()["new"]
            for number in range(start, start + 10)
        )

    threads = [threading.Thread(target=send, args=(start,)) for start in (0, 0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 2 * 20
    assert uses(world) == 20


class Process:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.web.serving", str(folder)], stdout=subprocess.PIPE, text=True
        )
        self.address = self.child.stdout.readline().strip()

    def end(self, number: int) -> int:
        os.kill(self.child.pid, number)
        self.child.stdout.close()
        return self.child.wait(20)


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    world = World.make(tmp_path)
    acknowledged: set[str] = set()
    sent = 0
    for _ in range(KILLS):
        server = Process(tmp_path)
        sent = load_until_killed(server, world.tokens["intake"], acknowledged, sent)
    server = Process(tmp_path)
    with httpx.Client(trust_env=False) as http:
        repeated = [event(int(one[1:]), list(WAVE_OF)[int(one[1:]) % 4]) for one in sorted(acknowledged)]
        answer = http.post(
            f"{server.address}/events", json=repeated, headers={"X-API-Key": world.tokens["intake"]}, timeout=20
        )
    assert answer.json() == {"accepted": len(acknowledged), "new": 0}
    assert len(acknowledged) >= KILLS * 5 * BATCH
    assert server.end(signal.SIGTERM) == 0
    world.store.close()


def load_until_killed(server: Process, token: str, acknowledged: set[str], sent: int) -> int:
    """Four clients post until the server dies; what it acknowledged is kept."""
    lock = threading.Lock()
    answers = 0
    enough = threading.Event()

    def client(start: int) -> None:
        nonlocal answers, sent
        with httpx.Client(trust_env=False, headers={"X-API-Key": token}) as http:
            for batch in range(10_000):
                numbers = [start + batch * 4 * BATCH + step for step in range(BATCH)]
                events = [event(number, list(WAVE_OF)[number % 4]) for number in numbers]
                try:
                    answer = http.post(f"{server.address}/events", json=events)
                except httpx.TransportError:
                    return
                assert answer.status_code == 202
                with lock:
                    acknowledged.update(one["id"] for one in events)
                    sent = max(sent, numbers[-1] + 1)
                    answers += 1
                    if answers >= 8:
                        enough.set()

    threads = [threading.Thread(target=client, args=(sent + number * BATCH,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(20)
    server.end(signal.SIGKILL)
    for thread in threads:
        thread.join()
    return sent

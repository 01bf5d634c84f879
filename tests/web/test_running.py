"""The server under trouble: too much waiting, a store that fails, a ledger that cannot be read, a stop."""

import asyncio
import sqlite3
import threading
from collections.abc import Sequence

import httpx
import pytest

from tests.web.test_intake import event
from tests.web.world import eventually, now, served
from uptake.core.event import Event
from uptake.core.time import Instant
from uptake.web import view, writer
from uptake.web.writer import Writer


class Gate:
    """An inbox whose disk is slow: each commit waits until it is let go; it can be told to fail."""

    def __init__(self) -> None:
        self.go, self.fail, self.commits = threading.Event(), False, []

    def append_each(self, batches: Sequence[Sequence[Event]], *, received_at: Instant) -> tuple[int, ...]:
        self.go.wait(10)
        if self.fail:
            raise OSError("the disk is full")
        self.commits.append(len(batches))
        return tuple(len(batch) for batch in batches)


def some(number: int) -> list[Event]:
    return [Event(id=str(one), source="s", subject="ada", name="n", at=Instant(1)) for one in range(number)]


@pytest.fixture
def gate():
    made = Gate()
    made.writer = Writer(made, now)
    made.writer.start()
    yield made
    made.go.set()
    made.writer.close()


def test_requests_that_wait_share_a_commit(gate):
    async def run() -> list[int | None]:
        first = [asyncio.create_task(gate.writer.append(some(1)))]
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(gate.writer.append(some(number))) for number in range(2, 12)]
        await asyncio.sleep(0)
        gate.go.set()
        return await asyncio.gather(*first, *rest)

    assert asyncio.run(run()) == list(range(1, 12))
    assert gate.commits == [1, 10]


def test_beyond_the_limit_nothing_is_taken(gate):
    async def run() -> None:
        waiting = asyncio.create_task(gate.writer.append(some(writer.WAITING_MOST - 1)))
        await asyncio.sleep(0)
        assert await gate.writer.append(some(2)) is None
        gate.go.set()
        assert await waiting == writer.WAITING_MOST - 1
        assert await gate.writer.append(some(2)) == 2

    asyncio.run(run())


def test_a_commit_that_fails_is_told_to_all_who_wait_and_the_writer_goes_on(gate):
    async def run() -> None:
        gate.fail = True
        waiting = [asyncio.create_task(gate.writer.append(some(1))) for _ in range(3)]
        await asyncio.sleep(0.05)
        gate.go.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(error) for error in told] == ["the disk is full"] * 3
        gate.fail = False
        assert await gate.writer.append(some(1)) == 1

    asyncio.run(run())


def test_closing_writes_what_waits_and_takes_no_more():
    gate = Gate()
    made = Writer(gate, now)
    made.start()

    async def run() -> None:
        waiting = [asyncio.create_task(made.append(some(1))) for _ in range(3)]
        await asyncio.sleep(0.05)
        gate.go.set()
        await asyncio.to_thread(made.close)
        assert await asyncio.gather(*waiting) == [1, 1, 1]
        assert await made.append(some(1)) is None

    asyncio.run(run())


def test_a_store_that_fails_acknowledges_nothing(client, world, tmp_path, capfd):
    token = {"X-API-Key": world.tokens["intake"]}
    assert client.post("/events", json=event(1), headers=token).status_code == 202
    with sqlite3.connect(tmp_path / ".uptake" / "state.db") as raw:
        raw.execute("alter table inbox rename to gone")
    refused = client.post("/events", json=event(2), headers=token)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
    assert "no such table: inbox" in refused.json()["what"]
    assert "could not be kept" in client.get("/healthz").json()["what"]
    with sqlite3.connect(tmp_path / ".uptake" / "state.db") as raw:
        raw.execute("alter table gone rename to inbox")
    assert client.post("/events", json=event(2), headers=token).json() == {"accepted": 1, "new": 1}
    assert client.get("/healthz").status_code == 200
    assert capfd.readouterr().err == ""


def test_health_says_when_flags_fall_behind(world, tmp_path, monkeypatch):
    monkeypatch.setattr(view, "STALE_S", 0.5)
    with served(world.parts()) as url, httpx.Client(base_url=url, trust_env=False) as http:
        assert http.get("/healthz").status_code == 200
        with sqlite3.connect(tmp_path / ".uptake" / "state.db") as raw:
            raw.execute("alter table ledger rename to gone")
        assert eventually(lambda: http.get("/healthz").status_code == 503)
        assert "behind the ledger" in http.get("/healthz").json()["what"]
        token = {"X-API-Key": world.tokens["flags"]}
        assert http.post("/ofrep/v1/evaluate/flags", json={}, headers=token).status_code == 200
        with sqlite3.connect(tmp_path / ".uptake" / "state.db") as raw:
            raw.execute("alter table gone rename to ledger")
        assert eventually(lambda: http.get("/healthz").status_code == 200)

"""Events per second through the server, HTTP to durable, against fdatasync on the same disk in the same run.

Clients in a process of their own post batches of 500 as NDJSON to a real server on loopback; each
batch counts once its 202 is there. The ratio says how many events one 4 KiB append with fdatasync buys.

    python bench/intake.py --batches 200
"""

import argparse
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.events import BATCH, PEOPLE, WAVES, prepared, syncs_per_s
from uptake.app.arrivals import Arrivals
from uptake.app.opened import Opened
from uptake.app.personal import Personal
from uptake.app.word import Taken
from uptake.core.event import Ask
from uptake.core.time import Instant
from uptake.plan.read import ReadPlan, read_plan
from uptake.report.board import Board
from uptake.store.open import Store
from uptake.web.listen import Settings, address, bind
from uptake.web.server import Parts, Server, configuration, make_app

CLIENTS = 8
AT = "2027-01-11T09:00:00Z"
PLAN = """
plan: bench
title: Bench
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [100%], every: 1d}
  gate: {adoption: 60%, at: +1d}
  adoption: {event: used, count: 1, within: 7d, target: 80%}
"""
RATIO_LEAST = 1.0
"""The promise of this file: a durable event over HTTP costs less than one fdatasync."""


def body(batch: int) -> bytes:
    """A batch of events with ids of their own."""
    lines = (
        {"id": f"{batch}-{number}", "subject": f"u{(batch * 7919 + number * 31) % PEOPLE}", "name": "used", "at": AT}
        for number in range(BATCH)
    )
    return "\n".join(json.dumps(line) for line in lines).encode()


def post(url: str, token: str, bodies: list[bytes]) -> int:
    """Post bodies one after another, each until its 202; how many events the server said were new."""
    new = 0
    headers = {"Content-Type": "application/x-ndjson", "X-API-Key": token}
    with httpx.Client(trust_env=False, headers=headers, timeout=60) as http:
        for one in bodies:
            answer = http.post(f"{url}/events", content=one)
            assert answer.status_code == 202, answer.text
            new += answer.json()["new"]
    return new


def load(url: str, token: str, many: int, told: "multiprocessing.Queue[tuple[int, float]]") -> None:
    """The clients' process: makes the bodies first, then posts them; tells what was new and how long it took."""
    shares = [[body(batch) for batch in range(client, many, CLIENTS)] for client in range(CLIENTS)]
    new, took_s = -1, 0.0
    try:
        with ThreadPoolExecutor(CLIENTS) as clients:
            begun_s = time.perf_counter()
            new = sum(clients.map(lambda share: post(url, token, share), shares))
            took_s = time.perf_counter() - begun_s
    finally:
        told.put((new, took_s))


def no_board(_picture: object, _seal: str) -> Board:
    """Nobody looks at the page here."""
    raise AssertionError


def some_plan() -> ReadPlan:
    """A plan of persons."""
    return read_plan(PLAN, file="plan.yaml")


def no_word(_word: object, _who: str) -> Taken:
    """Nobody says anything here."""
    raise AssertionError


def nobody() -> Personal:
    """Nobody has a link here."""
    raise AssertionError


def nothing() -> Opened:
    """Nothing else arrives here."""
    raise AssertionError


def used(store: Store) -> int:
    """How many uses the store holds, counted person by person."""
    ask = [
        Ask(wave=wave, name="used", count=1, since=Instant(0), until=Instant(2**50), opened=True)
        for wave in range(WAVES)
    ]
    return sum(one.uses for one in store.events.who(ask))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=200)
    many = parser.parse_args().batches
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        store = prepared(folder)
        token = store.tokens.add("bench", "intake")
        floor = syncs_per_s(folder)
        parts = Parts(
            plan="bench",
            flag=str,
            ledger=store.ledger,
            directory=store.directory,
            inbox=store.events,
            board=no_board,
            tokens=store.tokens.known,
            read=some_plan,
            rehearsal=lambda: None,
            say=no_word,
            find=store.texts.find,
            now=lambda: Instant(time.time_ns() // 1_000_000),
            turning=str,
            personal=nobody,
            arrivals=Arrivals(nothing),
        )
        settings = Settings(port=0)
        listening = bind(settings)
        server = Server(configuration(make_app(parts, settings), settings))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        spawn = multiprocessing.get_context("spawn")
        told = spawn.Queue()
        clients = spawn.Process(target=load, args=(address(settings, listening), token, many, told))
        cpu_s = time.process_time()
        clients.start()
        new, took_s = told.get(timeout=600)
        cpu_s = time.process_time() - cpu_s
        clients.join()
        server.should_exit = True
        thread.join()
        floor = (floor + syncs_per_s(folder)) / 2
        kept = used(store)
        store.close()
    events = many * BATCH
    if not new == kept == events:
        print(f"void: {events:,} events posted, {new:,} acknowledged as new, {kept:,} found in the store")
        return 1
    ratio = events / took_s / floor
    print(f"intake: {events / took_s:,.0f} durable/s over HTTP, {CLIENTS} clients, batches of {BATCH}")
    print(f"server: {cpu_s / events * 1e6:.2f} us CPU an event")
    print(f"anchor: {floor:,.0f} fdatasync/s; ratio {ratio:,.1f} events per fdatasync (at least {RATIO_LEAST:g})")
    return 0 if ratio >= RATIO_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())

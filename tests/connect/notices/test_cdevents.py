"""Events to a real receiver on this machine: binary CloudEvents, at least once, in order; trouble holds nothing up."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.cdevents import faults
from tests.connect.world import free_port
from tests.elsewhere import PLAN as HELLO
from tests.elsewhere import Elsewhere, clean
from tests.report.test_dora import PLAN, Kept
from tests.web.world import eventually
from uptake.app.events import make_events
from uptake.cli.shown import board_of
from uptake.connect.notices.cdevents import CLOSE_S, PostedEvents, Told, headers_of, name_of
from uptake.connect.patience import Patience
from uptake.core.look import FeedSeen
from uptake.report.cdevents import Chronicle
from uptake.web.foreign import Told as Deployment
from uptake.web.foreign import read_told

QUICK = Patience(first_s=0.02, longest_s=0.05, timeout_s=1.0)
HANG, DROP = 0, 1
"""Instead of a status: never answer, or read the request and end the connection."""


class Receiver:
    """What a server was sent as (headers, event), and the answers to come; every request is kept, taken or not."""

    def __init__(self, port: int) -> None:
        self.port, self.free = port, threading.Event()
        self.got: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.taken: list[str] = []
        self.answers: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    def kinds(self) -> list[str]:
        return [event["context"]["type"][13:-6] for _, event in self.got]

    def ids(self) -> list[str]:
        return [event["context"]["id"] for _, event in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.got.append(({name.lower(): text for name, text in self.headers.items()}, event))
            status = made.answers.pop(0) if made.answers else 202
            if status == HANG:
                made.free.wait(30)
                return
            if status == DROP:
                self.connection.close()
                return
            if status < 300:
                made.taken.append(event["context"]["id"])
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # of a connection that was ended on purpose

    server = Quiet(("127.0.0.1", 0), Handler)
    made = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.free.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    world = Kept(tmp_path)
    yield world
    world.opened.store.close()


def deployed(kept: Kept) -> None:
    kept.begin("2026-06-01T10:00", "1")
    kept.go("2026-06-01T10:01")


def posting(kept: Kept, *addresses: str, begin: int = 0) -> PostedEvents:
    store = kept.opened.store
    told = Told(folder=kept.opened.folder, kept=store.feeds)
    make = lambda: Chronicle(kept.read.plan)  # noqa: E731
    return PostedEvents(addresses, make=make, ledger=store.ledger, begin=begin, told=told, patience=QUICK)


def soon(true: Callable[[], bool]) -> bool:
    return eventually(true, within_s=30)


def seen(kept: Kept, address: str) -> FeedSeen:
    return kept.opened.store.feeds.seen(name_of(address))


def expected(kept: Kept) -> list[str]:
    chronicle = Chronicle(kept.read.plan)
    events: list[Any] = [event for entry in kept.ledger.read() for event in chronicle.tell(entry)]
    return [event["context"]["id"] for event in events]


RUN = ["pipelinerun.queued", "pipelinerun.started", *["taskrun.started", "taskrun.finished"] * 2]
WHOLE = [*RUN, "pipelinerun.finished", "service.deployed"]


def test_what_is_sent(kept: Kept, receiver: Receiver) -> None:
    posted = posting(kept, receiver.url)
    deployed(kept)
    assert soon(lambda: receiver.kinds() == WHOLE), receiver.kinds()
    for headers, event in receiver.got:
        assert faults(event) == []
        context = event["context"]
        assert {name: text for name, text in headers.items() if name.startswith("ce-")} == {
            "ce-specversion": "1.0",
            "ce-id": context["id"],
            "ce-source": context["source"],
            "ce-type": context["type"],
            "ce-subject": event["subject"]["id"],
            "ce-time": context["timestamp"],
        }
        assert headers["content-type"] == "application/json"
    headers, event = receiver.got[-1]
    assert read_told(json.dumps(event).encode(), headers) == Deployment(
        service="helpdesk",
        environment="production",
        version="1",
        at=kept.clock.now(),
        mark=read_told(json.dumps(event).encode(), headers).mark,  # type: ignore[union-attr]
    ), "as our own door reads it"
    posted.close()
    assert seen(kept, receiver.url).state == "fresh"


def test_a_restart_goes_on_where_it_was(kept: Kept, receiver: Receiver) -> None:
    posting(kept, receiver.url).close()
    kept.begin("2026-06-01T10:00", "1")
    posting(kept, receiver.url).close()
    assert receiver.kinds() == RUN, "what stands in the ledger is told before the end"
    kept.go("2026-06-01T10:01")
    posting(kept, receiver.url).close()
    posting(kept, receiver.url).close()
    assert receiver.ids() == expected(kept), "each once"


def test_an_address_begins_with_the_run_under_way(kept: Kept, receiver: Receiver) -> None:
    deployed(kept)
    posting(kept, receiver.url, begin=kept.ledger.head()).close()
    assert receiver.got == [], "what is over is not told"
    kept.begin("2026-06-02T10:00", "2")
    run = kept.picture.run
    assert run is not None
    posting(kept, f"{receiver.url}/other", begin=run.seq - 1).close()
    assert receiver.kinds() == RUN


@pytest.mark.parametrize("trouble", [503, 429, 404, 302, DROP])
def test_an_event_is_sent_until_it_is_taken(kept: Kept, receiver: Receiver, trouble: int) -> None:
    receiver.answers = [202, 202, trouble, trouble, trouble]
    posted = posting(kept, receiver.url)
    deployed(kept)
    assert soon(lambda: receiver.taken == expected(kept) and len(receiver.taken) == len(WHOLE))
    posted.close()
    assert receiver.ids()[2:6] == [expected(kept)[2]] * 4, "in order, and a repeat has the same id"
    assert (seen(kept, receiver.url).state, seen(kept, receiver.url).detail) == ("fresh", "")


def test_what_is_the_matter_is_told_and_then_told_no_more(kept: Kept, receiver: Receiver, monkeypatch) -> None:
    monkeypatch.setenv("EVENTS_URL", f"{receiver.url}?token=verysecret")
    receiver.answers = [500] * 10_000
    posted = posting(kept, "env:EVENTS_URL")
    deployed(kept)
    assert soon(lambda: seen(kept, "env:EVENTS_URL").state == "refused")
    assert seen(kept, "env:EVENTS_URL").detail == "answers 500"
    receiver.answers = []
    assert soon(lambda: receiver.taken == expected(kept))
    monkeypatch.delenv("EVENTS_URL")
    kept.begin("2026-06-02T10:00", "2")
    assert soon(lambda: seen(kept, "env:EVENTS_URL").state == "refused")
    assert seen(kept, "env:EVENTS_URL").detail == "this variable is not set in the environment"
    monkeypatch.setenv("EVENTS_URL", f"http://127.0.0.1:{free_port()}/?token=verysecret")
    assert soon(lambda: seen(kept, "env:EVENTS_URL").detail == "cannot be reached: ConnectError")
    posted.close()


def test_an_event_that_is_refused_for_good_is_passed_over_and_told(kept: Kept, receiver: Receiver) -> None:
    receiver.answers = [202, 422]
    posted = posting(kept, receiver.url)
    deployed(kept)
    assert soon(lambda: len(receiver.got) == len(WHOLE))
    posted.close()
    assert receiver.taken == [one for number, one in enumerate(expected(kept)) if number != 1]
    note = "an event (dev.cdevents.pipelinerun.started.0.3.0) was refused with 422 and passed over"
    assert seen(kept, receiver.url).detail == note
    posted = posting(kept, receiver.url)
    kept.begin("2026-06-02T10:00", "2")
    assert soon(lambda: seen(kept, receiver.url).detail == ""), "the next run begins anew"
    posted.close()


def test_an_address_that_is_silent_holds_nothing_up(kept: Kept, receiver: Receiver) -> None:
    receiver.answers = [HANG]
    silent = f"http://127.0.0.1:{receiver.port}/silent"
    posted = posting(kept, silent)
    kept.begin("2026-06-01T10:00", "1")
    assert soon(lambda: len(receiver.got) == 1), "it hangs with the first one"
    other = posting(kept, receiver.url)
    begun = time.monotonic()
    kept.go("2026-06-01T10:01")
    assert (kept.state(-1), time.monotonic() - begun < 1) == ("succeeded", True)
    assert soon(lambda: len(receiver.taken) >= len(WHOLE))
    other.close()
    receiver.answers = [HANG] * 3
    posted.close()
    assert time.monotonic() - begun < CLOSE_S + 5
    receiver.free.set()


def test_the_board_says_which_address_takes_nothing(tmp_path: Path) -> None:
    world = Kept(tmp_path, PLAN + f'  events: ["http://127.0.0.1:{free_port()}/"]\n')
    assert board_of(world.opened).problems == ()
    close = make_events(world.opened)
    deployed(world)
    wanted = "Events are not taken at deploy.events.0 since entry 0: cannot be reached: ConnectError."
    assert soon(lambda: board_of(world.opened).problems == (wanted,)), board_of(world.opened).problems
    close()
    world.opened.store.close()


def test_names_that_are_no_header_are_encoded() -> None:
    context = {"id": "1", "source": "/uptake/a", "type": "t", "timestamp": "2026-06-01T10:00:00.000Z"}
    headers = headers_of({"context": context, "subject": {"id": 'Hilfe "Tür" 100%'}})
    assert headers["ce-subject"] == "Hilfe%20%22T%C3%BCr%22%20100%25"


@pytest.mark.slow
def test_a_deployment_told_by_the_command(tmp_path: Path, receiver: Receiver) -> None:
    there = Elsewhere(tmp_path, HELLO.replace("  update:", f'  events: ["{receiver.url}"]\n  update:'))
    done = there.here("deploy", "plan.yaml", "--yes")
    assert done.returncode == 0, done.stderr
    assert receiver.kinds() == [*RUN[:4], *WHOLE[-2:]]
    assert [fault for _, event in receiver.got for fault in faults(event)] == []
    receiver.answers = [500] * 10_000
    done = there.here("deploy", "plan.yaml", "--yes", "--version", "2")
    assert done.returncode == 0, "a run does not fail for it"
    status = there.here("status", "plan.yaml")
    assert (status.returncode, "answers 500" in status.stdout) == (0, True), status.stdout
    receiver.answers = []
    assert there.here("deploy", "plan.yaml", "--yes", "--version", "3").returncode == 0
    assert len(receiver.taken) == len(set(receiver.taken)) == 3 * 6, "what was not taken then is told now"
    assert "answers 500" not in there.here("status", "plan.yaml").stdout


@pytest.mark.slow
def test_a_command_that_is_killed_tells_the_rest_when_it_goes_on(tmp_path: Path, receiver: Receiver) -> None:
    there = Elsewhere(tmp_path, HELLO.replace("  update:", f'  events: ["{receiver.url}"]\n  update:'))
    (there.folder / "wait").touch()
    command = [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--yes"]
    with subprocess.Popen(command, cwd=there.folder, env=clean(), stdout=subprocess.DEVNULL) as child:
        assert eventually(lambda: receiver.kinds() == RUN[:3], within_s=60), receiver.kinds()
        child.kill()
    (there.folder / "wait").unlink()
    done = there.here("deploy", "plan.yaml", "--yes")
    assert done.returncode == 0, done.stderr
    ids = list(dict.fromkeys(receiver.ids()))
    kinds = dict(zip(receiver.ids(), receiver.kinds(), strict=True))
    assert [kinds[one] for one in ids] == [*RUN[:4], *WHOLE[-2:]], "each, in order; a repeat has the same id"
    assert len(receiver.ids()) <= len(ids) + 1, "at most the one that was under way again"

"""Events to other tools: follows the ledger and posts what it says, one thread per address.

Each event is sent until it is taken, in order, as a binary CloudEvent (CloudEvents 1.0.2, HTTP binding 3.1); a repeat
carries the same id. How far an address has come is kept, so that a restart goes on there. It stands beside the ring:
an address that is silent, or refuses, holds nothing up and fails nothing, and what is the matter is kept for screens.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

import httpx
import msgspec

from uptake.connect.patience import Patience
from uptake.connect.secrets import quieten, resolve
from uptake.core.entry import Entry
from uptake.core.look import UNREAD, FeedSeen
from uptake.core.ports import Feeds, Ledger
from uptake.core.problem import Refused

POLL_S = 0.2
"""How often a thread that has told everything looks at the ledger's head."""
CLOSE_S = 6.0
"""So long `close` waits for what is still to be told; the rest is told when the ring turns again."""
EVENTS = Patience(first_s=1.0, longest_s=60.0, timeout_s=5.0)
"""Pauses between attempts; there is no last one."""
NEVER = frozenset({400, 409, 413, 415, 422})
"""Answers that mean this very event: it is passed over, and that is told."""
FIRST = ".pipelinerun.queued."
"""The first event of a run: what was passed over before it is told no more."""
DETAIL_MOST = 300
SAFE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
"""What stands unchanged in a header (CloudEvents HTTP binding 3.1.3.2)."""

Event = Mapping[str, Any]
"""A CDEvent as JSON has it."""


class Chronicle(Protocol):
    """What a ledger says to others, entry by entry from the first on."""

    def tell(self, entry: Entry) -> Sequence[Event]:
        """The events of the next entry."""
        ...


def name_of(address: str) -> str:
    """Under which name it is kept how far an address has come; the address itself may hold a secret."""
    return f"deploy.events {hashlib.sha256(address.encode()).hexdigest()[:16]}"


def headers_of(event: Event) -> dict[str, str]:
    """An event's CloudEvents headers, as CDEvents' binding wants them."""
    context = event["context"]
    told = {"id": context["id"], "source": context["source"], "type": context["type"]}
    told |= {"specversion": "1.0", "subject": event["subject"]["id"], "time": context["timestamp"]}
    return {f"ce-{name}": quote(value, safe=SAFE) for name, value in told.items()} | {
        "Content-Type": "application/json",
        "User-Agent": "uptake",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an address needs of its plan: the folder where `file:` references begin, and how far each has come."""

    folder: Path
    kept: Feeds


class PostedEvents:
    """Every address of a plan, each with a thread of its own."""

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        make: Callable[[], Chronicle],
        ledger: Ledger,
        begin: int,
        told: Told,
        patience: Patience = EVENTS,
    ) -> None:
        """Begin to follow.

        Args:
            addresses: as the plan has them, secrets as references.
            make: a chronicle that knows nothing yet.
            ledger: the plan's.
            begin: behind which entry an address begins that has been told nothing yet.
            told: where secrets are found, and where it is kept how far each address has come.
            patience: with an address that does not take an event.
        """
        quieten()
        self._threads: list[_Address] = []
        for address in dict.fromkeys(addresses):
            if told.kept.seen(name_of(address)) == UNREAD:
                told.kept.keep(name_of(address), FeedSeen(state="fresh", mark=str(begin)))
            self._threads.append(_Address(address, chronicle=make(), ledger=ledger, told=told, patience=patience))

    def close(self) -> None:
        """Tell what stands in the ledger now, one attempt each, for at most `CLOSE_S`."""
        for one in self._threads:
            one.closing.set()
        for one in self._threads:
            one.end(CLOSE_S)


class _Address:
    """One address: its thread, how far it has come, and what is the matter with it."""

    def __init__(self, address: str, *, chronicle: Chronicle, ledger: Ledger, told: "Told", patience: Patience) -> None:
        self.closing = threading.Event()
        self._gone = threading.Event()
        self._address, self._patience = address, patience
        self._chronicle, self._ledger, self._told_to = chronicle, ledger, told
        self._name = name_of(address)
        self._seen = told.kept.seen(self._name)
        self._note = self._seen.detail if self._seen.state == "fresh" else ""
        self._thread = threading.Thread(target=self._work, name="events", daemon=True)
        self._thread.start()

    def end(self, limit_s: float) -> None:
        """Wait for the thread; one that is late touches the store no more."""
        self._thread.join(limit_s)
        self._gone.set()

    def _keep(self, seen: FeedSeen) -> None:
        if seen != self._seen and not self._gone.is_set():
            self._told_to.kept.keep(self._name, seen)
            self._seen = seen

    def _work(self) -> None:
        last = 0
        with closing(httpx.Client(timeout=self._patience.timeout_s, follow_redirects=False)) as client:
            while not self._gone.is_set():
                ending = self.closing.is_set()
                for entry in self._ledger.read(last):
                    last = entry.seq
                    if not self._tell(client, entry):
                        return
                if ending:
                    return
                self.closing.wait(POLL_S)

    def _tell(self, client: httpx.Client, entry: Entry) -> bool:
        """Tell an entry; False where closing cut it short."""
        events = self._chronicle.tell(entry)
        if entry.seq <= int(self._seen.mark) or not events:
            return not self._gone.is_set()
        for event in events:
            how, detail = self._patiently(client, event)
            if how == "later":
                return False
            self._note = detail or ("" if FIRST in event["context"]["type"] else self._note)
        note, mark = self._note[:DETAIL_MOST], str(entry.seq)
        seen = FeedSeen(state="fresh", read_at=entry.at, as_of=entry.at, detail=note, mark=mark)
        self._keep(seen)
        return not self._gone.is_set()

    def _patiently(self, client: httpx.Client, event: Event) -> tuple[Literal["taken", "passed", "later"], str]:
        """Send one event until it is taken or refused for good."""
        attempt = 0
        while True:
            how, detail = self._once(client, event)
            if how != "later":
                return how, detail
            attempt += 1
            self._keep(replace(self._seen, state="refused", detail=detail[:DETAIL_MOST]))
            if self.closing.is_set() or self.closing.wait(self._patience.pause_s(min(attempt, 20))):
                return "later", detail

    def _once(self, client: httpx.Client, event: Event) -> tuple[Literal["taken", "passed", "later"], str]:
        try:
            url, body = resolve(self._address, folder=self._told_to.folder), msgspec.json.encode(event)
            with client.stream("POST", url, content=body, headers=headers_of(event)) as answer:
                status = answer.status_code
        except Refused as refused:
            return "later", refused.problems[0].what
        except httpx.InvalidURL:
            return "later", "what it holds is no web address"
        except httpx.HTTPError as error:
            silent = isinstance(error, httpx.TimeoutException)
            return "later", "no answer in time" if silent else f"cannot be reached: {type(error).__name__}"
        if 200 <= status < 300:
            return "taken", ""
        if status in NEVER:
            return "passed", f"an event ({event['context']['type']}) was refused with {status} and passed over"
        return "later", f"answers {status}"

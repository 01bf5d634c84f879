"""A small plan with a real store beneath it, for tests of the ports that reach people."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from uptake.connect.clock import Alarm
from uptake.connect.patience import Patience
from uptake.core.action import Announce, Grant, Notify, Outcome, Withdraw
from uptake.core.ids import Pid, action_key
from uptake.core.ports import Person
from uptake.core.stage import Stage
from uptake.core.time import Span
from uptake.plan.model import Access, Adoption, Announcement, Audience, Expose, Gate, Implement, Mail, Plan, Waves
from uptake.store.database import Database, connect
from uptake.store.directory import SqlDirectory
from uptake.store.receipts import SqlReceipts

QUICK = Patience(attempts_most=3, first_s=0.02, longest_s=0.2, timeout_s=2.0)
AUDIENCE = Audience(from_="people.csv", id="employee_id", setting="team", attributes=("name", "email", "site"))
WAIT_S = 30.0


def plan(*, access: Access | None = None, server: str = "", notify: tuple[str, ...] = (), **announcement: Any) -> Plan:
    letters = (Announcement(at=Span(), **{"text": "coming.md", **announcement}),)
    implement = Implement(
        audience=AUDIENCE,
        waves=Waves(assign_by="setting", sizes=(0.5, 0.5), every=Span(days=1)),
        adoption=Adoption(event="used", count=1, within=Span(days=1), target=0.5),
        gate=Gate(adoption=0.5, at=Span(days=1)),
        expose=Expose(access=access),
        announce=letters,
    )
    mail = Mail(server=server, from_="Help Desk <desk@example.org>") if server else None
    return Plan(plan="helpdesk", title="A help desk", implement=implement, mail=mail, notify=notify)


def person(number: int, **attributes: str) -> Person:
    known = {"name": f"Person {number}", "email": f"person{number}@example.org", "site": "north"} | attributes
    return Person(pid=Pid(f"{number:032x}"), external_id=f"{number:05}", setting="team a", attributes=known)


@dataclass(kw_only=True)
class World:
    """A plan's folder with its store."""

    folder: Path
    database: Database
    directory: SqlDirectory
    receipts: SqlReceipts
    wake: Alarm

    def know(self, *people: Person, wave: int = 0) -> None:
        """Freeze these people and those known before, and draw them into a wave."""
        before = [one for one in self.directory.people() if one.pid not in {p.pid for p in people}]
        self.directory.freeze([replace(one, wave=None) for one in (*before, *people)])
        self.directory.assign({one.pid: wave for one in people})

    def parts(self, a_plan: Plan, patience: Patience = QUICK) -> dict[str, Any]:
        """What every port is made of."""
        return {
            "plan": a_plan,
            "folder": self.folder,
            "directory": self.directory,
            "receipts": self.receipts,
            "wake": self.wake,
            "patience": patience,
        }


@contextmanager
def world(folder: Path) -> Iterator[World]:
    database = connect(folder, "helpdesk")
    try:
        yield World(
            folder=folder,
            database=database,
            directory=SqlDirectory(database),
            receipts=SqlReceipts(database),
            wake=Alarm(),
        )
    finally:
        database.close()


def stage(wave: int = 0) -> Stage:
    return Stage(half="implement", run=1, ordinal=wave)


def key(step: str, wave: int = 0, ordinal: int = 0) -> Any:
    return action_key("helpdesk", "implement", 1, wave, step, ordinal)


def announce(wave: int = 0) -> Announce:
    return Announce(key=key("announce", wave), stage=stage(wave), item=0)


def notify(title: str = "Held", text: str = "Wave 2 is held.") -> Notify:
    return Notify(key=key("notify"), stage=stage(), title=title, text=text)


def grant(wave: int = 0, ordinal: int = 0) -> Grant:
    return Grant(key=key("grant", wave, ordinal), stage=stage(wave))


def withdraw(wave: int = 0, ordinal: int = 0) -> Withdraw:
    return Withdraw(key=key("withdraw", wave, ordinal), stage=stage(wave))


def outcome(port: Any, wake: Alarm, *, limit_s: float = WAIT_S) -> Outcome:
    """The next outcome, which the alarm tells of."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        wake.wait(0.5)
        if ended := port.outcomes():
            assert len(ended) == 1
            return ended[0]
    raise AssertionError("no outcome in time")


def eventually(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + WAIT_S
    while not so():
        assert time.monotonic() < until, "it did not come to be so"
        time.sleep(0.01)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

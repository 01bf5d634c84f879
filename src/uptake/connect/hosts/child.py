"""The child process of a run: orders come in on standard input, facts go out on standard output, one JSON a line.

It opens no database and decides nothing. It ends when its input ends, whatever it is doing: what then still runs
on a host is settled by the next child. Everything it says has the secrets blanked out that it resolved.
"""

import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import pyinfra_cli  # noqa: F401  it makes blocking calls cooperative: before anything else of pyinfra

os.environ["PYINFRA_PROGRESS"] = "off"

import gevent
import pyinfra
from gevent.fileobject import FileObject
from gevent.queue import Queue

from uptake.connect import secrets
from uptake.connect.hosts.connector import Limits
from uptake.connect.hosts.inventory import Known, load
from uptake.connect.hosts.lock import Terms
from uptake.connect.hosts.operations import Item
from uptake.connect.hosts.session import Order, Session
from uptake.connect.hosts.testfile import Suite
from uptake.core.action import LINES_MOST
from uptake.core.problem import Refused
from uptake.plan.model import Hosts

ORDERS_MOST = 1000


class Voice:
    """Writes facts to where standard output was; whatever else prints goes to standard error."""

    def __init__(self) -> None:
        """Take standard output for facts alone."""
        self._out = os.dup(1)
        os.dup2(2, 1)
        self.secret: list[str] = []

    def __call__(self, say: str, **facts: Any) -> None:
        """Write one fact, secrets blanked out."""
        if self.secret:
            facts = _masked(facts, self.secret)
        line = json.dumps({"say": say, **facts}, ensure_ascii=False, default=str).encode() + b"\n"
        while line:
            line = line[os.write(self._out, line) :]


def _masked(value: Any, hidden: list[str]) -> Any:
    if isinstance(value, str):
        for secret in hidden:
            value = value.replace(secret, "***")
            for line in secret.splitlines():
                value = secrets.masked(value, line) if line.strip() else value
        return value
    if isinstance(value, list):
        return [_masked(one, hidden) for one in value]
    if isinstance(value, dict):
        return {key: _masked(one, hidden) if key != "key" else one for key, one in value.items()}
    return value


def main() -> int:
    """Serve orders until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("pyinfra", "paramiko"):
        logging.getLogger(name).addHandler(logging.NullHandler())
        logging.getLogger(name).propagate = False
    pyinfra.logger.setLevel(logging.CRITICAL)
    voice = Voice()
    orders: Queue[dict[str, Any]] = Queue(maxsize=ORDERS_MOST)
    gevent.spawn(_listen, orders)
    session = _begin(orders.get(), voice)
    if session is None:
        return 1
    voice("ready", hosts=[_told(host) for host in session.known.values()])
    while True:
        order = orders.get()
        try:
            _serve(session, order)
        except Exception as error:  # noqa: BLE001  a mistake of ours: told, then the process ends
            voice("broken", lines=traceback.format_exception(error)[-LINES_MOST:])
            return 1
        voice("ended", key=order.get("key", ""))


def _listen(orders: "Queue[dict[str, Any]]") -> None:
    """Take orders in; the end of the input ends the process at once."""
    for line in FileObject(0, "rb"):
        orders.put(json.loads(line))
    os._exit(0)


def _begin(first: dict[str, Any], voice: Voice) -> Session | None:
    folder = Path(first["folder"])
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    try:
        hosts = Hosts(inventory=first["inventory"], list_=tuple(first["list"]), group=first["group"])
        known = load(hosts, folder=folder)
    except Refused as refused:
        problem = refused.problems[0]
        voice("refused", problem=(problem.code, str(problem.where), problem.what, problem.hint))
        return None
    limits = Limits(**first["limits"])
    terms = Terms(**first["lock"]) if first.get("lock") else None
    session = Session(known, plan=first["plan"], run=first["run"], limits=limits, emit=voice, terms=terms)
    voice.secret = session.secret
    return session


def _told(host: Known) -> dict[str, Any]:
    """A host's facts for checks that are made from outside."""
    return {"name": host.name, "address": host.address, "data": host.told()}


def _serve(session: Session, order: dict[str, Any]) -> None:
    match order["do"]:
        case "step":
            session.step(
                Order(key=order["key"], item=_item(order), hosts=tuple(order["hosts"]), epoch=int(order["epoch"]))
            )
        case "test":
            suite = Suite(name=order["file"], version=order["version"], folder=Path.cwd(), limit_s=order["limit_s"])
            session.test(order["key"], suite, order["hosts"])
        case "predict":
            items = [_item({**order, **step}) for step in order["steps"]]
            session.predict(items, order["hosts"], diff=bool(order.get("diff")))
        case "look":
            session.look(order["asks"])
        case "claim":
            refused = session.claim(None)
            lines = list(refused.lines) if refused is not None else []
            session.emit("claimed", state=refused.state if refused is not None else "done", lines=lines)
        case "release":
            if session.lock is not None:
                session.lock.release()
        case "run":
            session.plan, session.run = order["plan"], order["run"]
        case "prune":
            session.prune(order["hosts"], int(order["epoch"]))
        case other:
            raise AssertionError(f"no such order: {other}")


def _item(order: dict[str, Any]) -> Item:
    return Item(
        name=order["name"],
        arguments=order["arguments"],
        version=order["version"],
        folder=Path.cwd(),
        idempotent=order.get("idempotent"),
    )

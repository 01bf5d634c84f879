"""A plan's folder, a worker and a store for tests of hosts: real ones, on a fleet."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.fleet import Fleet
from uptake.connect.clock import Alarm
from uptake.connect.hosts.site import Patience, Site
from uptake.connect.hosts.worker import HostsWorker
from uptake.core.action import EndRun, Outcome, Part, RunStep
from uptake.core.ids import Epoch, action_key
from uptake.core.stage import Stage
from uptake.plan.model import Check, Deploy, Health, Hosts, Step, Update
from uptake.store.open import Store, open_store

QUICK = Patience(connect_s=5.0, beat_s=0.3, silence_s=1.0, command_s=60.0, lock_s=30, retry_s=1.0)
OUTCOME_LIMIT_S = 90.0


def deploy(
    *configuration: Step, infrastructure: tuple[Step, ...] = (), tests: tuple[Check, ...] = (), inventory: str = ""
) -> Deploy:
    """A deploy half over the folder's inventory."""
    return Deploy(
        service="shop",
        version="1",
        environment="test",
        hosts=Hosts(inventory=inventory or "inventory.py", group="web", serves="site"),
        infrastructure=infrastructure,
        configuration=configuration,
        tests=tests,
        update=Update(health=Health()),
    )


def shell(command: str) -> Step:
    """A `shell` step."""
    return Step(name="shell", arguments={"": command})


def step(half: Deploy, part: Part, item: int, hosts: tuple[str, ...], *, run: int = 1, ordinal: int = 0) -> RunStep:
    """The action of one plan item."""
    assert item < len(getattr(half, part))
    stage = Stage(half="deploy", run=run, ordinal=ordinal)
    key = action_key("shop", "deploy", run, ordinal, part, item)
    return RunStep(key=key, stage=stage, part=part, item=item, version=str(run), hosts=hosts)


def end(hosts: tuple[str, ...], *, run: int = 1) -> EndRun:
    """The action that ends a run."""
    key = action_key("shop", "deploy", run, "run", "end", 0)
    return EndRun(key=key, stage=Stage(half="deploy", run=run, ordinal=-1), hosts=hosts)


@dataclass(slots=True, kw_only=True)
class Work:
    """A worker with what it works on."""

    fleet: Fleet
    folder: Path
    store: Store
    worker: HostsWorker
    half: Deploy

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts' names."""
        return tuple(host.name for host in self.fleet.hosts)

    @property
    def fence(self) -> str:
        """The fence's folder on a host, as its shell finds it."""
        return f"$HOME/.uptake/{self.worker._site.begin(1)['plan']}"

    def do(self, action: RunStep | EndRun) -> Outcome:
        """Accept an action and wait for its outcome."""
        self.worker.accept(action)
        return self.outcome()

    def outcome(self) -> Outcome:
        """The next outcome."""
        deadline = time.monotonic() + OUTCOME_LIMIT_S
        while not (found := self.worker.outcomes()):
            assert time.monotonic() < deadline, "no outcome"
            time.sleep(0.01)
        assert len(found) == 1
        return found[0]

    def configure(self, item: int = 0, *, run: int = 1, ordinal: int = 0) -> Outcome:
        """Do a configuration item on all hosts."""
        return self.do(step(self.half, "configuration", item, self.hosts, run=run, ordinal=ordinal))

    def run(self, command: str) -> list[str]:
        """What a command prints on each host."""
        return [host.run(command) for host in self.fleet.hosts]


@contextmanager
def working(
    fleet: Fleet, folder: Path, half: Deploy, *, epoch: Callable[[], Epoch | None] | None = None, **options: Any
) -> Iterator[Work]:
    """A worker over a fleet, with inventories written into the plan's folder; its service is nobody else's."""
    serves = [f"site-{i}" for i in range(len(fleet.hosts))]
    if not (folder / "inventory.py").exists():
        fleet.inventory_py(folder / "inventory.py", serves=serves)
        fleet.inventory_csv(folder / "hosts.csv", serves=serves, extra={"group": "web"})
    ledger = options.pop("ledger", hashlib.sha256(str(folder).encode()).hexdigest())
    site = Site(plan="shop", deploy=half, folder=folder, ledger=ledger, patience=options.pop("patience", QUICK))
    crew = options.pop("crew", None)
    site = replace(site, deploy=replace(half, service=f"shop-{ledger[:12]}")) if half.service == "shop" else site
    assert not options
    store = open_store(folder, "shop")
    worker = HostsWorker(site, receipts=store.receipts, epoch=epoch or (lambda: Epoch(1)), wake=Alarm(), crew=crew)
    try:
        yield Work(fleet=fleet, folder=folder, store=store, worker=worker, half=half)
    finally:
        worker.close()
        store.close()


def soon(what: str, so: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """Wait until it is so."""
    deadline = time.monotonic() + limit_s
    while not (found := so()):
        assert time.monotonic() < deadline, f"{what}: not within {limit_s} s"
        time.sleep(0.01)
    return found


def threads() -> set[str]:
    """The names of our threads."""
    return {thread.name for thread in threading.enumerate()}


def plain(value: Any) -> str:
    """A value as the text in which a secret would be found."""
    return json.dumps(value, default=str)

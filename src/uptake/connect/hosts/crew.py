"""A child process that looks at the hosts before a run, holds the service's lock, and goes on to deploy.

The look costs no second start and no second log-in; what is asked and what the answers mean is `preflight`.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from uptake.connect.hosts.lock import Claimed, lock_name, read_claim, show_script
from uptake.connect.hosts.preflight import Meant, Report, judge, ports, read_seen, script
from uptake.connect.hosts.process import Child, Died
from uptake.connect.hosts.site import Site
from uptake.connect.hosts.worker import READY_LIMIT_S
from uptake.core.problem import Busy, Problem, Refused, Where, refuse
from uptake.core.stage import HostFact
from uptake.plan.read import ReadPlan

CLAIM_BEAT_S = 1.0
LOOK_LIMIT_S = 60.0
"""So long after its last word a child that looks may be silent."""


class Crew:
    """A child process that knows the inventory and has looked at the hosts; the run's worker takes it over."""

    def __init__(self, site: Site) -> None:
        """Start it and read the inventory.

        Raises:
            Refused: the inventory cannot be read, or the process ended.
        """
        self.child = Child(site.begin(0))
        self._lock = lock_name(site.deploy.service, site.deploy.environment)
        try:
            ready = self.child.until("ready", READY_LIMIT_S)[-1]
        except (Refused, Died) as error:
            self.child.end()
            if isinstance(error, Died):
                raise refuse("hosts.died", "deploy.hosts", "the worker process ended before it was ready") from None
            raise
        serves = site.deploy.hosts.serves
        self.hosts = tuple(
            HostFact(**host, serves=str(host["data"].get(serves, "")) if serves else "") for host in ready["hosts"]
        )

    def look(self, read: ReadPlan, *, version: str, folder: Path, first: bool, without: Sequence[str] = ()) -> Report:
        """Look at every host, but those that the run leaves out.

        Args:
            read: the plan, whose lines the report names.
            version: that is to be deployed.
            folder: the plan's.
            first: nothing of this plan was deployed yet, so its ports should be free.
            without: the names of the others.

        Raises:
            Refused: the process ended meanwhile.
        """
        deploy = read.plan.deploy
        assert deploy is not None
        asks = [
            {
                "host": host.name,
                "script": script(deploy, host, version),
                "ports": ports(deploy, host),
            }
            for host in self.hosts
            if host.name not in without
        ]
        try:
            self.child.send({"do": "look", "asks": asks})
            facts = self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended while it looked") from None
        seen = {fact["host"]: read_seen(fact) for fact in facts if fact["say"] == "looked"}
        took_s = max((fact["seconds"] for fact in facts if fact["say"] == "looked"), default=0.0)
        looked = [(host, seen[host.name]) for host in self.hosts if host.name in seen]
        return judge(read, looked, Meant(version=version, folder=folder, first=first), took_s)

    def claim(self, tell: Callable[[str], None]) -> None:
        """Take the service's lock, waiting as long as the plan says; `tell` is told who holds it meanwhile.

        Raises:
            Refused: it is held, the host where it stands cannot be used, or the process ended.
        """
        facts: list[dict[str, Any]] = []
        try:
            self.child.send({"do": "claim"})
            while not any(fact["say"] == "claimed" for fact in facts):
                facts = self.child.take(CLAIM_BEAT_S)
                for fact in facts:
                    if fact["say"] == "waits":
                        tell(fact["lines"][0])
            if facts[-1]["say"] != "ended":
                self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended before it had the lock") from None
        answer = next(fact for fact in facts if fact["say"] == "claimed")
        if answer["state"] != "done":
            hint = "wait for it, or see who it is: uptake lock PLAN"
            where = Where(file="deploy.lock")
            raise Busy(Problem(code="hosts.locked", where=where, what="; ".join(answer["lines"]), hint=hint))

    def locks(self) -> tuple[dict[str, Claimed], dict[str, str]]:
        """The service's lock on each host that has one, and why the others could not be asked.

        Raises:
            Refused: the process ended meanwhile.
        """
        asks = [
            {"host": host.name, "script": show_script(self._lock, host.data.get("base", "")), "ports": []}
            for host in self.hosts
        ]
        try:
            self.child.send({"do": "look", "asks": asks})
            facts = self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended while it looked") from None
        looked = [fact for fact in facts if fact["say"] == "looked"]
        found = {fact["host"]: read_claim(fact["lines"]) for fact in looked if fact["state"] == "done"}
        lost = {fact["host"]: fact["lines"][-1] for fact in looked if fact["state"] != "done"}
        return {host: claim for host, claim in found.items() if claim is not None}, lost

    def release(self) -> None:
        """Give the lock back, where no run was begun with it."""
        with suppress(Died):
            self.child.send({"do": "release", "key": "release"})
            self.child.until("ended", LOOK_LIMIT_S)

    def end(self) -> None:
        """End the process. Twice is no mistake."""
        self.child.end()

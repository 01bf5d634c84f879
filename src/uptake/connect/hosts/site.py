"""Where and what a run's child works on: the plan's folder and deploy half, the lock's terms, the patience with hosts.

Values only; the worker hands them to each child as its first order.
"""

import getpass
import math
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from uptake.connect.hosts.lock import lock_name
from uptake.plan.model import Deploy


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """What hosts are given, in seconds.

    To connect, between signs of life, for one, for a command, for an orphan to end; and how long a test that fails
    is tried again.
    """

    connect_s: float = 15.0
    beat_s: float = 2.0
    silence_s: float = 8.0
    command_s: float = 600.0
    lock_s: int = 600
    retry_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where and what the worker works on.

    Args:
        plan: the plan's name.
        deploy: its deploy half.
        folder: the plan's folder: inventory, deploy files and archives are found from here.
        ledger: tells this plan's ledger from another one of the same plan, and is the same for every process that
            works for it: a new ledger must not find the receipts or the epoch of an old one on the hosts.
        patience: with the hosts.
    """

    plan: str
    deploy: Deploy
    folder: Path
    ledger: str = ""
    patience: Patience = field(default_factory=Patience)

    def begin(self, run: int) -> dict[str, Any]:
        """The first order to a child."""
        hosts = self.deploy.hosts
        limits = asdict(self.patience)
        del limits["retry_s"]
        name = f"{self.plan}-{self.ledger[:8]}" if self.ledger else self.plan
        return {
            "folder": str(self.folder.absolute()),
            "inventory": hosts.inventory,
            "list": list(hosts.list_),
            "group": hosts.group,
            "plan": name,
            "run": f"run{run}",
            "limits": limits,
            "lock": self._lock(run),
        }

    def _lock(self, run: int) -> dict[str, Any]:
        """The terms of the service's lock: the same holder in every process that works for this ledger."""
        lock, what = self.deploy.lock, f", run {run}" if run else ""
        return {
            "name": lock_name(self.deploy.service, self.deploy.environment),
            "holder": self.ledger[:32] or self.plan,
            "words": f"{self.plan}{what}, {getpass.getuser()} on {socket.gethostname()}",
            "ttl_s": max(1, math.ceil(lock.ttl.approx_s)),
            "wait_s": lock.wait.approx_s,
        }

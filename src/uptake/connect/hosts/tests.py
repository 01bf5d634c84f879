"""The deploy half's tests: a check against each host from here, tried again within a stated time.

They follow the health gate, so a failure that lasts is a failure of the version. Nothing runs on the hosts.
"""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from uptake.connect.check import Look, look
from uptake.core.stage import HostFact
from uptake.plan.model import Check

RETRY_EVERY_S = 0.5
COMMAND_LIMIT_S = 300.0
"""One run of a test command may take so long."""
SIDE_BY_SIDE_MOST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How a test looks, and how long after its first try one that fails looks again; `stop` ends that early."""

    once: Callable[[Check, HostFact], Look]
    stop: threading.Event
    for_s: float


def run(check: Check, hosts: Sequence[HostFact], retry: Retry, ended: Callable[[str, Look], None]) -> None:
    """Test every host; `ended` is told each one's last look as it comes. Returns early once `stop` is set."""
    if not hosts:
        return
    with ThreadPoolExecutor(max_workers=min(SIDE_BY_SIDE_MOST, len(hosts)), thread_name_prefix="tests") as pool:
        asked = {pool.submit(_until_well, check, host, retry): host for host in hosts}
        for future in as_completed(asked):
            seen = future.result()
            if seen.ok or not retry.stop.is_set():
                ended(asked[future].name, seen)


def eyes(*, version: str, folder: Path, timeout_s: float) -> Callable[[Check, HostFact], Look]:
    """How tests look: network checks within the plan's own timeout, commands within theirs."""

    def once(check: Check, host: HostFact) -> Look:
        limit_s = COMMAND_LIMIT_S if check.kind == "command" else timeout_s
        return look(check, host, version=version, folder=folder, timeout_s=limit_s)

    return once


def _until_well(check: Check, host: HostFact, retry: Retry) -> Look:
    began = time.monotonic()
    while True:
        seen = retry.once(check, host)
        if seen.ok or time.monotonic() - began >= retry.for_s or retry.stop.wait(RETRY_EVERY_S):
            return seen

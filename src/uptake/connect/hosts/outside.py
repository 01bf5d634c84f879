"""What is done about hosts from here, not on them: tests, hooks before and after, the analysis of a batch.

It needs no child process and may be repeated; the worker calls it with what it knows of the hosts.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from uptake.connect.check import Look
from uptake.connect.hosts import hooks, tests
from uptake.connect.hosts.analysis import Lab, analyse
from uptake.core.action import LINES_MOST, Failure, Outcome, RunStep
from uptake.core.ports import Receipts
from uptake.core.problem import refuse
from uptake.core.stage import HostFact
from uptake.plan.model import Deploy

SIDE_BY_SIDE_MOST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """One deploy half as it is seen from here; `show` is told what is done about which host, nothing once it ended."""

    deploy: Deploy
    folder: Path
    receipts: Receipts
    stop: threading.Event
    show: Callable[[str, str], None]
    retry_s: float

    def do(
        self, action: RunStep, missing: Sequence[str], known: Mapping[str, HostFact], title: str
    ) -> dict[str, Failure]:
        """A test or a hook, on the hosts that have no receipt yet; the failures by host.

        Raises:
            Refused: the inventory does not name a host any more.
        """
        unknown = [name for name in missing if name not in known]
        if unknown:
            raise refuse("hosts.gone", ", ".join(unknown), "the inventory does not name this host any more")
        failures: dict[str, Failure] = {}

        def ended(name: str, seen: Look) -> None:
            self.receipts.mark(action.key, {name: "done" if seen.ok else "failed"})
            self.show(name, "")
            if not seen.ok:
                lines = (*seen.lines[-LINES_MOST + 1 :], seen.detail)
                failures[name] = Failure(target=name, state="failed", step=title, exit_code=seen.exit_code, lines=lines)

        for name in missing:
            self.show(name, title)
        hosts = [known[name] for name in missing]
        if action.part == "tests":
            self._test(action, hosts, ended)
        else:
            self._hook(action, hosts, ended)
        return failures

    def analyse(self, action: RunStep) -> Outcome | None:
        """What the metrics say while the batch serves; None where it was stopped."""
        analysis = self.deploy.update.analysis
        assert analysis is not None

        def tell(words: str) -> None:
            for name in action.hosts:
                self.show(name, words)

        lab = Lab(version=action.version, folder=self.folder, stop=self.stop, tell=tell)
        try:
            return analyse(action.key, analysis, lab)
        finally:
            tell("")

    def _test(self, action: RunStep, hosts: list[HostFact], ended: Callable[[str, Look], None]) -> None:
        timeout_s = self.deploy.update.health.timeout.approx_s
        once = tests.eyes(version=action.version, folder=self.folder, timeout_s=timeout_s)
        tests.run(
            self.deploy.tests[action.item], hosts, tests.Retry(once=once, stop=self.stop, for_s=self.retry_s), ended
        )

    def _hook(self, action: RunStep, hosts: list[HostFact], ended: Callable[[str, Look], None]) -> None:
        """Every host at once: they leave the balancer together, as they change together."""
        update = self.deploy.update
        when = cast("hooks.When", action.part)
        hook = (update.before_host if when == "before_host" else update.after_host)[action.item]
        around = hooks.Around(version=action.version, folder=self.folder, stop=self.stop)
        with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE_MOST, thread_name_prefix="hooks") as pool:
            for host, seen in zip(
                hosts, pool.map(lambda one: hooks.perform(hook, one, when, around), hosts), strict=True
            ):
                if seen.ok or not self.stop.is_set():
                    ended(host.name, seen)

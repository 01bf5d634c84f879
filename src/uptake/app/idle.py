"""Hosts on which this plan does nothing: it has no deploy half, or others deploy.

A change of policy has nothing to install, and is never asked. A run that others do has no step and one end.
"""

from collections.abc import Sequence

from uptake.core.action import EndRun, Outcome, RunStep
from uptake.core.entry import HostSeen
from uptake.core.ports import Wake
from uptake.core.stage import HostFact


class NoHosts:
    """Hosts and probes of a plan that works on none."""

    def __init__(self, wake: Wake) -> None:
        """Args: wake: is set when a run was ended."""
        self._wake = wake
        self._ended: list[Outcome] = []

    def accept(self, action: RunStep | EndRun) -> None:
        """End a run: there is nothing to tidy up. Never asked for a step."""
        assert isinstance(action, EndRun), f"a plan without hosts was asked for {action.key}"
        self._ended.append(Outcome(key=action.key, ok=True))
        self._wake.set()

    def outcomes(self) -> tuple[Outcome, ...]:
        """The runs that were ended since the last call."""
        ended, self._ended = tuple(self._ended), []
        return ended

    def progress(self) -> dict[str, str]:
        """Nothing runs."""
        return {}

    def watch(self, hosts: Sequence[HostFact], *, version: str, in_run: bool) -> None:
        """Nobody to watch."""
        del hosts, version, in_run

    def seen(self) -> tuple[HostSeen, ...]:
        """Nothing seen."""
        return ()

    def close(self) -> None:
        """Nothing to stop."""

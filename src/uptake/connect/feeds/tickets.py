"""Requests for help from a ticket system's export: who asked, and when. Each once, by its id.

A row without an id has one of person and time. Who is not known is not counted: other people use the help desk too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from uptake.connect.feeds.match import pids_of
from uptake.connect.feeds.usage import begin_of, written_at
from uptake.connect.feeds.worker import Brought
from uptake.connect.pull.rows import read_rows
from uptake.core.chance import digest
from uptake.core.ids import Pid
from uptake.core.ports import Directory
from uptake.core.time import Instant
from uptake.plan.model import Plan
from uptake.plan.pull import Pull

NAME = "implement.support.tickets"
"""The plan key that declares it."""


class Keeps(Protocol):
    """Where requests go."""

    def add(self, told: Mapping[str, tuple[Pid, Instant]]) -> None:
        """Keep requests by their ids, durably; those that are there already stay."""
        ...


class HelpDesk:
    """Reads `support.tickets` into the store."""

    def __init__(self, plan: Plan, pull: Pull, *, folder: Path, directory: Directory, kept: Keeps) -> None:
        """Args: plan; pull: its source; folder: the plan's; directory: who is known; kept: where requests go."""
        assert plan.implement is not None
        self._audience, self._timezone = plan.implement.audience, plan.timezone
        self._pull, self._folder, self._directory, self._kept = pull, folder, directory, kept

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once."""
        complete = written_at(self._pull, self._folder, now)
        window = (begin_of(self._pull, last, self._timezone), now)
        told: dict[str, tuple[str, Instant]] = {}
        for row in read_rows(self._pull, folder=self._folder, needs=("person", "at"), takes=("id",), window=window):
            who, at = row.text("person"), row.moment("at", timezone=self._timezone, dates=self._pull.dates)
            told[row.values.get("id", "").strip() or digest(f"{who}\0{at}")] = (who, at)
        subjects = sorted({who for who, _ in told.values()})
        pids = pids_of(subjects, self._directory, self._audience, column=self._pull.match)
        self._kept.add({key: (pids[who], at) for key, (who, at) in told.items() if who in pids})
        return Brought(complete=complete)

"""Use that lies elsewhere: rows become events beside those that are posted, each once.

A row without an id has one made of person, event and time, and of how often the same stood before it in this
reading; so windows begin at whole days, and what a source tells again counts once. Late rows come in as long as
they are no later than the overlap: the source's lag, its `every`, and a day at least. A row without a time tells of
no use, as in reports of everybody's last use.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from uptake.connect.feeds.match import pids_of
from uptake.connect.feeds.worker import Brought
from uptake.connect.pull.rows import Row, read_rows
from uptake.core.chance import digest
from uptake.core.event import Event
from uptake.core.ports import Directory, Events
from uptake.core.problem import Refused
from uptake.core.time import Instant, as_datetime, from_datetime
from uptake.plan.model import Plan
from uptake.plan.pull import Pull

BATCH = 5_000
"""Events kept in one transaction."""
USES_MOST = 1_000
"""One row may stand for so many uses."""
NAME = "implement.adoption.from"
"""The plan key, which is the events' source as well."""


class Usage:
    """Reads `adoption.from` into the events."""

    def __init__(self, plan: Plan, pull: Pull, *, folder: Path, events: Events, directory: Directory) -> None:
        """Args: plan; pull: its source; folder: the plan's; events: where uses go; directory: who is known."""
        assert plan.implement is not None
        self._adoption, self._audience, self._timezone = plan.implement.adoption, plan.implement.audience, plan.timezone
        self._directory = directory
        self._pull, self._folder, self._events = pull, folder, events

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once."""
        complete = written_at(self._pull, self._folder, now)
        window = (begin_of(self._pull, last, self._timezone), now)
        words = {"needs": ("person", "at"), "takes": ("id", "event", "count")}
        rows = list(read_rows(self._pull, folder=self._folder, window=window, **words))
        used = [row for row in rows if row.values["at"].strip()]
        events = self._events_of(used)
        for begin in range(0, len(events), BATCH):
            self._events.append(events[begin : begin + BATCH], received_at=now)
        return Brought(complete=complete, note=dateless(len(rows) - len(used)))

    def _events_of(self, rows: list[Row]) -> list[Event]:
        """The events of all rows; the first row that cannot be used ends it before anything is kept."""
        repeats: Counter[str] = Counter()
        events: list[Event] = []
        names = self._ids([row.text("person") for row in rows])
        for row in rows:
            said = row.text("person")
            person, name = names.get(said, said), row.values.get("event", "").strip() or self._adoption.event
            at = row.moment("at", timezone=self._timezone, dates=self._pull.dates)
            own = row.values.get("id", "").strip()
            for use in range(self._uses(row)):
                key = f"{own}/{use}" if own else self._made(f"{person}\0{name}\0{at}", repeats)
                events.append(Event(id=key, source=NAME, subject=person, name=name, at=at))
        return events

    def _ids(self, said: list[str]) -> Mapping[str, str]:
        """What the source calls people -> their ids, where it does not use the ids themselves."""
        if not self._pull.match:
            return {}
        pids = pids_of(said, self._directory, self._audience, column=self._pull.match)
        ids = {person.pid: person.external_id for person in self._directory.people()}
        return {name: ids[pid] for name, pid in pids.items()}

    def _uses(self, row: Row) -> int:
        if not row.values.get("count", "").strip():
            return 1
        uses = row.number("count")
        if uses < 0 or uses != int(uses) or uses > USES_MOST:
            raise row.refused(f"`count` is no whole number up to {USES_MOST}: {row.values['count']}")
        return int(uses)

    @staticmethod
    def _made(what: str, repeats: Counter[str]) -> str:
        """An id for a row that has none: its contents and its number among equals."""
        repeats[what] += 1
        return digest(f"{what}\0{repeats[what]}")


def dateless(number: int) -> str:
    """What is told of rows that tell of no use, empty for none."""
    return f"{number:,} {'row tells' if number == 1 else 'rows tell'} of no use: no date" if number else ""


def begin_of(pull: Pull, last: Instant, timezone: str) -> Instant:
    """Where a query's window begins: whole days before the last reading, 0 at first."""
    if not last:
        return Instant(0)
    overlap = max(86_400, pull.lag.approx_s, pull.every.approx_s)
    moment = as_datetime(last, timezone) - timedelta(seconds=overlap)
    return from_datetime(moment.replace(hour=0, minute=0, second=0, microsecond=0))


def written_at(pull: Pull, folder: Path, now: Instant) -> Instant:
    """Up to when a source can know of anything: a file until it was written, all else until now.

    To the end of that second: file systems keep it more coarsely than a row can tell its own time.

    Raises:
        Refused: a file that is not there.
    """
    if not pull.csv or "://" in pull.csv:
        return now
    try:
        return Instant(min(now, ((folder / pull.csv).stat().st_mtime_ns // 1_000_000_000 + 1) * 1000))
    except OSError as error:
        from uptake.connect.table import problem

        what = f"the file cannot be read: {error.strerror}"
        raise Refused(problem("csv.unreadable", pull.csv, 0, what)) from None

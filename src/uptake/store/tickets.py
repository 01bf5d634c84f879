"""Requests for help by people of the plan, and how many there were per wave since its opening.

Idempotent by the request's id; who is not known is not kept. It reads no ticket system.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select

from uptake.core.ids import Pid
from uptake.core.look import Ticketed, WaveLook
from uptake.core.time import Instant
from uptake.store.database import Database, insert_new
from uptake.store.tables import assignment, person, ticket

WEEK_MS = 7 * 86_400_000


class SqlTickets:
    """The `Tickets` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def add(self, told: Mapping[str, tuple[Pid, Instant]]) -> None:
        """Keep requests by their ids, durably; those that are there already stay."""
        rows = [{"plan": self._database.plan, "id": key, "pid": pid, "at": int(at)} for key, (pid, at) in told.items()]
        if rows:
            with self._database.writing() as conn:
                conn.execute(insert_new(conn, ticket), rows)

    def ticketed(self, looks: Sequence[WaveLook]) -> tuple[Ticketed, ...]:
        """Each open wave's requests since its opening."""
        return tuple(self._of(look, look.opened_at) for look in looks if look.opened_at is not None)

    def _of(self, look: WaveLook, opened_at: Instant) -> Ticketed:
        placed = (assignment.c.plan == person.c.plan) & (assignment.c.pid == person.c.pid)
        inside = (person.c.plan == self._database.plan, person.c.present, assignment.c.wave == look.wave)
        people = select(func.count()).select_from(person.join(assignment, placed)).where(*inside)
        mine = (ticket.c.plan == person.c.plan) & (ticket.c.pid == person.c.pid)
        since = (ticket.c.at >= opened_at, ticket.c.at <= look.until)
        asked = select(func.count()).select_from(person.join(assignment, placed).join(ticket, mine))
        with self._database.reading() as conn:
            here = conn.execute(people).scalar_one()
            tickets = conn.execute(asked.where(*inside, *since)).scalar_one()
        weeks = here * max(0, look.until - opened_at) / WEEK_MS
        return Ticketed(wave=look.wave, tickets=tickets, person_weeks=float(f"{weeks:.12g}"))

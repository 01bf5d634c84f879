"""Opening a plan's store: one state, seen as ledger, lease, receipts, events, directory and more.

The only place that puts the parts together. It chooses nothing (`app.py` does) and imports the
database library, so commands import it where they need it. Beneath the ring.
"""

from dataclasses import dataclass
from pathlib import Path

from uptake.store.database import Database, connect, plan_names
from uptake.store.directory import SqlDirectory
from uptake.store.events import SqlEvents
from uptake.store.feeds import SqlFeeds
from uptake.store.learning import SqlLearning
from uptake.store.lease import TTL_S, SqlLease
from uptake.store.ledger import SqlLedger
from uptake.store.links import SqlLinks
from uptake.store.outcomes import SqlOutcomes
from uptake.store.receipts import SqlReceipts
from uptake.store.teams import SqlTeams
from uptake.store.texts import SqlTexts
from uptake.store.tickets import SqlTickets
from uptake.store.tokens import SqlTokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """One plan's part of a state."""

    plan: str
    database: Database
    ledger: SqlLedger
    lease: SqlLease
    receipts: SqlReceipts
    events: SqlEvents
    directory: SqlDirectory
    tokens: SqlTokens
    texts: SqlTexts
    feeds: SqlFeeds
    learning: SqlLearning
    links: SqlLinks
    tickets: SqlTickets
    outcomes: SqlOutcomes
    teams: SqlTeams

    def close(self) -> None:
        """Give the lease back, if it is held, and let the connections go."""
        try:
            self.lease.release()
        finally:
            self.database.close()


def open_store(place: Path | str, plan: str, *, ttl_s: float = TTL_S) -> Store:
    """Open the state in a plan's folder (`.uptake/state.db`), or behind a database URL.

    Args:
        place: the folder, or a URL.
        plan: the plan's name.
        ttl_s: how long a silent holder keeps the lease.

    Raises:
        Refused: a folder that cannot be written, or a state that a newer Uptake wrote.
    """
    database = connect(place, plan)
    return Store(
        plan=plan,
        database=database,
        ledger=SqlLedger(database),
        lease=SqlLease(database, ttl_s=ttl_s),
        receipts=SqlReceipts(database),
        events=SqlEvents(database),
        directory=SqlDirectory(database),
        tokens=SqlTokens(database),
        texts=SqlTexts(database),
        feeds=SqlFeeds(database),
        outcomes=SqlOutcomes(database),
        learning=SqlLearning(database),
        links=SqlLinks(database),
        tickets=SqlTickets(database),
        teams=SqlTeams(database),
    )


def plans_in(folder: Path) -> list[str]:
    """The names of the plans that have entries in a folder's state, sorted; empty where there is no state."""
    return plan_names(folder)

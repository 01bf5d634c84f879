"""How each source stands that is read again and again: kept, so that a restart does not begin at nothing.

It reads no source and judges none; the worker that does writes here after each reading. On the ring
`observe` is told the same at looks.
"""

from sqlalchemy import select

from uptake.core.look import UNREAD, FeedSeen
from uptake.core.time import Instant
from uptake.store.database import Database, insert_or
from uptake.store.tables import feed


class SqlFeeds:
    """Sources by name, over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def seen(self, name: str) -> FeedSeen:
        """How a source stands."""
        columns = (feed.c.state, feed.c.read_at, feed.c.as_of, feed.c.detail, feed.c.mark)
        query = select(*columns).where(feed.c.plan == self._database.plan, feed.c.name == name)
        with self._database.reading() as conn:
            row = conn.execute(query).first()
        if row is None:
            return UNREAD
        return FeedSeen(
            state=row.state,
            read_at=Instant(row.read_at),
            as_of=Instant(row.as_of),
            detail=row.detail,
            mark=row.mark,
        )

    def keep(self, name: str, seen: FeedSeen) -> None:
        """Note how a reading went, durably."""
        values = {
            "state": seen.state,
            "read_at": seen.read_at,
            "as_of": seen.as_of,
            "detail": seen.detail,
            "mark": seen.mark,
        }
        with self._database.writing() as conn:
            note = insert_or(conn, feed).values(plan=self._database.plan, name=name, **values)
            conn.execute(note.on_conflict_do_update(index_elements=["plan", "name"], set_=values))

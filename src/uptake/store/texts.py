"""Free text that a person wrote: kept by digest, and erasable.

The ledger holds only the digest, which is salted: once a text is erased nobody can tell what
it said by guessing. It judges no text. On the ring a `Said` points here with its reason.
"""

import hashlib
import secrets

from sqlalchemy import ColumnElement, delete, select

from uptake.store.database import Database
from uptake.store.tables import text

SALT_BYTES = 16


class SqlTexts:
    """Texts by digest, over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def keep(self, words: str) -> str:
        """Keep a text durably and return its digest; the same words kept twice have two digests."""
        salt = secrets.token_bytes(SALT_BYTES)
        mark = hashlib.sha256(salt + words.encode()).hexdigest()
        with self._database.writing() as conn:
            conn.execute(text.insert().values(plan=self._database.plan, digest=mark, salt=salt, words=words))
        return mark

    def find(self, mark: str) -> str | None:
        """The text of a digest; None once it was erased."""
        with self._database.reading() as conn:
            return conn.execute(select(text.c.words).where(*self._which(mark))).scalar()

    def erase(self, mark: str) -> bool:
        """Forget a text; returns whether there was one."""
        with self._database.writing() as conn:
            return conn.execute(delete(text).where(*self._which(mark))).rowcount == 1

    def _which(self, mark: str) -> tuple[ColumnElement[bool], ...]:
        """The row of a digest."""
        return (text.c.plan == self._database.plan, text.c.digest == mark)

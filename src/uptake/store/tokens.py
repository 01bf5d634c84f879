"""Tokens: who may post events, read flags or look at pages, by a secret shown once.

Only the SHA-256 of a token is kept. It decides nothing about what a role may do: the web asks
here who is calling. No part of the ring reads it.
"""

import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.store.database import Database, now
from uptake.store.tables import token

ROLES = ("intake", "flags", "viewer", "operator", "owner")
TOKEN_BYTES = 32
KEPT_S = 1.0
"""How long a process may go on without seeing that another one added or revoked a token."""

Kept = tuple[bytes, str, str]
"""Digest, name and role of a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenSeen:
    """A token as it may be shown: never the secret."""

    name: str
    role: str
    made_at: Instant


class SqlTokens:
    """Named tokens with a role each, over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database
        self._guard = threading.Lock()
        self._kept: tuple[Kept, ...] = ()
        self._kept_until_s = 0.0

    def add(self, name: str, role: str) -> str:
        """Make a token and return its text, which is shown this once.

        Raises:
            Refused: an unknown role, an empty name, or a name that has a token already.
        """
        if role not in ROLES:
            raise refuse("UP320", name, f"`{role}` is no role", f"one of {', '.join(ROLES)}")
        if not name.strip():
            raise refuse("UP321", "token", "a token needs a name", "say who or what will use it")
        words = secrets.token_urlsafe(TOKEN_BYTES)
        row = {"plan": self._database.plan, "name": name, "role": role, "digest": _digest(words), "made_at": now()}
        try:
            with self._database.writing() as conn:
                conn.execute(token.insert().values(row))
        except IntegrityError:
            hint = "revoke it first, or choose another name"
            raise refuse("UP321", name, "there is a token of this name", hint) from None
        self._kept_until_s = 0.0
        return words

    def find(self, words: str) -> tuple[str, str] | None:
        """Name and role of a token; every known one is compared, in constant time."""
        given = _digest(words)
        found: tuple[str, str] | None = None
        for known, name, role in self._known():
            if hmac.compare_digest(known, given):
                found = (name, role)
        return found

    def known(self) -> dict[str, tuple[str, str]]:
        """Name and role by the SHA-256 of the token, in hexadecimal digits."""
        return {known.hex(): (name, role) for known, name, role in self._known()}

    def revoke(self, name: str) -> bool:
        """End a token; returns whether there was one of this name."""
        with self._database.writing() as conn:
            mine = (token.c.plan == self._database.plan, token.c.name == name)
            gone = conn.execute(delete(token).where(*mine)).rowcount
        self._kept_until_s = 0.0
        return gone == 1

    def list(self) -> tuple[TokenSeen, ...]:
        """All tokens by name."""
        query = select(token.c.name, token.c.role, token.c.made_at).where(token.c.plan == self._database.plan)
        with self._database.reading() as conn:
            rows = conn.execute(query).all()
        return tuple(
            sorted(
                (TokenSeen(name=row.name, role=row.role, made_at=Instant(row.made_at)) for row in rows),
                key=lambda seen: seen.name,
            )
        )

    def _known(self) -> tuple[Kept, ...]:
        """The digests, read again after `KEPT_S`."""
        with self._guard:
            if time.monotonic() >= self._kept_until_s:
                query = select(token.c.digest, token.c.name, token.c.role).where(token.c.plan == self._database.plan)
                with self._database.reading() as conn:
                    self._kept = tuple((row.digest, row.name, row.role) for row in conn.execute(query))
                self._kept_until_s = time.monotonic() + KEPT_S
            return self._kept


def _digest(words: str) -> bytes:
    """SHA-256: the tokens are random, so nothing slower is needed."""
    return hashlib.sha256(words.encode()).digest()

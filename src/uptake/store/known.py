"""What intake must know at once: who a subject is, and which events have come already.

Both are kept in memory and follow the database: people when the directory's version moves,
keys of events from the inbox rows that other processes wrote. It writes nothing itself; the
events' append and fold ask it inside their own transactions.
"""

import unicodedata
from collections import deque
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, select

from uptake.core.event import Event
from uptake.core.ids import Pid, PlanId
from uptake.store.tables import inbox, person, seen

KEY_BYTES = 16
KEYS_AT_ONCE = 250
"""Keys looked up in one statement; always so many, so that it is prepared once."""

_DECODE = msgspec.msgpack.Decoder(list[tuple[bytes, Any, Any, Any]])

_NAMES = [f"key{number}" for number in range(KEYS_AT_ONCE)]
_SEEN = select(seen.c.key).where(seen.c.plan == bindparam("plan"), seen.c.key.in_([bindparam(name) for name in _NAMES]))


def key_of(event: Event) -> bytes:
    """The digest of (source, id), which makes an event idempotent."""
    return blake2b(f"{len(event.source)} {event.source}{event.id}".encode(), digest_size=KEY_BYTES).digest()


class Known:
    """People by subject, and the keys of events that are not folded yet."""

    def __init__(self, plan: PlanId) -> None:
        """Args: plan: whose people and events."""
        self._plan = plan
        self._people: dict[str, Pid] = {}
        self._version = -1
        self._keys: set[bytes] = set()
        self._rows: deque[tuple[int, Sequence[bytes]]] = deque()
        self._last = 0

    @property
    def unfolded(self) -> int:
        """How many events are known to wait in the inbox."""
        return len(self._keys)

    def follow(self, conn: Connection, row: Row[Any]) -> None:
        """Catch up with what other processes did.

        Args:
            conn: the transaction that holds the plan's row.
            row: that row.
        """
        if row.directory_version != self._version:
            query = select(person.c.external_id, person.c.pid).where(person.c.plan == self._plan)
            self._people = {_normal(name): Pid(pid) for name, pid in conn.execute(query)}
            self._version = row.directory_version
        self.folded(row.folded)
        others = select(inbox.c.n, inbox.c.body).where(inbox.c.plan == self._plan, inbox.c.n > self._last)
        for n, body in conn.execute(others.order_by(inbox.c.n)):
            self.keep(n, [line[0] for line in _DECODE.decode(body)])

    def pid(self, subject: str) -> Pid | None:
        """Who a subject is."""
        return self._people.get(subject) or self._people.get(_normal(subject))

    def fresh(self, conn: Connection, keys: Iterable[bytes]) -> list[bytes]:
        """The keys of events that came neither into the inbox nor before."""
        left = [key for key in keys if key not in self._keys]
        old: set[bytes] = set()
        for start in range(0, len(left), KEYS_AT_ONCE):
            some = left[start : start + KEYS_AT_ONCE]
            filled = some + some[-1:] * (KEYS_AT_ONCE - len(some))
            old.update(conn.execute(_SEEN, {"plan": self._plan} | dict(zip(_NAMES, filled, strict=True))).scalars())
        return [key for key in left if key not in old]

    def keep(self, n: int, keys: Sequence[bytes]) -> None:
        """Note an inbox row that is committed, and the keys of its events."""
        self._keys.update(keys)
        self._rows.append((n, keys))
        self._last = n

    def folded(self, last: int) -> None:
        """Forget the keys of inbox rows up to `last`: they are among those seen now."""
        while self._rows and self._rows[0][0] <= last:
            self._keys.difference_update(self._rows.popleft()[1])


def _normal(subject: str) -> str:
    """One spelling for names that look the same."""
    return unicodedata.normalize("NFC", subject)

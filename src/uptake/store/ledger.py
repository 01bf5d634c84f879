"""One plan's ledger on disk: append-only, hash-chained, fenced by the lease's epoch.

An append is one transaction that checks head and epoch and is durable when it returns. It
decides nothing and folds nothing; `core.entry` says what the bytes mean. On the ring it is
where every tick begins and ends.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import ColumnElement, Row, and_, bindparam, func, select

from uptake.core.entry import BODIES, FIRST_HASH, Body, Entry, Kind, Said, chain, decode, encode
from uptake.core.ids import Epoch
from uptake.core.problem import Problem, Refused, Stale, Where
from uptake.core.time import Instant
from uptake.store.database import Database, insert_new, now
from uptake.store.tables import lease, ledger, meta, plan

PAGE = 500
"""Entries fetched at once; no read transaction outlives a page."""

UNREADABLE = (msgspec.MsgspecError, KeyError, TypeError)
"""What bytes that are no body of their kind raise."""

_INSERT = ledger.insert()
_HEAD = select(func.max(ledger.c.seq)).where(ledger.c.plan == bindparam("mine"))
_IDENTITY = select(meta.c.value).where(meta.c.key == bindparam("key"))
_FIRST = select(ledger.c.hash).where(ledger.c.plan == bindparam("mine"), ledger.c.seq == 1)
"""The name by which hosts know a ledger that was begun by an earlier release."""
_STANDING = (
    select(lease.c.epoch, lease.c.expires_at, ledger.c.seq, ledger.c.hash)
    .select_from(
        plan.outerjoin(lease, lease.c.plan == plan.c.name).outerjoin(
            ledger, and_(ledger.c.plan == plan.c.name, ledger.c.seq == _HEAD.scalar_subquery())
        )
    )
    .where(plan.c.name == bindparam("mine"))
)
"""What an append is checked against: the lease and the last entry. Built once, for appends are the loop's pace."""


class SqlLedger:
    """The `Ledger` port over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database

    def head(self) -> int:
        """The sequence of the last entry, 0 for none; cheap enough to ask five times a second."""
        with self._database.reading() as conn:
            return conn.execute(_HEAD, {"mine": self._database.plan}).scalar() or 0

    def identity(self) -> str:
        """What tells this ledger from any other of a plan with the same name; made once, before the first entry even.

        Hosts keep receipts under it: it is the same for every process, from the first look at a host on.
        """
        mine = {"key": f"ledger {self._database.plan}"}
        with self._database.reading() as conn:
            known = conn.execute(_IDENTITY, mine).scalar()
        if known is not None:
            return known
        with self._database.writing() as conn:
            first = conn.execute(_FIRST, {"mine": self._database.plan}).scalar()
            conn.execute(insert_new(conn, meta).values(**mine, value=first or secrets.token_hex(16)))
            return str(conn.execute(_IDENTITY, mine).scalar_one())

    def read(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a sequence, in order.

        Raises:
            Refused: an entry whose bytes are no body of its kind.
        """
        for row in self._rows(after):
            try:
                body = decode(row.kind, row.raw)
            except UNREADABLE:
                raise Refused(self._problem(row.seq, f"the entry cannot be read: it is no {row.kind}")) from None
            yield Entry(seq=row.seq, at=Instant(row.at), kind=row.kind, body=body, raw=row.raw, hash=row.hash)

    def append(
        self, bodies: Sequence[Body], *, at: Instant, expect: int | None = None, epoch: Epoch | None = None
    ) -> tuple[Entry, ...]:
        """Write entries in one durable transaction.

        Args:
            bodies: at least one; without an epoch only `Said` is accepted.
            at: when.
            expect: the head that must still stand.
            epoch: the writer's epoch, which must be the lease's current one.

        Raises:
            Stale: the head has moved or the epoch has expired; nothing was written.
        """
        assert bodies
        drafts: list[tuple[Body, Kind, bytes]] = [(body, _kind(body), encode(body)) for body in bodies]
        with self._database.writing() as conn:
            self._database.alone(conn)
            standing = conn.execute(_STANDING, {"mine": self._database.plan}).one()
            _check_epoch(standing, bodies, epoch)
            seq, last = standing.seq or 0, standing.hash or FIRST_HASH
            if expect is not None and expect != seq:
                raise Stale(f"the ledger's head is {seq}, not {expect}")
            entries: list[Entry] = []
            for body, kind, raw in drafts:
                seq += 1
                last = chain(last, seq=seq, at=at, kind=kind, raw=raw)
                entries.append(Entry(seq=seq, at=at, kind=kind, body=body, raw=raw, hash=last))
            conn.execute(_INSERT, [self._row(entry) for entry in entries])
        return tuple(entries)

    def verify(self) -> list[Problem]:
        """What is wrong with the chain, recomputed from the first entry on; empty when nothing is."""
        problems: list[Problem] = []
        last, expected = FIRST_HASH, 1
        for row in self._rows(0):
            if row.seq != expected:
                problems.append(self._problem(row.seq, f"entry {expected} is missing"))
            if chain(last, seq=row.seq, at=row.at, kind=row.kind, raw=row.raw) != row.hash:
                problems.append(self._problem(row.seq, "the entry or its place was changed: its hash does not follow"))
            elif not _readable(row.kind, row.raw):
                problems.append(self._problem(row.seq, f"the body is no {row.kind}"))
            last, expected = row.hash, row.seq + 1
        return problems

    def export(self) -> Iterator[str]:
        """The entries as JSON lines; each body is byte for byte what was hashed."""
        for row in self._rows(0):
            line = {"seq": row.seq, "at": row.at, "kind": row.kind, "hash": row.hash, "body": msgspec.Raw(row.raw)}
            yield msgspec.json.encode(line).decode()

    def _rows(self, after: int) -> Iterator[Row[*tuple[Any, ...]]]:
        """The stored columns, page by page."""
        columns = (ledger.c.seq, ledger.c.at, ledger.c.kind, ledger.c.raw, ledger.c.hash)
        query = select(*columns).where(self._mine).order_by(ledger.c.seq).limit(PAGE)
        while True:
            with self._database.reading() as conn:
                page = conn.execute(query.where(ledger.c.seq > after)).all()
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].seq

    @property
    def _mine(self) -> ColumnElement[bool]:
        """Rows of this plan."""
        return ledger.c.plan == self._database.plan

    def _row(self, entry: Entry) -> dict[str, object]:
        """An entry as its columns."""
        return {
            "plan": self._database.plan,
            "seq": entry.seq,
            "at": entry.at,
            "kind": entry.kind,
            "raw": entry.raw,
            "hash": entry.hash,
        }

    def _problem(self, seq: int, what: str) -> Problem:
        """A broken place of the chain."""
        where = Where(file=f"ledger of {self._database.plan}", line=seq, column=1)
        return Problem(code="UP330", where=where, what=what, hint="compare with an exported copy or a backup")


def _check_epoch(standing: Row[*tuple[Any, ...]], bodies: Sequence[Body], epoch: Epoch | None) -> None:
    """Only `Said` may be written without the lease."""
    if epoch is None:
        if not all(isinstance(body, Said) for body in bodies):
            raise Stale("only a person's word may be written without the lease")
    elif standing.epoch != epoch or standing.expires_at <= now():
        raise Stale(f"epoch {epoch} has expired")


def _kind(body: Body) -> Kind:
    """The name of the body's kind."""
    return cast("Kind", type(body).__name__)


def _readable(kind: str, raw: bytes) -> bool:
    """Whether the bytes are a body of their kind."""
    if kind not in BODIES:
        return False
    try:
        decode(kind, raw)
    except UNREADABLE:
        return False
    return True

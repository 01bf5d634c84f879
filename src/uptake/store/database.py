"""The connection to the state: SQLite with full durability, or another database by URL.

It opens, checks the schema's version and hands out transactions: `reading()` sees one
consistent state, `writing()` is alone from its first statement on. It holds no queries of the
ring; ledger, lease, receipts, events, directory, tokens and texts stand on it.
"""

import errno
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, Insert, Row, Table, bindparam, create_engine, event, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DatabaseError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from uptake.core.ids import PlanId
from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.store.tables import SCHEMA_VERSION, ledger, meta, metadata
from uptake.store.tables import plan as plan_table

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

FOLDER = ".uptake"
FILE = "state.db"
BUSY_S = 30.0
"""How long a transaction waits for another process's."""
OPEN_TRIES = 50
"""How often the switch to WAL is tried while another process makes the same file."""
OPEN_PAUSE_S = 0.1

_LOCK = select(plan_table).where(plan_table.c.name == bindparam("mine")).with_for_update()


def now() -> Instant:
    """The wall clock, in the store's own unit."""
    return Instant(time.time_ns() // 1_000_000)


class Database:
    """One state, seen from one plan."""

    def __init__(self, engine: Engine, plan: PlanId) -> None:
        """Args: engine: configured by `connect`; plan: whose rows are meant."""
        self.plan = plan
        self._reads = engine
        self._writes = engine.execution_options(uptake_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state and writes nothing."""
        with self._told(), self._reads.connect() as conn:
            yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from the start, durable when it ends.

        Raises:
            Refused: the state is locked by another process for too long, full or broken; nothing was written.
        """
        with self._told(), self._writes.begin() as conn:
            yield conn

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the database cannot do is told to a person, not as the driver's error."""
        try:
            yield
        except DatabaseError as broken:
            if type(broken) not in {DatabaseError, OperationalError}:
                raise  # the statement is wrong, not the state
            cause = str(broken.orig)
            file = self._reads.url.render_as_string(hide_password=True)
            if "locked" in cause:
                what = f"another process has kept the state locked for {BUSY_S:g} s"
                hint = "look for a stopped Uptake process (state T in `ps`) and let it go on, or end it"
                raise refuse("UP303", file, what, hint) from broken
            raise refuse("UP304", file, f"the state cannot be used: {cause}", "is the disk full?") from broken

    def lock(self, conn: Connection) -> Row[Any]:
        """The plan's row, held until the transaction ends: writers of one plan follow one another."""
        return conn.execute(_LOCK, {"mine": self.plan}).one()

    def alone(self, conn: Connection) -> None:
        """See that no other writer of the plan goes on before the transaction ends; SQLite's begin has seen to it."""
        if conn.dialect.name != "sqlite":
            self.lock(conn)

    def close(self) -> None:
        """Let the connections go."""
        self._reads.dispose()


def insert_or(conn: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """An insert that knows what to do on a conflict, in the connection's own dialect."""
    if conn.dialect.name != "postgresql":
        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def insert_new(conn: Connection, table: Table) -> Insert:
    """An insert that leaves rows alone which are there already."""
    return insert_or(conn, table).on_conflict_do_nothing()


def insert_many(conn: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows at the driver's own speed: values go through as they are."""
    compiled = table.insert().compile(dialect=conn.dialect, column_keys=list(columns))
    if not compiled.positiontup:
        conn.execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in rows])
        return
    order = [columns.index(name) for name in compiled.positiontup]
    pick = itemgetter(*order)
    conn.exec_driver_sql(str(compiled), [pick(row) for row in rows])


def connect(place: Path | str, plan: str) -> Database:
    """Open the state of a plan's folder, or of a database URL; it is made where there is none.

    Args:
        place: the plan's folder, or a URL (`sqlite:///...`, `postgresql+psycopg://...`).
        plan: the plan's name.

    Raises:
        Refused: a folder that cannot be written, or a state that a newer Uptake wrote.
    """
    url = place if isinstance(place, str) and "://" in place else f"sqlite:///{_file(Path(place))}"
    database = Database(_engine(url), PlanId(plan))
    try:
        _prepare(database, str(place))
    except BaseException:
        database.close()
        raise
    return database


def plan_names(folder: Path) -> list[str]:
    """The plans that have entries in a folder's state; none where there is no state, and none is made."""
    path = folder.resolve() / FOLDER / FILE
    if not path.exists():
        return []
    engine = _engine(f"sqlite:///{path}")
    try:
        with engine.connect() as conn:
            if _version(conn) is None:
                return []
            return sorted(conn.execute(select(ledger.c.plan).distinct()).scalars())
    except DatabaseError as broken:
        raise refuse("UP301", str(path), f"the state cannot be read: {broken.orig}") from broken
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    """An engine whose transactions are ours."""
    engine = create_engine(url, hide_parameters=True)  # a traceback must not print people
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune)
        event.listen(engine, "begin", _begin)
    return engine


def _file(folder: Path) -> Path:
    """The state's file, made private before anything is written to it.

    One that is there is never opened here: to close it would drop the locks of every connection of this process, and
    another process could then take away the log that they write to (SQLite, How To Corrupt, 2.2).
    """
    path = folder.resolve() / FOLDER / FILE
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if not os.access(path, os.R_OK | os.W_OK):
            code = errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES
            what = f"the state cannot be opened: {os.strerror(code)}"
            raise refuse("UP301", str(path), what, "the plan's folder must be writable") from None
    except OSError as broken:
        hint = "the plan's folder must exist and be writable"
        raise refuse("UP301", str(path), f"the state cannot be opened: {broken.strerror}", hint) from broken
    return path


def _tune(raw: Any, _entry: ConnectionPoolEntry) -> None:
    """Each new connection: transactions are ours, commits are durable."""
    raw.isolation_level = None
    raw.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
    if raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        _to_wal(raw)
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("PRAGMA foreign_keys = ON")


def _to_wal(raw: Any) -> None:
    """The switch to WAL does not wait for other processes by itself."""
    for left in reversed(range(OPEN_TRIES)):
        try:
            raw.execute("PRAGMA journal_mode = WAL")
        except raw.OperationalError:
            if not left:
                raise
            time.sleep(OPEN_PAUSE_S)
        else:
            return


def _begin(conn: Connection) -> None:
    """Begin by hand: the driver would leave reads outside the transaction."""
    writes = conn.get_execution_options().get("uptake_writes", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(conn: Connection) -> int | None:
    """The schema version that the state was written by, None for a new one."""
    if not conn.dialect.has_table(conn, meta.name):
        return None
    return int(conn.execute(select(meta.c.value).where(meta.c.key == "schema")).scalar_one())


def _prepare(database: Database, place: str) -> None:
    """Make the tables once, refuse a newer schema, and see that the plan has its row."""
    with database.reading() as conn:
        version = _version(conn)
        ready = version == SCHEMA_VERSION and _known(conn, database.plan)
    if ready:
        return
    with database.writing() as conn:
        version = _version(conn)
        if version is None:
            metadata.create_all(conn, checkfirst=False)
            conn.execute(meta.insert().values(key="schema", value=str(SCHEMA_VERSION)))
        elif version > SCHEMA_VERSION:
            what = f"the state has schema {version}, this Uptake knows {SCHEMA_VERSION}"
            raise refuse("UP302", place, what, "use the newer Uptake that wrote it")
        elif version < SCHEMA_VERSION:
            metadata.create_all(conn)  # newer schemas have only added tables so far
            conn.execute(meta.update().where(meta.c.key == "schema").values(value=str(SCHEMA_VERSION)))
        conn.execute(insert_new(conn, plan_table).values(name=database.plan))


def _known(conn: Connection, plan: PlanId) -> bool:
    """Whether the plan has its row."""
    return conn.execute(select(plan_table.c.name).where(plan_table.c.name == plan)).first() is not None

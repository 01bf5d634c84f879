"""The schema of the state: every table that the store keeps, and its version.

Plain SQLAlchemy Core, the same on SQLite and PostgreSQL. Everything belongs to a plan. It holds
no queries: those stand with the part of the store that asks them. Beneath the ring: nothing here
knows what the rows mean.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

SCHEMA_VERSION = 3
"""What this code writes; a state of a newer version is refused."""

_COUNTER = BigInteger().with_variant(Integer, "sqlite")
_CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}

metadata = MetaData()


def _plan() -> Column[str]:
    """The first column of every table's key."""
    return Column("plan", String, ForeignKey("plan.name"), primary_key=True)


meta = Table("meta", metadata, Column("key", String, primary_key=True), Column("value", String, nullable=False))
"""Facts about the state itself: its schema version."""

plan = Table(
    "plan",
    metadata,
    Column("name", String, primary_key=True),
    Column("directory_version", BigInteger, nullable=False, default=0),
    Column("folded", BigInteger, nullable=False, default=0),
)
"""One row per plan: grows when the directory changes, and the last inbox row that was folded."""

ledger = Table(
    "ledger",
    metadata,
    _plan(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("hash", String, nullable=False),
)
"""The entries, with the very bytes that were hashed."""

lease = Table(
    "lease",
    metadata,
    _plan(),
    Column("epoch", BigInteger, nullable=False),
    Column("machine", String, nullable=False),
    Column("boot", String, nullable=False),
    Column("space", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started", String, nullable=False),
    Column("words", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Who may write; `words` is empty once it was given back."""

receipt = Table(
    "receipt",
    metadata,
    _plan(),
    Column("key", String, primary_key=True),
    Column("target", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    **_CLUSTERED,
)
"""What is known about one target of one action."""

inbox = Table(
    "inbox",
    metadata,
    Column("n", _COUNTER, primary_key=True, autoincrement=True),
    Column("plan", String, ForeignKey("plan.name"), nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""One row per accepted batch of events, deleted when it is folded; numbers are never used again."""

seen = Table("seen", metadata, _plan(), Column("key", LargeBinary, primary_key=True), **_CLUSTERED)
"""The digests of (source, id) of every event that was folded or set apart."""

used = Table(
    "used",
    metadata,
    _plan(),
    Column("pid", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    **_CLUSTERED,
)
"""Uses by known people; the key order is the index that counting reads."""

stray = Table(
    "stray",
    metadata,
    _plan(),
    Column("key", LargeBinary, primary_key=True),
    Column("subject", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("name", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("stray_by_digest", "plan", "digest"),
)
"""Events whose subject nobody knows yet."""

person = Table(
    "person",
    metadata,
    _plan(),
    Column("pid", String, primary_key=True),
    Column("external_id", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("setting", String, nullable=False),
    Column("attributes", LargeBinary, nullable=False),
    Column("present", Boolean, nullable=False),
    UniqueConstraint("plan", "digest"),
)
"""The one place that knows who a pid is; erasing a person deletes the row."""

assignment = Table(
    "assignment",
    metadata,
    _plan(),
    Column("pid", String, primary_key=True),
    Column("wave", Integer, nullable=False),
    Index("assignment_by_wave", "plan", "wave", "pid"),
    **_CLUSTERED,
)
"""The draw: append-only, outlives an erased person as a bare pid."""

token = Table(
    "token",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("made_at", BigInteger, nullable=False),
)
"""Tokens by name; only their SHA-256 is kept."""

text = Table(
    "text",
    metadata,
    _plan(),
    Column("digest", String, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("words", String, nullable=False),
)
"""Free text that a person wrote; the ledger holds only the digest."""

feed = Table(
    "feed",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("state", String, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("detail", String, nullable=False),
    Column("mark", String, nullable=False),
)
"""What is read again and again: when it was read last, how that went, and up to when it is complete."""

team = Table(
    "team",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("setting", String, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("users", BigInteger, nullable=False),
    **_CLUSTERED,
)
"""How many people of a setting used something on a day, where nobody looks at single people."""

placed = Table(
    "placed",
    metadata,
    _plan(),
    Column("pid", String, primary_key=True),
    Column("setting", String, nullable=False),
    Column("attributes", LargeBinary, nullable=False),
    Column("drawn", Boolean, nullable=False),
)
"""Each person as she was when she got her wave: in the draw, or by joining after it. So the draw can be made again."""

seat = Table(
    "seat",
    metadata,
    _plan(),
    Column("key", String, primary_key=True),
    Column("pid", String, primary_key=True),
    Column("course", String, primary_key=True),
    Column("session", String, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("place", String, nullable=False),
    Column("round", Integer, nullable=False),
    Column("sequence", Integer, nullable=False),
    Index("seat_by_pid", "plan", "pid"),
)
"""Who was invited to which session, by the action that invited."""

completion = Table(
    "completion",
    metadata,
    _plan(),
    Column("source", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("course", String, primary_key=True),
    Column("pid", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("completion_by_pid", "plan", "pid"),
)
"""Courses completed, as each source tells them; the pid is empty where nobody of that name is known."""

outcome_value = Table(
    "outcome_value",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("unit", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    Index("outcome_value_by_time", "plan", "name", "at"),
    **_CLUSTERED,
)
"""Values of outcomes, by key within the outcome; a correction replaces one."""

outcome_look = Table(
    "outcome_look",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("series", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("look", LargeBinary, nullable=False),
)
"""What each look at an outcome's effect said; later rows change it no more."""

link = Table(
    "link",
    metadata,
    _plan(),
    Column("digest", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("item", Integer, nullable=False),
    Column("pid", String, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False),
)
"""Personal links by the SHA-256 of their token: whose, for what, until when, and whether it has been answered."""

answer = Table(
    "answer",
    metadata,
    _plan(),
    Column("id", String, primary_key=True),
    Column("item", Integer, nullable=False),
    Column("wave", Integer, nullable=False),
    Column("pid", String, nullable=False),
    Column("given", BigInteger, nullable=False),
    Column("published", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    **_CLUSTERED,
)
"""Answers under random ids: no token, the day instead of the time, and a pid only where answers are confidential."""

secret = Table(
    "secret",
    metadata,
    _plan(),
    Column("name", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Keys that the plan's own links are made with."""

ticket = Table(
    "ticket",
    metadata,
    _plan(),
    Column("id", String, primary_key=True),
    Column("pid", String, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ticket_by_pid", "plan", "pid"),
)
"""Requests for help by people who are known."""

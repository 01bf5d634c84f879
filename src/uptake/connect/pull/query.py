"""A query of the organisation's own, on a connection of its own: read only, with a time and a row limit.

Its only parameters are `:since` and `:until`. The address is a secret by reference; drivers beside those that
Uptake itself needs are the organisation's to install.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, Row, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from uptake.connect.secrets import resolve
from uptake.core.problem import Refused, refuse
from uptake.core.time import Instant, as_datetime
from uptake.plan.pull import Pull

TIMEOUT_S = 120
AT_ONCE = 2_000


def read_query(
    pull: Pull, *, folder: Path, window: tuple[Instant, Instant]
) -> tuple[list[str], Iterator[tuple[int, Sequence[str]]]]:
    """Headings (the query's own column names) and rows; a row's line is its number.

    Raises:
        Refused: the address or the query cannot be used; the database's own words, never its address.
    """
    engine = _engine(pull, folder)
    try:
        connection = engine.connect()
    except SQLAlchemyError as error:
        engine.dispose()
        raise _refused(pull, error, "the database cannot be reached") from None
    try:
        _bound(connection)
        since, until = (as_datetime(moment) for moment in window)
        wanted = {name: value for name, value in (("since", since), ("until", until)) if f":{name}" in pull.sql}
        result = connection.execution_options(stream_results=True).execute(text(pull.sql), wanted)
    except SQLAlchemyError as error:
        connection.close()
        engine.dispose()
        raise _refused(pull, error, "the query fails") from None
    heading = list(result.keys())

    def rows() -> Iterator[tuple[int, Sequence[str]]]:
        number = 0
        try:
            for some in result.partitions(AT_ONCE):
                for row in some:
                    number += 1
                    yield number, _texts(row)
        except SQLAlchemyError as error:
            raise _refused(pull, error, "the query fails") from None
        finally:
            connection.close()
            engine.dispose()

    return heading, rows()


def _engine(pull: Pull, folder: Path) -> Engine:
    address = resolve(pull.database, folder=folder)
    try:
        return create_engine(_read_only(make_url(address), pull, folder), pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError):
        hint = "such as postgresql+psycopg://host/name; its driver must be installed where Uptake runs"
        raise refuse("pull.database", pull.database, "is no database address that can be used here", hint) from None


def _read_only(address: URL, pull: Pull, folder: Path) -> URL:
    """The address; a file is opened for reading only, and never made."""
    if address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:":
        place = Path(address.database)
        if not (folder / place).exists():
            raise refuse("pull.database", pull.database, "there is no such database file")
        name = f"file:{(folder / place).absolute()}"
        return address.set(database=name).update_query_dict({"mode": "ro", "uri": "true"})
    return address


def _bound(connection: Connection) -> None:
    """Read only, and no longer than `TIMEOUT_S`, where the database can be told so."""
    match connection.dialect.name:
        case "postgresql":
            connection.execute(text("SET TRANSACTION READ ONLY"))
            connection.execute(text(f"SET LOCAL statement_timeout = {TIMEOUT_S * 1000}"))
        case "mysql" | "mariadb":
            connection.execute(text("SET TRANSACTION READ ONLY"))
        case _:
            pass


def _texts(row: Row[tuple[object, ...]]) -> list[str]:
    return [_text(value) for value in row]


def _text(value: object) -> str:
    """A value as text: times in ISO 8601, in UTC where they have an offset."""
    match value:
        case None:
            return ""
        case datetime():
            return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def _refused(pull: Pull, error: SQLAlchemyError, what: str) -> Refused:
    """The refusal, with the first line of what the database said."""
    said = str(getattr(error, "orig", error)).strip().splitlines()
    words = f": {said[0][:200]}" if said and "@" not in said[0] else ""
    return refuse("pull.sql", pull.database, f"{what}{words}", "try it by hand with the same account")

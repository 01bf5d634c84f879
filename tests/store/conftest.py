"""A store in an empty place: a file of its own, and a schema of its own in a real PostgreSQL."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.postgres import server
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.store.open import Store, open_store

NUMBERS = itertools.count()
Opening = Callable[..., Store]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a server that all of the session's tests share; empty for files."""
    if request.param == "sqlite":
        yield ""
    else:
        with server() as address:
            yield address


@pytest.fixture
def place(address: str, tmp_path: Path) -> Iterator[Path | str]:
    """Where a state can be made: a folder, or an address with an empty schema."""
    if not address:
        yield tmp_path
        return
    engine, schema = create_engine(address), f"test{next(NUMBERS)}"
    with engine.begin() as conn:
        conn.execute(text(f"create schema {schema}"))
    yield f"{address}?options=-csearch_path%3D{schema}"
    with engine.begin() as conn:
        conn.execute(text(f"drop schema {schema} cascade"))
    engine.dispose()


@pytest.fixture
def opening(place: Path | str) -> Iterator[Opening]:
    """Opens the state again, as another process would; everything that was opened is closed at the end."""
    opened: list[Store] = []

    def again(plan: str = "helpdesk", *, ttl_s: float = 1.0) -> Store:
        opened.append(open_store(place, plan, ttl_s=ttl_s))
        return opened[-1]

    yield again
    for each in opened:
        each.close()


@pytest.fixture
def store(opening: Opening) -> Store:
    """A new state."""
    return opening()


def people(many: int) -> list[Person]:
    """An audience: u0, u1, ..."""
    return [
        Person(pid=Pid(""), external_id=f"u{number}", setting=f"team{number % 3}", attributes={"site": "north"})
        for number in range(many)
    ]

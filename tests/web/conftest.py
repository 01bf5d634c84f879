"""The world and the server that the web's tests share."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.web.world import World, served


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World.make(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def client(world: World) -> Iterator[httpx.Client]:
    with served(world.parts()) as url, httpx.Client(base_url=url, trust_env=False) as made:
        yield made

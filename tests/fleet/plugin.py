"""Pytest's part of the fleet: the fixtures `fleet_mode`, `fleet` (3 hosts) and `make_fleet`.

`fleet` runs every test that asks for it once in each mode that this machine has. Load it with
`pytest_plugins = ["tests.fleet.plugin"]` in the root conftest.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.fleet.fleet import Fleet, why_no_namespaces
from tests.fleet.host import FleetError, tool

MODES = ("ns", "plain")


def why_not(mode: str) -> str:
    """Why this machine has no fleet in `mode`; empty when it has."""
    try:
        for name in ("sshd", "ssh", "ssh-keygen"):
            tool(name)
    except FleetError as error:
        return str(error)
    return why_no_namespaces() if mode == "ns" else ""


_reasons: dict[str, str] = {}


@pytest.fixture(scope="session", params=MODES)
def fleet_mode(request: pytest.FixtureRequest) -> str:
    """Each mode in turn; one that this machine has not is skipped with its reason."""
    mode: str = request.param
    if mode not in _reasons:
        _reasons[mode] = why_not(mode)
    if _reasons[mode]:
        pytest.skip(f"fleet mode {mode}: {_reasons[mode]}")
    return mode


@pytest.fixture(scope="session")
def fleet(fleet_mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three hosts, shared by a session's tests: leave them as you found them."""
    with Fleet.start(n=3, mode=fleet_mode, folder=tmp_path_factory.mktemp(f"fleet-{fleet_mode}")) as running:
        yield running


@pytest.fixture
def make_fleet(fleet_mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int], Fleet]]:
    """Makes a fleet of n hosts for one test alone, to be broken as it likes."""
    with ExitStack() as stack:
        yield lambda n: stack.enter_context(Fleet.start(n=n, mode=fleet_mode, folder=tmp_path_factory.mktemp("fleet")))

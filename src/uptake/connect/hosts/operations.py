"""A plan item becomes pyinfra operations: any of pyinfra's by its own name, a user's deploy file, our release.

Preparing asks nothing of a host but facts that a deploy file itself reads. Each host is prepared in its own
greenlet, so one host's mistake is that host's alone. Secrets (`env:`, `file:`) are resolved here, at the last moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gevent
import pyinfra
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.host import Host
from pyinfra.api.state import State, StateStage
from pyinfra.context import ctx_config, ctx_host, ctx_inventory, ctx_state
from pyinfra.operations import server
from pyinfra_cli.util import exec_file, try_import_module_attribute

from uptake.connect import secrets
from uptake.connect.hosts.release import release
from uptake.connect.placeholder import fill_all
from uptake.core.problem import Refused
from uptake.plan.secret import is_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A plan item: `release`, `run`, `shell` or an operation's own name, its arguments unfilled, and the version.

    `idempotent` is what the plan says of doing it again; None leaves that to pyinfra.
    """

    name: str
    arguments: dict[str, Any]
    version: str
    folder: Path
    idempotent: bool | None = None


NOTHING = Item(name="", arguments={}, version="", folder=Path())
"""No step at all: hosts are opened for a script of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a host could not go on."""

    lines: tuple[str, ...]


def prepare(state: State, item: Item, hosts: list[Host], tell: Callable[[str], None]) -> dict[str, Trouble]:
    """Add the item's operations for each host to the state; the hosts in trouble come back by name.

    Args:
        state: fresh, with these hosts active.
        item: what is to be done.
        hosts: on which.
        tell: is handed each secret that was resolved, so that it can be blanked out of what is told.
    """
    pyinfra.is_cli = item.name == "run"  # a deploy file's operations are then known by its lines
    state.cwd = str(item.folder)
    state.current_stage = StateStage.Prepare
    state.current_deploy_filename = str(item.folder / item.arguments.get("", "")) if item.name == "run" else None
    with ctx_state.use(state), ctx_inventory.use(state.inventory):
        workers = {host.name: gevent.spawn(_prepare_one, state, item, host, tell) for host in hosts}
        gevent.joinall(list(workers.values()))
    return {name: found for name, worker in workers.items() if (found := worker.get()) is not None}


def prepares_again(item: Item) -> bool:
    """Whether preparing it twice does no harm: it runs no file of a user's, and fetches no secret."""
    return item.name != "run" and not _refers(item.arguments)


def _refers(value: Any) -> bool:
    if isinstance(value, str):
        return is_reference(value) and not value.startswith("file://")
    if isinstance(value, Mapping):
        return any(_refers(one) for one in value.values())
    return isinstance(value, list) and any(_refers(one) for one in value)


def _prepare_one(state: State, item: Item, host: Host, tell: Callable[[str], None]) -> Trouble | None:
    try:
        with ctx_config.use(state.config.copy()), ctx_host.use(host):
            _add(item, host, tell)
    except Refused as refused:
        return Trouble(
            lines=tuple(f"{p.where}: {p.what}" + (f" ({p.hint})" if p.hint else "") for p in refused.problems)
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001  a user's own file: anything may come out of it
        return trouble(error)
    return None


def _add(item: Item, host: Host, tell: Callable[[str], None]) -> None:
    if item.name == "run":
        exec_file(str(item.folder / item.arguments[""]), is_deploy_code=True)
        return
    address = str(host.data.get("ssh_hostname") or host.name)
    arguments = fill_all(item.arguments, version=item.version, host=address, data=host.data.dict())
    arguments = {key: _resolved(value, item.folder, tell) for key, value in arguments.items()}
    if item.name == "release":
        src = item.folder / arguments.pop("src")
        release(src=str(src), version=item.version, **arguments)
    elif item.name == "shell":
        server.shell(commands=[arguments.pop("")], **arguments)
    else:
        operation = _operation(item.name)
        first = [arguments.pop("")] if "" in arguments else []
        operation(*first, **arguments)


@cache
def _operation(name: str) -> Callable[..., Any]:
    found = try_import_module_attribute(name, prefix="pyinfra.operations")
    assert found is not None
    return found


def _resolved(value: Any, folder: Path, tell: Callable[[str], None]) -> Any:
    if isinstance(value, str):
        if not is_reference(value) or value.startswith("file://"):
            return value
        secret = secrets.resolve(value, folder=folder)
        tell(secret)
        return secret
    if isinstance(value, list):
        return [_resolved(one, folder, tell) for one in value]
    if isinstance(value, Mapping):
        return {key: _resolved(one, folder, tell) for key, one in value.items()}
    return value


def trouble(error: BaseException) -> Trouble:
    """An exception as lines for a person, a user's own mistake with its place."""
    cause = getattr(error, "exception", error)
    place = ""
    trace = cause.__traceback__
    filename = getattr(error, "filename", "")
    while trace is not None:
        if filename and trace.tb_frame.f_code.co_filename == filename:
            place = f"{filename}:{trace.tb_lineno}: "
        trace = trace.tb_next
    kind = "" if isinstance(cause, PyinfraError) else f"{type(cause).__name__}: "
    return Trouble(lines=tuple(f"{place}{kind}{cause}".splitlines()))

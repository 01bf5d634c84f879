"""One pyinfra operation on many hosts side by side, and how each came out of it.

pyinfra runs a single host's operation; which hosts, how many at once, and what a failure means is ours, because
its own runner ends all hosts for one host's exception. The fence's own words are read here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import gevent
from pyinfra.api.host import Host
from pyinfra.api.operations import run_host_op
from pyinfra.api.state import State
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.context import ctx_config, ctx_host

from uptake.connect.hosts.connector import Links, is_active
from uptake.connect.hosts.fence import MARK
from uptake.connect.hosts.operations import trouble

TAKEN = "another plan or machine has taken the lock of this service since: refused"
NO_WORDS = "it failed and printed nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a host came out: done, failed, unreachable, locked or in doubt, with the evidence."""

    state: str
    operation: str = ""
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    changed: bool = False


def execute(
    state: State, op_hash: str, hosts: Sequence[Host], links: Links, begin: Callable[[str, str], None]
) -> dict[str, Ended]:
    """Run one operation on the hosts that have it; `begin` is told host and operation before each."""
    having = [host for host in hosts if op_hash in state.ops[host]]
    arguments = state.op_meta[op_hash].global_arguments
    size = 1 if arguments.get("_serial") else arguments.get("_parallel") or len(having) or 1
    ended: dict[str, Ended] = {}
    for start in range(0, len(having), size):
        workers = {}
        for host in having[start : start + size]:
            begin(host.name, _title(state, op_hash))
            workers[host.name] = gevent.spawn(_one, state, host, op_hash, links)
        gevent.joinall(list(workers.values()), raise_error=True)
        ended.update({name: worker.get() for name, worker in workers.items()})
    return ended


def _title(state: State, op_hash: str) -> str:
    return ", ".join(sorted(state.op_meta[op_hash].names))


def _one(state: State, host: Host, op_hash: str, links: Links) -> Ended:
    title = _title(state, op_hash)
    try:
        with ctx_config.use(state.config.copy()), ctx_host.use(host):
            ok = run_host_op(state, host, op_hash)
    except (Exception, SystemExit) as error:  # noqa: BLE001  an operation's own refusal, or anything from a user's function
        lost = lost_link(host, links)
        lines = (lost,) if lost else trouble(error).lines
        return Ended(state="unreachable" if lost else "failed", operation=title, lines=lines)
    meta = state.ops[host][op_hash].operation_meta
    if ok:
        return Ended(state="done", operation=title, changed=meta.did_change())
    lost = lost_link(host, links)
    if lost:
        return Ended(state="unreachable", operation=title, lines=(lost,))
    said = meta._combined_output  # noqa: SLF001  None where nothing ran; asking for its lines would raise
    lines = [line.line for line in said] if said is not None else []
    errors = meta.stderr_lines if said is not None else []
    word = next((line.removeprefix(MARK) for line in reversed(lines) if line.startswith(MARK)), "")
    told = [line for line in errors if line.strip() and not line.startswith(MARK)]
    told = told or [line for line in lines if line.strip() and not line.startswith(MARK)]
    return _from_word(word, title, tuple(told), getattr(host.connector, "last_error", ""))


def _from_word(word: str, title: str, lines: tuple[str, ...], last_error: str) -> Ended:
    match word.split():
        case ["exit", code]:
            return Ended(state="failed", operation=title, exit_code=int(code), lines=lines or (NO_WORDS,))
        case ["stale"]:
            return Ended(state="failed", operation=title, lines=("a newer controller has been here: refused",))
        case ["locked"]:
            return Ended(state="locked", operation=title, lines=(TAKEN,))
        case ["busy"]:
            return Ended(state="in doubt", operation=title, lines=("a command from before still runs there",))
        case ["doubt"]:
            why = "this command had begun when the host went down: whether it was done is not known"
            return Ended(state="in doubt", operation=title, lines=(why, "look there; going on runs it again"))
        case _:
            return Ended(state="failed", operation=title, lines=lines or (last_error or NO_WORDS,))


def lost_link(host: Host, links: Links) -> str:
    """Why the connection is gone; empty while it stands."""
    lost = links.lost(host.name)
    if lost:
        return lost
    link = links.by_name.get(host.name)
    if isinstance(host.connector, SSHConnector) and link is not None and not is_active(link.client):
        return "the connection ended"
    return ""

"""Who the hosts are: a CSV, a list, or an ordinary pyinfra inventory file.

A pyinfra inventory is somebody's code: it is evaluated in a child process, never in the controller
(`python -m uptake.connect.hosts.inventory` is that process). Secrets in host data are left out of host facts.
"""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uptake.core.problem import Refused, refuse
from uptake.core.stage import HostFact
from uptake.plan.model import Hosts

EVALUATE_LIMIT_S = 60
HOSTS_MOST = 10_000
COLUMNS = {
    "address": "ssh_hostname",
    "port": "ssh_port",
    "user": "ssh_user",
    "key": "ssh_key",
    "known_hosts": "ssh_known_hosts_file",
}
"""A CSV's own column names and the pyinfra host data they stand for; every other column is data under its name."""
PATHS = ("ssh_key", "ssh_known_hosts_file")
_SECRET = re.compile(r"password|passwd|secret|token|credential|private", re.IGNORECASE)
_TARGET = re.compile(r"(?:(?P<user>[^@]+)@)?(?P<host>[^@:]+|\[[^\]]+\])(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A host with all its data, secrets too: this stays in the process that connects."""

    name: str
    data: dict[str, Any] = field(default_factory=dict)
    groups: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where it is reached."""
        return str(self.data.get("ssh_hostname") or self.name.removeprefix("@ssh/"))

    def told(self) -> dict[str, str]:
        """Its data as text, secrets and what only pyinfra needs left out."""
        return {key: str(value) for key, value in self.data.items() if _is_told(key, value)}


def facts(hosts: Hosts, *, folder: Path) -> tuple[HostFact, ...]:
    """The hosts of a plan, in the inventory's order.

    Args:
        hosts: the plan's `deploy.hosts`.
        folder: the plan's folder, where relative paths begin.

    Raises:
        Refused: the inventory cannot be read, names nobody, or names one host twice.
    """
    known = _evaluated(hosts, folder) if _is_code(hosts) else load(hosts, folder=folder)
    return tuple(
        HostFact(
            name=host.name,
            address=host.address,
            serves=str(host.data.get(hosts.serves, "")) if hosts.serves else "",
            data=host.told(),
        )
        for host in known
    )


def load(hosts: Hosts, *, folder: Path) -> tuple[Known, ...]:
    """The hosts with all their data. Runs the inventory's code where it is code: call it in a child process only.

    Raises:
        Refused: as `facts`.
    """
    where = hosts.inventory or "deploy.hosts"
    if _is_code(hosts):
        known = _from_pyinfra(folder / hosts.inventory, folder)
    elif hosts.inventory:
        known = _from_csv(folder / hosts.inventory)
    else:
        known = tuple(_from_text(text) for text in hosts.list_)
    if hosts.group:
        groups = sorted({group for host in known for group in host.groups})
        if hosts.group not in groups:
            hint = f"groups there: {', '.join(groups)}" if groups else "it has no groups"
            raise refuse("hosts.group", where, f"no host is in group {hosts.group!r}", hint)
        known = tuple(host for host in known if hosts.group in host.groups)
    _judge(known, where)
    return known


def _judge(known: Sequence[Known], where: str) -> None:
    if not known:
        raise refuse("hosts.none", where, "it names no host")
    if len(known) > HOSTS_MOST:
        raise refuse("hosts.many", where, f"{len(known)} hosts; at most {HOSTS_MOST} in one plan")
    names = [host.name for host in known]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise refuse("hosts.twice", where, f"these hosts stand there twice: {', '.join(twice)}")
    for host in known:
        checking = host.data.get("ssh_strict_host_key_checking", "yes")
        if checking != "yes":
            what = f"{host.name} has ssh_strict_host_key_checking {checking!r}: its key would not be verified"
            raise refuse("hosts.key", where, what, "take it out and add the key to known_hosts (ssh-keyscan)")


def _is_code(hosts: Hosts) -> bool:
    return hosts.inventory.endswith(".py")


def _is_told(key: str, value: Any) -> bool:
    """Whether a datum goes into the ledger: plain values that are no secret."""
    return isinstance(value, str | int | float) and not key.startswith("_") and not _SECRET.search(key)


def _from_csv(path: Path) -> tuple[Known, ...]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise refuse("hosts.file", str(path), f"it cannot be read: {error}") from None
    known = []
    for line, row in enumerate(rows, start=2):
        name = (row.get("name") or "").strip()
        if not name or None in row:
            what = "a host without a name" if not name else "more values than columns"
            raise refuse(
                "hosts.file", f"{path}:{line}", what, "the first line names the columns; `name` is one of them"
            )
        data: dict[str, Any] = {}
        for column, cell in row.items():
            if column in {"name", "group"} or cell is None or not cell.strip():
                continue
            data[COLUMNS.get(column, column)] = cell.strip()
        known.append(Known(name=name, data=_typed(data, path, line), groups=tuple((row.get("group") or "").split())))
    return tuple(known)


def _typed(data: dict[str, Any], path: Path, line: int) -> dict[str, Any]:
    for key in PATHS:
        if key in data:
            data[key] = str(path.parent / Path(data[key]).expanduser())
    if "ssh_port" in data:
        if not str(data["ssh_port"]).isdigit():
            raise refuse("hosts.file", f"{path}:{line}", f"port {data['ssh_port']!r} is no number")
        data["ssh_port"] = int(data["ssh_port"])
    return data


def _from_text(text: str) -> Known:
    """`host`, `user@host`, `host:port`; anything with a connector (`@docker/web`) is taken as it is."""
    match = _TARGET.fullmatch(text)
    if text.startswith("@") or match is None:
        return Known(name=text)
    data: dict[str, Any] = {"ssh_hostname": match["host"].strip("[]")}
    if match["user"]:
        data["ssh_user"] = match["user"]
    if match["port"]:
        data["ssh_port"] = int(match["port"])
    return Known(name=text, data=data)


def _from_pyinfra(path: Path, folder: Path) -> tuple[Known, ...]:
    """Evaluate an inventory file, its group data too, as pyinfra's own command line does."""
    from pyinfra.api.state import State
    from pyinfra.context import ctx_state
    from pyinfra_cli.inventory import make_inventory_from_files

    if not path.is_file():
        raise refuse("hosts.file", str(path), "there is no such file")
    try:
        with ctx_state.use(State()):
            inventory = make_inventory_from_files(str(path), cwd=str(folder))
        return tuple(
            Known(name=host.name, data=host.data.dict(), groups=tuple(sorted(set(host.groups)))) for host in inventory
        )
    except (Exception, SystemExit) as error:  # somebody's code: anything may come out of it
        cause = getattr(error, "exception", error)
        raise refuse("hosts.file", str(path), f"it ended with {type(cause).__name__}: {cause}") from error


def _evaluated(hosts: Hosts, folder: Path) -> tuple[Known, ...]:
    """Run `load` in a child process."""
    order = {"inventory": hosts.inventory, "group": hosts.group, "folder": str(folder)}
    command = [sys.executable, "-m", "uptake.connect.hosts.inventory"]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(order),
            capture_output=True,
            text=True,
            timeout=EVALUATE_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise refuse("hosts.file", hosts.inventory, f"it did not end within {EVALUATE_LIMIT_S} s") from None
    try:
        answer = json.loads(done.stdout.rpartition("\0")[2])
    except ValueError:
        said = done.stderr.strip().splitlines()
        raise refuse("hosts.file", hosts.inventory, said[-1] if said else f"it ended {done.returncode}") from None
    if "problem" in answer:
        raise refuse(*answer["problem"])
    return tuple(Known(name=name, data=data, groups=tuple(groups)) for name, data, groups in answer["hosts"])


def main() -> int:
    """The child process: an order on standard input, after whatever the inventory prints one NUL and the answer."""
    order = json.loads(sys.stdin.read())
    hosts = Hosts(inventory=order["inventory"], group=order["group"])
    try:
        known = load(hosts, folder=Path(order["folder"]))
    except Refused as refused:
        problem = refused.problems[0]
        answer: dict[str, Any] = {"problem": (problem.code, str(problem.where), problem.what, problem.hint)}
    else:
        told = ((h.name, {k: v for k, v in h.data.items() if _is_told(k, v)}, h.groups) for h in known)
        answer = {"hosts": list(told)}
    sys.stdout.write("\0" + json.dumps(answer))
    return 0


if __name__ == "__main__":
    import pyinfra_cli  # noqa: F401  it makes blocking calls cooperative, before anything else is imported

    sys.exit(main())

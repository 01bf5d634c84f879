"""The fleet's hosts as inventory files: a CSV with a header, or an ordinary pyinfra inventory.

Both name host, address, port, user, key and known hosts file, so that host keys are checked.
"""

import csv
import pprint
from collections.abc import Sequence
from pathlib import Path

from tests.fleet.host import FleetError, FleetHost


def columns(
    hosts: Sequence[FleetHost], serves: Sequence[str], column: str, extra: dict[str, str] | None
) -> list[dict[str, str]]:
    """Each host's further columns: whom it serves, and what is the same for all."""
    if serves and len(serves) != len(hosts):
        raise FleetError(f"{len(serves)} values of {column!r} for {len(hosts)} hosts")
    same = extra or {}
    if not serves:
        return [dict(same) for _ in hosts]
    return [{column: value, **same} for value in serves]


def write_csv(path: Path, hosts: Sequence[FleetHost], more: Sequence[dict[str, str]]) -> Path:
    """One line a host; the columns after `service_port` are data for the plan."""
    rows = []
    for host, own in zip(hosts, more, strict=True):
        facts = {"name": host.name, "address": host.address, "port": host.port, "user": host.user, "key": host.key}
        paths = {"known_hosts": host.known_hosts, "base": host.base, "service_port": host.service_port}
        rows.append({**facts, **paths, **own})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_py(path: Path, hosts: Sequence[FleetHost], more: Sequence[dict[str, str]], group: str) -> Path:
    """One group, a list of (name, data)."""
    entries = [(host.name, {**host.pyinfra_data(), **own}) for host, own in zip(hosts, more, strict=True)]
    text = f'"""Hosts of a fleet on this machine."""\n\n{group} = {pprint.pformat(entries, sort_dicts=False)}\n'
    path.write_text(text, encoding="utf-8")
    return path

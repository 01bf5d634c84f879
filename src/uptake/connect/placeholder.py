"""Placeholders {version}, {host}, {data.KEY} in a plan's steps and checks, filled for one host.

A brace that begins none of these names (`{ print }`, `${HOME}`) is left as it is. What a person's columns
say is another matter (`template`). Pure text: nothing is looked up here.
"""

import re
from collections.abc import Mapping
from typing import Any

from uptake.core.problem import refuse

_PLACE = re.compile(r"(?<![${])\{(version|host|data\.([A-Za-z0-9_.-]+))\}")


def fill(text: str, *, version: str, host: str, data: Mapping[str, Any]) -> str:
    """`text` with each placeholder replaced.

    Args:
        text: from the plan.
        version: of the run or roll back.
        host: the host's address.
        data: the host's own data as the inventory gives it.

    Raises:
        Refused: a data key that this host has not.

    >>> fill("http://{host}:{data.port}/{version}", version="2", host="10.0.0.1", data={"port": 80})
    'http://10.0.0.1:80/2'
    """

    def value(match: re.Match[str]) -> str:
        if match[1] == "version":
            return version
        if match[1] == "host":
            return host
        key = match[2]
        if key not in data:
            known = ", ".join(sorted(name for name in data if not name.startswith(("ssh_", "_")))) or "none"
            raise refuse(
                "placeholder.unknown", match[0], "this host has no such data in the inventory", f"it has {known}"
            )
        return str(data[key])

    return _PLACE.sub(value, text)


def fill_all(value: Any, *, version: str, host: str, data: Mapping[str, Any]) -> Any:
    """`fill` for every string within lists and mappings."""
    if isinstance(value, str):
        return fill(value, version=version, host=host, data=data)
    if isinstance(value, list | tuple):
        return [fill_all(item, version=version, host=host, data=data) for item in value]
    if isinstance(value, Mapping):
        return {key: fill_all(item, version=version, host=host, data=data) for key, item in value.items()}
    return value

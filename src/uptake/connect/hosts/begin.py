"""How the child process begins: pyinfra loaded without reading every installed package again and again.

gevent looks for plugins 25 times while it makes calls cooperative, and pyinfra for connectors with every inventory, of
which a run has one a step; each time the metadata of all packages are read. Here they are read once for the process.
"""

import sys
from functools import cache
from importlib import metadata
from typing import Any

_ask = metadata.entry_points
_all = _ask()


def _from_memory(**wanted: str) -> Any:
    """What `importlib.metadata.entry_points` gives, of what was read at first."""
    return _all.select(**wanted)


def main() -> int:
    """Load pyinfra, then be the child."""
    setattr(metadata, "entry_points", _from_memory)  # noqa: B010  its type is told by overloads
    import pyinfra_cli  # noqa: F401  it makes blocking calls cooperative, before anything else of pyinfra

    setattr(metadata, "entry_points", _ask)  # noqa: B010
    from pyinfra.api import connectors, inventory

    for name in ("get_all_connectors", "get_execution_connectors"):
        setattr(inventory, name, cache(getattr(connectors, name)))
    from uptake.connect.hosts.child import main as child

    return child()


if __name__ == "__main__":
    sys.exit(main())

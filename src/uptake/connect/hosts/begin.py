"""How the child process begins: pyinfra loaded without reading every installed package again and again.

gevent looks for plugins 25 times while it makes calls cooperative, and pyinfra for connectors with every inventory, of
which a run has one a step; each time the metadata of all packages are read. It also evaluates the same annotations
with every operation and fact on every host, a quarter of their time. Here all this is done once for the process.
"""

import gc
import sys
from functools import cache
from importlib import metadata
from typing import Any, get_type_hints

GARBAGE_AFTER = 50_000
"""So many new objects are made before garbage is looked for: loading makes many, and none of them is garbage."""
_ask = metadata.entry_points
_all = _ask()


def _from_memory(**wanted: str) -> Any:
    """What `importlib.metadata.entry_points` gives, of what was read at first."""
    return _all.select(**wanted)


def main() -> int:
    """Load pyinfra, then be the child."""
    gc.set_threshold(GARBAGE_AFTER)
    setattr(metadata, "entry_points", _from_memory)  # noqa: B010  its type is told by overloads
    import pyinfra_cli  # noqa: F401  it makes blocking calls cooperative, before anything else of pyinfra

    setattr(metadata, "entry_points", _ask)  # noqa: B010
    from pyinfra.api import arguments, connectors, inventory
    from pyinfra.connectors import base

    for name in ("get_all_connectors", "get_execution_connectors"):
        setattr(inventory, name, cache(getattr(connectors, name)))
    hints = cache(get_type_hints)
    for module in (arguments, base):
        setattr(module, "get_type_hints", hints)  # noqa: B010  its type is told by overloads
    from uptake.connect.hosts.child import main as child

    return child()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.web.serving FOLDER`: a server over a folder's state, in a process that can be killed.

It prints its address and ends on SIGTERM, like `uptake serve`; no ring turns in it.
"""

import sys
import threading
from pathlib import Path

from tests.web.world import PLAN, World
from uptake.store.open import open_store
from uptake.web.listen import Settings
from uptake.web.server import serve


def main() -> int:
    """Serve until told to stop."""
    store = open_store(Path(sys.argv[1]), PLAN)
    stopped = threading.Event()
    try:
        return serve(
            World(store).parts(),
            Settings(port=0),
            loop=lambda: stopped.wait() and None,
            stop=stopped.set,
            ready=lambda address: print(address, flush=True),
        )
    finally:
        store.close()


if __name__ == "__main__":
    raise SystemExit(main())

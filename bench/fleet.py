"""Promise: the fixture of real SSH hosts starts 12 within a second and 30 within two, and leaves nothing behind."""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, processes  # noqa: E402
from tests.fleet.plugin import MODES, why_not  # noqa: E402

LIMITS_S = {12: 1.0, 30: 2.0}
REPEATS = 3


def main() -> int:
    """Each size in each mode that this machine has, the median of three; 1 where it is too slow or leaves something."""
    bad = 0
    for mode in MODES:
        if reason := why_not(mode):
            print(f"fleet {mode}: not run ({reason})")
            continue
        for count, limit_s in LIMITS_S.items():
            took: list[float] = []
            left = 0
            for _ in range(REPEATS):
                with tempfile.TemporaryDirectory(prefix="uptake-fleet-") as name:
                    began = time.monotonic()
                    with Fleet.start(n=count, mode=mode, folder=Path(name)) as fleet:
                        took.append(time.monotonic() - began)
                        alive = [pid for host in fleet.hosts for pid in fleet.processes(host.name)]
                    left += sum((p := processes.read(pid)) is not None and p.state != "Z" for pid in alive)
            middle = sorted(took)[REPEATS // 2]
            print(f"fleet {mode}: {count} hosts in {middle:.2f} s (at most {limit_s:g} s), processes left: {left}")
            bad += middle > limit_s or left > 0
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())

"""Promise: a deploy whose controller and child are killed (-9) at random points does every command once.

Non-idempotent, multi-command and daemon-starting steps, uploads and a release on six real SSH hosts, in each mode of
the fleet. Anchor: 0 lost, 0 twice; the resumed run against one that nobody disturbed.
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.connect.hosts.killing import Told, kill_until_done, write, wrong  # noqa: E402
from tests.fleet import Fleet  # noqa: E402
from tests.fleet.plugin import MODES, why_not  # noqa: E402

HOSTS = 6
KILLS = 20
"""At least so many hits in mid-work in each mode."""
ROUNDS_MOST = 10
RESUMED_MOST, AND_S = 1.5, 5.0
"""The run after the last kill takes at most so many times what a whole one takes, and so many seconds."""


def one(mode: str, kills: int, seed: int, span_s: float) -> tuple[Told, dict[str, object]]:
    """A fresh fleet and a job killed at most so often: how it went, and what stands wrong on the hosts."""
    with tempfile.TemporaryDirectory(prefix="uptake-kill-") as name:
        folder = Path(name)
        with Fleet.start(n=HOSTS, mode=mode, folder=folder / "fleet") as fleet:
            (folder / "plan").mkdir()
            write(fleet, folder / "plan")
            return kill_until_done(folder / "plan", kills=kills, seed=seed, span_s=span_s), wrong(fleet)


def main() -> int:
    """Run and print one line a mode; 1 where a command was lost or done twice."""
    bad = 0
    for mode in MODES:
        if reason := why_not(mode):
            print(f"deploy_kill {mode}: not run ({reason})")
            continue
        began = time.monotonic()
        whole, faults = one(mode, 0, 0, 0)
        bad += bool(faults)
        hits, seed, longest_s = 0, 0, 0.0
        while hits < KILLS and seed < ROUNDS_MOST:
            told, found = one(mode, KILLS, seed, whole.last_s * 0.6)
            hits, seed, longest_s = hits + told.kills, seed + 1, max(longest_s, told.last_s)
            bad += bool(found)
            if found:
                print(f"deploy_kill {mode} seed {seed - 1}: {found}")
        bad += (hits < KILLS) + (longest_s > RESUMED_MOST * whole.last_s + AND_S)
        print(
            f"deploy_kill {mode}: {hits} kills in mid-work of {seed} deploys, hosts at fault: {bad or 'none'};"
            f" undisturbed {whole.last_s:.1f} s, longest last run {longest_s:.1f} s = {longest_s / whole.last_s:.2f} x"
            f" ({time.monotonic() - began:.0f} s in all)"
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Promise: a `release` step that has nothing to do costs at most three SSH commands a host.

Counted by each host's own sshd, which writes a line for every session that it starts. Anchor: the first run.
"""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import ROOT, uptake, write

sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet

HOSTS = 6
MOST = 3
RELEASE = '    - release: {src: app, dest: "{data.base}/shop"}\n'
NOTHING = '    - files.directory: {path: "{data.base}"}\n'


def sessions(folder: Path) -> list[int]:
    """How many commands each host was asked to run so far."""
    logs = sorted(folder.glob("**/sshd.log"))
    return [len(re.findall(r"Starting session: command", log.read_text(errors="replace"))) for log in logs]


def cost(fleet: Fleet, place: Path, steps: str, version: str) -> list[int]:
    """The commands of one whole run with these steps, by host."""
    write(fleet, place / "plan", steps)
    before = sessions(place / "fleet")
    done, _ = uptake(place / "plan", "deploy", "plan.yaml", "--yes", "--version", version)
    assert done.returncode == 0, done.stdout + done.stderr
    return [now - then for now, then in zip(sessions(place / "fleet"), before, strict=True)]


def main() -> int:
    """A run's first and second time, less what the run costs with no step at all; 1 where it is too much."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        place = Path(name)
        (place / "plan" / "app").mkdir(parents=True)
        (place / "plan" / "app" / "page").write_text("hello")
        with Fleet.start(n=HOSTS, folder=place / "fleet") as fleet:
            first = cost(fleet, place, RELEASE, "1")
            second = cost(fleet, place, RELEASE, "1")
            write(fleet, place / "bare", NOTHING)
            before = sessions(place / "fleet")
            done, _ = uptake(place / "bare", "deploy", "plan.yaml", "--yes")
            assert done.returncode == 0, done.stdout + done.stderr
            bare = [now - then - 1 for now, then in zip(sessions(place / "fleet"), before, strict=True)]
    of_step = [a - b for a, b in zip(second, bare, strict=True)]
    print(
        f"deploy_release: {HOSTS} hosts, SSH commands a host in the whole run: first {max(first)}, second"
        f" {max(second)}; the run without its step {max(bare)}, the second release step {max(of_step)} (at most {MOST})"
    )
    return int(max(of_step) > MOST)


if __name__ == "__main__":
    sys.exit(main())

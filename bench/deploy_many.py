"""Promise: a hundred hosts cost a host no more than twelve do: time and memory a host stay flat.

Ten steps through `uptake deploy`, the whole command measured: its time, and the largest memory of it and its child.
Anchor: the same on twelve hosts, in the same run.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from _job import ROOT, write

sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, processes

FEW, MANY = 12, int(os.environ.get("BENCH_HOSTS", "100"))
MOST = 1.3
POLL_S = 0.05


def resident(pid: int) -> int:
    """A process's memory now, in bytes; 0 where it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def deploy(count: int, place: Path) -> tuple[float, int]:
    """One deploy on a fleet of so many: seconds, and the largest memory of the command and its child."""
    import subprocess

    with Fleet.start(n=count, folder=place / f"fleet-{count}") as fleet:
        folder = place / f"plan-{count}"
        write(fleet, folder)
        began, most = time.monotonic(), 0
        command = [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--yes"]
        with (
            (folder / "said").open("w") as said,
            subprocess.Popen(command, cwd=folder, stdout=said, stderr=said) as run,
        ):
            while run.poll() is None:
                most = max(most, sum(resident(pid) for pid in {run.pid, *processes.descendants(run.pid)}))
                time.sleep(POLL_S)
        took_s = time.monotonic() - began
        assert run.returncode == 0, (folder / "said").read_text()[-3000:]
        return took_s, most


def main() -> int:
    """Few and many; 1 where a host of many costs more than 1.3 times a host of few."""
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        few_s, few_bytes = deploy(FEW, Path(name))
        many_s, many_bytes = deploy(MANY, Path(name))
    time_ratio = (many_s / MANY) / (few_s / FEW)
    memory_ratio = (many_bytes / MANY) / (few_bytes / FEW)
    print(
        f"deploy_many: 10 steps: {FEW} hosts {few_s:.1f} s, {few_bytes / 1e6:.0f} MB; {MANY} hosts {many_s:.1f} s,"
        f" {many_bytes / 1e6:.0f} MB; a host's time {time_ratio:.2f} x, memory {memory_ratio:.2f} x (at most {MOST} x)"
    )
    return int(max(time_ratio, memory_ratio) > MOST)


if __name__ == "__main__":
    sys.exit(main())

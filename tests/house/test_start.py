"""The command line starts quickly, because it imports what a verb needs and nothing else."""

import subprocess
import sys
import time
from pathlib import Path

WALL_S_MAX = 0.25
STARTS_MAX = 15
HEAVY = {"duckdb", "ibis", "sqlalchemy", "pyinfra", "pydantic", "numpy", "httpx", "rich", "scipy", "asyncio"}
UPTAKE = Path(sys.executable).with_name("uptake")


def test_version_is_quick() -> None:
    """The best of five starts; on a busy machine the best of up to fifteen."""
    best_s = float("inf")
    for count in range(STARTS_MAX):
        start = time.perf_counter()
        said = subprocess.run([UPTAKE, "--version"], capture_output=True, text=True, check=True).stdout
        best_s = min(best_s, time.perf_counter() - start)
        assert said.strip().endswith("0.1.0")
        if count >= 4 and best_s <= WALL_S_MAX:
            break
    assert best_s <= WALL_S_MAX


def test_version_imports_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", UPTAKE, "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines() if "|" in line}
    assert not imported & HEAVY

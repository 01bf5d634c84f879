"""kill -9 of the loop in short: the program of bench/ with fewer kills."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def test_a_killed_and_a_stopped_loop_lose_nothing_do_nothing_twice_and_keep_a_hold():
    words = [sys.executable, "loop_kill.py", "--kills", "10", "--kills-each", "10", "--stops", "1"]
    ran = subprocess.run(words, cwd=BENCH, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "stops=1" in ran.stdout
    for promise in ("lost=0", "late=0", "twice=0", "held_asks=0", "broken=0", "differences=0", "without=0"):
        assert promise in ran.stdout

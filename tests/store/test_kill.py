"""kill -9 in short: the programs of bench/ with fewer kills."""

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def run(*words: str) -> str:
    ran = subprocess.run([sys.executable, *words], cwd=BENCH, capture_output=True, text=True, check=False, timeout=240)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_killed_and_stopped_writers_lose_nothing():
    said = run("ledger_kill.py", "--kills", "50", "--stops", "1")
    assert "lost=0 broken=0" in said
    assert "late_writes=0" in said


def test_a_killed_intake_loses_nothing():
    assert "lost=0 doubled=0" in run("events_kill.py", "--kills", "12")

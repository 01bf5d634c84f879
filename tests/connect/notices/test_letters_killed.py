"""kill -9 in the middle of announcements, invitations and surveys, as the benchmark does it, on few people."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PEOPLE = 80
KILLS = 2


@pytest.mark.slow
def test_everybody_has_hers_and_repeats_are_the_same_letter() -> None:
    argv = [sys.executable, "bench/letters_kill.py", "--people", str(PEOPLE), "--kills", str(KILLS)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [dict(word.split("=") for word in line.split() if "=" in word) for line in done.stdout.splitlines()]
    assert [line["without"] for line in lines] == ["0", "0", "0"]
    assert all(int(line["letters"]) >= PEOPLE for line in lines)

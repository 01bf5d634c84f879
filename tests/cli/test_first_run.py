"""kill -9 in a plan's very first run: what the host keeps of it is found again, and the step is done once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.elsewhere import Elsewhere, clean
from tests.web.world import eventually


def begin(there: Elsewhere) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "uptake", "deploy", "plan.yaml", "--yes"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=there.folder, env=clean(), text=True, **quiet)


def test_the_same_command_goes_on_and_the_step_is_done_once(tmp_path: Path) -> None:
    there = Elsewhere(tmp_path)
    (there.folder / "wait").touch()
    first = begin(there)
    assert eventually(lambda: there.receipts() == ["begun"], within_s=20)
    os.kill(first.pid, signal.SIGKILL)
    first.communicate(timeout=30)
    second = begin(there)
    (there.folder / "wait").unlink()
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 0, said
    assert there.log == ["1"], "what outlived the first command was waited for, not done again"

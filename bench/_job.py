"""What several benchmarks of the deploy half share: a plan's folder on a fleet, and `uptake` run in it."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet  # noqa: E402

STEPS = """    - files.directory: {path: "{data.base}/T/etc", mode: "755"}
    - files.directory: {path: "{data.base}/T/var", mode: "750"}
    - files.template: {src: a.j2, dest: "{data.base}/T/etc/a.conf", mode: "644"}
    - files.template: {src: b.j2, dest: "{data.base}/T/etc/b.conf", mode: "644"}
    - files.put: {src: blob, dest: "{data.base}/T/blob", mode: "644"}
    - files.put: {src: small, dest: "{data.base}/T/small", mode: "644"}
    - files.line: {path: "{data.base}/T/etc/a.conf", line: "extra = 1"}
    - files.link: {path: "{data.base}/T/current", target: "{data.base}/T/etc"}
    - server.shell: {commands: "echo start >>{data.base}/T/var/starts"}
    - server.shell: {commands: "test -s {data.base}/T/blob && grep -q extra {data.base}/T/etc/a.conf"}
"""
"""Ten steps: folders, templates, uploads, a line, a link, a start, a check."""
PLAN = """plan: job
title: Ten steps on each host
deploy:
  service: job
  version: "1"
  environment: bench
  hosts: {inventory: inventory.csv}
  configuration:
"""


def write(fleet: Fleet, folder: Path, steps: str = STEPS, more: str = "") -> None:
    """The plan's folder: inventory, files and `plan.yaml` with these steps, and more of the deploy half."""
    folder.mkdir(exist_ok=True)
    fleet.inventory_csv(folder / "inventory.csv")
    (folder / "a.j2").write_text("host = {{ host.name }}\n")
    (folder / "b.j2").write_text("base = {{ host.data.base }}\n")
    (folder / "blob").write_bytes(bytes(range(256)) * 800)
    (folder / "small").write_bytes(bytes(range(256)) * 8)
    (folder / "plan.yaml").write_text(PLAN + steps + more)


def uptake(folder: Path, *words: str) -> "tuple[subprocess.CompletedProcess[str], float]":
    """One command and how long it took, in seconds."""
    began = time.monotonic()
    command = [sys.executable, "-m", "uptake", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done, time.monotonic() - began

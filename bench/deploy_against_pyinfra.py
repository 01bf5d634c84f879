"""Promise: the deploy half, the look beforehand, fence and receipts included, keeps up with `pyinfra -y`.

One ten-step job (folders, templates, uploads, a line, a link, a start, a check) on twelve real SSH hosts, first and
second run, the same operations for both in one go. Anchor: pyinfra's own command line on the same hosts.
"""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.connect.hosts.site import end, step  # noqa: E402
from tests.fleet import Fleet  # noqa: E402
from uptake.connect.clock import Alarm  # noqa: E402
from uptake.connect.hosts.crew import Crew  # noqa: E402
from uptake.connect.hosts.site import Site  # noqa: E402
from uptake.connect.hosts.worker import HostsWorker  # noqa: E402
from uptake.core.ids import Epoch  # noqa: E402
from uptake.plan.model import Check, Deploy, Hosts, Step  # noqa: E402
from uptake.plan.read import read_plan  # noqa: E402
from uptake.store.open import open_store  # noqa: E402

HOSTS = 12
PLAN = """
plan: b
title: b
deploy: {service: b, version: "1", environment: b, hosts: [b]}
"""
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
AIM = 1.15
"""What a deploy may cost against pyinfra's own command line, first run and second."""
RATIO_MOST = float(os.environ.get("BENCH_RATIO_MOST", "1.5"))
"""Above this the benchmark fails: something has become slower."""

STEPS: tuple[tuple[str, dict[str, object]], ...] = (
    ("files.directory", {"path": "{data.base}/T/etc", "mode": "755"}),
    ("files.directory", {"path": "{data.base}/T/var", "mode": "750"}),
    ("files.template", {"src": "a.j2", "dest": "{data.base}/T/etc/a.conf", "mode": "644"}),
    ("files.template", {"src": "b.j2", "dest": "{data.base}/T/etc/b.conf", "mode": "644"}),
    ("files.put", {"src": "blob", "dest": "{data.base}/T/blob", "mode": "644"}),
    ("files.put", {"src": "small", "dest": "{data.base}/T/small", "mode": "644"}),
    ("files.line", {"path": "{data.base}/T/etc/a.conf", "line": "extra = 1"}),
    ("files.link", {"path": "{data.base}/T/current", "target": "{data.base}/T/etc"}),
    ("server.shell", {"commands": "echo start >>{data.base}/T/var/starts"}),
    ("server.shell", {"commands": "test -s {data.base}/T/blob && grep -q extra {data.base}/T/etc/a.conf"}),
)
"""Operations and arguments; T is the folder of whoever deploys."""


def fill(value: object, tag: str) -> object:
    """The argument for one of the two, which must not find the other's work done."""
    return value.replace("/T", f"/{tag}") if isinstance(value, str) else value


def ours(folder: Path, names: tuple[str, ...], tag: str, run: int) -> tuple[float, float]:
    """The job through the worker, child's start, the look at all hosts and the end included: seconds, the look's."""
    steps = tuple(Step(name=name, arguments={k: fill(v, tag) for k, v in args.items()}) for name, args in STEPS)
    hosts = Hosts(inventory="inventory.py", group="web")
    check = Check(kind="tcp", target="{host}:{data.ssh_port}")
    half = Deploy(service="b", version="1", environment="b", hosts=hosts, configuration=steps, tests=(check,))
    read = read_plan(PLAN, file="plan.yaml")
    read = replace(read, plan=replace(read.plan, deploy=half))
    began = time.monotonic()
    store = open_store(folder, "shop")
    site = Site(plan="shop", deploy=half, folder=folder, ledger=tag)
    crew = Crew(site)
    looking = time.monotonic()
    report = crew.look(read, version="1", folder=folder, first=run == 1)
    look_s = time.monotonic() - looking
    assert not report.fatal, report.fatal
    parts = {"receipts": store.receipts, "epoch": lambda: Epoch(1), "wake": Alarm()}
    worker = HostsWorker(site, crew=(crew.child, crew.hosts), **parts)
    for item in range(len(steps)):
        worker.accept(step(half, "configuration", item, names, run=run))
        while not (found := worker.outcomes()):
            time.sleep(0.001)
        assert found[0].ok, found[0]
    worker.accept(end(names, run=run))
    while not worker.outcomes():
        time.sleep(0.001)
    worker.close()
    took_s = time.monotonic() - began
    store.close()
    return took_s, look_s


def theirs(folder: Path, tag: str) -> float:
    """The job through pyinfra's command line: seconds."""
    lines = ["from pyinfra import host", "from pyinfra.operations import files, server", ""]
    for name, args in STEPS:
        told = ", ".join(f"{key}={fill(value, tag)!r}" for key, value in args.items())
        lines.append(f"{name}({told})".replace("'{data.base}", "host.data.base + '"))
    text = "\n".join(lines)
    for head in ("'echo start >>{data.base}", "'test -s {data.base}"):
        text = text.replace(head, "f'" + head[1:])
    text = text.replace("{data.base}", "{host.data.base}")
    (folder / f"{tag}.py").write_text(text + "\n")
    command = [sys.executable, "-m", "pyinfra_cli", "-y", "inventory.py", f"{tag}.py"]
    command = [str(Path(sys.executable).parent / "pyinfra"), *command[3:]]
    began = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    took_s = time.monotonic() - began
    assert done.returncode == 0, done.stderr[-3000:]
    return took_s


def main() -> int:
    """Both, in turn, first and second run; 1 where a median ratio is above the limit."""
    ratios: dict[str, list[float]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory(prefix="uptake-bench-") as name:
        folder = Path(name)
        with Fleet.start(n=HOSTS, folder=folder / "fleet") as fleet:
            fleet.inventory_py(folder / "inventory.py")
            (folder / "a.j2").write_text("host = {{ host.name }}\n")
            (folder / "b.j2").write_text("base = {{ host.data.base }}\n")
            (folder / "blob").write_bytes(os.urandom(200_000))
            (folder / "small").write_bytes(os.urandom(2_000))
            names = tuple(host.name for host in fleet.hosts)
            for repeat in range(REPEATS):
                for run, when in ((1, "first"), (2, "second")):
                    pyinfra_s = theirs(folder, f"t{repeat}")
                    uptake_s, look_s = ours(folder, names, f"u{repeat}", 2 * repeat + run)
                    ratios[when].append(uptake_s / pyinfra_s)
                    print(
                        f"deploy_against_pyinfra {fleet.mode} {when} run: uptake {uptake_s:.2f} s, log-in and look"
                        f" {look_s:.2f} s of it,"
                        f" pyinfra -y {pyinfra_s:.2f} s, ratio {uptake_s / pyinfra_s:.2f}",
                        flush=True,
                    )
    medians = {when: sorted(found)[len(found) // 2] for when, found in ratios.items()}
    print(
        f"deploy_against_pyinfra: {HOSTS} hosts, {len(STEPS)} steps, median of {REPEATS}:"
        f" first {medians['first']:.2f} x, second {medians['second']:.2f} x (aim {AIM} x, limit {RATIO_MOST} x)"
    )
    return int(max(medians.values()) > RATIO_MOST)


if __name__ == "__main__":
    sys.exit(main())

"""A controller that is killed with its child again and again, and what must stand on the hosts at the end.

`python -m tests.connect.hosts.killing FOLDER` is that controller: a real store, lease and worker, which does the
job's steps in order and ends 0 when all are done. `kill_until_done` kills it at random points.
"""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.connect.hosts.site import deploy, shell, step
from tests.fleet import Fleet, processes
from uptake.connect.clock import Alarm
from uptake.connect.hosts.site import Patience, Site
from uptake.connect.hosts.worker import HostsWorker
from uptake.plan.model import Deploy, Step
from uptake.store.open import open_store

ROOT = Path(__file__).parents[3]
ROUND_LIMIT_S = 120.0

DEPLOY_FILE = """
from pyinfra import host
from pyinfra.operations import files, server

B = host.data.base
files.directory(path=f"{B}/app")
many = [f"echo multi-1 >>{B}/log", f"sleep 0.1; echo multi-2 | tee -a {B}/log", f"echo multi-3 >>{B}/log"]
server.shell(commands=many)
server.shell(commands=[f"echo same >>{B}/log", f"echo same >>{B}/log"])
if not host.get_fact(__import__("pyinfra.facts.files", fromlist=["File"]).File, path=f"{B}/app/once"):
    server.shell(commands=[f"touch {B}/app/once; echo once >>{B}/log"])
files.put(src="blob", dest=f"{B}/app/blob")
server.script(src="step.sh", args=(B,))
files.line(path=f"{B}/app/settings", line="a = 1")
server.shell(commands=[f"seq 1 5000; echo printed >>{B}/log"])
"""
DAEMON = (
    "cd {data.base}; setsid sh -c 'echo daemon >>log; exec sleep 600' </dev/null >/dev/null 2>&1 & "
    "echo $! >{data.base}/pid"
)
EXPECTED = {
    "multi-1": 1,
    "multi-2": 1,
    "multi-3": 1,
    "same": 2,
    "once": 1,
    "script": 1,
    "printed": 1,
    "slow-1": 1,
    "slow-2": 1,
    "daemon": 1,
    "last": 1,
}
"""How often each line stands in a host's log when every command was done once."""


def job() -> Deploy:
    """Steps that may not run twice, of several commands, one that starts a daemon, uploads between them."""
    return deploy(
        Step(name="run", arguments={"": "configure.py"}),
        shell("echo slow-1 >>{data.base}/log; sleep 0.4; echo slow-2 >>{data.base}/log"),
        Step(name="release", arguments={"src": "app", "dest": "{data.base}/shop"}),
        shell(DAEMON),
        shell("echo last >>{data.base}/log"),
        infrastructure=(Step(name="files.directory", arguments={"path": "{data.base}/var"}),),
    )


def write(fleet: Fleet, folder: Path) -> None:
    """The plan's folder."""
    fleet.inventory_py(folder / "inventory.py", serves=[f"site-{i}" for i in range(len(fleet.hosts))])
    (folder / "configure.py").write_text(DEPLOY_FILE)
    (folder / "blob").write_bytes(random.Random(1).randbytes(300_000))
    (folder / "step.sh").write_text('sleep 0.1\necho script >>"$1/log"\n')
    (folder / "app").mkdir()
    (folder / "app" / "page").write_text("hello")


def control(folder: Path) -> int:
    """The controller: takes the lease and does the job."""
    half = job()
    store = open_store(folder, "shop", ttl_s=1.0)
    while store.lease.take() is None:
        time.sleep(0.02)
    site = Site(plan="shop", deploy=half, folder=folder, ledger="kill", patience=Patience(lock_s=60))
    worker = HostsWorker(site, receipts=store.receipts, epoch=store.lease.epoch, wake=Alarm())
    names = tuple(f"host-{i + 1}" for i in range((folder / "inventory.py").read_text().count("ssh_hostname")))
    items = [("infrastructure", 0), *(("configuration", i) for i in range(len(half.configuration)))]
    print("at work", flush=True)
    for part, item in items:
        worker.accept(step(half, part, item, names))
        while not (found := worker.outcomes()):
            time.sleep(0.005)
        if not found[0].ok:
            print(found[0], flush=True)
            return 1
    worker.close()
    store.close()
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How the killing went: kills in mid-work, and how long the last start took to the end."""

    kills: int
    last_s: float


def kill_until_done(folder: Path, *, kills: int, seed: int, span_s: float) -> Told:
    """Start the controller, kill it and its child at a random point, again and again; then let it finish.

    Args:
        folder: as `write` left it.
        kills: how often at most; one that has finished before cannot be killed.
        seed: of the points.
        span_s: the points lie within so long after its start at work.
    """
    points = random.Random(seed)
    killed = 0
    while True:
        began = time.monotonic()
        controller = subprocess.Popen(
            [sys.executable, "-m", "tests.connect.hosts.killing", str(folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert controller.stdout is not None
        with controller.stdout:
            assert controller.stdout.readline().strip() == "at work"
            try:
                code = controller.wait(points.uniform(0, span_s) if killed < kills else ROUND_LIMIT_S)
            except subprocess.TimeoutExpired:
                family = processes.descendants(controller.pid)
                processes.send(family[::-1] if points.random() < 0.5 else family, signal.SIGKILL)
                controller.wait()
                killed += 1
                assert killed <= kills, "it does not finish"
                continue
            assert code == 0, controller.stdout.read()
            return Told(kills=killed, last_s=time.monotonic() - began)


def wrong(fleet: Fleet) -> dict[str, object]:
    """What does not stand as it must, by host; empty when every command was done once."""
    found: dict[str, object] = {}
    for host in fleet.hosts:
        lines = Counter(host.run("cat $HOME/log").split())
        rest = host.run("cat $HOME/app/settings $HOME/shop/current/page; wc -c <$HOME/app/blob").split()
        alive = host.run("kill -0 $(cat $HOME/pid) && echo alive").strip()
        if lines != EXPECTED or rest != ["a", "=", "1", "hello300000"] or alive != "alive":
            found[host.name] = (dict(lines), rest, alive)
    return found


if __name__ == "__main__":
    sys.exit(control(Path(sys.argv[1])))

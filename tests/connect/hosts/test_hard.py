"""What must not happen: a host trusted unseen, a frozen host that stops the others, a secret that shows."""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.connect.hosts.site import QUICK, deploy, end, plain, shell, soon, step, working
from uptake.connect.hosts.predict import predict
from uptake.connect.hosts.site import Site
from uptake.core.problem import Refused
from uptake.plan.model import Hosts, Step

ROOT = Path(__file__).parents[3]
SECRET = "Sesam-oeffne-dich-4711"


def with_known_hosts(fleet, tmp_path, lines):
    known = tmp_path / "known_hosts"
    known.write_text("".join(lines))
    text = fleet.inventory_py(tmp_path / "inventory.py").read_text()
    (tmp_path / "inventory.py").write_text(text.replace(fleet.hosts[0].known_hosts, str(known)))


def test_a_host_key_that_is_not_known_is_refused(fleet, tmp_path):
    """An unknown key and another key than the known one: no connection, the host named, nothing run there."""
    first, second, third = Path(fleet.hosts[0].known_hosts).read_text().splitlines(keepends=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "k")], check=True)
    other = (tmp_path / "k.pub").read_text().split()[1]
    del first
    with_known_hosts(fleet, tmp_path, [" ".join([*second.split()[:2], other]) + "\n", third])
    with working(fleet, tmp_path, deploy(shell("touch {data.base}/was-here"))) as work:
        outcome = work.configure()
        assert outcome.counts == {"done": 1, "unreachable": 2}
        unknown, another = outcome.failures
        assert (unknown.target, unknown.state) == ("host-1", "unreachable")
        assert (another.target, another.state) == ("host-2", "unreachable")
        assert "No host key" in unknown.lines[0]
        assert "does not match" in another.lines[0]
        assert all("ssh-keyscan" in failure.lines[0] for failure in outcome.failures)
        assert [("was-here" in said) for said in work.run("ls $HOME")] == [False, False, True]


def test_all_hosts_unreachable_is_an_outcome(make_fleet, tmp_path):
    """A canary of one host that is down is a failed step, not a crash."""
    running = make_fleet(1)
    running.kill("host-1")
    with working(running, tmp_path, deploy(shell("true"))) as work:
        outcome = work.configure()
        assert (outcome.counts, outcome.interrupted) == ({"unreachable": 1}, False)
        assert work.do(end(work.hosts)).counts == {"unreachable": 1}


@pytest.mark.slow
def test_a_frozen_host_leaves_and_the_others_go_on(make_fleet, tmp_path):
    """Frozen in a step, at its connection, or before an upload: unreachable within the limits, the others done."""
    running = make_fleet(3)
    (tmp_path / "big").write_bytes(os.urandom(3_000_000))
    slow = shell("touch {data.base}/begun; sleep 1; echo done >>{data.base}/log")
    put = Step(name="files.put", arguments={"src": "big", "dest": "{data.base}/big"})
    half = deploy(slow, put, shell("true"))

    def unreachable(outcome, began):
        assert outcome.counts == {"done": 2, "unreachable": 1}
        assert (outcome.failures[0].target, outcome.failures[0].state) == ("host-2", "unreachable")
        assert time.monotonic() - began < QUICK.connect_s + QUICK.silence_s + 5
        return outcome.failures[0].lines[0]

    with working(running, tmp_path, half) as work:
        began = time.monotonic()
        work.worker.accept(step(half, "configuration", 0, work.hosts))
        soon("begun", lambda: "begun" in running.hosts[1].run("ls $HOME"))
        running.freeze("host-2")
        assert "no sign of life" in unreachable(work.outcome(), began)
        began = time.monotonic()
        assert "no connection within" in unreachable(work.configure(2), began)
        running.thaw("host-2")
        soon("host-2 takes part again", lambda: work.configure(0).ok)
        assert work.run("cat $HOME/log") == ["done\n"] * 3
        running.freeze("host-2")
        began = time.monotonic()
        assert "no sign of life" in unreachable(work.configure(1), began)
        running.thaw("host-2")
        soon("host-2 takes part again", lambda: work.configure(1).ok)


def test_a_slow_command_is_not_a_frozen_host(fleet, tmp_path):
    """A command far longer than the sign of life's limit is waited for; one past its own `_timeout` fails alone."""
    half = deploy(
        shell("sleep 2.5"),
        Step(name="server.shell", arguments={"commands": "sleep 30", "_timeout": 1}),
    )
    with working(fleet, tmp_path, half, patience=replace(QUICK, silence_s=0.7)) as work:
        assert work.configure(0).ok
        outcome = work.do(step(half, "configuration", 1, ("host-1",)))
        assert outcome.failures[0].state == "failed"
        assert "did not end within 1 s" in outcome.failures[0].lines[0]


def looks_for(secret, stop, seen):
    """Looks through every process's arguments again and again."""
    wanted = secret.encode()
    while not stop.is_set():
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    arguments = Path(f"/proc/{entry}/cmdline").read_bytes()
                except OSError:
                    continue
                if wanted in arguments:
                    seen.append(arguments.replace(b"\0", b" ").decode(errors="replace"))


def test_a_secret_shows_nowhere(fleet, tmp_path, monkeypatch):
    """A secret by `env:` reaches the command and stands in no process list, outcome, receipt, state or child's line."""
    monkeypatch.setenv("SHOP_SECRET", SECRET)
    (tmp_path / "pw").write_text(SECRET + "\n")
    environment = {"WORD": "env:SHOP_SECRET"}
    half = deploy(
        Step(
            name="server.shell",
            arguments={"commands": 'printf %s "$WORD" >{data.base}/word; sleep 0.5', "_env": environment},
        ),
        Step(name="files.line", arguments={"path": "{data.base}/lines", "line": "file:pw"}),
        Step(name="server.shell", arguments={"commands": 'echo "no: $WORD" >&2; exit 9', "_env": environment}),
    )
    stop, seen = threading.Event(), []
    looker = threading.Thread(target=looks_for, args=(SECRET, stop, seen))
    with working(fleet, tmp_path, half) as work:
        looker.start()
        try:
            assert work.configure(0).ok
            outcome = work.configure(2)
        finally:
            stop.set()
            looker.join()
        assert work.run("cat $HOME/word") == [SECRET] * 3
        assert outcome.failures[0].lines == ("no: ***",)
        assert work.configure(1).ok
        assert work.run("cat $HOME/lines") == [SECRET + "\n"] * 3
        assert SECRET not in plain([outcome, work.worker.progress()])
        assert work.do(end(work.hosts)).ok
        assert work.run(f"grep -rl {SECRET} $HOME/.uptake || true") == [""] * 3
    assert seen == []
    for path in (tmp_path / ".uptake").iterdir():
        assert SECRET.encode() not in path.read_bytes()


def test_dry_run_touches_nothing(fleet, tmp_path):
    """What each step would change, host by host; afterwards every host is as before."""
    (tmp_path / "configure.py").write_text(
        "from pyinfra import host\nfrom pyinfra.operations import files, server\n"
        "files.directory(name='Made', path=f'{host.data.base}/dry-made')\n"
        "files.directory(name='There', path=host.data.base)\nserver.shell(name='Always', commands='true')\n"
    )
    half = deploy(
        Step(name="run", arguments={"": "configure.py"}),
        Step(name="files.put", arguments={"src": "gone", "dest": "/x"}),
        infrastructure=(Step(name="files.directory", arguments={"path": "{data.base}/dry-made"}),),
    )
    fleet.inventory_py(tmp_path / "inventory.py")
    look = "find $HOME | sort" + ("; ls -la /tmp" if fleet.mode == "ns" else "")
    before = [host.run(look) for host in fleet.hosts]
    names = [host.name for host in fleet.hosts]
    found = predict(Site(plan="shop", deploy=half, folder=tmp_path, patience=QUICK), names, version="1")
    assert [host.run(look) for host in fleet.hosts] == before
    mine = [(w.part, w.item, w.operation, w.change) for w in found if w.host == "host-1"]
    assert mine == [
        ("infrastructure", 0, "files.directory", True),
        ("configuration", 0, "Made", True),
        ("configuration", 0, "There", False),
        ("configuration", 0, "Always", True),
        ("configuration", 1, "", None),
    ]
    assert "gone" in " ".join(found[4].lines)
    assert [w.host for w in found] == [name for name in names for _ in range(5)]


def test_an_inventory_that_breaks_is_told(fleet, tmp_path):
    """A broken inventory is a refused step and a refused dry run, with its own words."""
    (tmp_path / "inventory.py").write_text("web = ['a']\n1 / 0\n")
    half = deploy(shell("true"))
    with working(fleet, tmp_path, half) as work:
        outcome = work.configure()
        assert not outcome.ok
        assert "ZeroDivisionError" in plain(json.loads(plain(outcome)))
    with pytest.raises(Refused, match="ZeroDivisionError"):
        predict(Site(plan="shop", deploy=half, folder=tmp_path), ["a"], version="1")
    no_group = replace(half, hosts=Hosts(inventory="inventory.py", group="none"))
    (tmp_path / "inventory.py").write_text("web = ['a']\n")
    with pytest.raises(Refused, match="no host is in group"):
        predict(Site(plan="shop", deploy=no_group, folder=tmp_path), ["a"], version="1")


def test_the_port_is_light_to_import():
    """The controller's side loads neither pyinfra nor gevent nor paramiko."""
    code = "import sys, uptake.connect.hosts.worker, uptake.connect.hosts.predict, uptake.connect.probes.worker\n"
    code += "print([m for m in ('pyinfra', 'gevent', 'paramiko', 'sqlalchemy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"

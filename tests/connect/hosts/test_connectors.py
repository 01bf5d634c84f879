"""Beyond a plain SSH host: this machine, a folder as root, a host behind another one. pyinfra's own connectors, fenced.

Docker and podman take the same way; no daemon of theirs can be had in a test.
"""

import os
import pprint
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.connect.hosts.site import deploy, end, shell, step, working
from uptake.plan.model import Step

JOB = deploy(
    Step(name="release", arguments={"src": "app", "dest": "{data.base}/shop"}),
    shell("echo once >>{data.base}/log"),
    shell("echo broken >&2; exit 3"),
    infrastructure=(Step(name="files.directory", arguments={"path": "{data.base}/var"}),),
)


def inventory(folder, entries):
    """The plan's folder with an inventory of these hosts and something to release."""
    folder.mkdir()
    (folder / "inventory.py").write_text(f"web = {pprint.pformat(entries, sort_dicts=False)}\n")
    (folder / "app").mkdir()
    (folder / "app" / "page").write_text("hello")
    return folder


def works(fleet, folder, name, base):
    """The whole job on one host, twice: every command once, a failure told with its words."""
    for _ in range(2):
        with working(fleet, folder, JOB) as work:
            for part, item in (("infrastructure", 0), ("configuration", 0), ("configuration", 1)):
                outcome = work.do(step(JOB, part, item, (name,)))
                assert outcome.counts == {"done": 1}, outcome
            (failure,) = work.do(step(JOB, "configuration", 2, (name,))).failures
            assert (failure.target, failure.exit_code, failure.lines) == (name, 3, ("broken",))
    assert (Path(base) / "log").read_text() == "once\n"
    assert (Path(base) / "shop/current/page").read_text() == "hello"
    assert (Path(base) / "var").is_dir()
    with working(fleet, folder, JOB) as work:
        assert work.do(end((name,))).counts == {"done": 1}


def test_this_machine(fleet, tmp_path):
    """@local: no connection, the same fence."""
    folder = inventory(tmp_path / "plan", [("@local", {"base": str(tmp_path / "base")})])
    (tmp_path / "base").mkdir()
    works(fleet, folder, "@local", tmp_path / "base")


@contextmanager
def root_of(place):
    """A folder that is a whole system: this machine's own, bound there."""
    place.mkdir()
    bound = subprocess.run(["mount", "--bind", "/", str(place)], capture_output=True, text=True, check=False)
    if bound.returncode:
        pytest.skip(f"nothing can be mounted here: {bound.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_folder_as_root(fleet, tmp_path):
    """@chroot, as root."""
    if os.geteuid() != 0:
        pytest.skip("chroot is for root")
    with root_of(tmp_path / "root") as root:
        name = f"@chroot{root}"
        (tmp_path / "base").mkdir()
        folder = inventory(tmp_path / "plan", [(name, {"base": str(tmp_path / "base")})])
        works(fleet, folder, name, tmp_path / "base")


def test_a_host_behind_another(make_fleet, tmp_path):
    """@ssh with ProxyJump from an ssh_config: the connection goes through the first host, both keys are checked."""
    running = make_fleet(2)
    jump, inner = running.hosts
    lines: list[str] = []
    for alias, host, more in (("jump", jump, ""), ("inner", inner, "  ProxyJump jump\n")):
        lines.append(
            f"Host {alias}\n  HostName {host.address}\n  Port {host.port}\n  User {host.user}\n{more}"
            f"  IdentityFile {host.key}\n  UserKnownHostsFile {host.known_hosts}\n  StrictHostKeyChecking yes\n"
        )
    config = tmp_path / "ssh_config"
    config.write_text("".join(lines))
    data = {"ssh_config_file": str(config), "ssh_known_hosts_file": inner.known_hosts, "base": inner.base}
    folder = inventory(tmp_path / "plan", [("inner", {**data, "ssh_strict_host_key_checking": "yes"})])
    with working(running, folder, JOB) as work:
        for part, item in (("infrastructure", 0), ("configuration", 0), ("configuration", 1)):
            outcome = work.do(step(JOB, part, item, ("inner",)))
            assert outcome.counts == {"done": 1}, outcome
        assert inner.run("cat $HOME/log $HOME/shop/current/page") == "once\nhello"
        assert jump.run("cat $HOME/log 2>/dev/null || echo nothing").strip() == "nothing"
        running.kill(jump.name)
        (failure,) = work.do(step(JOB, "configuration", 2, ("inner",))).failures
        assert (failure.target, failure.state) == ("inner", "unreachable")

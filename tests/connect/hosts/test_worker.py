"""Steps on real hosts through the child process: done once, told in full, resumed, ended."""

from dataclasses import replace

from tests.connect.hosts.site import deploy, end, shell, soon, step, working
from uptake.core.ids import Epoch
from uptake.plan.model import Check, Step

DEPLOY_FILE = """
from pyinfra import host
from pyinfra.operations import files, server

BASE = host.data.base
files.directory(name="Folder", path=f"{BASE}/app")
if not host.get_fact(__import__("pyinfra.facts.files", fromlist=["File"]).File, path=f"{BASE}/app/once"):
    server.shell(name="Once", commands=[f"touch {BASE}/app/once"])
files.template(name="Settings", src="settings.j2", dest=f"{BASE}/app/settings", version=host.data.version)
for i in range(3):
    server.shell(name=f"Number {i}", commands=[f"echo {i} >>{BASE}/app/log", f"echo and {i} >>{BASE}/app/log"])
"""


def test_steps_of_every_kind(fleet, tmp_path):
    """An operation by its name, a user's file unchanged, a release and a shell command; placeholders filled."""
    (tmp_path / "configure.py").write_text(DEPLOY_FILE)
    (tmp_path / "settings.j2").write_text("version={{ version }} site={{ host.data.site }}\n")
    (tmp_path / "app-1").mkdir()
    (tmp_path / "app-1" / "page").write_text("one")
    half = deploy(
        Step(name="run", arguments={"": "configure.py"}),
        Step(name="release", arguments={"src": "app-{version}", "dest": "{data.base}/shop"}),
        shell("echo {host} {version} {data.site} '{ print }' ${HOME} >{data.base}/told"),
        infrastructure=(Step(name="files.directory", arguments={"path": "{data.base}/etc", "mode": "750"}),),
    )
    with working(fleet, tmp_path, half) as work:
        first = work.do(step(half, "infrastructure", 0, work.hosts))
        assert (first.ok, first.counts, first.failures) == (True, {"done": 3}, ())
        assert all(work.configure(item).ok for item in range(3))
        assert work.run("stat -c %a $HOME/etc") == ["750\n"] * 3
        assert work.run("cat $HOME/app/settings") == [f"version=1 site=site-{i}\n" for i in range(3)]
        assert work.run("cat $HOME/app/log") == ["0\nand 0\n1\nand 1\n2\nand 2\n"] * 3
        assert work.run("cat $HOME/shop/current/page $HOME/shop/current/REVISION") == ["one1\n"] * 3
        told = [f"{h.address} 1 site-{i} {{ print }} {h.base}\n" for i, h in enumerate(fleet.hosts)]
        assert work.run("cat $HOME/told") == told
        assert work.do(end(work.hosts)).counts == {"done": 3}
        assert work.run(f"ls {work.fence}/o") == [""] * 3
        assert work.run(f"stat -c %a $HOME/.uptake {work.fence}") == ["700\n700\n"] * 3


def test_a_repeat_does_nothing_twice(fleet, tmp_path):
    """A step asked again acts on hosts without a receipt; one whose receipt was lost here finds it on the host."""
    half = deploy(shell("echo once >>{data.base}/repeated"))
    with working(fleet, tmp_path, half) as work:
        assert work.configure().ok
        assert work.configure().ok
        action = step(half, "configuration", 0, work.hosts)
        work.store.receipts.mark(action.key, dict.fromkeys(work.hosts, "wanted"))
        assert work.configure().ok
        assert work.run("cat $HOME/repeated") == ["once\n"] * 3
        assert work.configure(run=2).ok
        assert work.configure(run=2, ordinal=1000).ok
        assert work.run("wc -l <$HOME/repeated") == ["3\n"] * 3


def test_a_failure_tells_host_step_code_and_last_lines(fleet, tmp_path):
    """One host fails; its exit code and the last 20 lines come back, the others are done."""
    half = deploy(shell("test {data.site} != site-1 || { seq 1 50 >&2; exit 76; }"), shell("true"))
    with working(fleet, tmp_path, half) as work:
        outcome = work.configure()
        assert (outcome.ok, outcome.counts, outcome.interrupted) == (False, {"done": 2, "failed": 1}, False)
        (failure,) = outcome.failures
        assert (failure.target, failure.state, failure.exit_code) == ("host-2", "failed", 76)
        assert failure.step == "configuration 1: shell server.shell"
        assert failure.lines == tuple(str(n) for n in range(31, 51))
        assert work.configure(1).ok


MISTAKES = (
    (Step(name="run", arguments={"": "broken.py"}), "broken.py:3: ZeroDivisionError"),
    (Step(name="run", arguments={"": "missing.py"}), "missing.py"),
    (Step(name="files.put", arguments={"src": "nowhere", "dest": "{data.base}/x"}), "nowhere"),
    (Step(name="files.directory", arguments={"path": "{data.nothing}"}), "this host has no such data"),
    (Step(name="files.directory", arguments={"path": "/x", "_env": {"A": "env:NOT_SET_HERE"}}), "env:NOT_SET_HERE"),
    (Step(name="release", arguments={"src": "gone-{version}.tar", "dest": "/srv/x"}), "no release of 1"),
)


def test_a_mistake_in_the_plan_is_told(fleet, tmp_path):
    """What cannot be prepared fails on each host with its own words, and the child goes on."""
    (tmp_path / "broken.py").write_text("from pyinfra import host\n\n1 / 0\n")
    half = deploy(*(item for item, _ in MISTAKES), shell("true"))
    with working(fleet, tmp_path, half) as work:
        for place, (_, words) in enumerate(MISTAKES):
            outcome = work.configure(place)
            assert outcome.counts == {"failed": 3}
            assert all(words in " ".join(failure.lines) for failure in outcome.failures), outcome.failures
        assert work.configure(len(MISTAKES)).ok


def test_progress_and_close(fleet, tmp_path):
    """Progress names the step on each host; closing leaves the action open, and it goes on later, once."""
    half = deploy(shell("echo begun >>{data.base}/slow; sleep 2; echo done >>{data.base}/slow"))
    with working(fleet, tmp_path, half, ledger="slow") as work:
        action = step(half, "configuration", 0, work.hosts)
        work.worker.accept(action)
        work.worker.accept(action)
        shown = soon("progress", lambda: len(now := work.worker.progress()) == 3 and now)
        assert shown == dict.fromkeys(work.hosts, "configuration 1: shell server.shell")
        soon("begun", lambda: all(host.run("cat $HOME/slow 2>/dev/null || true") for host in fleet.hosts))
        work.worker.close()
        assert work.worker.outcomes() == ()
    with working(fleet, tmp_path, half, ledger="slow") as work:
        assert work.configure().ok
        assert work.run("cat $HOME/slow") == ["begun\ndone\n"] * 3


def test_a_dead_child_is_started_again(fleet, tmp_path):
    """Three deaths in a run are survived; the fourth interrupts the step, and going on finishes it, once."""
    half = deploy(shell("echo begun >>{data.base}/dead; sleep 3; echo done >>{data.base}/dead"))
    with working(fleet, tmp_path, half) as work:
        work.worker.accept(step(half, "configuration", 0, work.hosts))
        soon("at work", lambda: len(work.worker.progress()) == 3)
        for _ in range(4):
            child = soon("child", lambda: work.worker._child)
            child._process.kill()
            soon("its end", lambda child=child: work.worker._child is not child)
        outcome = work.outcome()
        assert (outcome.ok, outcome.interrupted, outcome.counts) == (False, True, {"in doubt": 3})
        assert {failure.state for failure in outcome.failures} == {"in doubt"}
        assert work.configure().ok
        assert work.run("cat $HOME/dead") == ["begun\ndone\n"] * 3


def test_a_stale_controller_is_refused(fleet, tmp_path):
    """Once a newer epoch has been on the hosts, commands of an older one are refused; the newer go on."""
    epochs = [Epoch(5)]
    half = deploy(shell("echo five >>{data.base}/epoch-log"), shell("echo more >>{data.base}/epoch-log"))
    with working(fleet, tmp_path, half, epoch=lambda: epochs[-1], ledger="epochs") as work:
        assert work.configure().ok
        old = tmp_path / "old"
        old.mkdir()
        with working(fleet, old, half, epoch=lambda: Epoch(4), ledger="epochs") as stale:
            outcome = stale.configure(1)
            assert outcome.counts == {"failed": 3}, outcome
            assert all("newer controller" in failure.lines[0] for failure in outcome.failures)
        epochs.append(Epoch(6))
        assert work.configure(1).ok
        assert work.run("cat $HOME/epoch-log") == ["five\nmore\n"] * 3


def test_checks_as_tests(fleet, tmp_path):
    """Tests look from here at each host: tcp, http and a command; a failing one tells what it saw."""
    (tmp_path / "smoke.sh").write_text('echo "looking at $1"; test "$2" != site-2 || { echo bad >&2; exit 4; }\n')
    half = deploy(
        tests=(
            Check(kind="command", target="sh smoke.sh {host} {data.site}"),
            Check(kind="command", target="sh smoke.sh {host} none", contains="looking at {host}"),
            Check(kind="tcp", target="{host}:{data.ssh_port}"),
        )
    )
    with working(fleet, tmp_path, replace(half)) as work:
        for item, counts in ((1, {"done": 3}), (2, {"done": 3})):
            assert work.do(step(half, "tests", item, work.hosts)).counts == counts
        outcome = work.do(step(half, "tests", 0, work.hosts))
        assert outcome.counts == {"done": 2, "failed": 1}
        (failure,) = outcome.failures
        assert (failure.target, failure.exit_code, failure.step) == ("host-3", 4, "tests 1: command")
        assert failure.lines[-1] == "sh: ended 4: bad"

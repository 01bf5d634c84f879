"""Files of pytest-testinfra as tests of a plan: run on real hosts, over the inventory's own connection."""

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.connect.hosts.site import deploy, shell, soon, step, working
from tests.connect.hosts.test_hard import SECRET, looks_for, with_known_hosts
from uptake.connect.hosts import worker
from uptake.plan.model import Check

GOOD = """
import json, os
import pytest

def test_the_host_is_reached_as_the_inventory_says(host):
    data = json.loads(os.environ["UPTAKE_DATA"])
    assert host.user().name == data["ssh_user"]
    assert host.file(data["base"]).is_directory
    assert host.file(data["base"] + "/version").content_string.strip() == os.environ["UPTAKE_VERSION"]
    assert os.environ["UPTAKE_ADDRESS"] == data["ssh_hostname"]

@pytest.mark.parametrize("word", ["a", "b"])
def test_commands(host, word):
    assert host.run("echo %s", word).stdout == word + "\\n"
"""
ONE_BAD = """
import os
import pytest

@pytest.mark.parametrize("word", ["a", "b"])
def test_name(host, word):
    print("what the test saw")
    assert os.environ["UPTAKE_HOST"] != "host-2", "this is the wrong host"

def test_other(host):
    assert os.environ["UPTAKE_HOST"] != "host-2"
"""


def suite(name):
    return Check(kind="test", target=name)


def run(folder, fleet, name, text, **options):
    """Run one file on all hosts and give its outcome."""
    (folder / name).write_text(text)
    half = deploy(shell("echo {version} >{data.base}/version"), tests=(suite(name),))
    with working(fleet, folder, half, **options) as work:
        assert work.configure().ok
        return work.do(step(half, "tests", 0, work.hosts))


@pytest.fixture(autouse=True)
def own_temporary(tmp_path_factory, monkeypatch):
    """A folder for temporary ones that no test beside this one uses."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))


def leftovers():
    """Folders of test processes that are still there."""
    return {name for name in os.listdir(os.environ["TMPDIR"]) if name.startswith("uptake-test-")}


def test_a_file_passes_on_every_host(fleet, tmp_path):
    """User, data, address and version are the inventory's and the run's; nothing is left in the plan's folder."""
    before = leftovers()
    outcome = run(tmp_path, fleet, "smoke_test.py", GOOD)
    assert (outcome.ok, outcome.counts, outcome.failures) == (True, {"done": 3}, ())
    assert leftovers() <= before
    assert not {".pytest_cache", "__pycache__"} & {path.name for path in tmp_path.iterdir()}


def test_a_failed_test_names_host_test_and_last_lines(fleet, tmp_path):
    """The host, the test without testinfra's own marks, what it printed and the assertion; others are named."""
    outcome = run(tmp_path, fleet, "smoke_test.py", ONE_BAD)
    assert outcome.counts == {"done": 2, "failed": 1}
    (failure,) = outcome.failures
    assert (failure.target, failure.state, failure.exit_code) == ("host-2", "failed", 1)
    assert failure.step == "tests 1: smoke_test.py test_name[a]"
    assert failure.lines[:3] == ("also failed: test_name[b]", "also failed: test_other", "what the test saw")
    assert "AssertionError: this is the wrong host" in " ".join(failure.lines)
    assert len(failure.lines) <= 20


BROKEN = {
    "syntax": ("def test_x(host:\n", "cannot be read", "SyntaxError"),
    "import": ("import no_such_module_here\n", "cannot be read", "no_such_module_here"),
    "empty": ("def helper(host):\n    pass\n", "", "it holds no tests"),
    "skipped": ("import pytest\n@pytest.mark.skip\ndef test_x():\n    pass\n", "", "all 1 of its tests were skipped"),
    "exits": ("import os\ndef test_x():\n    os._exit(3)\n", "", "its process ended 3 without an answer"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_tests_nothing_fails_and_says_so(fleet, tmp_path, kind):
    """A syntax error, a missing module, no test, skipped tests alone, a test that ends the process."""
    text, step_words, words = BROKEN[kind]
    outcome = run(tmp_path, fleet, "smoke_test.py", text)
    assert outcome.counts == {"failed": 3}
    assert {failure.step for failure in outcome.failures} == {f"tests 1: smoke_test.py {step_words}".strip()}
    assert all(words in " ".join(failure.lines) for failure in outcome.failures), outcome.failures


def test_a_file_that_is_gone_fails_and_names_it(fleet, tmp_path):
    """The version stands in the file's name, and that version has none."""
    half = deploy(tests=(suite("smoke-{version}.py"),))
    with working(fleet, tmp_path, half) as work:
        outcome = work.do(step(half, "tests", 0, work.hosts))
    assert outcome.failures[0].lines == ("smoke-1.py: there is no such file",)


def test_a_host_key_that_is_not_known_is_refused(fleet, tmp_path):
    """The same known_hosts counts as for every step: a test logs in nowhere else."""
    _, second, third = Path(fleet.hosts[0].known_hosts).read_text().splitlines(keepends=True)
    with_known_hosts(fleet, tmp_path, [second, third])
    (tmp_path / "smoke_test.py").write_text("def test_x(host):\n    assert host.run('true').rc == 0\n")
    half = deploy(tests=(suite("smoke_test.py"),))
    with working(fleet, tmp_path, half) as work:
        outcome = work.do(step(half, "tests", 0, work.hosts))
    assert outcome.counts == {"done": 2, "unreachable": 1}
    assert (outcome.failures[0].target, outcome.failures[0].state) == ("host-1", "unreachable")
    assert "verification failed" in " ".join(outcome.failures[0].lines)


def test_a_test_past_its_time_is_ended_with_all_it_started(fleet, tmp_path, monkeypatch):
    """The time is a budget per host; no process and no folder stays behind."""
    monkeypatch.setattr(worker, "TEST_LIMIT_S", 3.0)
    text = "import subprocess\ndef test_x(host):\n    subprocess.run(['sleep', '4711'])\n"
    before = leftovers()
    outcome = run(tmp_path, fleet, "smoke_test.py", text)
    assert outcome.counts == {"failed": 3}
    assert all("did not end within 3 s" in failure.lines[0] for failure in outcome.failures)
    soon("no process is left", lambda: not sleeping("4711"))
    soon("no folder is left", lambda: leftovers() <= before)


def test_closing_ends_the_tests(fleet, tmp_path):
    """Ctrl-C in a test: its processes end with the worker, and going on runs it again."""
    (tmp_path / "smoke_test.py").write_text(
        "import os, time\ndef test_x(host):\n    time.sleep(0 if os.path.exists('go') else 4712)\n"
        "def test_y(host):\n    import subprocess\n    subprocess.run(['sleep', '4712'])\n"
    )
    half = deploy(tests=(suite("smoke_test.py"),))
    with working(fleet, tmp_path, half) as work:
        action = step(half, "tests", 0, work.hosts)
        work.worker.accept(action)
        soon("it runs", lambda: len(work.worker.progress()) == 3)
        began = time.monotonic()
        work.worker.close()
        assert time.monotonic() - began < 20
        soon("no process is left", lambda: not running("uptake.connect.hosts.testrun", str(tmp_path)))
    (tmp_path / "smoke_test.py").write_text("def test_x(host):\n    assert host.run('true').rc == 0\n")
    with working(fleet, tmp_path, half) as work:
        assert work.do(action).ok


def test_a_key_with_a_passphrase_and_no_secret_shows(fleet, tmp_path):
    """The inventory's key is locked: its passphrase opens it, and stands in no process list and no environment."""
    key = tmp_path / "locked"
    key.write_bytes(Path(fleet.hosts[0].key).read_bytes())
    key.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", SECRET, "-f", str(key)], check=True)
    inventory = fleet.inventory_py(tmp_path / "inventory.py")
    text = inventory.read_text().replace(fleet.hosts[0].key, str(key))
    inventory.write_text(text.replace("'ssh_port'", f"'ssh_key_password': '{SECRET}', 'ssh_port'"))
    stop, seen = threading.Event(), []
    looker = threading.Thread(target=looks_for, args=(SECRET, stop, seen))
    looker.start()
    try:
        told = f"import os\ndef test_x(host):\n    assert {SECRET[::-1]!r}[::-1] not in str(dict(os.environ))\n"
        outcome = run(tmp_path, fleet, "smoke_test.py", told + "    assert host.run('true').rc == 0\n")
    finally:
        stop.set()
        looker.join()
    assert outcome.ok, [failure.lines for failure in outcome.failures]
    assert [line for line in seen if "ssh-keygen" not in line] == []


def sleeping(word):
    return running("sleep", word)


def running(*words):
    """The processes whose arguments, or folder, hold all words."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            line += os.readlink(f"/proc/{entry}/cwd")
        except OSError:
            continue
        if all(word in line for word in words) and "pytest tests" not in line:
            found.append(line)
    return found

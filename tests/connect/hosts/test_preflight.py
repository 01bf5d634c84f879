"""Before a run: one report of every problem of every host, and a crew that goes on to deploy."""

import socket
import time
from pathlib import Path

from tests.connect.hosts.site import QUICK, deploy, shell, step, working
from tests.connect.hosts.test_hard import with_known_hosts
from uptake.connect.hosts import preflight
from uptake.connect.hosts.crew import Crew
from uptake.connect.hosts.site import Site
from uptake.plan.read import read_plan

PLAN = """\
plan: shop
title: A shop
deploy:
  service: shop
  version: "1"
  environment: test
  hosts: {inventory: inventory.py, group: web}
  configuration:
    - release: {src: "app-{version}.tar", dest: "{data.base}/shop"}
    - server.shell: {commands: "true", _sudo: true}
  update:
    health: {checks: [{http: "http://{host}:{data.service_port}/"}]}
    on_failure: ON_FAILURE
"""


def look(fleet, folder, *, on_failure="hold", first=True, patience=QUICK):
    """The report, the crew's hosts, and what all of it took."""
    if not (folder / "inventory.py").exists():
        fleet.inventory_py(folder / "inventory.py")
    read = read_plan(PLAN.replace("ON_FAILURE", on_failure), file="plan.yaml")
    began = time.monotonic()
    crew = Crew(Site(plan="shop", deploy=read.plan.deploy, folder=folder, patience=patience))
    try:
        report = crew.look(read, version="1", folder=folder, first=first)
    finally:
        crew.end()
    return report, time.monotonic() - began


def told(problems):
    """(code, line of the plan, text) of each problem."""
    return [(problem.code, problem.where.line, problem.what) for problem in problems]


def sudo_works(host):
    return host.run("sudo -n true >/dev/null 2>&1 && echo yes || echo no").strip() == "yes"


def test_good_hosts_are_good(fleet, tmp_path):
    """Nothing is found and nothing is changed on hosts that are well."""
    (tmp_path / "app-1.tar").write_bytes(b"x" * 10_000)
    before = [host.run("find $HOME | sort") for host in fleet.hosts]
    report, _ = look(fleet, tmp_path)
    refused = [problem for problem in report.fatal if problem.code == "preflight.sudo"]
    assert len(refused) == sum(not sudo_works(host) for host in fleet.hosts)
    assert [problem for problem in report.fatal if problem not in refused] == []
    assert report.warnings == ()
    assert [host.run("find $HOME | sort") for host in fleet.hosts] == before


def test_every_problem_of_every_host_in_one_report(make_fleet, tmp_path):
    """A dead host, a frozen one, one without flock and sudo, one too small: each named with its plan line, at once."""
    fleet = make_fleet(4)
    fleet.inventory_py(tmp_path / "inventory.py")
    with (tmp_path / "app-1.tar").open("wb") as file:
        file.truncate(15_000_000_000_000)  # more than any disk here; it takes no room itself
    fleet.kill("host-1")
    fleet.freeze("host-2")
    report, took_s = look(fleet, tmp_path)
    fleet.thaw("host-2")
    found = told(report.fatal)
    assert [what.partition(" ")[0] for code, line, what in found if (code, line) == ("preflight.reach", 7)] == [
        "host-1",
        "host-2",
    ]
    full = [what for code, line, what in found if (code, line) == ("preflight.disk", 9)]
    assert [what.partition(" ")[0] for what in full] == ["host-3", "host-4"]
    assert all("are needed" in what for what in full)
    sudo = [what for code, line, what in found if (code, line) == ("preflight.sudo", 10)]
    assert len(sudo) == sum(not sudo_works(host) for host in fleet.hosts[2:])
    assert all(problem.hint for problem in report.fatal)
    assert took_s < QUICK.connect_s + QUICK.silence_s + 30


def test_with_exclude_a_lost_host_is_a_warning_unless_all_are_lost(make_fleet, tmp_path):
    """The others can go on without it; without any host there is nothing to go on with."""
    fleet = make_fleet(2)
    fleet.kill("host-1")
    report, _ = look(fleet, tmp_path, on_failure="exclude")
    assert [problem.code for problem in report.warnings] == ["preflight.reach"]
    assert "preflight.reach" not in [problem.code for problem in report.fatal]
    fleet.kill("host-2")
    report, _ = look(fleet, tmp_path, on_failure="exclude")
    assert [problem.code for problem in report.fatal] == ["preflight.reach"] * 2


def test_a_host_key_that_is_not_known_is_told_with_what_to_do(fleet, tmp_path):
    """The problem names the host and ssh-keyscan."""
    _, second, third = Path(fleet.hosts[0].known_hosts).read_text().splitlines(keepends=True)
    with_known_hosts(fleet, tmp_path, [second, third])
    report, _ = look(fleet, tmp_path)
    (problem,) = [problem for problem in report.fatal if problem.code == "preflight.reach"]
    assert problem.what.startswith("host-1 cannot be reached")
    assert "ssh-keyscan" in problem.what


def test_a_port_that_is_taken_before_the_first_run_is_a_warning(fleet, tmp_path):
    """Something listens where the service is to be; on later runs that is the service itself."""
    host = fleet.hosts[1]
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host.address, host.service_port))
        taken.listen()
        report, _ = look(fleet, tmp_path)
        assert [problem.code for problem in report.warnings] == ["preflight.port"]
        assert f"port {host.service_port} of host-2" in report.warnings[0].what
        again, _ = look(fleet, tmp_path, first=False)
        assert again.warnings == ()


def test_a_release_that_is_there_needs_no_room(fleet, tmp_path):
    """A version that a host keeps complete is not sent again, so its size does not matter."""
    dest = [f"{host.base}/shop/releases/1-abcdef" for host in fleet.hosts]
    for host, place in zip(fleet.hosts, dest, strict=True):
        host.run(f"mkdir -p {place} && echo 1 >{place}/REVISION")
    with (tmp_path / "app-1.tar").open("wb") as file:
        file.truncate(15_000_000_000_000)
    try:
        report, _ = look(fleet, tmp_path)
        assert "preflight.disk" not in [problem.code for problem in report.fatal]
    finally:
        for host in fleet.hosts:
            host.run(f"rm -rf {host.base}/shop")


def test_a_tool_that_is_missing_and_a_clock_that_is_off(fleet, tmp_path, monkeypatch):
    """What stands on the host decides: without flock nothing begins, a wrong clock is mentioned."""
    for host in fleet.hosts:
        host.run(f"mkdir -p {host.base}/bin && echo echo 4711 >{host.base}/bin/date && chmod +x {host.base}/bin/date")
    script = preflight.LOOK.replace("$(date", f"$({'$HOME'}/bin/date").replace("for t in ", "for t in no-such-tool ")
    monkeypatch.setattr(preflight, "LOOK", script)
    report, _ = look(fleet, tmp_path)
    assert [problem.code for problem in report.warnings] == ["preflight.clock"] * 3
    assert "behind this machine's" in report.warnings[0].what
    lacking = [problem for problem in report.fatal if problem.code == "preflight.tool"]
    assert [problem.what for problem in lacking] == [f"host-{i} has no `no-such-tool`" for i in (1, 2, 3)]
    for host in fleet.hosts:
        host.run(f"rm -rf {host.base}/bin")


def test_the_crew_goes_on_to_deploy(fleet, tmp_path):
    """The child that looked runs the steps: no second process, and the run's own receipts."""
    half = deploy(shell("echo {version} >>{data.base}/crew-log"))
    fleet.inventory_py(tmp_path / "inventory.py")
    crew = Crew(Site(plan="shop", deploy=half, folder=tmp_path, patience=QUICK))
    with working(fleet, tmp_path, half, crew=(crew.child, crew.hosts)) as work:
        assert work.configure().ok
        assert work.worker._child is crew.child
        assert work.configure().ok
        assert work.do(step(half, "configuration", 0, work.hosts, run=2)).ok
    assert crew.child._process.poll() is not None
    assert work.run("cat $HOME/crew-log") == ["1\n2\n"] * 3
    for host in fleet.hosts:
        host.run(f"rm {host.base}/crew-log")


NEEDS = """\
  needs: {memory: 900 TB, disk: 900 TB, versions: {sh-of-old: ">=1", bash: ">=99"}}
"""


def test_memory_room_and_versions_that_are_asked_for(fleet, tmp_path, monkeypatch):
    """Each of them is told with its own line of the plan; what is there is enough."""
    (tmp_path / "app-1.tar").write_bytes(b"x")
    monkeypatch.setattr(f"{__name__}.PLAN", PLAN + NEEDS)
    report, _ = look(fleet, tmp_path)
    of_first = [
        (problem.code, problem.where.line, problem.what) for problem in report.fatal if "host-1 " in problem.what
    ]
    kinds = {code: what for code, _, what in of_first}
    line = PLAN.count("\n")
    assert {number for code, number, _ in of_first if code in ("preflight.memory", "preflight.version")} == {line}
    assert "of memory are needed" in kinds["preflight.memory"]
    assert "preflight.disk" in kinds
    versions = [what for code, _, what in of_first if code == "preflight.version"]
    assert versions[0].startswith("host-1 has no `sh-of-old`")
    assert versions[1].startswith("host-1 has bash ")
    assert ">=99 is needed" in versions[1]
    enough = '  needs: {memory: 1 kB, disk: 1 kB, versions: {bash: ">=2"}}\n'
    monkeypatch.setattr(f"{__name__}.PLAN", PLAN.replace(NEEDS, "") + enough)
    report, _ = look(fleet, tmp_path)
    assert {problem.code for problem in report.fatal} <= {"preflight.sudo"}

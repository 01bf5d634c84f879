"""The fleet itself: real hosts in both modes, faults, two at once, and nothing left behind."""

import csv
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fleet import Fleet, FleetError, processes
from tests.fleet.fleet import choose_mode
from tests.fleet.plugin import why_not

ROOT = Path(__file__).parents[2]
START_LIMIT_S = 1.0


def machine() -> dict[str, object]:
    """What a fleet could change on this machine and must not."""
    return {"passwd": Path("/etc/passwd").read_bytes(), "srv": os.listdir("/srv"), "mnt": os.listdir("/mnt")}


def what_runs(*fleets: Fleet) -> list[processes.Process]:
    """Every process of some fleets, now."""
    found = [processes.read(pid) for fleet in fleets for host in fleet.hosts for pid in fleet.processes(host.name)]
    return [process for process in found if process is not None]


def left(folder: Path, addresses: set[str], before: list[processes.Process]) -> list[str]:
    """What of a fleet is still there: processes, listeners, mounts."""
    now = processes.table()
    alive = [p for p in before if p.pid in now and now[p.pid].started == p.started and now[p.pid].state != "Z"]
    mounts = [line for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines() if str(folder) in line]
    listening = [address for address in addresses & _listeners() if not _is_taken_again(address)]
    return [*map(str, alive), *mounts, *listening]


def _is_taken_again(address: str) -> bool:
    """Whether another fleet, of a test beside this one, has reserved the address's network meanwhile."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(f"\0uptake-fleet-{address.rpartition('.')[0]}")
        except OSError:
            return True
    return False


def _listeners() -> set[str]:
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    places = [line.split()[1].split(":")[0] for line in lines if line.split()[3] == "0A"]
    return {socket.inet_ntoa(bytes.fromhex(place)[::-1]) for place in places}


def test_hosts_are_separate(fleet: Fleet) -> None:
    """Each host has its own address, its own folder, and strangers' keys are refused."""
    for host in fleet.hosts:
        host.run(f"echo {host.name} > {host.base}/who && mkdir -p {host.base}/sub")
    assert [host.run(f"cat {host.base}/who").strip() for host in fleet.hosts] == ["host-1", "host-2", "host-3"]
    assert len({host.base for host in fleet.hosts}) == 3
    assert all(host.run("echo $HOME").strip() == host.base for host in fleet.hosts)
    if fleet.mode == "ns":
        assert [host.run("cat /proc/sys/kernel/hostname").strip() for host in fleet.hosts] == [
            host.name for host in fleet.hosts
        ]
        assert not Path(fleet.hosts[0].base).exists()


def test_inventories(fleet: Fleet, tmp_path: Path) -> None:
    """Both inventory files name every host with address, key and what it serves."""
    sites = ["north", "south", "east"]
    with fleet.inventory_csv(tmp_path / "hosts.csv", serves=sites).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["site"] for row in rows] == sites
    assert [row["name"] for row in rows] == ["host-1", "host-2", "host-3"]
    assert all(row["known_hosts"] and row["base"] for row in rows)
    space: dict[str, list[tuple[str, dict[str, str]]]] = {}
    exec(fleet.inventory_py(tmp_path / "inventory.py", serves=sites).read_text(encoding="utf-8"), space)
    assert [data["site"] for _, data in space["web"]] == sites
    assert space["web"][0][1]["ssh_strict_host_key_checking"] == "yes"
    with pytest.raises(FleetError, match="2 values"):
        fleet.inventory_csv(tmp_path / "bad.csv", serves=["a", "b"])


def test_faults(make_fleet: Callable[[int], Fleet]) -> None:
    """A frozen host accepts and says nothing, thawed it answers, killed it refuses; the others never notice."""
    running = make_fleet(2)
    first, second = running.hosts
    running.freeze("host-1")
    with socket.create_connection((first.address, first.port), timeout=1.0) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(4)
    assert second.run("echo there").strip() == "there"
    running.thaw("host-1")
    assert first.run("echo back").strip() == "back"
    first.run("setsid sleep 300 </dev/null >/dev/null 2>&1 &")
    running.kill("host-1")
    with pytest.raises(OSError):
        socket.create_connection((first.address, first.port), timeout=1.0).close()
    assert second.run("echo there").strip() == "there"
    with pytest.raises(FleetError, match="no host 'host-9'"):
        running.freeze("host-9")


def test_two_at_once_and_nothing_left(fleet_mode: str, tmp_path: Path) -> None:
    """Two fleets never meet, 12 hosts start within the limit, and the machine is as before."""
    before = machine()
    began = time.monotonic()
    with Fleet.start(n=12, mode=fleet_mode, folder=tmp_path / "a") as one:
        took_s = time.monotonic() - began
        with Fleet.start(n=2, mode=fleet_mode, folder=tmp_path / "b") as two:
            assert not {host.address for host in one.hosts} & {host.address for host in two.hosts}
            for running in (one, two):
                last = running.hosts[-1]
                last.run("setsid sleep 300 </dev/null >/dev/null 2>&1 & setsid sh -c 'sleep 301' >/dev/null 2>&1 &")
                assert last.run("echo there").strip() == "there"
            ran = what_runs(one, two)
            addresses = {host.address for host in (*one.hosts, *two.hosts)}
            assert len(ran) >= 14 + 4
            assert addresses <= _listeners()
    assert left(tmp_path, addresses, ran) == []
    assert machine() == before
    assert took_s <= START_LIMIT_S * _slowness()


def _slowness() -> float:
    """How much slower than idle this machine may be now: tests share its cores."""
    return max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


def test_taken_port_is_passed_over(fleet_mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody listens on a port of every address, the next port is taken."""
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        monkeypatch.setattr("tests.fleet.fleet.SSH_PORTS", (busy, 2422))
        with Fleet.start(n=1, mode=fleet_mode, folder=tmp_path) as running:
            assert running.hosts[0].port == 2422
            assert running.hosts[0].run("echo there").strip() == "there"


def test_dead_owner_leaves_nothing(fleet_mode: str, tmp_path: Path) -> None:
    """When the process that holds a fleet is killed, its hosts end by themselves."""
    before = machine()
    command = [sys.executable, "-m", "tests.fleet", "start", "--hosts", "2", "--mode", fleet_mode]
    keeper = subprocess.Popen([*command, "--folder", str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert keeper.stdout is not None
    assert f"mode {fleet_mode}" in keeper.stdout.readline()
    state = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
    ran = [process for root in state["pids"] for pid in processes.descendants(root) if (process := processes.read(pid))]
    addresses = {host["address"] for host in state["hosts"]}
    keeper.kill()
    keeper.wait()
    keeper.stdout.close()
    deadline = time.monotonic() + 10
    while remains := left(tmp_path, addresses, ran):
        assert time.monotonic() < deadline, remains
        time.sleep(0.02)
    assert machine() == before


def test_command_line(fleet_mode: str, tmp_path: Path) -> None:
    """`start --detach` leaves hosts that answer and a state file; `stop` ends them; twice is no mistake."""
    before = machine()
    start = [sys.executable, "-m", "tests.fleet", "start", "--detach", "--hosts", "2", "--mode", fleet_mode]
    folder = ["--folder", str(tmp_path)]
    said = subprocess.run([*start, *folder], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert f"2 hosts, mode {fleet_mode}" in said
    state = json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))
    assert [host["name"] for host in state["hosts"]] == ["host-1", "host-2"]
    again = subprocess.run([*start, *folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "already runs" in again.stderr
    stop = [sys.executable, "-m", "tests.fleet", "stop", *folder]
    assert "2 hosts ended" in subprocess.run(stop, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "nothing runs" in subprocess.run(stop, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert left(tmp_path, {host["address"] for host in state["hosts"]}, []) == []
    assert machine() == before


def test_mode_is_chosen_and_said(tmp_path: Path) -> None:
    """`auto` takes what the machine can; an unknown mode is refused in words."""
    assert choose_mode("auto") == ("plain" if why_not("ns") else "ns")
    with pytest.raises(FleetError, match="not 'docker'"):
        Fleet.start(n=1, mode="docker", folder=tmp_path)
    with pytest.raises(FleetError, match="1 to 250"):
        Fleet.start(n=0, folder=tmp_path)


def test_ordinary_user(make_fleet: Callable[[int], Fleet], fleet_mode: str) -> None:
    """`plain` works for a user without rights, logging in as that user: here one who lives on a host."""
    if fleet_mode != "ns":
        pytest.skip("only a host in mode ns has an ordinary user of its own")
    script = (
        "from pathlib import Path; from tests.fleet import Fleet\n"
        "with Fleet.start(n=2, folder=Path('work')) as f:\n"
        "    print(f.mode, f.hosts[1].user, f.hosts[1].run('echo $HOME').strip() == f.hosts[1].base)\n"
    )
    host = make_fleet(1).hosts[0]
    code = subprocess.run(["tar", "-c", "tests/fleet"], cwd=ROOT, capture_output=True, check=True).stdout
    subprocess.run(host.ssh_command("tar", "-x"), input=code, check=True, timeout=20)
    said = host.run(f"cd {host.base} && /usr/bin/python3 -c {shlex.quote(script)}")
    assert said.split() == ["plain", "deploy", "True"]

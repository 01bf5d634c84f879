"""N hosts together: mode, addresses, keys, faults, inventories, and an end that leaves nothing.

Every fleet has a loopback network 127.0.N.0 of its own, so that two at once never meet and the same
service port can be used on every host. A watcher process ends the hosts when the fleet's own process dies.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.fleet import inventory, processes
from tests.fleet.host import MARKER, READY_LIMIT_S, FleetError, FleetHost, RunningHost, login_name, tool

Mode = Literal["ns", "plain"]

NETWORKS = range(1, 251)
SSH_PORTS = (2222, 2322, 2422, 2522, 2622, 12222, 22222)
SERVICE_PORTS = (8080, 8180, 8280, 8380, 8480, 18080, 28080)
HOSTS_MOST = 250
START_TRIES = 3
LOGIN_LIMIT_S = 20.0
WATCHER = """
held=; while read -r pid && [ "$pid" != done ]; do held="$held $pid"; done
[ "$pid" = done ] && exit 0
[ -n "$held" ] && kill -9 $held 2>/dev/null
for place in $(grep -lsz "^$1\\." /proc/[0-9]*/environ); do
  pid=${place#/proc/}; kill -9 "${pid%/environ}" 2>/dev/null
done
"""


class Fleet:
    """Running hosts. Made by `Fleet.start`, ended by `stop` or by leaving the `with` block."""

    def __init__(self, mode: Mode, folder: Path, running: list[RunningHost], network: socket.socket) -> None:
        """Not for callers: `start` makes it."""
        self.mode: Mode = mode
        self.folder = folder
        self._running = running
        self._network = network
        self._watcher = _watch(running)

    @classmethod
    def start(cls, *, n: int, folder: Path, mode: str = "auto") -> "Fleet":
        """Start `n` hosts and wait until each answers and one log-in has worked.

        Args:
            n: how many, 1 to 250.
            folder: where keys and the hosts' folders go; made if missing.
            mode: `ns`, `plain`, or `auto` (`ns` where this machine can).

        Raises:
            FleetError: this machine cannot, with the reason and what to do.
        """
        if not 1 <= n <= HOSTS_MOST:
            raise FleetError(f"a fleet has 1 to {HOSTS_MOST} hosts, not {n}")
        chosen = choose_mode(mode)
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        _make_keys(folder / "keys")
        if chosen == "plain" and os.getuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        last: FleetError | None = None
        for _ in range(START_TRIES):  # a port that looked free may be taken by the time sshd binds it
            try:
                return cls._start_once(n, folder, chosen)
            except FleetError as error:
                last = error
                if "Address already in use" not in str(error) and "Cannot bind any address" not in str(error):
                    break
        assert last is not None
        raise last

    @classmethod
    def _start_once(cls, n: int, folder: Path, mode: Mode) -> "Fleet":
        network, third, port, service_port = _reserve(n)
        token = secrets.token_hex(8)
        known_hosts = folder / "known_hosts"
        host_key = (folder / "keys" / "host.pub").read_text(encoding="utf-8").split()
        running = []
        for i in range(1, n + 1):
            name = f"host-{i}"
            facts = FleetHost(
                name=name,
                address=f"127.0.{third}.{i}",
                port=port,
                user=login_name(mode),
                base=f"/srv/{name}" if mode == "ns" else str(folder / name / "base"),
                key=str(folder / "keys" / "client"),
                known_hosts=str(known_hosts),
                service_port=service_port,
            )
            running.append(RunningHost(facts, mode, folder / name, token))
        lines = [f"[{host.facts.address}]:{port} {host_key[0]} {host_key[1]}\n" for host in running]
        known_hosts.write_text("".join(lines), encoding="utf-8")
        try:
            for host in running:
                host.start()
            deadline = time.monotonic() + READY_LIMIT_S
            for host in running:
                host.wait_ready(deadline)
            running[0].check_login(LOGIN_LIMIT_S)
            return cls(mode, folder, running, network)
        except BaseException:
            for host in running:
                host.stop()
            network.close()
            raise

    @property
    def hosts(self) -> tuple[FleetHost, ...]:
        """The hosts' facts, `host-1` first."""
        return tuple(host.facts for host in self._running)

    def __enter__(self) -> Self:
        """The fleet itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every host."""
        self.stop()

    def freeze(self, name: str) -> None:
        """SIGSTOP everything on a host: its port still accepts, nothing answers."""
        self._find(name).signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT everything on a host."""
        self._find(name).signal(signal.SIGCONT)

    def kill(self, name: str) -> None:
        """End a host with everything on it, as a power cut would; it does not come back."""
        self._find(name).stop()

    def power_cycle(self, name: str) -> None:
        """End a host with everything on it and start it again with the same disk, which only `plain` keeps.

        Raises:
            FleetError: the fleet's hosts keep no disk, or the host does not come back.
        """
        if self.mode != "plain":
            raise FleetError(f"a host in {self.mode} mode has no disk that outlives it")
        host = self._find(name)
        host.stop()
        host.start()
        host.wait_ready(time.monotonic() + READY_LIMIT_S)

    def processes(self, name: str) -> list[int]:
        """The ids of everything that runs on a host."""
        return self._find(name).members()

    def stop(self) -> None:
        """End every host and give the network back. Twice is no mistake."""
        for host in self._running:
            host.stop()
        if self._watcher.stdin is not None and not self._watcher.stdin.closed:
            with suppress(BrokenPipeError):
                self._watcher.stdin.write(b"done\n")
                self._watcher.stdin.close()
        self._watcher.wait(timeout=READY_LIMIT_S)
        self._network.close()

    def inventory_csv(
        self, path: Path, *, serves: Sequence[str] = (), column: str = "site", extra: dict[str, str] | None = None
    ) -> Path:
        """Write the hosts as a CSV with a header; `serves` gives the hosts' values of `column` in order."""
        return inventory.write_csv(path, self.hosts, inventory.columns(self.hosts, serves, column, extra))

    def inventory_py(self, path: Path, *, serves: Sequence[str] = (), column: str = "site", group: str = "web") -> Path:
        """Write the hosts as an ordinary pyinfra inventory file with one group."""
        return inventory.write_py(path, self.hosts, inventory.columns(self.hosts, serves, column, None), group)

    def state(self) -> dict[str, object]:
        """The facts as JSON can hold them, with what `stop` in another process needs."""
        pids = [host.process.pid for host in self._running if host.process is not None]
        return {
            "mode": self.mode,
            "folder": str(self.folder),
            "hosts": [asdict(host) for host in self.hosts],
            "keeper": asdict(processes.read(os.getpid()) or _gone()),
            "pids": pids,
        }

    def write_state(self) -> Path:
        """Write `state.json` into the folder, whole or not at all."""
        path = self.folder / "state.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.state(), indent=2) + "\n", encoding="utf-8")
        part.rename(path)
        return path

    def _find(self, name: str) -> RunningHost:
        for host in self._running:
            if host.facts.name == name:
                return host
        raise FleetError(f"no host {name!r} in this fleet: {', '.join(h.facts.name for h in self._running)}")


def _gone() -> processes.Process:
    return processes.Process(pid=0, parent=0, started=0, state="X")


def choose_mode(mode: str) -> Mode:
    """`ns` or `plain`; for `auto`, what this machine can, found by trying.

    Raises:
        FleetError: the name is unknown, or `ns` was demanded and cannot be.
    """
    match mode:
        case "plain":
            return "plain"
        case "ns" | "auto":
            why = why_no_namespaces()
            if not why:
                return "ns"
            if mode == "auto":
                return "plain"
            raise FleetError(f"mode ns cannot be had here: {why}; mode plain works without")
        case _:
            raise FleetError(f"mode is ns, plain or auto, not {mode!r}")


def why_no_namespaces() -> str:
    """Empty when root with mount, uts and pid namespaces and a layered root works here."""
    if os.getuid() != 0:
        return "it needs root"
    probe = (
        "mount --make-rprivate / && mount -t tmpfs fleet /mnt && cd /mnt && mkdir up work new"
        " && mount -t overlay -o lowerdir=/,upperdir=up,workdir=work overlay new && mount -t proc proc new/proc"
    )
    try:
        command = [tool("unshare"), "--mount", "--uts", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", probe]
        tool("pivot_root")
    except FleetError as error:
        return str(error)
    done = subprocess.run(command, capture_output=True, text=True, timeout=LOGIN_LIMIT_S, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"unshare ended {done.returncode}"


def _make_keys(folder: Path) -> None:
    """One key for the hosts and one for the client, made once per folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in ("host", "client"):
        if not (folder / name).exists():
            command = [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", f"fleet-{name}", "-f", name]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=LOGIN_LIMIT_S)


def _reserve(n: int) -> tuple[socket.socket, int, int, int]:
    """A loopback network that no other fleet has, and two ports free on all its addresses.

    The network is held by an abstract socket, which the kernel frees when the process ends in any way.
    """
    for third in NETWORKS:
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            held.bind(f"\0uptake-fleet-127.0.{third}")
        except OSError:
            held.close()
            continue
        addresses = [f"127.0.{third}.{i}" for i in range(1, n + 1)]
        port = next((port for port in SSH_PORTS if _all_free(addresses, port)), None)
        service = next((port for port in SERVICE_PORTS if _all_free(addresses, port)), None)
        if port is not None and service is not None:
            return held, third, port, service
        held.close()
    raise FleetError("no loopback network with free ports was found (127.0.1.0 to 127.0.250.0 were tried)")


def _all_free(addresses: Sequence[str], port: int) -> bool:
    for address in addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def _watch(running: list[RunningHost]) -> subprocess.Popen[bytes]:
    """A shell that ends the hosts when this process dies: its standard input closes then."""
    token = running[0].marker.rpartition(".")[0]
    assert token.startswith(MARKER)
    watcher = subprocess.Popen(
        ["/bin/sh", "-c", WATCHER, "watcher", token],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert watcher.stdin is not None
    pids = [str(host.process.pid) for host in running if host.process is not None]
    watcher.stdin.write(("\n".join(pids) + "\n").encode())
    watcher.stdin.flush()
    return watcher

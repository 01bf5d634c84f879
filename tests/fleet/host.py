"""One SSH host of the fleet: its facts, its sshd's configuration, its start, faults and end.

A host is started with one command and is ready when its port answers with `SSH-`. It knows nothing
of the other hosts; addresses, keys and ports are chosen by `fleet`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import processes

HERE = Path(__file__).parent
MARKER = "UPTAKE_FLEET"
READY_LIMIT_S = 20.0
READY_POLL_S = 0.005
STOP_LIMIT_S = 5.0
STOP_ROUNDS = 20
DEPLOY_USER = "deploy"
KEX = "curve25519-sha256,curve25519-sha256@libssh.org"


class FleetError(Exception):
    """The fleet cannot be had on this machine; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetHost:
    """What a client has to know of a host. All of the host's own paths stand under `base`."""

    name: str
    address: str
    port: int
    user: str
    base: str
    key: str
    known_hosts: str
    service_port: int

    def pyinfra_data(self) -> dict[str, str | int | bool]:
        """The host data with which pyinfra reaches it, host key checked."""
        return {
            "ssh_hostname": self.address,
            "ssh_port": self.port,
            "ssh_user": self.user,
            "ssh_key": self.key,
            "ssh_known_hosts_file": self.known_hosts,
            "ssh_strict_host_key_checking": "yes",
            "ssh_config_file": "/dev/null",
            "ssh_allow_agent": False,
            "ssh_look_for_keys": False,
            "base": self.base,
            "service_port": self.service_port,
        }

    def ssh_command(self, *command: str) -> list[str]:
        """The arguments with which OpenSSH's client runs `command` there."""
        options = {
            "UserKnownHostsFile": self.known_hosts,
            "StrictHostKeyChecking": "yes",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "ConnectTimeout": "10",
        }
        flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
        target = f"{self.user}@{self.address}"
        return ["ssh", "-F", "/dev/null", "-i", self.key, *flags, "-p", str(self.port), target, "--", *command]

    def run(self, command: str, timeout_s: float = 30.0) -> str:
        """Run a shell command there and give what it printed; a failure raises with its stderr."""
        done = subprocess.run(self.ssh_command(command), capture_output=True, text=True, timeout=timeout_s, check=False)
        if done.returncode:
            raise FleetError(f"{self.name}: {command!r} ended {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def tool(name: str) -> str:
    """Where a program is, looking also where only root's path leads.

    Raises:
        FleetError: it is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin:/usr/local/sbin")
    if path is None:
        package = "openssh-server" if name == "sshd" else "openssh-client" if name.startswith("ssh") else "util-linux"
        raise FleetError(f"{name} was not found on this machine: install it (Debian: apt-get install {package})")
    return path


class RunningHost:
    """A host with the processes behind it."""

    def __init__(self, facts: FleetHost, mode: str, folder: Path, token: str) -> None:
        """Prepare; `folder` is the host's own, beside the fleet's `keys`."""
        self.facts = facts
        self.mode = mode
        self.folder = folder
        self.marker = f"{MARKER}={token}.{facts.name}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns at once, `wait_ready` waits."""
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = self.folder.parent / "keys"
        inside = self.mode == "ns"
        place = "/run/fleet" if inside else str(keys)
        config = self.folder / "sshd_config"
        config.write_text(self._sshd_config(place), encoding="utf-8")
        sshd = tool("sshd")
        if inside:
            namespaces = ["--mount", "--uts", "--pid", "--fork", "--kill-child"]
            script = [str(HERE / "host_init.sh"), str(self.folder), str(keys), self.facts.name, self.facts.base]
            command = [tool("unshare"), *namespaces, "/bin/sh", *script, self.facts.user, sshd]
        else:
            Path(self.facts.base).mkdir(parents=True, exist_ok=True)
            command = [sshd, "-D", "-e", "-f", str(config)]
        with (self.folder / "sshd.log").open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _sshd_config(self, place: str) -> str:
        facts = self.facts
        lines = [
            f"ListenAddress {facts.address}:{facts.port}",
            f'HostKey "{place}/host"',
            f'AuthorizedKeysFile "{place}/client.pub"',
            f"AllowUsers {facts.user}",
            "PermitRootLogin prohibit-password",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "UsePAM no",
            "StrictModes no",
            "UseDNS no",
            "PidFile none",
            "MaxStartups 500",
            "MaxSessions 200",
            "PrintMotd no",
            "LogLevel VERBOSE",
            "Subsystem sftp internal-sftp",
            f"KexAlgorithms {KEX}",
            f'SetEnv "HOME={facts.base}" "{self.marker}"',
        ]
        return "\n".join(lines) + "\n"

    def is_ready(self) -> bool:
        """Whether its port answers as an SSH server.

        Raises:
            FleetError: it ended instead.
        """
        assert self.process is not None
        if self.process.poll() is not None:
            raise FleetError(f"{self.facts.name} ended {self.process.returncode} at its start: {self.said()}")
        try:
            with socket.create_connection((self.facts.address, self.facts.port), timeout=2.0) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def wait_ready(self, deadline: float) -> None:
        """Wait until it answers.

        Raises:
            FleetError: it ended, or did not answer by `deadline` (monotonic seconds).
        """
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise FleetError(f"{self.facts.name} did not answer within {READY_LIMIT_S} s")
            time.sleep(READY_POLL_S)

    def check_login(self, limit_s: float) -> None:
        """Log in once, so that an account sshd will not have is found now and told with sshd's own reason."""
        try:
            self.facts.run("true", timeout_s=limit_s)
        except (FleetError, subprocess.TimeoutExpired) as error:
            raise FleetError(f"{error}; its sshd said: {self.said()}") from error

    def said(self) -> str:
        """The last of what its sshd wrote."""
        return (self.folder / "sshd.log").read_text(encoding="utf-8", errors="replace").strip()[-2000:]

    def members(self) -> list[int]:
        """Every process of this host, its daemons included."""
        if self.process is None:
            return []
        tree = processes.descendants(self.process.pid)
        if self.mode == "ns":
            below = tree[1:2]
            return [*tree[:1], *processes.in_namespace_of(below[0])] if below else tree
        return list(dict.fromkeys([*tree, *processes.marked(self.marker)]))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the host (in `ns` mode not to the `unshare` that holds it)."""
        members = self.members()
        processes.send(members[1:] if self.mode == "ns" else members, number)

    def stop(self) -> None:
        """End it at once with everything on it; a host that is gone already is no mistake."""
        process = self.process
        if process is None:
            return
        for _ in range(STOP_ROUNDS):
            left = [pid for pid in self.members() if (p := processes.read(pid)) is not None and p.state != "Z"]
            if not left:
                break
            processes.send(left, signal.SIGKILL)
            time.sleep(0.001)
        process.wait(timeout=STOP_LIMIT_S)


def login_name(mode: str) -> str:
    """Who logs in: `deploy`, made inside the host, or the user who runs this."""
    if mode == "ns":
        return DEPLOY_USER
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise FleetError(f"user id {os.getuid()} has no line in /etc/passwd: sshd lets nobody in") from None

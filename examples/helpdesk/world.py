"""The world of the demonstration: folder, hosts, mailbox and every process, begun here and ended here at every exit.

`World` makes a fresh work folder with the plan beside its files, starts what stands outside Uptake (hosts, mailbox,
bridge, driver) and runs Uptake itself only as its command line. It judges nothing: that is for chapters.py.
"""

import ctypes
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import pack
import people

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from tests.fleet import Fleet, FleetError  # noqa: E402

POLL_S = 0.1
FIRST_WAVE_S, COMMANDS_BEFORE = 50, 14
"""When the first wave opens: so long after the set-up, and the time of so many commands, which a busy machine needs."""
SESSIONS_S, SESSION_EVERY_S, SESSION_S = 600, 3, 2.5
"""Sessions go on for so long, one begins so often, each takes so long."""
__all__ = ["HERE", "ROOT", "FleetError", "NotSo", "World", "check", "until"]
COMMAND_LIMIT_S = 90.0
READY_LIMIT_S = 20.0
STOP_LIMIT_S = 10.0
WATCH_EVERY_S = 0.2
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
BESIDE_THE_PLAN = ("plan.yaml", "configure.py", "config.ini.j2", "access.py", "tracker.py", "texts")
Found = TypeVar("Found")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class NotSo(Exception):
    """A fact that the demonstration promises does not hold."""


def check(so: object, what: str) -> None:
    """Raises NotSo unless it is so."""
    if not so:
        raise NotSo(what)


def until(what: str, so: Callable[[], Found], limit_s: float, poll_s: float = POLL_S) -> Found:
    """Asks again and again until the answer is true; raises NotSo after `limit_s`."""
    deadline = time.monotonic() + limit_s
    while not (found := so()):
        if time.monotonic() > deadline:
            raise NotSo(f"{what}: not within {limit_s:.0f} s")
        time.sleep(poll_s)
    return found


def end_with_parent() -> None:
    """In a new child: the kernel ends it should this process be killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def open_to_all(folder: Path) -> bool:
    """Whether any user of this machine can reach what lies in a folder."""
    return all(step.stat().st_mode & stat.S_IXOTH for step in (folder, *folder.parents))


class Secrecy(threading.Thread):
    """Looks through the arguments of every process on this machine again and again for what must never stand there."""

    def __init__(self, planted: list[str]) -> None:
        """Args: planted: the secrets."""
        super().__init__(daemon=True)
        self.planted = [secret.encode() for secret in planted]
        self.seen: list[str] = []
        self.looks = 0
        self.ended = threading.Event()

    def run(self) -> None:
        """Looks until ended."""
        while not self.ended.wait(WATCH_EVERY_S):
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    self.look(entry)
            self.looks += 1

    def look(self, process: Path) -> None:
        """Notes a process whose arguments hold a secret."""
        try:
            arguments = (process / "cmdline").read_bytes()
        except OSError:
            return
        if any(secret in arguments for secret in self.planted):
            self.seen.append(process.name)


class World:
    """Everything that runs for one demonstration; a context that leaves nothing behind but its work folder."""

    def __init__(self, mode: str, work: Path) -> None:
        """Args: mode: ns, plain or auto, for the hosts; work: the folder that is made afresh."""
        self.mode = mode
        self.work = work.absolute()
        self.plan = self.work / "plan.yaml"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.fleet: Fleet | None = None
        self.temporary: list[Path] = []
        self.environment = dict(os.environ)
        self.secrecy: Secrecy | None = None
        self.port = 0

    def __enter__(self) -> Self:
        """Itself; nothing runs yet, and nothing else may run in this folder."""
        self.work.parent.mkdir(parents=True, exist_ok=True)
        self.lock = self.work.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.lock.close()
            raise NotSo(f"a demonstration runs in {self.work} already: wait for it, or give --work") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends every process, the newest first, then the hosts."""
        for name in reversed(list(self.running)):
            self.stop(name)
        if self.secrecy is not None:
            self.secrecy.ended.set()
        if self.fleet is not None:
            self.fleet.stop()
        for folder in self.temporary:
            shutil.rmtree(folder, ignore_errors=True)
        self.lock.close()

    def prepare(self) -> None:
        """Set-up that stands before the clock: the archives, a fresh work folder, made-up people, secrets."""
        archives = pack.pack(ROOT / "build/helpdesk/packs")
        shutil.rmtree(self.work, ignore_errors=True)
        for folder in ("build", "log", "secrets"):
            (self.work / folder).mkdir(parents=True)
        (self.work / "secrets").chmod(0o700)
        for name in BESIDE_THE_PLAN:
            source = HERE / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, self.work / name)
        for archive in archives.values():
            shutil.copy(archive, self.work / "build" / archive.name)
        people.write(self.work / "people.csv")
        (self.work / "completions.csv").write_text("person,course,at\n")
        (self.work / "answers.csv").write_text("team,at,minutes,id\n")
        for name in ("admin.pw", "people.key"):
            self.secret_file(name, secrets.token_urlsafe(24))

    def dates(self) -> None:
        """Puts what a real plan has as dates into this one: the first wave, the sessions, and where people find it."""
        began = time.monotonic()
        self.uptake("explain", "plan")
        command_s = time.monotonic() - began
        now = datetime.now(UTC)
        self.port = free_port()
        first = (now + timedelta(seconds=FIRST_WAVE_S + COMMANDS_BEFORE * command_s)).isoformat(timespec="seconds")
        text = self.plan.read_text().replace('start: "2026-01-01"', f'start: "{first}"')
        self.plan.write_text(text.replace("http://127.0.0.1:8713", f"http://127.0.0.1:{self.port}"))
        lines = ["course,start,end,place,seats"]
        for second in range(0, SESSIONS_S, SESSION_EVERY_S):
            start = now + timedelta(seconds=second)
            end = start + timedelta(seconds=SESSION_S)
            lines.append(
                f"basics,{start.isoformat(timespec='milliseconds')},{end.isoformat(timespec='milliseconds')},Room 1,60"
            )
        (self.work / "sessions.csv").write_text("\n".join(lines) + "\n")

    def secret_file(self, name: str, content: str) -> Path:
        """Writes a secret that only this user can read."""
        path = self.work / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(content)
        return path

    def begin(self) -> None:
        """Starts the mailbox and the hosts, and writes where they are for the plan to read."""
        self.smtp_port = int(self.start_ready("mailroom", str(HERE / "mailroom.py"), str(self.work / "mail")))
        folder = self.work / "fleet"
        if os.getuid() == 0 and not open_to_all(self.work):  # the service runs as nobody and must reach its files
            folder = Path(tempfile.mkdtemp(prefix="uptake-helpdesk-", dir="/tmp"))
            folder.chmod(0o755)
            self.temporary.append(folder)
        self.fleet = Fleet.start(n=len(people.SITES), folder=folder, mode=self.mode)
        sites = list(people.SITES)
        self.fleet.inventory_py(self.work / "inventory.py", serves=sites)
        self.hosts = dict(zip(sites, self.fleet.hosts, strict=True))
        self.urls = {site: f"http://{h.address}:{h.service_port}/t/" for site, h in self.hosts.items()}
        (self.work / "sites.json").write_text(json.dumps(self.urls))
        to = "from=uptake@example.org&to=it-services@example.org&mode=insecure"
        self.environment |= {
            "HELPDESK_SMTP": f"smtp://127.0.0.1:{self.smtp_port}",
            "HELPDESK_NOTIFY": f"mailto://127.0.0.1:{self.smtp_port}/?{to}",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
        }
        self.dates()
        planted = [(self.work / "secrets" / name).read_text() for name in ("admin.pw", "people.key")]
        self.secrecy = Secrecy(planted)
        self.secrecy.start()

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Starts a process of its own in the work folder; what it says goes to log/NAME.log."""
        with (self.work / f"log/{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.work,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509  (only one call into libc, loaded before)
            )
        self.running[name] = process
        return process

    def start_ready(self, name: str, script: str, *arguments: str) -> str:
        """Starts a script that writes a file once it is ready; what it wrote."""
        ready = self.work / f"{name}.ready"
        ready.unlink(missing_ok=True)
        process = self.start(name, sys.executable, script, *arguments, "--ready", str(ready))

        def so() -> bool:
            check(process.poll() is None, f"{name} ended {process.returncode}: {self.said(name)}")
            return ready.exists()

        until(f"{name} is ready", so, READY_LIMIT_S)
        return ready.read_text()

    def said(self, name: str) -> str:
        """The end of a process's log."""
        return (self.work / f"log/{name}.log").read_text(errors="replace").strip()[-2000:]

    def alive(self) -> None:
        """Raises NotSo where a process that should run has ended."""
        for name, process in self.running.items():
            check(process.poll() in {None, 0}, f"{name} ended {process.returncode}: {self.said(name)}")

    def stop(self, name: str) -> int:
        """Asks a process to end, and ends it with its whole group if it does not; its exit code."""
        process = self.running.pop(name)
        if process.poll() is None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_LIMIT_S)
        self.end_group(process)
        return process.wait(STOP_LIMIT_S)

    def kill(self, name: str) -> None:
        """Kill -9 of one process alone; its children have to notice by themselves."""
        process = self.running.pop(name)
        process.kill()
        process.wait(STOP_LIMIT_S)

    def end_group(self, process: subprocess.Popen[bytes]) -> None:
        """Ends what is left of a process's group."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    def uptake(self, *arguments: str, expect: int = 0) -> str:
        """Runs one command to its end; what it printed (with its errors, where one is expected)."""
        command = [self.command, *arguments]
        done = subprocess.run(
            command,
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT_S,
            check=False,
            preexec_fn=end_with_parent,
        )
        heard = f"{done.stdout}{done.stderr}" if arguments[0] != "token" else "(told once)\n"
        with (self.work / "log/uptake.log").open("a") as log:
            log.write(f"$ uptake {' '.join(arguments)}\n{heard}exit {done.returncode}\n")
        said = f"{done.stdout[-1500:]}{done.stderr[-1500:]}"
        check(done.returncode == expect, f"`uptake {' '.join(arguments)}` ended {done.returncode}: {said}")
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def ask(self, *arguments: str) -> Any:
        """Runs one command of Uptake with --json; what it printed, read."""
        return json.loads(self.uptake(*arguments, "--json"))

    @property
    def command(self) -> str:
        """Uptake's command line beside this interpreter."""
        return str(Path(sys.executable).parent / "uptake")

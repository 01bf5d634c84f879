"""The world of `loop_kill`: a plan of seconds, the processes that turn it, and one trial's folder.

Two processes run `uptake implement PLAN --yes`, a third says hold and resume, a fourth brings events
of use in; an HTTP server takes notices and a command gives access. Nothing is judged here.
"""

import json
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from uptake.__main__ import main as uptake
from uptake.app.opened import Opened, open_plan
from uptake.cli import hold, implement, resume, verbs
from uptake.connect.access import worker as access_worker
from uptake.connect.notices import apprise as told
from uptake.core.event import Event
from uptake.report import eta
from uptake.store.database import now
from uptake.store.ledger import SqlLedger

LOADED = (access_worker, hold, implement, resume, verbs, told, eta)
"""What the processes need is loaded before they are forked, so that a start costs little more than opening the plan."""
TTL_S = 1.0
PEOPLE = 32

PLAN = """\
plan: killed
title: Meetings end at five to
owner: kim@example.org
implement:
  audience: {{from: people.csv, id: id, attributes: [email]}}
  waves: {{assign_by: person, sizes: [25%, 25%, 25%, 25%], start: "2026-01-01", every: 2s}}
  gate: {{adoption: 50%, at: 1s, else: hold, hold_at_most: 10m, min_people: 4}}
  look: 1s
  adoption: {{event: ended.early, count: 1, within: 1h, target: 50%}}
  expose: {{access: {{command: [sh, access.sh, "{{act}}"]}}}}
  adjust:
    - {{when: {{measure: adoption, above: 10%, at: 1s}}, do: notify, text: Going well}}
notify: ["json://127.0.0.1:{port}/"]
"""
ACCESS = """\
IFS= read -r who; [ -n "$who" ] || { echo "cut short 9 $PPID" >> calls; exit 9; }
id=${who#*\\"id\\":\\"}; id=${id%%\\"*}
case $1 in
  read) if [ -e "have/$id" ]; then code=0; else code=3; fi ;;
  grant) case $id in *7) [ -e "failed$id" ] || { : > "failed$id"; echo "fail $id 1 $PPID" >> calls; exit 1; } ;; esac
    if [ -e "have/$id" ]; then code=3; else : > "have/$id"; code=0; fi ;;
  withdraw) if [ -e "have/$id" ]; then rm -f "have/$id"; code=0; else code=3; fi ;;
esac
echo "$1 $id $code $PPID" >> calls
exit $code
"""


class Sink(BaseHTTPRequestHandler):
    """Takes notices and writes their titles down."""

    def do_POST(self) -> None:
        """One notice."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        line = json.dumps([body["title"], body["message"]]) + "\n"
        os.write(os.open("notices", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), line.encode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is http.server's
        """Say nothing."""


def watch_appends() -> None:
    """Write down what each append of this process acknowledged: sequence, hash, epoch and process."""
    append, acks = SqlLedger.append, os.open("acks", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def watched(self: SqlLedger, bodies, *, at, expect=None, epoch=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        entries = append(self, bodies, at=at, expect=expect, epoch=epoch)
        lines = "".join(f"{entry.seq} {entry.hash} {epoch or 0} {os.getpid()}\n" for entry in entries)
        os.write(acks, lines.encode())
        return entries

    SqlLedger.append = watched  # type: ignore[method-assign]


def command(*words: str) -> int:
    """The command line itself, in this process."""
    sys.argv = ["uptake", *words]
    code = uptake()
    sys.stdout.flush()
    return code


def turner() -> int:
    """One of the two that want to turn the ring."""
    return command("implement", "plan.yaml", "--yes", "--json")


def speaker() -> int:
    """A person at another terminal: hold, wait a little, resume, again and again."""
    os.dup2(os.open("said", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 1)
    chance = random.Random(os.getpid())
    while not Path("enough").exists():
        time.sleep(chance.uniform(0.2, 1.0))
        command("hold", "plan.yaml", "--json")
        time.sleep(chance.uniform(0.1, 0.6))
        command("resume", "plan.yaml", "--json")
    command("resume", "plan.yaml", "--json")
    return 0


def user() -> int:
    """People who use it: everybody, over and over; what comes before a person's wave does not count."""
    number = 0
    while True:
        time.sleep(0.4)
        with suppress(FileNotFoundError), closing(open_plan(Path("plan.yaml"))) as opened:
            number += 1
            subjects = [f"p{person}" for person in range(PEOPLE)]
            events = [
                Event(id=f"{number}.{who}", source=str(os.getpid()), subject=who, name="ended.early", at=now())
                for who in subjects
            ]
            opened.store.events.append(events, received_at=now())


class closing:  # noqa: N801  reads as contextlib's
    """An opened plan that is let go."""

    def __init__(self, opened: Opened) -> None:
        """Args: opened: the plan."""
        self._opened = opened

    def __enter__(self) -> Opened:
        """The plan."""
        return self._opened

    def __exit__(self, *_: object) -> None:
        """Let go."""
        self._opened.store.close()


@dataclass
class Trial:
    """One folder, its processes, and what is to become of them."""

    folder: Path
    port: int
    real: bool = False
    """Each process is the `uptake` command as a shell starts it, not a fork that has it loaded."""
    pids: dict[int, Callable[[], int]] = field(default_factory=dict)
    codes: list[tuple[str, int]] = field(default_factory=list)

    def set_up(self) -> None:
        """The plan and its files."""
        (self.folder / "have").mkdir()
        (self.folder / "plan.yaml").write_text(PLAN.format(port=self.port))
        (self.folder / "access.sh").write_text(ACCESS)
        people = "".join(f"p{number},p{number}@example.org\n" for number in range(PEOPLE))
        (self.folder / "people.csv").write_text("id,email\n" + people)

    def start(self, role: Callable[[], int]) -> int:
        """One more process."""
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                os.chdir(self.folder)
                os.environ["UPTAKE_LEASE_TTL_S"] = f"{TTL_S:g}"
                for number in (1, 2):
                    os.dup2(os.open("printed", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), number)
                if self.real and role is turner:
                    os.execv(sys.executable, [sys.executable, "-m", "uptake", "implement", "plan.yaml", "--yes"])
                watch_appends()
                code = role()
            except BaseException:  # noqa: BLE001  it is printed and looked for
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        self.pids[pid] = role
        return pid

    def kill(self, pid: int) -> bool:
        """kill -9, and another of its role instead; False where it had ended by itself."""
        role = self.pids[pid]
        os.kill(pid, signal.SIGKILL)
        if self.gone(pid):
            return False
        self.start(role)
        return True

    def gone(self, pid: int, *, wait: bool = True) -> bool:
        """Whether a process has ended by itself; it is forgotten once it has ended in whatever way."""
        found, status = os.waitpid(pid, 0 if wait else os.WNOHANG)
        if not found:
            return False
        role = self.pids.pop(pid)
        if os.WIFSIGNALED(status):
            return False
        self.codes.append((role.__name__, os.waitstatus_to_exitcode(status)))
        return True

    def alive(self, role: Callable[[], int]) -> list[int]:
        """The processes of a role that have not ended."""
        for pid in list(self.pids):
            self.gone(pid, wait=False)
        return sorted(pid for pid, of in self.pids.items() if of is role)

    def end(self) -> None:
        """Kill all that is left."""
        for pid in list(self.pids):
            os.kill(pid, signal.SIGKILL)
            os.kill(pid, signal.SIGCONT)
            self.gone(pid)

    def opened(self) -> closing:
        """The plan, as anyone may open it."""
        return closing(open_plan(self.folder / "plan.yaml"))

    def holder(self) -> int:
        """The process that holds the lease, 0 for none."""
        with self.opened() as opened:
            words = opened.store.lease.holder()
        return int(words.split()[1]) if words else 0

    def lines(self, name: str) -> list[str]:
        """The lines of one of the trial's files; the last may have been cut short by a kill."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def acknowledged(self) -> list[tuple[int, str, int, int]]:
        """Sequence, hash, epoch and process of each entry that an append returned."""
        parts = (line.split() for line in self.lines("acks"))
        return [(int(seq), mark, int(epoch), int(pid)) for seq, mark, epoch, pid in parts]

    def epoch(self) -> int:
        """The newest epoch that has written."""
        return max((epoch for _, _, epoch, _ in self.acknowledged()), default=0)

    def can_write(self) -> bool:
        """Whether no stopped process keeps the file locked."""
        raw = sqlite3.connect(self.folder / ".uptake" / "state.db", timeout=0.5, isolation_level=None)
        try:
            raw.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            raw.close()
        return True


def warm_up() -> None:
    """Load what a command loads when it runs, and let its connections go: nothing open is carried over a fork."""
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(Path(name), 9)
        trial.set_up()
        here, out = Path.cwd(), os.dup(1)
        os.chdir(name)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        command("status", "plan.yaml", "--json")
        os.dup2(out, 1)
        os.chdir(here)

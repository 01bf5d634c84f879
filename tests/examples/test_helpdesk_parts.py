"""The parts of the help desk demonstration, each on real processes: Roundup from its archive, SMTP, the bridge.

The whole of it is run by `make demo`; here stands what can be shown quickly. No part of Uptake is needed,
and none is replaced by a stand-in: what takes the events is a small HTTP sink of this test.
"""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

ROOT = Path(__file__).parents[2]
HELPDESK = ROOT / "examples/helpdesk"
sys.path.insert(0, str(HELPDESK))

import bridge  # noqa: E402
import driver  # noqa: E402
import pack  # noqa: E402
import people  # noqa: E402
from tracker import Tracker, first_password  # noqa: E402

WAIT_LIMIT_S = 20.0
KEY = b"a key of this test"


def wait_for(what: str, so: Callable[[], Any]) -> Any:
    """Polls until it is so."""
    deadline = time.monotonic() + WAIT_LIMIT_S
    while time.monotonic() < deadline:
        found = so()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {WAIT_LIMIT_S} s")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


pytestmark = pytest.mark.xdist_group("helpdesk")  # one tracker, from its first issue to its broken release


@pytest.fixture(scope="module")
def packs() -> dict[str, Path]:
    """The archives, made once for this checkout."""
    return pack.pack(ROOT / "build/helpdesk/packs")


def unpack(archive: Path, base: Path, version: str) -> None:
    """What the plan's `release` step does, without a host."""
    release = base / "releases" / version
    release.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        tar.extractall(release, filter="data")
    new = base / "current.new"
    new.symlink_to(release)
    new.replace(base / "current")


def service(base: Path, script: str, *arguments: str) -> None:
    """Runs one of the release's own scripts."""
    command = ["sh", str(base / "current/bin" / script), str(base), *arguments]
    subprocess.run(command, check=True, timeout=WAIT_LIMIT_S)


def status_of(tracker: Tracker) -> int:
    """The status of the tracker's first page, 0 for no answer."""
    try:
        return tracker.request("GET", "").status
    except OSError:
        return 0


class Desk(SimpleNamespace):
    """A Roundup that runs: base, port, tracker, folder with sites.json and secrets."""


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter: as root the service runs as nobody."""
    with tempfile.TemporaryDirectory(prefix="uptake-helpdesk-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="module")
def desk(packs: dict[str, Path], open_folder: Path) -> Iterator[Desk]:
    """One Roundup from its archive, started by its own scripts."""
    folder = open_folder
    base, port = folder / "berlin", free_port()
    url = f"http://127.0.0.1:{port}/t/"
    (base / "shared/db").mkdir(parents=True)
    template = jinja2.Template((HELPDESK / "config.ini.j2").read_text())
    host = SimpleNamespace(data=SimpleNamespace(site="berlin", base=str(base)))
    (base / "shared/config.ini").write_text(template.render(host=host, url=url))
    (base / "shared/admin.pw").write_text("not a good one\n")
    (folder / "secrets").mkdir()
    (folder / "secrets/admin.pw").write_text("not a good one\n")
    (folder / "secrets/people.key").write_bytes(KEY)
    (folder / "sites.json").write_text(json.dumps(dict.fromkeys(people.SITES, url)))
    people.write(folder / "people.csv")
    unpack(packs[pack.GOOD], base, pack.GOOD)
    service(base, "initialise.sh")
    service(base, "service.sh", "127.0.0.1", str(port))
    tracker = Tracker(url, "admin", "not a good one")
    try:
        wait_for("Roundup", lambda: status_of(tracker) == 200)
        yield Desk(base=base, port=port, tracker=tracker, folder=folder)
    finally:
        os.kill(int((base / "shared/pid").read_text()), signal.SIGKILL)


def access(desk: Desk, act: str, person: dict[str, str]) -> int:
    """Runs the plan's access command for one person."""
    files = {"--sites": "sites.json", "--admin": "secrets/admin.pw", "--key": "secrets/people.key"}
    options = [part for option, file in files.items() for part in (option, str(desk.folder / file))]
    command = [sys.executable, str(HELPDESK / "access.py"), act, *options]
    return subprocess.run(command, input=json.dumps(person), text=True, check=False, timeout=WAIT_LIMIT_S).returncode


def test_people_are_120_in_12_teams_at_three_sites() -> None:
    """Four teams of ten at each site; names and addresses are unique; the same at every call."""
    made = people.made_up()
    assert made == people.made_up()
    assert len({person.email for person in made}) == len(made) == 120
    teams = {(person.site, person.team) for person in made}
    assert len(teams) == 12
    assert {site: sum(s == site for s, _ in teams) for site in people.SITES} == dict.fromkeys(people.SITES, 4)


def test_access_grants_once_withdraws_and_grants_again(desk: Desk) -> None:
    """Done, already so, withdrawn, already so, back again; the log-in follows each; nobody is told apart."""
    person = people.made_up()[0]._asdict()
    her = Tracker(desk.tracker.url, "E001", first_password(KEY, person["employee_id"]))
    assert not her.may_log_in()
    assert access(desk, "read", person) == 3
    assert access(desk, "withdraw", person) == 3
    assert access(desk, "grant", person) == 0
    assert her.may_log_in()
    assert access(desk, "read", person) == 0
    assert access(desk, "grant", person) == 3
    assert access(desk, "withdraw", person) == 0
    assert not her.may_log_in()
    assert access(desk, "withdraw", person) == 3
    assert access(desk, "grant", person) == 0
    assert her.may_log_in()
    assert access(desk, "grant", {**person, "site": "nowhere"}) == 4


def test_secrets_are_not_in_the_servers_arguments_or_log(desk: Desk) -> None:
    """The administrator's password stands in its file alone."""
    shared = desk.base / "shared"
    pid = (shared / "pid").read_text().strip()
    assert b"not a good one" not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert "not a good one" not in (shared / "server.log").read_text()


class Sink(ThreadingHTTPServer):
    """Takes events as an intake would; each third answer is 503 and takes nothing."""

    daemon_threads = True

    def __init__(self) -> None:
        """Listens on a free port."""
        self.taken: list[dict[str, str]] = []
        self.calls = 0
        super().__init__(("127.0.0.1", 0), Taking)


class Taking(BaseHTTPRequestHandler):
    """One request to the sink."""

    server: Sink

    def do_POST(self) -> None:
        """Takes a batch or refuses it."""
        batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls += 1
        refuse = self.server.calls % 3 == 0
        if not refuse:
            self.server.taken.extend(batch)
        self.send_response(503 if refuse else 202)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keeps quiet."""


def test_bridge_posts_everything_once_acknowledged_across_a_kill(desk: Desk, tmp_path: Path) -> None:
    """Issues and mail arrive with ids of their own, none lost by 503s and a kill -9, none posted after its 202."""
    person = people.made_up()[20]
    access(desk, "grant", person._asdict())
    her = Tracker(desk.tracker.url, person.employee_id, first_password(KEY, person.employee_id))
    (tmp_path / "sites.json").write_text(json.dumps({"berlin": desk.tracker.url}))
    (tmp_path / "token").write_text("t\n")
    (tmp_path / "admin.pw").write_text("not a good one\n")
    sink = Sink()
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    mailroom = subprocess.Popen(
        [sys.executable, str(HELPDESK / "mailroom.py"), str(tmp_path / "mail"), "--ready", str(tmp_path / "port")]
    )
    options = {"--token": "token", "--admin": "admin.pw", "--sites": "sites.json"}
    command = [sys.executable, str(HELPDESK / "bridge.py"), "--intake", f"http://127.0.0.1:{sink.server_port}/events"]
    command += ["--people", str(desk.folder / "people.csv"), "--folder", str(tmp_path)]
    command += [part for option, file in options.items() for part in (option, str(tmp_path / file))]
    running = subprocess.Popen(command)
    try:
        port = int(wait_for("mailroom", lambda: (tmp_path / "port").exists() and (tmp_path / "port").read_text()))
        numbers = [her.open_issue(f"before {i}") for i in range(5)]
        send_mail(port, person, 1)
        wait_for("first events", lambda: len(sink.taken) >= 6)
        running.kill()
        running.wait()
        numbers += [her.open_issue(f"after {i}") for i in range(5)]
        send_mail(port, person, 2)
        running = subprocess.Popen(command)
        wait_for("all events", lambda: len({event["id"] for event in sink.taken}) >= 12)
    finally:
        for process in (running, mailroom):
            process.kill()
            process.wait()
        sink.shutdown()
        sink.server_close()
    ids = [event["id"] for event in sink.taken]
    expected = {f"berlin/issue{number}" for number in numbers} | {f"mail/<{i}@example.org>" for i in (1, 2)}
    assert set(ids) == expected
    assert {event["subject"] for event in sink.taken} == {person.employee_id}
    assert {event["type"] for event in sink.taken} == {"issue.created", "mail.sent"}


def send_mail(port: int, person: people.Person, number: int) -> None:
    """A mail to the shared mailbox."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = person.email, "helpdesk@example.org", "help"
    message["Date"], message["Message-ID"] = formatdate(), f"<{number}@example.org>"
    message.set_content("Please.")
    with smtplib.SMTP("127.0.0.1", port, "localhost", timeout=WAIT_LIMIT_S) as smtp:
        smtp.send_message(message)


def test_bridge_window_keeps_an_overlap() -> None:
    """What was acknowledged stays known as long as the window may show it again, and no longer."""
    site = bridge.Site()
    site.acknowledge([{"id": "1", "creation": "2027-01-11.10:00:00"}])
    site.acknowledge([{"id": "2", "creation": "2027-01-11.10:00:31"}])
    assert site.since == "2027-01-11.10:00:01"
    assert list(site.seen) == ["2"]
    assert site.unread([{"id": "2"}, {"id": "3"}]) == [{"id": "3"}]


def test_driver_plays_only_what_a_person_is_let_into(desk: Desk, tmp_path: Path) -> None:
    """Refused before her wave; sent and let in, she opens as many issues as her habit says; the diary tells it."""
    from openfeature import api
    from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

    person = people.made_up()[40]
    her = Tracker(desk.tracker.url, person.employee_id, first_password(KEY, person.employee_id))
    life = driver.Life(person=person, issues=3, tracker=her, mails=driver.MAILS_MOST)
    (tmp_path / "completions.csv").write_text("person,course,at\n")
    with (tmp_path / "driver.jsonl").open("a") as file, (tmp_path / "answers.csv").open("a") as answers:
        diary = driver.Diary(file, answers, driver.MINUTES)
        played = driver.Driver([life], api.get_client("test-desk"), 0, diary, tmp_path)
        for sent in (False, True):
            flag = InMemoryFlag("on" if sent else "off", {"on": True, "off": False})
            api.set_provider(InMemoryProvider({driver.FLAG: flag}), "test-desk")
            played.visit(life)
            if not sent:
                access(desk, "grant", person._asdict())
        assert [played.visit(life) is None for _ in range(4)] == [False] * 4
        assert life.opened == driver.UNTRAINED_ISSUES, "who was not trained tries it and leaves it"
        (tmp_path / "completions.csv").write_text(f"person,course,at\n{person.email},basics,2026-11-27T09:00:00Z\n")
        assert [played.visit(life) is None for _ in range(2)] == [False, True]
    did = [json.loads(line)["did"] for line in (tmp_path / "driver.jsonl").read_text().splitlines()]
    assert did == ["refused", "sent to roundup", "log-in", "issue", "issue", "issue"]
    assert len((tmp_path / "answers.csv").read_text().splitlines()) == 3


def test_broken_version_answers_500_and_going_back_keeps_the_issues(desk: Desk, packs: dict[str, Path]) -> None:
    """The canary's failure is real: the server stays up and answers 500; the version before answers again."""
    before = len(desk.tracker.issues_since(bridge.BEGINNING))
    assert before
    for version, answer in ((pack.BROKEN, 500), (pack.NEXT, 200)):
        unpack(packs[version], desk.base, version)
        service(desk.base, "service.sh", "127.0.0.1", str(desk.port))
        wait_for(version, lambda answer=answer: status_of(desk.tracker) == answer)
    assert len(desk.tracker.issues_since(bridge.BEGINNING)) == before
    assert (desk.base / "shared/history").read_text().splitlines() == [
        "initialise 2.6.0",
        "start 2.6.0",
        "start 2.7.0",
        "start 2.6.1",
    ]

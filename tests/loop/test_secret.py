"""Secrets planted in environment and file, used in a whole run, and looked for wherever Uptake leaves words.

The servers that get them quote them in their error pages, as debug pages do: what a server says of a failure
is evidence, and evidence goes into the ledger.
"""

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.connect.world import free_port
from uptake.app.opened import open_plan

CORE = f"PLANTed{os.getpid():x}q"  # each test process plants its own: another one may look for its own beside
"""What every planted secret holds."""
TOKEN, KEY, CHAT, BROKEN, WORD, OWN = (
    f"{name}-{CORE}-{name}" for name in ("tok", "key", "chat", "broken", "pw", "own")
)
FORMS = (
    *(re.escape(form).encode() for form in (CORE, CORE[::-1])),
    *(base64.b64encode(b"x" * pad + CORE.encode())[4 if pad else 0 : -4] for pad in range(3)),
)
"""As it is, backwards, and inside of base64 at any alignment."""
PEOPLE = 8
REFUSED = ("p1", "p2", "p3", "p4", "p5")
"""More than half of them: whoever is drawn into the first wave, somebody in it is refused."""
LOOK_S = 0.02

PLAN = """\
plan: secret
title: A plan with secrets
implement:
  audience: {from: people.csv, id: id, attributes: [email]}
  waves: {assign_by: person, sizes: [50%, 50%], start: "2026-01-01", every: 1h}
  gate: {adoption: 50%, at: 1s, hold_at_most: 1s, min_people: 2}
  look: 1s
  adoption: {event: used, count: 1, within: 1h, target: 50%}
"""
BY_HTTP = """\
  announce: [{at: 0s, text: coming.md}]
  expose:
    access:
      http:
        grant: {method: POST, url: "HERE/{person.id}", headers: {Authorization: "env:P_TOKEN"}, body: {key: "file:key"}}
        withdraw: {method: DELETE, url: "HERE/{person.id}", headers: {Authorization: "env:P_TOKEN"}}
        read: {method: GET, url: "HERE/{person.id}", headers: {Authorization: "env:P_TOKEN"}, absent: [404]}
mail: {server: "env:P_SMTP", from: desk@example.org}
notify: ["env:P_CHAT", "env:P_BROKEN"]
"""
BY_COMMAND = """\
  expose: {access: {command: [sh, access.sh, "{act}"]}}
"""
COMMAND = """\
[ -n "$P_OWN" ] && : > used
cat >/dev/null
[ "$1" = read ] && exit 3
echo "no route to the directory" >&2
exit 9
"""


def found(data: bytes | str) -> bool:
    """Whether a secret is in there."""
    raw = data.encode() if isinstance(data, str) else data
    return any(re.search(form, raw, re.IGNORECASE) for form in FORMS)


def test_a_secret_would_be_found() -> None:
    assert found(f"x {TOKEN.upper()} y")
    assert all(found(base64.b64encode(b"u" * pad + b":" + WORD.encode())) for pad in range(3))
    assert not found("tok--tok")


class Server:
    """Access for people and a chat that takes notices, on one port; what it got, and error pages that quote it."""

    def __init__(self) -> None:
        self.members: set[str] = set()
        self.got: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                outer.got.append(f"{self.path} {self.headers.get('authorization')} {body}")
                status = outer.status(self.command, self.path)
                page = f"{self.path} {dict(self.headers.items())} {body}".encode()
                self.send_response(status)
                self.send_header("content-length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def __getattr__(self, name: str) -> object:
                if name.startswith("do_"):
                    return self.answer
                raise AttributeError(name)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        self.chat = self.url.replace("http://", "json://")

    def status(self, method: str, path: str) -> int:
        who = path.strip("/")
        if "broken" in who:
            return 500
        if method == "GET":
            return 200 if who in self.members else 404
        if who in REFUSED:
            return 422
        self.members.add(who)
        return 200


class Post:
    """A mail server that wants a password, and does not know everybody."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self.to: list[str] = []

    def authenticate(
        self, server: object, session: object, envelope: object, mechanism: str, data: object
    ) -> AuthResult:
        self.passwords.append(data.password.decode())  # type: ignore[attr-defined]
        return AuthResult(success=True)

    async def handle_RCPT(self, server, session, envelope, address, options) -> str:  # noqa: N802
        if address.startswith("p5"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        self.to += envelope.rcpt_tos
        return "250 OK"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.http.shutdown()
    thread.join()
    made.http.server_close()


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    made = Post()
    more = {"authenticator": made.authenticate, "auth_require_tls": False}
    controller = Controller(made, hostname="127.0.0.1", port=free_port(), **more)
    controller.start()
    yield made, controller.port
    controller.stop(no_assert=True)


@contextmanager
def watched() -> Iterator[list[str]]:
    """Every command line of the machine with a secret in it, seen while this lasts."""
    seen: list[str] = []
    end = threading.Event()

    def watch() -> None:
        while not end.wait(LOOK_S):
            seen.extend(line for line in command_lines() if found(line))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        end.set()
        thread.join()


def command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_bytes().replace(b"\0", b" ").decode(errors="replace")


def fill(folder: Path, text: str) -> None:
    (folder / "plan.yaml").write_text(PLAN + text)
    rows = "".join(f"p{number},p{number}@example.org\n" for number in range(PEOPLE))
    (folder / "people.csv").write_text("id,email\n" + rows)
    (folder / "coming.md").write_text("# It is coming\n\nSoon.\n")
    (folder / "access.sh").write_text(COMMAND)


def uptake(folder: Path, env: dict[str, str], *words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "uptake", *words],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def leaks(folder: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    """The files of a plan's folder that hold a secret, the state's raw bytes among them."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in but]
    assert any(path.name == "state.db" for path in files)
    return [str(path.relative_to(folder)) for path in files if found(path.read_bytes())]


def wait_for(what: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not what() and time.monotonic() < until:
        time.sleep(0.05)
    assert what()


@pytest.mark.slow
def test_secrets_of_access_mail_and_notices_stay_where_they_are(
    tmp_path: Path, server: Server, post: tuple[Post, int]
) -> None:
    mail, mail_port = post
    fill(tmp_path, BY_HTTP.replace("HERE", server.url))
    (tmp_path / "key").write_text(KEY + "\n")
    env = {
        "P_TOKEN": f"Bearer {TOKEN}",
        "P_SMTP": f"smtp://desk:{WORD}@127.0.0.1:{mail_port}",
        "P_CHAT": f"{server.chat}/{CHAT}",
        "P_BROKEN": f"{server.chat.replace('//', f'//user:{BROKEN}@')}/{BROKEN}",
    }
    with watched() as lines:
        code, said = uptake(tmp_path, env, "implement", "plan.yaml", "--yes")
        assert code == 3, said
        for words in (
            *(["status"], ["compare"], ["why", "all"], ["who"], ["verify"], ["replay"]),
            *(["status", "--json"], ["compare", "--json"], ["why", "all", "--json"], ["who", "--json"]),
            *(["verify", "--json"], ["replay", "--json"], ["compare", "--html", "side.html"]),
        ):
            code, shown = uptake(tmp_path, env, words[0], "plan.yaml", *words[1:])
            assert code == 0, shown
            said += shown
        said += served(tmp_path, env)
    everything = "\n".join(server.got)
    assert all(secret in everything for secret in (TOKEN, KEY, CHAT, BROKEN)), "each secret was really used"
    assert set(mail.passwords) == {WORD}
    assert mail.to
    assert failures(tmp_path) >= {"HTTP 422", "FAILURE"}, "the error pages that quote them were met"
    assert not found(said), said
    assert lines == []
    assert leaks(tmp_path, but=("key",)) == []


def failures(folder: Path) -> set[str]:
    """The first line of evidence of everything that failed."""
    opened = open_plan(folder / "plan.yaml")
    outcomes = [act.outcome for act in opened.picture().acts.values() if act.outcome is not None]
    opened.store.close()
    return {failure.lines[0] for outcome in outcomes for failure in outcome.failures if failure.lines}


def served(folder: Path, env: dict[str, str]) -> str:
    """What `uptake serve` shows and prints."""
    log = folder / "served"
    command = [sys.executable, "-m", "uptake", "serve", "plan.yaml", "--port", "0", "--json"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **env}, stdout=out, stderr=out)
        try:
            wait_for(lambda: log.read_bytes().endswith(b"\n"))
            address = json.loads(log.read_text().splitlines()[0])["address"]
            with urllib.request.urlopen(f"{address}/", timeout=10) as answer:
                page = answer.read().decode()
        finally:
            process.terminate()
            process.wait(30)
    assert "A plan with secrets" in page
    return page + log.read_text()


def test_a_secret_that_a_command_takes_from_the_environment_stays_there(tmp_path: Path) -> None:
    fill(tmp_path, BY_COMMAND)
    with watched() as lines:
        code, said = uptake(tmp_path, {"P_OWN": OWN}, "implement", "plan.yaml", "--yes")
    assert code == 3, said
    assert (tmp_path / "used").exists()
    assert "no route to the directory" in failures(tmp_path)
    assert not found(said)
    assert lines == []
    assert leaks(tmp_path) == []


@pytest.mark.parametrize("how", ["env", "file"])
def test_a_secret_that_is_missing_is_named_by_its_reference(tmp_path: Path, server: Server, how: str) -> None:
    text = BY_HTTP.replace("HERE", server.url).replace("  announce: [{at: 0s, text: coming.md}]\n", "")
    text = text.replace('notify: ["env:P_CHAT", "env:P_BROKEN"]\n', "")
    fill(tmp_path, text.replace("env:P_TOKEN", "file:token") if how == "file" else text)
    (tmp_path / "key").write_text(KEY)
    code, said = uptake(tmp_path, {}, "implement", "plan.yaml", "--yes")
    assert code in (2, 3), said
    assert not found(said)
    if code == 3:
        assert any("not set in the environment" in line or "cannot be read" in line for line in failures(tmp_path))

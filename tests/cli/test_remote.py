"""The verbs that act on a running `serve` elsewhere: figures, words, exit codes, waiting across trouble."""

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest

from tests.elsewhere import Elsewhere
from tests.web.world import eventually
from uptake.cli.verbs import dispatch
from uptake.connect.patience import Patience
from uptake.connect.remote import Remote, Unreached
from uptake.core.entry import Said
from uptake.core.problem import Refused
from uptake.store.open import open_store

QUICK = Patience(attempts_most=2, first_s=0.01, longest_s=0.01, timeout_s=5.0)

TRIES = 8


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Elsewhere]:
    made = Elsewhere(tmp_path).start()
    yield made
    (made.folder / "wait").unlink(missing_ok=True)
    made.end()


def said(there: Elsewhere) -> list[Said]:
    store = open_store(there.folder, "hello")
    try:
        return [entry.body for entry in store.ledger.read() if isinstance(entry.body, Said)]
    finally:
        store.close()


def runs(there: Elsewhere) -> list[tuple[str, str]]:
    board = json.loads(there.uptake("status", "--json").stdout)
    return [(run["version"], run["state"]) for run in board["runs"]]


@pytest.mark.slow
def test_a_job_deploys_holds_and_answers(there: Elsewhere) -> None:
    done = there.uptake("deploy", "--version", "2", "--wait", "--json", "--why", "tag 2")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["run"], told["version"], told["state"], told["exit"]) == (1, "2", "succeeded", 0)
    assert there.log == ["2"]
    held = there.uptake("deploy", "--version", "bad", "--wait")
    assert held.returncode == 3, held.stderr
    assert "run-2-batch-1" in held.stdout
    assert "run-2-batch-1" in there.uptake("status").stdout
    assert there.uptake("approve", "run-2-batch-1", "--why", "known").returncode == 0
    assert eventually(lambda: runs(there)[-1][1] == "succeeded", within_s=20)
    assert there.uptake("hold", "--half", "deploy", "--why", "lunch", "--json").returncode == 0
    assert there.uptake("deploy", "--version", "3", "--wait", "--key", "3").returncode == 3
    assert there.uptake("resume").returncode == 0
    again = there.uptake("deploy", "--version", "3", "--wait", "--key", "3")
    assert (again.returncode, there.log) == (0, ["2", "3"]), again.stderr
    words = said(there)
    assert {one.who for one in words} == {"the operator"}, "each word under the token's name"
    assert [one.what for one in words if one.what != "deploy"] == [
        "start",
        "start",
        "approve",
        "hold",
        "start",
        "resume",
    ]
    assert words[0].why, "and with its reason, kept apart"
    assert there.here("replay", "plan.yaml").stdout.endswith("0 differences\n")


@pytest.mark.slow
def test_the_same_figures_here_and_there(there: Elsewhere) -> None:
    assert there.uptake("deploy", "--wait").returncode == 0, "the plan's own version"
    for last in (False,) * (TRIES - 1) + (True,):  # between the two a second may pass, and a duration be told longer
        here = json.loads(there.here("status", "plan.yaml", "--json").stdout)
        far = json.loads(there.uptake("status", "--json", role="viewer").stdout)
        assert here.keys() == far.keys()
        assert here.pop("now") <= far.pop("now") + 60_000
        plain, text = there.here("status", "plan.yaml").stdout, there.uptake("status").stdout
        if last or (here == far and text == plain):
            break
    assert here == far
    assert text == plain


@pytest.mark.slow
def test_a_wait_outlives_the_server(there: Elsewhere) -> None:
    (there.folder / "wait").touch()
    job = there.begin("deploy", "--version", "2", "--wait", "--json", "--timeout", "80s")
    assert eventually(lambda: there.receipts() == ["begun"], within_s=20), "the step is at work when the server dies"
    there.end(signal.SIGKILL)
    there.start()
    (there.folder / "wait").unlink()
    out, err = job.communicate(timeout=80)
    assert json.loads(out)["state"] == "succeeded", err
    assert job.returncode == 0
    assert there.log == ["2"], "once"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cancelled_job_holds_nothing(there: Elsewhere, number: int) -> None:
    (there.folder / "wait").touch()
    job = there.begin("deploy", "--version", "2", "--wait")
    assert job.stderr is not None
    assert "Run 1" in job.stderr.readline(), "it says where the run stands"
    job.send_signal(number)
    _, err = job.communicate(timeout=20)
    assert job.returncode == 130, err
    assert "run 1 goes on" in err
    assert runs(there) == [("2", "running")]
    late = there.uptake("deploy", "--version", "2", "--wait", "--timeout", "0.2s", "--json")
    assert late.returncode == 124
    assert "still running" in json.loads(late.stdout)["why"]
    follower = there.begin("deploy", "--version", "2", "--wait")
    assert follower.stderr is not None
    assert "Run 1" in follower.stderr.readline()
    (there.folder / "wait").unlink()
    follower.communicate(timeout=60)
    assert (follower.returncode, there.log) == (0, ["2"]), "followed, not begun again"


@pytest.mark.slow
def test_a_key_begins_one_run(there: Elsewhere) -> None:
    for _ in range(3):
        done = there.uptake("deploy", "--version", "2", "--wait", "--key", "job 7")
        assert done.returncode == 0, done.stderr
    other = there.uptake("deploy", "--version", "3", "--key", "job 7")
    assert other.returncode == 2
    assert "was used for version 2" in other.stderr
    assert runs(there) == [("2", "succeeded")]
    assert there.uptake("deploy", "--version", "2", "--wait").returncode == 0
    assert [version for version, _ in runs(there)] == ["2", "2"], "without the key it is a deploy of its own"
    headers = {"Authorization": f"Bearer {there.tokens['operator']}"}
    bare = httpx.post(f"{there.url}/api/deploy", json={"version": "2"}, headers=headers, trust_env=False, timeout=60)
    assert (bare.status_code, bare.json()["new"]) == (200, True), bare.text
    assert eventually(lambda: len(runs(there)) == 3, within_s=20), "any client's request without a key, too"


@pytest.mark.slow
def test_refusals_say_what_they_say_here(there: Elsewhere) -> None:
    read_only = there.uptake("hold", role="viewer")
    assert read_only.returncode == 2
    assert "needs an operator" in read_only.stderr
    assert "viewer" in there.uptake("deploy", role="viewer").stderr
    assert there.uptake("approve", "gate-wave-9", "--why", "x").returncode == 2
    other = there.uptake("status", "other.yaml")
    assert other.returncode == 2
    assert "`other.yaml` is not the plan that is served here, which is hello (plan.yaml)" in other.stderr
    assert there.uptake("status", "somewhere/plan.yaml").returncode == 0
    wrong = there.uptake("resume", "--half", "both", "--json")
    assert wrong.returncode == 2
    here = there.here("resume", "plan.yaml", "--half", "both", "--json")
    assert json.loads(wrong.stdout) == json.loads(here.stdout)
    (there.folder / "plan.yaml").write_text((there.folder / "plan.yaml").read_text().replace("on_failure", "on_fail"))
    broken = there.uptake("deploy")
    assert broken.returncode == 2
    assert "plan.yaml:10:12" in broken.stderr, broken.stderr
    assert runs(there) == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://uptake.example.org", "UP062"),
        ("http://127.0.0.1.example.org", "UP062"),
        ("http://localhost.example.org", "UP062"),
        ("ftp://uptake.example.org", "UP060"),
        ("https://me:secret@uptake.example.org", "UP060"),
        ("https://uptake.example.org/?token=secret", "UP060"),
        ("uptake.example.org", "UP060"),
    ],
)
def test_where_no_token_is_sent(url: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        Remote(url, "secret")
    assert (caught.value.problems[0].code, caught.value.exit_code) == (code, 2)
    assert "secret" not in str(caught.value)


def test_an_empty_token_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("UPTAKE_URL", "https://uptake.example.org")
    monkeypatch.delenv("UPTAKE_TOKEN", raising=False)
    assert dispatch(["status"]) == 2
    assert "error[UP061]" in capsys.readouterr().err
    assert dispatch(["deploy", "--timeout", "soon"]) == 2
    assert "error[UP030]" in capsys.readouterr().err


class Strange(BaseHTTPRequestHandler):
    """Something that is not Uptake, which notes what it is sent."""

    answers: tuple[int, str, bytes] = (200, "text/html", b"<title>Log in</title>")
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('authorization', '')}")
        status, kind, body = self.answers
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def strange() -> Iterator[tuple[type[Strange], str]]:
    class Mine(Strange):
        seen: ClassVar[list[str]] = []

    server = HTTPServer(("127.0.0.1", 0), Mine)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Mine, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, "text/html", b"<title>Log in</title>"), "is not Uptake"),
        ((302, "text/html", b""), "is not Uptake"),
        ((503, "text/html", b"<h1>Bad gateway</h1>"), "cannot answer now"),
        ((200, "application/json", b"[1]"), "is not Uptake"),
        ((500, "application/json", b'{"what": "The server failed"}'), "The server failed"),
    ],
)
def test_what_is_not_uptake_is_named(strange, answer, words) -> None:
    strange[0].answers = answer
    with Remote(strange[1], "secret", patience=QUICK) as remote, pytest.raises(Unreached, match=words) as caught:
        remote.status()
    assert caught.value.exit_code == 1
    assert len(strange[0].seen) == QUICK.attempts_most, "asked again"
    assert "secret" not in str(caught.value)


def test_no_proxy_carries_a_token_in_clear(strange, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", strange[1])
    monkeypatch.setenv("ALL_PROXY", strange[1])
    with Remote("http://localhost:1", "secret", patience=QUICK) as remote, pytest.raises(Unreached):
        remote.status()
    assert strange[0].seen == []


def test_a_refusal_is_not_asked_again(strange) -> None:
    strange[0].answers = (401, "application/json", b'{"code": "NO_TOKEN", "what": "None known", "hint": "Send it"}')
    with Remote(strange[1], "secret", patience=QUICK) as remote, pytest.raises(Refused, match="None known") as caught:
        remote.status()
    assert caught.value.problems[0].hint == "Send it"
    assert len(strange[0].seen) == 1

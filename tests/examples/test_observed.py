"""The example that another tool deploys, run as its README says: no host, a signed event, use from a database."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.examples.quick import copy, in_seconds, serving, until, uptake
from tests.postgres import server

SECRET = "whsec_c29tZSBrZXkgb2YgdGhpcnR5LXR3byBieXRlcyEh"


class Application(ThreadingHTTPServer):
    """Tells its version, and knows who filed a claim."""

    def __init__(self, database: str) -> None:
        super().__init__(("127.0.0.1", 0), Version)
        self.version, self.engine = "v3.1.0", create_engine(database)
        with self.engine.begin() as conn:
            conn.execute(text("create table claims (id text primary key, employee text, filed_at timestamptz)"))

    def file(self, people: Iterable[str]) -> None:
        """One claim each."""
        rows = [{"id": f"claim-{one}", "who": one} for one in people]
        with self.engine.begin() as conn:
            conn.execute(text("insert into claims values (:id, :who, now()) on conflict do nothing"), rows)


class Version(BaseHTTPRequestHandler):
    server: Application

    def do_GET(self) -> None:
        body = json.dumps({"version": self.server.version}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(database: str) -> Iterator[Application]:
    app = Application(database)
    thread = threading.Thread(target=app.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield app
    finally:
        app.shutdown()
        thread.join()
        app.server_close()
        app.engine.dispose()


def board(folder: Path) -> dict[str, Any]:
    return json.loads(uptake(folder, "status", "plan.yaml", "--json")[1])


def tell(folder: Path, address: str, version: str, secret: str = SECRET) -> tuple[int, str]:
    """The other tool's last step."""
    command = [sys.executable, "tell.py", address, version]
    env = {"DEPLOYMENTS_SECRET": secret}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.leaves_children
def test_deployed_by_another_tool(tmp_path: Path) -> None:
    folder = copy("observed", tmp_path)
    assert uptake(folder, "check", "plan.yaml")[0] == 0, "the example as it stands is a good plan"
    with server() as database, running(database) as app:
        changes = {
            "https://expenses.example.org": f"http://127.0.0.1:{app.server_port}",
            "every: 30s": "every: 1s",
            "min_healthy_time: 1m": "min_healthy_time: 1s",
            "within: 28d": "within: 1h",
            "hold_at_most: 4w": "hold_at_most: 1h",
            "implement:\n": "implement:\n  look: 0.5s\n",
        }
        plan = (folder / "plan.yaml").read_text()
        for old, new in changes.items():
            assert old in plan, old
            plan = plan.replace(old, new)
        (folder / "plan.yaml").write_text(in_seconds(plan))
        code, said = uptake(folder, "deploy", "plan.yaml", "--dry-run")
        assert (code, "tells v3.1.0, expected v3.2.0" in said) == (1, True), said
        env = {"DEPLOYMENTS_SECRET": SECRET, "EXPENSES_DB": database}
        with serving(folder, env):
            address = (folder / "serve.log").read_text().partition("page ")[2].partition("/,")[0]
            assert tell(folder, address, "3.2.0", secret="whsec_Z3Vlc3NlZA==")[0] != 0
            assert board(folder)["runs"] == [], "a forged event begins nothing"
            code, said = tell(folder, address, "3.2.0")
            assert (code, json.loads(said)["version"]) == (0, "3.2.0"), said
            until("the address was asked", lambda: board(folder)["hosts"][0]["state"] != "waiting")
            shown = board(folder)
            assert (shown["runs"][0]["state"], shown["states"]["deploy"]) == ("running", "running"), shown["verdict"]
            assert {wave["state"] for wave in shown["waves"]} == {"planned"}, "no wave opens on another version"
            app.version = "v3.2.0"
            until("deployed", lambda: board(folder)["states"]["deploy"] == "deployed")
            let_in = ("open", "adopting", "held")  # a busy machine looks when the gate has been judged already
            until("the first wave opens", lambda: board(folder)["waves"][0]["state"] in let_in)

            def in_use() -> bool:
                people = json.loads(uptake(folder, "who", "plan.yaml", "--json")[1])["people"]
                app.file(one["id"] for one in people if one["opened_at"])
                return board(folder)["states"]["implement"] == "in use"

            until("in use", in_use)
            app.version = "v3.3.0"
            until("another version is seen", lambda: board(folder)["states"]["deploy"] == "not deployed")
            assert "tells v3.3.0, expected v3.2.0" in json.dumps(board(folder)["hosts"])
    assert uptake(folder, "verify", "plan.yaml")[0] == 0
    assert "0 differences" in uptake(folder, "replay", "plan.yaml")[1]

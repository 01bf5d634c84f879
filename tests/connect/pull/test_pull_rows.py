"""Rows that lie elsewhere: CSV, query and JSON list by our own words, and each refusal at its place."""

import json
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from uptake.connect.pull.rows import Row, read_rows
from uptake.core.problem import Refused
from uptake.core.time import Instant, iso
from uptake.plan.pull import Pull

WINDOW = (Instant(0), Instant(2_000_000_000_000))


def rows(pull: Pull, folder: Path, needs: tuple[str, ...] = ("person", "at"), takes: tuple[str, ...] = ()) -> list[Row]:
    return list(read_rows(pull, folder=folder, needs=needs, takes=takes, window=WINDOW))


def refused(pull: Pull, folder: Path) -> list[tuple[str, int]]:
    with pytest.raises(Refused) as found:
        rows(pull, folder)
    return [(problem.code, problem.where.line) for problem in found.value.problems]


def test_a_csv_by_our_words(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes("Personalnummer;Datum;Größe\n00417;03.04.2026;x\n".encode("cp1252"))
    words = {"person": "Personalnummer", "at": "Datum"}
    (row,) = rows(Pull(csv="export.csv", columns=words, encoding="cp1252"), tmp_path)
    assert (row.text("person"), row.line) == ("00417", 2)
    at = row.moment("at", timezone="Europe/Berlin", dates="%d.%m.%Y")
    assert iso(at, "Europe/Berlin") == "2026-04-03T00:00:00+02:00"
    end = row.moment("at", timezone="Europe/Berlin", dates="%d.%m.%Y", end=True)
    assert iso(end, "Europe/Berlin") == "2026-04-03T23:59:59+02:00"
    with pytest.raises(Refused, match="is no date"):
        row.moment("at", timezone="UTC")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b'person,at\n1,2026-01-01\n2,"2026', ("csv.quote", 3)),
        (b"person,at\n1\n", ("csv.ragged", 2)),
        (b"person,when\n", ("pull.column", 1)),
        (b"person,at,at\n", ("pull.column", 1)),
        (b"person,at\nm\xfcller,2026-01-01\n", ("csv.encoding", 2)),
        (b"", ("csv.empty", 0)),
    ],
)
def test_a_csv_that_cannot_be_used(tmp_path: Path, text: bytes, code: tuple[str, int]) -> None:
    (tmp_path / "export.csv").write_bytes(text)
    assert refused(Pull(csv="export.csv"), tmp_path) == [code]


def test_values_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text("person,value\n4.17E+02,1\n,2\n7,many\n8,nan\n9, 2.5 \n")
    found = rows(Pull(csv="export.csv"), tmp_path, needs=("person", "value"))
    for row in found[:2]:
        with pytest.raises(Refused):
            row.text("person")
    for row in found[2:4]:
        with pytest.raises(Refused):
            row.number("value")
    assert found[4].number("value") == 2.5


def test_a_query_reads_only_and_by_its_window(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "house.db") as made:
        made.execute("create table use (who text, day text)")
        made.executemany("insert into use values (?, ?)", [("00417", "2026-01-01"), ("00418", "1969-01-01")])
    made.close()
    sql = "select who as person, day as at from use where day >= :since and day < :until"
    pull = Pull(sql=sql, database="sqlite:///house.db")
    (row,) = rows(pull, tmp_path)
    assert (row.text("person"), row.text("at")) == ("00417", "2026-01-01")
    before = (tmp_path / "house.db").read_bytes()
    with pytest.raises(Refused, match="the query fails"):
        rows(Pull(sql="insert into use values ('1', '2')", database="sqlite:///house.db"), tmp_path)
    assert (tmp_path / "house.db").read_bytes() == before


@pytest.mark.parametrize(
    ("database", "code"),
    [("sqlite:///none.db", "pull.database"), ("nonsense", "pull.database"), ("env:NOT_SET_HERE", "secret.missing")],
)
def test_a_database_that_cannot_be_used(tmp_path: Path, database: str, code: str) -> None:
    assert [found for found, _ in refused(Pull(sql="select 1", database=database), tmp_path)] == [code]


def test_the_address_of_a_database_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE", "postgresql+psycopg://me:secret-word@127.0.0.1:1/none")
    with pytest.raises(Refused) as found:
        rows(Pull(sql="select 1", database="env:HOUSE"), tmp_path)
    assert "secret-word" not in str(found.value)


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Answers a JSON list where the token is right, a log-in page elsewhere."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            good = self.headers.get("authorization") == "Bearer word"
            kind, body = (
                ("application/json", json.dumps([{"person": 417, "at": "2026-01-01", "more": None}]))
                if good
                else ("text/html", "<p>log in</p>")
            )
            if self.path == "/moved":
                self.send_response(302)
                self.send_header("location", "/")
            else:
                self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    made = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}", asked
    made.shutdown()
    thread.join()
    made.server_close()


def test_a_json_list(tmp_path: Path, server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "Bearer word")
    (row,) = rows(Pull(http=f"{server[0]}/", headers={"Authorization": "env:TOKEN"}), tmp_path, takes=("more",))
    assert (row.text("person"), row.values["more"]) == ("417", "")


@pytest.mark.parametrize("path", ["/", "/moved"])
def test_a_page_or_a_move_is_refused(tmp_path: Path, server: tuple[str, list[str]], path: str) -> None:
    assert refused(Pull(http=server[0] + path), tmp_path) == [("pull.http", 0)]

"""Opening: private files, quick, safe for two at once, and never an older program on a newer state."""

import hashlib
import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text, update

from uptake.core.entry import Said
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.store.open import open_store, plans_in
from uptake.store.tables import meta


@pytest.fixture
def place(tmp_path):
    """What stands here is about files."""
    return tmp_path


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_private(tmp_path, store):
    store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
    folder = tmp_path / ".uptake"
    assert mode(folder) == 0o700
    names = {path.name: mode(path) for path in folder.iterdir()}
    assert names["state.db"] == 0o600
    assert set(names.values()) == {0o600}


def test_files_are_private_under_a_loose_umask(tmp_path):
    before = os.umask(0)
    try:
        opened = open_store(tmp_path, "helpdesk")
        opened.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
        assert mode(tmp_path / ".uptake") == 0o700
        assert {mode(path) for path in (tmp_path / ".uptake").iterdir()} == {0o600}
        opened.close()
    finally:
        os.umask(before)


def test_the_file_holds_no_token(store, tmp_path):
    words = store.tokens.add("bridge", "intake")
    store.tokens.find(words)
    kept = b"".join(path.read_bytes() for path in (tmp_path / ".uptake").iterdir())
    assert words.encode() not in kept
    assert hashlib.sha256(words.encode()).digest() in kept


def test_a_second_opening_here_keeps_the_locks_of_the_first(store, tmp_path):
    """Else the last to close elsewhere takes the log away, and what is written from then on is lost."""
    store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
    open_store(tmp_path, "helpdesk").close()
    look = "import sys; from pathlib import Path; from uptake.store.open import open_store\n"
    look += "store = open_store(Path(sys.argv[1]), 'helpdesk'); print(len(list(store.ledger.read()))); store.close()"
    for written in (1, 2, 3):
        seen = subprocess.run([sys.executable, "-c", look, str(tmp_path)], capture_output=True, text=True, check=True)
        assert int(seen.stdout) == written
        store.ledger.append([Said(what="hold", who="kim")], at=Instant(1 + written))


def test_a_newer_state_is_refused(tmp_path, store):
    with store.database.writing() as conn:
        conn.execute(update(meta).values(value="99"))
    with pytest.raises(Refused) as caught:
        open_store(tmp_path, "helpdesk")
    problem = caught.value.problems[0]
    assert problem.code == "UP302"
    assert "99" in problem.what
    assert "newer" in problem.hint


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refused) as caught:
        open_store(tmp_path / "nowhere", "helpdesk")
    assert "No such file" in caught.value.problems[0].what


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / ".uptake").mkdir()
    (tmp_path / ".uptake" / "state.db").write_text("this is a letter, not a database" * 100)
    with pytest.raises(Refused) as caught:
        open_store(tmp_path, "helpdesk")
    assert "not a database" in caught.value.problems[0].what


def test_many_may_open_a_new_folder_at_once(tmp_path):
    code = "import sys, pathlib; from uptake.store.open import open_store; open_store(pathlib.Path(sys.argv[1]), 'p')"
    racers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(4)]
    assert [racer.wait(30) for racer in racers] == [0, 0, 0, 0]
    with ThreadPoolExecutor(4) as pool:
        for opened in pool.map(lambda number: open_store(tmp_path, f"plan{number}"), range(8)):
            opened.close()


def test_a_url_opens_the_same_state(tmp_path, store):
    store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
    by_url = open_store(f"sqlite:///{tmp_path}/.uptake/state.db", "helpdesk")
    assert by_url.ledger.head() == 1
    by_url.close()


def test_plans_in_one_folder_do_not_meet(tmp_path, store):
    other = open_store(tmp_path, "other")
    store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
    assert (store.ledger.head(), other.ledger.head()) == (1, 0)
    assert store.lease.take() == 1
    assert other.lease.take() == 1
    words = store.tokens.add("bridge", "intake")
    assert other.tokens.find(words) is None
    other.close()


def test_the_plans_of_a_folder(tmp_path, store):
    open_store(tmp_path, "opened only").close()
    assert plans_in(tmp_path) == []
    store.ledger.append([Said(what="hold", who="kim")], at=Instant(1))
    assert plans_in(tmp_path) == ["helpdesk"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert plans_in(empty) == []
    assert list(empty.iterdir()) == []


def test_connections_are_durable_and_checked(store):
    with store.database.reading() as conn:
        pragmas = [
            conn.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]


COMMITS = 50
SYNCED = """
import sys
from pathlib import Path
from uptake.core.entry import Observed
from uptake.store.open import open_store, plans_in
store = open_store(Path(sys.argv[1]), "helpdesk", ttl_s=600)
epoch = store.lease.take()
for number in range(int(sys.argv[2])):
    store.ledger.append([Observed(now=number)], at=number, expect=number, epoch=epoch)
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_a_ledger_commit_is_at_most_two_syncs(tmp_path):
    def syncs(commits: int) -> int:
        folder = tmp_path / str(commits)
        folder.mkdir()
        trace = folder / "trace"
        traced = ["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace)]
        ran = subprocess.run(
            [*traced, sys.executable, "-c", SYNCED, str(folder), str(commits)],
            capture_output=True,
            text=True,
            check=False,
        )
        if "ptrace" in ran.stderr:
            pytest.skip("strace may not trace here")
        assert ran.returncode == 0, ran.stderr
        return sum("sync(" in line for line in trace.read_text().splitlines())

    assert COMMITS <= syncs(COMMITS + 1) - syncs(1) <= 2 * COMMITS

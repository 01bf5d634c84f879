"""What goes wrong around a run ends with place, cause and next step, without a traceback, and nothing half done."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from uptake.__main__ import comes_of_ctrl_c
from uptake.app.opened import open_plan
from uptake.core.entry import Observed
from uptake.core.time import Instant
from uptake.store.database import now

PLAN = """\
plan: policy
title: Meetings end at five to
implement:
  audience: {from: people.csv, id: id}
  waves: {assign_by: person, sizes: [50%, 50%], start: "2026-01-01", every: 1h}
  gate: {adoption: 50%, at: 1h}
  look: 1s
  adoption: {event: ended.early, count: 1, within: 1h, target: 50%}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fill(tmp_path)
    return tmp_path


def fill(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN)
    (folder / "people.csv").write_text("id\n" + "".join(f"p{number}\n" for number in range(20)))


def begin(folder: Path, *words: str, verb: str = "implement", **more: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "uptake", verb, "plan.yaml", *words]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
    return subprocess.Popen(command, cwd=folder, text=True, **streams)  # type: ignore[call-overload]


def uptake(folder: Path, verb: str, *words: str, **more: object) -> tuple[int, str, str]:
    process = begin(folder, *words, verb=verb, **more)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in (err or "")
    return process.returncode, out or "", err or ""


def stop_when(process: subprocess.Popen[str], folder: Path, entries: int) -> tuple[int, str, str]:
    """Ctrl-C once the ledger has so many entries."""
    until = time.monotonic() + 30
    while head(folder) < entries and process.poll() is None and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    return process.returncode, out, err


def head(folder: Path) -> int:
    if not (folder / ".uptake" / "state.db").exists():
        return 0
    opened = open_plan(folder / "plan.yaml")
    try:
        return opened.store.ledger.head()
    finally:
        opened.store.close()


@pytest.fixture
def begun(folder: Path) -> Path:
    """A plan whose first wave is open, stopped by Ctrl-C."""
    code, _, err = stop_when(begin(folder, "--yes"), folder, 6)
    assert code == 130
    assert "goes on from where it stopped: uptake " in err
    return folder


def test_ctrl_c_two_starts_and_a_file_that_was_edited_or_is_gone(folder: Path) -> None:
    both = [begin(folder, "--yes") for _ in range(2)]
    ends = [stop_when(process, folder, 6) for process in both]
    assert [code for code, _, _ in ends] == [130, 130]
    code, out, _ = uptake(folder, "verify")
    assert code == 0, out
    opened = open_plan(folder / "plan.yaml")
    words = [spoken.said.what for spoken in opened.picture().words]
    opened.store.close()
    assert words == ["commit", "freeze", "start"]

    (folder / "plan.yaml").write_text(PLAN.replace("50%, at: 1h", "1%, at: 1s"))
    code, _, err = uptake(folder, "implement", "--yes")
    assert (code, "UP020" in err, "plan.yaml" in err) == (2, True, True)
    assert uptake(folder, "hold")[0] == 0
    (folder / "plan.yaml").unlink()
    code, _, err = uptake(folder, "implement", "--yes")
    assert (code, "UP001" in err, "No such file" in err) == (2, True, True)


def test_a_changed_byte_is_named_and_nothing_is_built_on_it(begun: Path) -> None:
    intact = (begun / ".uptake" / "state.db").read_bytes()
    for text in (b"Wave 1 opens to", b'"do":"Open"'):
        change(begun, intact, text)
        code, out, _ = uptake(begun, "verify")
        assert (code, "entry " in out, "hash does not follow" in out) == (1, True, True)
        before = head(begun)
        code, _, err = uptake(begun, "implement", "--yes")
        assert (code, "UP330" in err, f"ledger of policy:{out.split('entry ')[1].split(':')[0]}" in err) == (
            2,
            True,
            True,
        )
        assert head(begun) == before


def change(folder: Path, intact: bytes, text: bytes) -> None:
    (folder / ".uptake" / "state.db").write_bytes(intact)
    raw = sqlite3.connect(folder / ".uptake" / "state.db")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    state = bytearray((folder / ".uptake" / "state.db").read_bytes())
    assert state.count(text) >= 1
    state[state.find(text) + 7] ^= 1
    (folder / ".uptake" / "state.db").write_bytes(state)


def test_a_clock_that_was_set_back_is_told(begun: Path) -> None:
    opened = open_plan(begun / "plan.yaml")
    ahead = Instant(now() + 3_600_000)
    opened.store.ledger.append([Observed(now=ahead)], at=ahead, epoch=opened.store.lease.take())
    opened.store.close()
    before = head(begun)
    code, _, err = uptake(begun, "implement", "--yes")
    assert (code, "UP026" in err, "set the clock" in err) == (2, True, True)
    assert "Nothing was changed" not in err  # the start is in the ledger
    assert head(begun) == before


def test_outputs_that_are_closed_or_full(begun: Path) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = uptake(begun, "hold", stdout=full)
        assert (code, "No space left" in err, "uptake status" in err) == (1, True, True)
    closed = ["/bin/sh", "-c", f'exec "{sys.executable}" -m uptake status plan.yaml "$@" >&- 2>&- <&-']
    assert subprocess.run(closed, cwd=begun, check=False).returncode == 0
    cut = f'"{sys.executable}" -m uptake why plan.yaml all | head -c 1 >/dev/null'
    ran = subprocess.run(["/bin/sh", "-c", cut], cwd=begun, check=False, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


@contextmanager
def mounted(path: Path, options: str) -> Iterator[Path]:
    """A small file system of our own."""
    path.mkdir()
    argv = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_disk_that_is_full_and_one_that_is_read_only(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=3m") as folder:
        fill(folder)
        stop_when(begin(folder, "--yes"), folder, 6)
        before = head(folder)
        filler = folder / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        code, _, err = uptake(folder, "hold")
        assert (code, "UP304" in err, "full" in err, "state.db" in err) == (2, True, True, True)
        filler.unlink()
        assert uptake(folder, "verify")[0] == 0
        assert head(folder) == before
        assert uptake(folder, "hold")[0] == 0
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        for verb, *words in (("implement", "--yes"), ("resume",)):
            code, _, err = uptake(folder, verb, *words)
            assert (code, "UP301" in err, "Read-only file system" in err) == (2, True, True)
        subprocess.run(["mount", "-o", "remount,rw", folder], check=True)
        shutil.rmtree(folder / ".uptake")


def test_what_a_ctrl_c_breaks_on_its_way_out_is_a_ctrl_c() -> None:
    """A signal between a wait and its lock leaves the block as an error of the lock, not as KeyboardInterrupt."""
    lock = threading.Lock()

    def interrupted_where_the_lock_is_not_held() -> None:
        with lock:
            lock.release()
            raise KeyboardInterrupt

    with pytest.raises(RuntimeError, match="release unlocked lock") as interrupted:
        interrupted_where_the_lock_is_not_held()
    assert comes_of_ctrl_c(interrupted.value)
    with pytest.raises(RuntimeError) as broken:
        lock.release()
    assert not comes_of_ctrl_c(broken.value)

"""A real PostgreSQL for tests: Debian's own, a cluster of its own in a folder, ended with the session's process."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

START_LIMIT_S = 60.0
USER = "postgres"


def tool(name: str) -> Path | None:
    """The newest installed program of PostgreSQL's own folder."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return found[-1] if found else None


def why_not() -> str:
    """Why no server can be started here; empty where one can."""
    if tool("initdb") is None:
        return "PostgreSQL is not installed (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL refuses to run as root, and there is no setpriv"
    return ""


@contextmanager
def server() -> Iterator[str]:
    """A server on a free port, in a folder of its own that its user can reach; its SQLAlchemy address."""
    if why_not():
        if os.environ.get("CI") == "true":
            pytest.fail(why_not())
        pytest.skip(why_not())
    folder = Path(tempfile.mkdtemp(prefix="uptake-postgresql-"))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir(mode=0o700)
    as_user: list[str] = []
    if os.getuid() == 0:
        shutil.chown(data, USER, USER)
        as_user = ["setpriv", "--reuid", USER, "--regid", USER, "--init-groups"]
    words = ["-D", str(data), "-U", USER, "-A", "trust", "-N", "--no-locale", "-E", "UTF8"]
    subprocess.run([*as_user, str(tool("initdb")), *words], check=True, capture_output=True, cwd="/")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", "", "-c", "max_connections=40"]
    log = (folder / "log").open("wb")
    process = subprocess.Popen([*as_user, str(tool("postgres")), *options], stdout=log, stderr=log, cwd="/")
    try:
        _wait(process, port, folder / "log")
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Until it takes connections."""
    import psycopg

    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text(errors="replace")
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")

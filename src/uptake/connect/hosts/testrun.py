"""The process that runs one test file of pytest-testinfra against one host: `python -m uptake.connect.hosts.testrun`.

The order comes as one line on standard input, secrets in it; the answer goes as one line to standard output. It holds
one SSH connection of OpenSSH for all tests, with the inventory's user, key and known_hosts, and ends with everything
it started when its input ends. It decides nothing: `testfile` says what an answer means.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

CONNECT_S = 15
"""So long a connection may take."""
ALIVE_S = 2
ALIVE_MOST = 4
"""A connection without a sign of life for `ALIVE_S` x `ALIVE_MOST` seconds is given up."""
POLL_S = 0.01
FAILED_MOST = 20
"""At most so many failed tests are told."""
ASKED = "UPTAKE_ASKED"
ASKPASS = f"#!/bin/sh\nprintf '%s\\n' \"${ASKED}\"\n"


class Unreachable(Exception):
    """No connection; the text is OpenSSH's own."""


@dataclass(slots=True, kw_only=True)
class Kept:
    """pytest's reports, as a plugin: what passed is counted, what failed is kept."""

    passed: int = 0
    skipped: int = 0
    broken: bool = False
    failed: list[tuple[str, list[str]]] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: "pytest.TestReport") -> None:
        """A phase of a test has ended."""
        if report.failed:
            self._keep(report.nodeid, report.longreprtext, report.sections)
        elif report.skipped:
            self.skipped += 1
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report: "pytest.CollectReport") -> None:
        """The file has been read."""
        if report.failed:
            self.broken = True
            self._keep(report.nodeid, report.longreprtext, report.sections)

    def _keep(self, name: str, text: str, sections: list[tuple[str, str]]) -> None:
        if len(self.failed) < FAILED_MOST:
            said = [line for title, words in sections if "Captured std" in title for line in words.splitlines()]
            self.failed.append((name, [*said, *text.splitlines()]))


def main() -> int:
    """Serve one order."""
    orders = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.dup(1)
    os.dup2(2, 1)
    order = json.loads(orders.readline())
    with tempfile.TemporaryDirectory(prefix="uptake-test-", ignore_cleanup_errors=True) as made:
        threading.Thread(target=_end_with, args=(orders, made), daemon=True).start()
        try:
            answer = _answer(order, Path(made))
        except Unreachable as error:
            answer = {"unreachable": str(error)}
    os.write(answers, json.dumps(answer).encode() + b"\n")
    return 0


def _end_with(orders: Any, made: str) -> None:
    """When the input ends, so does everything in this process's group."""
    orders.read()
    shutil.rmtree(made, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def _answer(order: dict[str, Any], made: Path) -> dict[str, Any]:
    try:
        import pytest
        import testinfra.plugin  # noqa: F401  named to pytest below
    except ImportError as error:
        return {"missing": str(error)}
    os.environ.update(order["environment"])
    kept = Kept()
    with _connected(order, made) as words:
        (made / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        own = ["-c", f"{made}/pytest.ini", "--rootdir", str(Path(order["file"]).parent), "--tb=short"]
        plugins = ["-p", "testinfra.plugin", "-p", "no:cacheprovider"]
        code = pytest.main([*own, *plugins, *words, order["file"]], plugins=[kept])
    return {
        "code": int(code),
        "passed": kept.passed,
        "skipped": kept.skipped,
        "broken": kept.broken,
        "failed": [(_name(node, order), lines) for node, lines in kept.failed],
    }


def _name(node: str, order: dict[str, Any]) -> str:
    """A test's name within its file, without the host that testinfra writes into it."""
    place = f"ssh://{order['login']['address']}" if order["login"] else "local://"
    return node.partition("::")[2].replace(f"[{place}]", "").replace(f"{place}-", "")


@contextmanager
def _connected(order: dict[str, Any], made: Path) -> "Iterator[list[str]]":
    """One connection of OpenSSH for all tests, and the words by which testinfra finds it.

    Raises:
        Unreachable: it cannot be had.
    """
    login = order["login"]
    if login is None:
        yield ["--hosts=local://"]
        return
    config, socket = made / "ssh_config", made / "m"
    config.write_text(_config(login, socket), encoding="utf-8")
    environment = dict(os.environ)
    if login["secret"]:
        asker = made / "ask"
        asker.write_text(ASKPASS, encoding="utf-8")
        asker.chmod(0o700)
        environment |= {"SSH_ASKPASS": str(asker), "SSH_ASKPASS_REQUIRE": "force", ASKED: login["secret"]}
    command = ["ssh", "-F", str(config), "-M", "-N", login["address"]]
    with (made / "said").open("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said
        )
        deadline_s = time.monotonic() + 2 * CONNECT_S
        while not socket.exists():
            if process.poll() is not None or time.monotonic() > deadline_s:
                process.kill()
                process.wait()
                said.seek(0)
                raise Unreachable(said.read().strip() or f"no connection within {2 * CONNECT_S} s")
            time.sleep(POLL_S)
        try:
            yield [f"--hosts=ssh://{login['address']}", f"--ssh-config={config}", "--ssh-extra-args=-oControlMaster=no"]
        finally:
            process.terminate()
            process.wait()


def _config(login: dict[str, Any], socket: Path) -> str:
    """OpenSSH's settings of the connection: the inventory's own come first, then those of the user's file."""
    settings: dict[str, Any] = {
        "User": login["user"],
        "Port": login["port"],
        "IdentityFile": login["key"],
        "IdentitiesOnly": "yes" if login["key"] else "",
        "UserKnownHostsFile": login["known_hosts"],
        "StrictHostKeyChecking": "yes",
        "BatchMode": "no" if login["secret"] else "yes",
        "NumberOfPasswordPrompts": 1,
        "ConnectTimeout": CONNECT_S,
        "ServerAliveInterval": ALIVE_S,
        "ServerAliveCountMax": ALIVE_MOST,
        "ControlPath": str(socket),
        "ControlMaster": "no",
        "LogLevel": "ERROR",
    }
    own = [f"{name} {_quoted(value)}" for name, value in settings.items() if value]
    theirs = Path(login["config"]).expanduser()
    then = ["Match all", f"Include {_quoted(theirs.absolute())}"] if theirs.is_file() else []
    return "\n".join(["Host *", *own, *then, ""])


def _quoted(value: Any) -> str:
    """A value as OpenSSH's settings take it: in quotes, its percent signs doubled."""
    return '"' + str(value).replace("%", "%%") + '"'


if __name__ == "__main__":
    sys.exit(main())

"""A test file of pytest-testinfra on each host: one process per host, a few side by side, each within its time.

For the child process, which knows the inventory's secrets: they go to the test's process on its standard input and
stand in no process list. What came out is told like a step's end. A file without tests is a failure that says so.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Pool

from uptake.connect.hosts.execution import Ended
from uptake.connect.hosts.inventory import Known
from uptake.connect.placeholder import fill
from uptake.core.problem import Refused, refuse

SIDE_BY_SIDE_MOST = 8
"""At most so many hosts are tested at once; each has a Python process of its own."""
OK, FAILED, NO_TESTS = 0, 1, 5
"""pytest's own exit codes."""
LEFT_OUT = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")
INSTALL = "install it beside Uptake: pip install pytest-testinfra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is to be run: the file as the plan names it, the version, the plan's folder, and each host's limit."""

    name: str
    version: str
    folder: Path
    limit_s: float


def run(file: Suite, hosts: Sequence[Known], begin: Callable[[str], None], end: Callable[[str, Ended], None]) -> None:
    """Run the file on every host; `begin` and `end` are told as it happens."""
    pool = Pool(SIDE_BY_SIDE_MOST)

    def one(host: Known) -> None:
        begin(host.name)
        try:
            ended = _one(file, host)
        except Refused as refused:
            ended = Ended(state="failed", lines=(str(refused),))
        except OSError as error:
            ended = Ended(state="failed", lines=(f"no process for the test: {error}",))
        end(host.name, ended)

    pool.map(one, hosts)


def _one(file: Suite, host: Known) -> Ended:
    name = fill(file.name, version=file.version, host=host.address, data=host.data)
    path = file.folder / name
    if not path.is_file():
        return Ended(state="failed", lines=(f"{name}: there is no such file",))
    known = {
        "UPTAKE_VERSION": file.version,
        "UPTAKE_HOST": host.name,
        "UPTAKE_ADDRESS": host.address,
        "UPTAKE_DATA": json.dumps(host.told()),
    }
    order = {"file": str(path.absolute()), "login": _login(host), "environment": known}
    answer, code = _asked(order, file)
    return _read(name, answer, code, file.limit_s)


def _asked(order: dict[str, Any], file: Suite) -> tuple[dict[str, Any] | None, int | None]:
    """The process's answer, None where it gave none; and its exit code, None where its time was over."""
    environment = {name: value for name, value in os.environ.items() if name not in LEFT_OUT}
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "uptake.connect.hosts.testrun"],
        cwd=file.folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with gevent.Timeout(file.limit_s):
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            said = process.stdout.readline()
    except gevent.Timeout:
        return None, None
    except BrokenPipeError:
        said = b""
    finally:
        process.stdin.close()  # which ends it and all that it started
        code = process.wait()
        process.stdout.close()
    return (json.loads(said) if said.endswith(b"\n") else None), code


def _login(host: Known) -> dict[str, Any] | None:
    """How OpenSSH logs in there as pyinfra does; None for this machine itself.

    Raises:
        Refused: a host that is reached in another way, or data that no connection can be made of.
    """
    if host.name == "@local":
        return None
    if host.name.startswith("@") and not host.name.startswith("@ssh/"):
        raise refuse("hosts.test", host.name, "test files reach hosts over SSH, and this one is reached otherwise")
    data = host.data
    login = {
        "address": host.address,
        "port": int(data.get("ssh_port") or 0),
        "user": str(data.get("ssh_user") or ""),
        "key": str(data.get("ssh_key") or ""),
        "known_hosts": str(data.get("ssh_known_hosts_file") or ""),
        "config": str(data.get("ssh_config_file") or "~/.ssh/config"),
        "secret": str(data.get("ssh_password") or data.get("ssh_key_password") or ""),
    }
    for name, value in login.items():
        if name != "secret" and (set(str(value)) & {'"', "\n", "\r", ","} or str(value).startswith("-")):
            raise refuse("hosts.test", host.name, f"its {name} has a sign that no connection can be made with")
    return login


def _read(name: str, answer: dict[str, Any] | None, code: int | None, limit_s: float) -> Ended:
    """What an answer means."""
    if answer is None:
        why = f"did not end within {limit_s:g} s" if code is None else f"its process ended {code} without an answer"
        return Ended(state="failed", lines=(f"{name}: {why}",))
    if "unreachable" in answer:
        return Ended(state="unreachable", lines=tuple(answer["unreachable"].splitlines()))
    if "missing" in answer:
        return Ended(state="failed", lines=(f"{answer['missing']}: {INSTALL}",))
    failed = answer["failed"]
    if answer["code"] == OK and answer["passed"]:
        return Ended(state="done")
    if failed:
        test, lines = failed[0]
        others = tuple(f"also failed: {other}" for other, _ in failed[1:])
        title = "cannot be read" if answer["broken"] else test
        return Ended(state="failed", operation=title, exit_code=answer["code"], lines=(*others, *lines))
    if answer["code"] in (OK, NO_TESTS):
        skipped = f"all {answer['skipped']} of its tests were skipped" if answer["skipped"] else "it holds no tests"
        hint = "a test is a function whose name begins with test_"
        return Ended(state="failed", exit_code=NO_TESTS, lines=(f"{name}: {skipped}; {hint}",))
    return Ended(state="failed", exit_code=answer["code"], lines=(f"{name}: pytest ended {answer['code']}",))

"""`python -m tests.fleet start|stop`: a fleet that lives until it is stopped.

`start` writes DIR/state.json with the hosts' facts and stays in the foreground; with `--detach` a keeper
process stays and the command returns once the hosts answer. `stop` ends it, also when the keeper died.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.fleet import processes
from tests.fleet.fleet import Fleet
from tests.fleet.host import FleetError

DETACH_LIMIT_S = 60.0
STOP_LIMIT_S = 15.0
POLL_S = 0.01


def main(argv: list[str] | None = None) -> int:
    """Run the command; 0 done, 1 failed, 2 usage."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description="N real SSH hosts on this machine")
    verbs = parser.add_subparsers(dest="verb", required=True)
    start = verbs.add_parser("start", help="start hosts and keep them until stopped")
    start.add_argument("--hosts", type=int, default=3)
    start.add_argument("--mode", choices=("auto", "ns", "plain"), default="auto")
    start.add_argument("--folder", type=Path, required=True)
    start.add_argument("--detach", action="store_true")
    stop = verbs.add_parser("stop", help="end the hosts of a folder")
    stop.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args(argv)
    try:
        if options.verb == "stop":
            return end(options.folder)
        if options.detach:
            return detach(options)
        return keep(options)
    except FleetError as error:
        print(f"fleet: {error}", file=sys.stderr)
        return 1


def keep(options: argparse.Namespace) -> int:
    """Start the hosts and hold them until SIGTERM or SIGINT."""
    wanted = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
    _refuse_second(options.folder)
    with Fleet.start(n=options.hosts, mode=options.mode, folder=options.folder) as fleet:
        state = fleet.write_state()
        print(describe(json.loads(state.read_text(encoding="utf-8"))), flush=True)
        signal.sigwait(wanted)
    state.unlink()
    return 0


def detach(options: argparse.Namespace) -> int:
    """Leave a keeper behind and return when the hosts answer."""
    _refuse_second(options.folder)
    options.folder.mkdir(parents=True, exist_ok=True)
    own = ["--hosts", str(options.hosts), "--mode", options.mode, "--folder", str(options.folder)]
    log = options.folder / "keeper.log"
    with log.open("wb") as file:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.fleet", "start", *own],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    state = options.folder / "state.json"
    deadline = time.monotonic() + DETACH_LIMIT_S
    while not state.exists():
        if keeper.poll() is not None or time.monotonic() > deadline:
            keeper.kill()
            raise FleetError(log.read_text(encoding="utf-8").strip() or "the hosts did not start")
        time.sleep(POLL_S)
    print(describe(json.loads(state.read_text(encoding="utf-8"))))
    return 0


def end(folder: Path) -> int:
    """End the hosts that `folder/state.json` names; none there is no mistake."""
    path = folder / "state.json"
    if not path.exists():
        print(f"fleet: nothing runs from {folder}")
        return 0
    state = json.loads(path.read_text(encoding="utf-8"))
    if _is_alive(state["keeper"]):
        os.kill(state["keeper"]["pid"], signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT_S
    while _is_alive(state["keeper"]):
        if time.monotonic() > deadline:
            raise FleetError(f"the keeper, process {state['keeper']['pid']}, does not end")
        time.sleep(POLL_S)
    path.unlink(missing_ok=True)
    print(f"fleet: {len(state['hosts'])} hosts ended")
    return 0


def describe(state: dict[str, list[dict[str, str]]]) -> str:
    """One line a person can use."""
    how = "root with namespaces" if state["mode"] == "ns" else "an sshd, a folder and an address for each"
    hosts = state["hosts"]
    return (
        f"fleet: {len(hosts)} hosts, mode {state['mode']} ({how}),"
        f" {hosts[0]['address']}:{hosts[0]['port']} to {hosts[-1]['address']}, user {hosts[0]['user']}"
    )


def _refuse_second(folder: Path) -> None:
    path = folder / "state.json"
    if path.exists() and _is_alive(json.loads(path.read_text(encoding="utf-8"))["keeper"]):
        raise FleetError(f"a fleet already runs from {folder}: stop it first")
    path.unlink(missing_ok=True)


def _is_alive(keeper: dict[str, int]) -> bool:
    now = processes.read(keeper["pid"])
    return now is not None and now.started == keeper["started"] and now.state != "Z"


if __name__ == "__main__":
    sys.exit(main())

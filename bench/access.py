"""Promise: five hundred people are granted and withdrawn exactly, and a second round writes nothing.

The tests of SCIM (scim2-server, which takes longer with each member) and LDAP (slapd) with so many people.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MANY = 500
TESTS = ("scim", "ldap")
NAME = "test_all_are_granted_and_withdrawn_exactly_and_a_second_round_writes_nothing"


def main() -> int:
    """One line for each server; 1 where a test failed."""
    failed = False
    for server in TESTS:
        began = time.monotonic()
        test = f"tests/connect/access/test_access_{server}.py::{NAME}[{MANY}]"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", test]
        environment = {**os.environ, "ACCESS_MANY": str(MANY)}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        failed |= done.returncode != 0
        word = "exact" if done.returncode == 0 else f"NOT SO\n{done.stdout[-2000:]}"
        print(f"access {server}: {MANY} people, {time.monotonic() - began:.0f} s: {word}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

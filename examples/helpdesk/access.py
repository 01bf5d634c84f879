"""Gives one person an account in her site's Roundup, or takes its rights away: the command behind the plan's `access`.

Uptake starts it once per person and act, the person as JSON on standard input. Exit 0: done (`read`: she has access).
3: it was so already (`read`: she has none). 4: nobody (she has no site or no address here). 1: it failed, the reason on
standard error. It creates; where the account exists it finds it and sets its roles. Withdrawing empties the roles and
keeps the account, so that what she wrote stays hers. She logs in with her personnel number. Secrets come from files.
"""

import argparse
import http.client
import json
import sys
import time
from pathlib import Path

from tracker import Refused, Tracker, first_password

DONE, FAILED, ALREADY, NONE, NOBODY = 0, 1, 3, 3, 4
CREATED, CONFLICT = 201, 409
TRIES_MOST = 3
PAUSE_S = 0.5


def grant(tracker: Tracker, person: dict[str, str], password: str) -> int:
    """Makes her account, or gives an account that stands its role again."""
    name = person["employee_id"]
    account = {"username": name, "realname": person["name"], "address": person["email"]}
    reply = tracker.request("POST", "rest/data/user", {**account, "password": password, "roles": "User"})
    if reply.status not in {CREATED, CONFLICT}:
        raise Refused(f"{tracker.url} answered a new account with {reply.words}")
    return DONE if reply.status == CREATED else settle(tracker, name, "User")


def withdraw(tracker: Tracker, person: dict[str, str]) -> int:
    """Empties the roles of her account; without an account there is nothing to take."""
    name = person["employee_id"]
    return ALREADY if tracker.find_user(name) is None else settle(tracker, name, "")


def read(tracker: Tracker, person: dict[str, str]) -> int:
    """Whether she has an account that may do something."""
    name = person["employee_id"]
    found = tracker.find_user(name)
    return DONE if found is not None and found[1] == "User" else NONE


def settle(tracker: Tracker, name: str, roles: str) -> int:
    """Changes the roles of an account where they differ, if it is still as it was read."""
    found = tracker.find_user(name)
    if found is None:
        raise Refused(f"{tracker.url} says that {name} exists and does not find her: another account has her address")
    number, now, etag = found
    if now == roles:
        return ALREADY
    tracker.set_roles(number, roles, etag)
    return DONE


def run(given: argparse.Namespace, person: dict[str, str]) -> int:
    """Does what was asked for one person."""
    sites = json.loads(given.sites.read_text())
    if not person.get("email") or person.get("site") not in sites:
        print(f"no tracker for {person.get('employee_id', 'this person')}", file=sys.stderr)
        return NOBODY
    tracker = Tracker(sites[person["site"]], "admin", given.admin.read_text().strip())
    if given.act in {"withdraw", "read"}:
        return {"withdraw": withdraw, "read": read}[given.act](tracker, person)
    return grant(tracker, person, first_password(given.key.read_bytes(), person["employee_id"]))


def main() -> int:
    """Reads the person, does it, says how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("act", choices=("grant", "withdraw", "read"))
    parser.add_argument("--sites", type=Path, required=True, help="JSON: the address of each site's tracker")
    parser.add_argument("--admin", type=Path, required=True, help="file with the administrator's password")
    parser.add_argument("--key", type=Path, required=True, help="file with the key of first passwords")
    given = parser.parse_args()
    person = json.load(sys.stdin)
    for attempt in range(1, TRIES_MOST + 1):
        try:
            return run(given, person)
        except (Refused, OSError, http.client.HTTPException) as problem:
            print(f"{given.act}, attempt {attempt}: {problem}", file=sys.stderr)
            time.sleep(PAUSE_S * attempt)
    return FAILED


if __name__ == "__main__":
    sys.exit(main())

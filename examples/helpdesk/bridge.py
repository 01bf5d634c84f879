"""The bridge: reads what people did (issues in each Roundup, mail in the shared mailbox) and posts it as events.

Its own process and the only source of usage in the demonstration. Every event has an id of its own
(`berlin/issue17`, `mail/<message id>`), so posting again changes nothing; what has been read is written down only after
the answer 202. Killed at any point, it goes on where it was. Roundup gives whole seconds, so that is an event's time.
"""

import argparse
import email.policy
import http.client
import json
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import people
from mailroom import HELPDESK, folder_of
from tracker import Refused, Tracker

POLL_S = 0.5
OVERLAP = timedelta(seconds=30)
BATCH_LIMIT = 500
ANSWER_LIMIT_S = 10.0
STAMP = "%Y-%m-%d.%H:%M:%S"
BEGINNING = "2000-01-01.00:00:00"
ACCEPTED, TOO_MANY, SERVER_ERROR = 202, 429, 500


class Mistake(Exception):
    """The intake refuses in a way that asking again will not cure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Where events are posted, and the token that allows it."""

    url: str
    token: str

    def post(self, events: list[dict[str, str]]) -> bool:
        """Whether the events are safe over there; False means: later again."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_LIMIT_S)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/cloudevents-batch+json",
        }
        try:
            connection.request("POST", parts.path, json.dumps(events), headers)
            response = connection.getresponse()
            said = response.read(1000)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        if response.status == ACCEPTED:
            return True
        if response.status == TOO_MANY or response.status >= SERVER_ERROR:
            return False
        raise Mistake(f"{self.url} answered {response.status}: {said.decode(errors='replace')}")


def event(source: str, name: str, subject: str, at: datetime, key: str) -> dict[str, str]:
    """One use as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": key,
        "source": source,
        "type": name,
        "subject": subject,
        "time": at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }


@dataclass(slots=True, kw_only=True)
class Site:
    """What has been read of one tracker: all before `since`, and the issues `seen` from then on."""

    since: str = BEGINNING
    seen: dict[str, str] = field(default_factory=dict)

    def unread(self, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The rows that have not been acknowledged yet."""
        return [row for row in rows if str(row["id"]) not in self.seen]

    def acknowledge(self, rows: list[dict[str, Any]]) -> None:
        """Moves on: a number may be given before its row can be read, so the window keeps an overlap."""
        self.seen |= {str(row["id"]): row["creation"] for row in rows}
        newest = datetime.strptime(max(self.seen.values()), STAMP)  # noqa: DTZ007  (both ends are UTC)
        self.since = max(self.since, (newest - OVERLAP).strftime(STAMP))
        self.seen = {number: created for number, created in self.seen.items() if created >= self.since}


class Bridge:
    """All trackers and the mailbox, one intake, one file with what has been read."""

    def __init__(self, intake: Intake, trackers: dict[str, Tracker], folder: Path, subjects: dict[str, str]) -> None:
        """Args: trackers: by site; folder: Maildir root and state; subjects: a person's id by her address."""
        self.intake = intake
        self.trackers = trackers
        self.folder = folder
        self.subjects = subjects
        self.state_file = folder / "bridge.json"
        stored = json.loads(self.state_file.read_text()) if self.state_file.exists() else {}
        self.read = {site: Site(**stored.get(site, {})) for site in trackers}
        self.posted = 0

    def save(self) -> None:
        """Writes what has been read, whole or not at all."""
        part = self.state_file.with_suffix(".part")
        with part.open("w") as file:
            json.dump({site: {"since": read.since, "seen": read.seen} for site, read in self.read.items()}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.state_file)

    def round(self) -> None:
        """Reads every tracker and the mailbox once and posts what is new."""
        for site, tracker in self.trackers.items():
            try:
                rows = self.read[site].unread(tracker.issues_since(self.read[site].since))
            except (OSError, http.client.HTTPException, Refused):
                continue
            self.pass_on(site, rows)
        self.pass_on_mail()

    def pass_on(self, site: str, rows: list[dict[str, Any]]) -> None:
        """Posts new issues of one site, batch by batch."""
        for batch in batches(rows):
            made = []
            for row in batch:
                at = datetime.strptime(row["creation"], STAMP).replace(tzinfo=UTC)
                made.append(event(site, "issue.created", row["creator.username"], at, f"{site}/issue{row['id']}"))
            if not self.intake.post(made):
                return
            self.posted += len(made)
            self.read[site].acknowledge(batch)
            self.save()

    def pass_on_mail(self) -> None:
        """Posts new mail to the help desk; a message counts as read once it has moved to `cur`."""
        inbox = self.folder / "mail" / folder_of(HELPDESK)
        new = sorted((inbox / "new").iterdir()) if inbox.exists() else []
        for batch in batches(new):
            made = [self.mail_event(path) for path in batch]
            if not self.intake.post(made):
                return
            self.posted += len(made)
            for path in batch:
                path.rename(inbox / "cur" / f"{path.name}:2,S")

    def mail_event(self, path: Path) -> dict[str, str]:
        """One message as an event of its sender."""
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        sender = parseaddr(str(message["From"]))[1].lower()
        at = parsedate_to_datetime(str(message["Date"]))
        key = f"mail/{message['Message-ID'] or path.name}"
        return event("mailbox", "mail.sent", self.subjects.get(sender, sender), at, key)


def batches(rows: list[Any]) -> Iterator[list[Any]]:
    """At most BATCH_LIMIT of them at a time."""
    for start in range(0, len(rows), BATCH_LIMIT):
        yield rows[start : start + BATCH_LIMIT]


def main() -> int:
    """Reads and posts until it is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--intake", required=True, help="address of POST /events")
    parser.add_argument("--token", type=Path, required=True, help="file with the intake's token")
    parser.add_argument("--sites", type=Path, required=True, help="JSON: the address of each site's tracker")
    parser.add_argument("--admin", type=Path, required=True, help="file with the password of the trackers' admin")
    parser.add_argument("--people", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="holds mail/ and what has been read")
    given = parser.parse_args()
    intake = Intake(url=given.intake, token=given.token.read_text().strip())
    subjects = {person.email: person.employee_id for person in people.read(given.people)}
    password = given.admin.read_text().strip()
    sites = json.loads(given.sites.read_text())
    trackers = {site: Tracker(url, "admin", password) for site, url in sites.items()}
    bridge = Bridge(intake, trackers, given.folder, subjects)
    try:
        while True:
            bridge.round()
            time.sleep(POLL_S)
    except Mistake as mistake:
        print(f"bridge: {mistake}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())

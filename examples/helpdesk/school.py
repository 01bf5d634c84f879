"""The made-up people read their mail: they go to the sessions that they are invited to, and answer what they are asked.

It reads the calendar entries and links in their own mailboxes, as they would, and knows nothing else. Once a session is
over, those who came stand in completions.csv, as a learning platform exports it; to the third session nobody can come,
for its trainer is ill. What was done stands in school.jsonl, line by line. A survey is opened as a browser opens it,
then its form is sent; one in ten never answers. The calendar comes before the surveys, as nobody misses a session over
a form.
"""

import argparse
import csv
import json
import mailbox
import re
import signal
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

import httpx
import people
from icalendar import Calendar
from mailroom import folder_of

POLL_S = 0.3
LATE_S = 1.5
"""A session is over this long after its end, so that who read the invitation late has come too."""
ANSWERS_A_ROUND = 4
ILL = 3
"""To the so many-th session nobody can come."""
SILENT = 9
"""Who sits at this place in a team never answers a survey."""
LINK = re.compile(r"https?://\S+/s/[A-Za-z0-9_-]+")
ANSWER_LIMIT_S = 10.0


@dataclass(slots=True, kw_only=True)
class School:
    """What has been read and done so far."""

    folder: Path
    everybody: list[people.Person]
    seats: dict[str, dict[str, float]] = field(default_factory=dict)
    starts: list[str] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    read: set[Path] = field(default_factory=set)
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    asked: deque[tuple[people.Person, str]] = field(default_factory=deque)

    def note(self, who: str, did: str, **more: object) -> None:
        """Adds a line to the diary."""
        line = {"at": time.time_ns() // 1_000_000, "who": who, "did": did, **more}
        with (self.folder / "school.jsonl").open("a") as diary:
            diary.write(json.dumps(line) + "\n")

    def post(self) -> None:
        """Reads everybody's new mail."""
        for place, person in enumerate(self.everybody):
            box = self.folder / "mail" / folder_of(person.email) / "new"
            for path in sorted(box.iterdir()) if box.is_dir() else ():
                if path not in self.read:
                    self.read.add(path)
                    self.open(person, mailbox.MaildirMessage(path.read_bytes()), place % people.TEAM_SIZE)

    def open(self, person: people.Person, message: Message, place: int) -> None:
        """One person opens one mail."""
        for part in message.walk():
            if part.get_content_type() == "text/calendar":
                (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
                start = event.decoded("DTSTART").isoformat()
                if start not in self.seats:
                    self.seats[start] = {}
                    self.starts.append(start)
                self.seats[start][person.employee_id] = event.decoded("DTEND").timestamp()
        text = next((p for p in message.walk() if p.get_content_type() == "text/plain"), None)
        found = LINK.search(text.get_payload(decode=True).decode()) if text is not None else None
        if found is not None and place != SILENT:
            self.asked.append((person, found[0]))

    def answer_some(self) -> None:
        """Answers the next few surveys."""
        for _ in range(min(ANSWERS_A_ROUND, len(self.asked))):
            try:
                self.answer(*self.asked[0])
            except httpx.HTTPError:  # the server was killed, as it is in chapter 6: later, then
                return
            self.asked.popleft()

    def answer(self, person: people.Person, link: str) -> None:
        """Opens a survey and sends its form: who was trained finds it easier."""
        trained = any(who == person.email for who, _, _ in self.rows)
        given = {"capabilities": "6", "easy": "7" if trained else "4", "barrier": "none" if trained else "capability"}
        with httpx.Client(timeout=ANSWER_LIMIT_S, trust_env=False) as browser:
            shown, sent = browser.get(link), browser.post(link, data=given)
        if (shown.status_code, sent.status_code) == (200, 200):
            self.note(person.employee_id, "answered", trained=trained)
        else:
            self.note(person.employee_id, "could not answer", status=[shown.status_code, sent.status_code])

    def end_sessions(self) -> None:
        """Notes who came to the sessions that are over, and exports the completions anew."""
        emails = {person.employee_id: person.email for person in self.everybody}
        done = False
        for number, start in enumerate(sorted(self.starts, key=self.starts.index), 1):
            if start in self.over or max(self.seats[start].values()) + LATE_S > time.time():
                continue
            self.over.add(start)
            for who in self.seats[start]:
                self.note(who, "missed" if number == ILL else "attended", session=number)
                if number != ILL:
                    self.rows.append((emails[who], "basics", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))
                    done = True
        if done:
            write(self.folder / "completions.csv", self.rows)


def write(path: Path, rows: list[tuple[str, str, str]]) -> None:
    """The whole export, put in place at once."""
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("person", "course", "at"))
        writer.writerows(rows)
    part.replace(path)


def main() -> int:
    """Reads and goes until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder", type=Path, help="holds people.csv and mail/; completions.csv and school.jsonl go there"
    )
    given = parser.parse_args()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    school = School(folder=given.folder, everybody=people.read(given.folder / "people.csv"))
    while not ended.wait(POLL_S):
        school.post()
        school.end_sessions()
        school.answer_some()
    return 0


if __name__ == "__main__":
    sys.exit(main())

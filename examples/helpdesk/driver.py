"""Plays the 120 people, who are made up: it does with the real programs what such people might do, and nothing else.

Each of them asks the start page's question (the OpenFeature client, unmodified) where to go. Before her wave she also
tries to log in to Roundup, is refused, and writes to the old mailbox. Once she is sent to Roundup and let in, she opens
as many issues as her habit says. What was done stands in driver.jsonl, line by line. It never posts an event and never
asks Uptake anything but the flag.
"""

import argparse
import csv
import heapq
import http.client
import json
import random
import signal
import smtplib
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from types import FrameType
from typing import TextIO

import people
from mailroom import HELPDESK
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from tracker import Refused, Tracker, first_password

HANDS = 6
FLAG = "new-helpdesk"
FIRST_VISITS_S = 4.0
VISIT_EVERY_S = 3.0
BEFORE_FIRST_ISSUE_S = 1.2  # Roundup tells whole seconds: an issue in the second of the opening would seem too early.
BETWEEN_ISSUES_S = 0.8
AGAIN_S = 0.5
MAIL_EVERY_S = 9.0
MAILS_MOST = 20
MINUTES = {"mail": 40.0, "issue": 25.0}
"""How long a request waits for its answer, made up: the true effect of the new way is the difference, for everybody."""
NO_EFFECT = {"mail": 40.0, "issue": 40.0}
"""The same where the new way changes nothing."""
SPREAD = 6.0
UNTRAINED_ISSUES = 1
"""Who was not trained tries it once."""
REFUSALS_BEFORE = 1
SMTP_LIMIT_S = 10.0
TROUBLE = (Refused, OSError, http.client.HTTPException, smtplib.SMTPException)
ISSUES = (3, 4, 3, 3, 5, 3, 3, 3, 1, 0)
"""Issues a person opens, by her place in her team: eight of ten take to it, one tries it once, one never does."""


@dataclass(slots=True, kw_only=True)
class Life:
    """One made-up person and where she stands."""

    person: people.Person
    issues: int
    tracker: Tracker
    mails: int = 0
    next_mail: float = 0.0
    trained: bool = False
    refusals: int = 0
    opened: int = 0
    let_in: bool = False
    in_doubt: bool = False
    sent_at: float = 0.0


class Diary:
    """driver.jsonl: one line for each thing that somebody did, written once it has happened.

    Beside it answers.csv: how long each request waited for its answer, in the mailbox and in the tracker alike.
    """

    def __init__(self, file: TextIO, answers: TextIO, minutes: Mapping[str, float]) -> None:
        """Args: file, answers: open for appending; minutes: how long an answer takes."""
        self.file, self.answers, self.minutes = file, answers, minutes
        self.lock = threading.Lock()

    def note(self, life: Life, did: str, **more: str) -> None:
        """Adds a line."""
        line = {"at": time.time_ns() // 1_000_000, "who": life.person.employee_id, "did": did, **more}
        with self.lock:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()
            if did in self.minutes:
                number = life.mails if did == "mail" else life.opened
                waited = self.minutes[did] + random.Random(f"{did} {life.person.employee_id} {number}").gauss(0, SPREAD)
                at = datetime.fromtimestamp(line["at"] / 1000, UTC).isoformat(timespec="milliseconds")
                self.answers.write(f"{life.person.team},{at},{waited:.2f},{did}-{life.person.employee_id}-{number}\n")
                self.answers.flush()


class Driver:
    """All lives, the real programs they meet, and the diary."""

    def __init__(self, lives: list[Life], flags: OpenFeatureClient, smtp_port: int, diary: Diary, folder: Path) -> None:
        """Args: flags: the start page's OpenFeature client; folder: where completions stand."""
        self.lives = lives
        self.flags = flags
        self.smtp_port = smtp_port
        self.diary = diary
        self.folder, self.read_at, self.completed = folder, 0, set[str]()
        self.reading = threading.Lock()
        self.ended = threading.Event()

    def run(self) -> None:
        """Lets everybody live until all are done or it is told to end; people meet servers, so several at a time.

        What none of them expects ends them all: a few who stood still would look like people who do not take to it.
        """
        with ThreadPoolExecutor(HANDS) as pool:
            hands = [pool.submit(self.play, self.lives[i::HANDS]) for i in range(HANDS)]
            wait(hands, return_when=FIRST_EXCEPTION)
            if any(hand.done() and hand.exception() for hand in hands):
                self.ended.set()
            for hand in hands:
                hand.result()

    def play(self, lives: list[Life]) -> None:
        """Lets each of some people do her next thing when its time has come."""
        begin = time.monotonic()
        due = [(begin + FIRST_VISITS_S * i / len(lives), i, life) for i, life in enumerate(lives)]
        heapq.heapify(due)
        while due and not self.ended.is_set():
            at, i, life = due[0]
            wait = at - time.monotonic()
            if wait > 0:
                self.ended.wait(wait)
                continue
            heapq.heappop(due)
            again = self.visit(life)
            if again is not None:
                heapq.heappush(due, (time.monotonic() + again, i, life))

    def visit(self, life: Life) -> float | None:
        """The next thing one person does; the seconds until she comes again, None when she is done."""
        life.trained = life.trained or life.person.email in self.school()
        try:
            if life.let_in:
                return self.use(life)
            return self.arrive(life)
        except TROUBLE as trouble:
            self.diary.note(life, "trouble", what=f"{type(trouble).__name__}: {trouble}")
            return AGAIN_S

    def school(self) -> set[str]:
        """Who has completed the training, as people know it of themselves."""
        path = self.folder / "completions.csv"
        with self.reading:  # one hand at a time: what was read before the file changed must not come last
            changed = path.stat().st_mtime_ns
            if changed != self.read_at:
                with path.open(newline="", encoding="utf-8") as file:
                    self.completed = {row["person"] for row in csv.DictReader(file)}
                self.read_at = changed
            return self.completed

    def arrive(self, life: Life) -> float:
        """She opens the start page and goes where it sends her."""
        context = EvaluationContext(targeting_key=life.person.employee_id)
        answer = self.flags.get_boolean_details(FLAG, False, context)
        if answer.error_code not in {None, ErrorCode.FLAG_NOT_FOUND}:  # before the draw the code's own default holds
            self.diary.note(life, "no answer", what=f"{answer.error_code}: {answer.error_message}")
            return AGAIN_S
        if not answer.value:
            return self.old_way(life)
        if not life.sent_at:
            life.sent_at = time.monotonic()
            self.diary.note(life, "sent to roundup", variant=str(answer.variant))
            return BEFORE_FIRST_ISSUE_S
        if not life.tracker.may_log_in():
            self.diary.note(life, "no account yet")
            return AGAIN_S
        life.let_in = True
        self.diary.note(life, "log-in")
        return 0.0

    def old_way(self, life: Life) -> float:
        """She tries the new one all the same, is refused, and writes to the mailbox as she always did."""
        if life.refusals < REFUSALS_BEFORE:
            if life.tracker.may_log_in():
                self.diary.note(life, "let in too early")
            else:
                self.diary.note(life, "refused")
            life.refusals += 1
        if life.mails < MAILS_MOST and time.monotonic() >= life.next_mail:
            self.write_mail(life)
            life.next_mail = time.monotonic() + MAIL_EVERY_S
        return VISIT_EVERY_S

    def use(self, life: Life) -> float | None:
        """She opens her next issue, or has opened all she will; one who never takes to it writes a mail instead.

        Who was not trained tries it once, and goes on after a session.
        """
        if life.issues and not life.trained and life.opened >= UNTRAINED_ISSUES:
            return BETWEEN_ISSUES_S
        if life.issues == 0:
            self.write_mail(life)
            return None
        title = f"Request {life.opened + 1} of {life.person.name}"
        number = life.tracker.find_issue(title) if life.in_doubt else ""
        life.in_doubt = True  # until the answer is here: a tracker that is restarted may keep an issue and say nothing
        number = number or life.tracker.open_issue(title)
        life.in_doubt = False
        life.opened += 1
        self.diary.note(life, "issue", site=life.person.site, number=number)
        return BETWEEN_ISSUES_S if life.opened < life.issues else None

    def write_mail(self, life: Life) -> None:
        """A mail to the help desk's old address."""
        life.mails += 1
        message = EmailMessage()
        message["From"], message["To"] = life.person.email, HELPDESK
        message["Subject"], message["Date"] = f"Please help ({life.mails})", formatdate()
        message["Message-ID"] = f"<{life.person.employee_id}.{life.mails}@example.org>"
        message.set_content("The printer again.")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, "localhost", timeout=SMTP_LIMIT_S) as smtp:
            smtp.send_message(message)
        self.diary.note(life, "mail")


def lives(folder: Path, key: bytes) -> list[Life]:
    """The people of people.csv with the habits of their place in their team, in an order that mixes the teams."""
    sites = json.loads((folder / "sites.json").read_text())
    made = []
    for i, person in enumerate(people.read(folder / "people.csv")):
        tracker = Tracker(sites[person.site], person.employee_id, first_password(key, person.employee_id))
        made.append(
            (i % people.TEAM_SIZE, i, Life(person=person, issues=ISSUES[i % people.TEAM_SIZE], tracker=tracker))
        )
    return [life for _, _, life in sorted(made, key=lambda row: row[:2])]


def main() -> int:
    """Plays them until all are done or it is told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds people.csv, sites.json and secrets/; driver.jsonl goes there")
    parser.add_argument("--flags", required=True, help="address of the OFREP server")
    parser.add_argument("--token", type=Path, required=True, help="file with the flags' token")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--no-effect", action="store_true", help="answers take as long in the new way as in the old")
    given = parser.parse_args()
    token = given.token.read_text().strip()
    api.set_provider(OFREPProvider(given.flags, headers_factory=lambda: {"Authorization": f"Bearer {token}"}))
    with (given.folder / "driver.jsonl").open("a") as file, (given.folder / "answers.csv").open("a") as answers:
        made = lives(given.folder, (given.folder / "secrets/people.key").read_bytes())
        diary = Diary(file, answers, NO_EFFECT if given.no_effect else MINUTES)
        driver = Driver(made, api.get_client(), given.smtp_port, diary, given.folder)

        def end(_number: int, _frame: FrameType | None) -> None:
            driver.ended.set()

        signal.signal(signal.SIGTERM, end)
        driver.run()
    api.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())

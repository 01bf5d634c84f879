"""The letters' promise: kill -9 at random points, and everybody has hers; what is sent again has the Message-ID it had.

A process announces to many people over a real SMTP server, then invites them to training, then sends them a survey; it
is killed and started again until enough kills. Prints letters, people without, repeats against the most that may be
(kills x letters in flight), and how many people saw two Message-IDs, two calendar UIDs, two links or two seats.

    python bench/letters_kill.py --people 1000 --kills 20
"""

import argparse
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from icalendar import Calendar

from uptake.connect.clock import Alarm
from uptake.connect.notices.mailing import IN_FLIGHT_MOST
from uptake.connect.notices.worker import PostedNotices
from uptake.core.action import Announce, Invite, Survey
from uptake.core.ids import Pid, action_key
from uptake.core.ports import Person
from uptake.core.stage import Stage
from uptake.core.time import Instant, iso
from uptake.plan.read import read_plan
from uptake.store.open import open_store

LINK = re.compile(r"https://uptake\.example\.org/s/\S+")
LIMIT_S = 300.0
"""How long one wait of this program may take before it fails."""
ROLES = ("announce", "invite", "ask")
PLAN = """
plan: letters
title: Letters
implement:
  audience: {{from: people.csv, id: id, setting: team, attributes: [email]}}
  waves: {{assign_by: person, sizes: [100%], every: 1d}}
  adoption: {{event: used, count: 1, within: 1d, target: 50%}}
  gate: {{adoption: 50%, at: 1d}}
  announce: [{{at: -1d, text: coming.md}}]
  train: {{path: [basics], sessions: sessions.csv}}
  ask: [{{survey: umux-lite, at: 1d}}]
web: {{url: "https://uptake.example.org"}}
mail: {{server: "{url}", from: "The desk <desk@example.org>"}}
"""


class Mailbox:
    """Keeps what it gets, by address."""

    def __init__(self) -> None:
        """Empty."""
        self.got: defaultdict[str, list[EmailMessage]] = defaultdict(list)
        self.letters = 0
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """One letter."""
        message: Any = message_from_bytes(envelope.content, policy=policy.default)
        with self._lock:
            self.got[envelope.rcpt_tos[0]].append(message)
            self.letters += 1
        return "250 OK"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def set_up(folder: Path, people: int) -> None:
    """The plan's files and its people."""
    (folder / "coming.md").write_text("# It is coming\n\nDear {person.id}, it is coming.\n")
    start = int(time.time() * 1000) + 86_400_000
    rows = ["course,start,end,place,seats"]
    rows += [
        f"basics,{iso(Instant(start + 3_600_000 * n))},{iso(Instant(start + 3_600_000 * (n + 1)))},Room {n},20"
        for n in range(people // 20 + 1)
    ]
    (folder / "sessions.csv").write_text("\n".join(rows) + "\n")
    store = open_store(folder, "letters")
    store.directory.freeze(
        [
            Person(pid=Pid(""), external_id=f"p{n}", setting=f"t{n % 90}", attributes={"email": f"p{n}@example.org"})
            for n in range(people)
        ]
    )
    store.directory.assign({one.pid: 0 for one in store.directory.people()})
    store.close()


def work(role: str, folder: Path, url: str) -> int:
    """The process that is killed: one port at work on one action until it ends."""
    plan, store = read_plan(PLAN.format(url=url), file="plan.yaml").plan, open_store(folder, "letters")
    wake = Alarm()
    port = PostedNotices(plan=plan, folder=folder, directory=store.directory, receipts=store.receipts, wake=wake)
    port.seats, port.links = store.learning, store.links
    stage = Stage(half="implement", run=1, ordinal=0)
    key = action_key("letters", "implement", 1, 0, role, 0)
    if role == "announce":
        port.accept(Announce(key=key, stage=stage, item=0))
    elif role == "invite":
        port.accept(Invite(key=key, stage=stage, round=0))
    else:
        port.accept(Survey(key=key, stage=stage, item=0))
    while not (ended := port.outcomes()):
        wake.wait(0.2)
    port.close()
    return 0 if ended[0].ok else 1


def trial(role: str, folder: Path, mailbox: Mailbox, url: str, kills: list[int]) -> int:
    """One action through all its kills, each after so many letters more; returns how many kills came in time."""
    before, done = mailbox.letters, 0
    argv = [sys.executable, __file__, "--role", role, "--folder", str(folder), "--url", url]
    for letters in kills:
        with subprocess.Popen(argv) as process:
            until = time.monotonic() + LIMIT_S
            while mailbox.letters - before < letters and process.poll() is None:
                if time.monotonic() > until:
                    raise SystemExit(f"not within {LIMIT_S:g} s: {letters} letters")
                time.sleep(0.001)
            done += process.poll() is None
            process.kill()
    if subprocess.run(argv, check=False, timeout=LIMIT_S).returncode:
        raise SystemExit(f"the last {role} failed")
    return done


def judge(mailbox: Mailbox, people: int, folder: Path) -> dict[str, int]:
    """What arrived, against what was promised."""
    found = {"letters": mailbox.letters, "without": 0, "repeats": 0, "two_ids": 0, "two_entries": 0, "two_links": 0}
    for number in range(people):
        messages = mailbox.got[f"p{number}@example.org"]
        found["without"] += not messages
        found["repeats"] += max(0, len(messages) - 1)
        found["two_ids"] += len({message["Message-ID"] for message in messages}) > 1
        parts = [part for message in messages for part in message.walk()]
        entries = [part for part in parts if part.get_content_type() == "text/calendar"]
        uids = {str(Calendar.from_ical(part.get_content()).walk("VEVENT")[0]["UID"]) for part in entries}
        found["two_entries"] += len(uids) > 1
        texts = [part.get_content() for part in parts if part.get_content_type() == "text/plain"]
        found["two_links"] += len({link for text in texts for link in LINK.findall(text)}) > 1
    store = open_store(folder, "letters")
    seats = [one.pid for one in store.learning.of([person.pid for person in store.directory.people()])]
    store.close()
    found["two_seats"] = len(seats) - len(set(seats))
    return found


def main() -> int:
    """Run and print; exit 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=10, help="for each kind of letter")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", choices=ROLES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--url", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role:
        return work(asked.role, asked.folder, asked.url)
    bad = 0
    with tempfile.TemporaryDirectory(prefix="uptake-letters-") as name:
        folder = Path(name)
        set_up(folder, asked.people)
        chance = random.Random(asked.seed)
        for role in ROLES:
            mailbox = Mailbox()
            controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
            controller.start()
            began = time.monotonic()
            url = f"smtp://127.0.0.1:{controller.port}"
            points = sorted(chance.randrange(1, asked.people) for _ in range(asked.kills))
            kills = trial(role, folder, mailbox, url, points)
            controller.stop(no_assert=True)
            found = judge(mailbox, asked.people, folder)
            most = kills * IN_FLIGHT_MOST
            words = " ".join(f"{what}={number}" for what, number in found.items())
            print(f"{role}: people={asked.people} kills={kills} {words} repeats_most={most}", end=" ")
            print(f"ratio={found['repeats'] / max(1, most):.2f} seconds={time.monotonic() - began:.0f}", flush=True)
            bad += sum(found[name] for name in ("without", "two_ids", "two_entries", "two_links", "two_seats"))
            bad += found["repeats"] > most
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Training on real parts: sessions from a file, invitations over SMTP with calendar entries, two platforms' exports."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from icalendar import Calendar

from tests.connect.world import free_port
from uptake.connect.clock import Alarm
from uptake.connect.feeds.completions import NAME, Platform
from uptake.connect.feeds.worker import Spoilt
from uptake.connect.notices.worker import PostedNotices
from uptake.connect.training.sessions import read_sessions
from uptake.core.action import Invite, Outcome
from uptake.core.ids import ActionKey, Pid
from uptake.core.look import WaveLook
from uptake.core.ports import Person
from uptake.core.problem import Refused
from uptake.core.stage import Stage
from uptake.core.time import Instant, iso
from uptake.plan.model import Plan
from uptake.plan.pull import Pull
from uptake.plan.read import read_plan
from uptake.store.open import Store, open_store

PLAN = """
plan: school
title: School
owner: kim@example.org
timezone: Europe/Berlin
implement:
  audience: {{from: people.csv, id: id, setting: team, attributes: [email]}}
  waves: {{assign_by: person, sizes: [100%], every: 1d}}
  adoption: {{event: used, count: 1, within: 1d, target: 50%}}
  gate: {{adoption: 50%, at: 1d}}
  train: {{path: [basics, triage], sessions: sessions.csv}}
mail: {{server: "smtp://127.0.0.1:{port}", from: "The school <school@example.org>"}}
"""
HOUR = 3_600_000
NOW = Instant(time.time_ns() // 1_000_000)


@dataclass
class Post:
    """A mail server that keeps what it gets, and can drop the connection after so many letters."""

    got: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    made = Post()
    controller = Controller(made, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield made, controller.port
    controller.stop(no_assert=True)


@pytest.fixture
def plan(post: tuple[Post, int]) -> Plan:
    return read_plan(PLAN.format(port=post[1]), file="plan.yaml").plan


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(tmp_path, "school")
    made.directory.freeze(
        [
            Person(pid=Pid(""), external_id=f"p{i}", setting=f"team-{i % 2}", attributes={"email": f"P{i}@example.org"})
            for i in range(6)
        ]
    )
    made.directory.assign({person.pid: 0 for person in made.directory.people()})
    made.learning.path = ("basics", "triage")
    yield made
    made.close()


def sessions(folder: Path, *rows: tuple[str, int, int]) -> None:
    """A file of sessions: course, hours from now, seats."""
    lines = ["course,start,end,place,seats"]
    for course, hours, seats in rows:
        start = Instant(NOW + hours * HOUR)
        lines.append(f"{course},{iso(start)},{iso(Instant(start + HOUR))},Room {hours},{seats}")
    (folder / "sessions.csv").write_text("\n".join(lines) + "\n")


def invited(plan: Plan, store: Store, folder: Path, number: int = 0) -> Outcome:
    port = PostedNotices(plan=plan, folder=folder, directory=store.directory, receipts=store.receipts, wake=Alarm())
    port.seats = store.learning
    stage = Stage(half="implement", run=1, ordinal=0)
    port.accept(Invite(key=ActionKey(f"school/implement/1/0/invite/{number}"), stage=stage, round=number))
    try:
        return soon(port.outcomes)[0]
    finally:
        port.close()


def soon(so: Callable[[], tuple[Outcome, ...]]) -> tuple[Outcome, ...]:
    until = time.monotonic() + 30
    while not (found := so()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_everybody_gets_a_seat_in_each_course_and_a_calendar_entry(
    plan: Plan, store: Store, post: tuple[Post, int], tmp_path: Path
) -> None:
    sessions(tmp_path, ("basics", 1, 3), ("basics", 2, 9), ("triage", 5, 12))
    outcome = invited(plan, store, tmp_path)
    assert (outcome.ok, outcome.counts) == (True, {"done": 12})
    first = next(
        message for message in post[0].got if message["To"] == "P0@example.org" and "basics" in message["Subject"]
    )
    parts = {part.get_content_type(): part for part in first.walk()}
    assert {"text/plain", "text/calendar"} <= set(parts)
    entry = parts["text/calendar"]
    assert entry.get_param("method") == "REQUEST"
    calendar = Calendar.from_ical(entry.get_content())
    (event,) = calendar.walk("VEVENT")
    assert calendar["METHOD"] == "REQUEST"
    assert (str(event["ORGANIZER"]), str(event["ATTENDEE"])) == ("mailto:school@example.org", "mailto:P0@example.org")
    assert (int(event["SEQUENCE"]), str(event["LOCATION"])) == (0, "Room 1")
    assert event.decoded("DTSTART").timestamp() == pytest.approx((NOW + HOUR) / 1000, abs=1)
    before = {message["Message-ID"] for message in post[0].got}
    assert len(before) == 12
    again = invited(plan, store, tmp_path)
    assert (again.ok, len(post[0].got)) == (True, 12), "an invitation that is accepted again sends nothing twice"


def test_who_has_no_seat_is_named_and_a_further_round_takes_only_those(
    plan: Plan, store: Store, post: tuple[Post, int], tmp_path: Path
) -> None:
    sessions(tmp_path, ("basics", 1, 4), ("triage", 5, 12))
    outcome = invited(plan, store, tmp_path)
    assert (outcome.ok, outcome.counts["done"], outcome.counts["no seat"]) == (False, 8, 4)
    assert outcome.failures[0].lines[0].startswith("basics: every session of it in time is full")
    sessions(tmp_path, ("basics", 1, 4), ("basics", 2, 4), ("triage", 5, 12))
    more = invited(plan, store, tmp_path, number=1)
    assert (more.ok, more.counts) == (True, {"done": 4})
    taken = store.learning.taken()
    assert sorted(taken.values()) == [2, 4, 6]


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("basics,2027-01-11T10:00,2027-01-11T09:00,R1,3", "ends before it begins"),
        ("basics,11.01.2027,2027-01-11T09:00,R1,3", "no date"),
        ("basics,2027-01-11T08:00,2027-01-11T09:00,R1,none", "no number"),
        ("basics,2027-01-11T08:00,2027-01-11T09:00,R1,0", "no number of seats"),
        (",2027-01-11T08:00,2027-01-11T09:00,R1,3", "`course` is empty"),
    ],
)
def test_a_bad_session_is_named_by_its_line(tmp_path: Path, row: str, word: str) -> None:
    (tmp_path / "sessions.csv").write_text(f"course,start,end,place,seats\nbasics,2027-01-10,2027-01-11,R1,3\n{row}\n")
    with pytest.raises(Refused, match=word) as refused:
        read_sessions("sessions.csv", folder=tmp_path, timezone="Europe/Berlin")
    assert refused.value.problems[0].where.line == 3


def platform(plan: Plan, store: Store, folder: Path, pull: Pull) -> Callable[[], str]:
    read = Platform(plan, pull, folder=folder, directory=store.directory, kept=store.learning)

    def once() -> str:
        return read(last=Instant(0), now=NOW).note

    return once


def counts(store: Store) -> tuple[int, int, int]:
    (seen,) = store.learning.trained([WaveLook(wave=0, opened_at=None, until=Instant(NOW + 1000 * HOUR))])
    return seen.people, seen.trained, seen.missed


LONG = """Benutzer;Kurs;Status;Abgeschlossen am
p0@example.org;basics;Passed;03.11.2026
p0@example.org;triage;Passed;04.11.2026
P1@Example.org;basics;Passed;03.11.2026
p1@example.org;triage;In progress;04.11.2026
p1@example.org;first aid;Passed;04.11.2026
who@example.org;basics;Passed;03.11.2026
"""
WIDE = """ID,Name,Email address,Basics,Basics - Completion date,Triage,Triage - Completion date,Course complete
7,A,p0@example.org,Completed,2026-11-03 10:00,Completed,2026-11-04 11:00,2026-11-04
8,B,p1@example.org,Completed,2026-11-03 10:00,Not completed,,
9,C,who@example.org,Completed,2026-11-03 10:00,Not completed,,
"""


def test_a_transcript_and_a_completion_report_say_the_same(plan: Plan, store: Store, tmp_path: Path) -> None:
    names = {"person": "Benutzer", "course": "Kurs", "status": "Status", "at": "Abgeschlossen am"}
    long = Pull(csv="long.csv", columns=names, dates="%d.%m.%Y", match="email")
    wide = Pull(
        csv="wide.csv",
        columns={"person": "Email address", "basics": "Basics - Completion date", "triage": "Triage - Completion date"},
        match="email",
    )
    (tmp_path / "long.csv").write_text(LONG)
    (tmp_path / "wide.csv").write_text(WIDE)
    for pull in (long, wide):
        note = platform(plan, store, tmp_path, pull)()
        assert note == "1 name is known to nobody: `uptake who --unmatched`"
        assert counts(store)[:2] == (6, 1)
        assert store.learning.unmatched() == ("who@example.org",)
        done = set(store.learning.completed().values())
        assert done == {frozenset({"basics", "triage"}), frozenset({"basics"})}


def test_a_correction_counts_and_a_cut_off_export_does_not(plan: Plan, store: Store, tmp_path: Path) -> None:
    rows = [f"p{i},{course},2026-11-0{i + 1}" for i in range(6) for course in ("basics", "triage")]

    def write(kept: list[str]) -> None:
        (tmp_path / "done.csv").write_text("person,course,at\n" + "\n".join(kept) + "\n")

    read = platform(plan, store, tmp_path, Pull(csv="done.csv"))
    write(rows)
    read()
    assert counts(store) == (6, 6, 0)
    write(rows[:-1])
    read()
    assert counts(store) == (6, 5, 0), "a row that is gone is a correction"
    write([row.replace("2026-11-01", "2026-10-01") for row in rows[:-1]])
    read()
    assert min(store.learning.known(NAME).values()) < Instant(1_792_000_000_000)
    write(rows[:4])
    with pytest.raises(Spoilt, match="7 of 11 completions are gone"):
        read()
    assert counts(store) == (6, 5, 0)


def test_who_missed_a_session_is_counted(plan: Plan, store: Store, post: tuple[Post, int], tmp_path: Path) -> None:
    sessions(tmp_path, ("basics", 1, 9), ("triage", 5, 9))
    invited(plan, store, tmp_path)
    (tmp_path / "done.csv").write_text("person,course,at\np0,basics,2026-11-01\np0,triage,2026-11-01\n")
    platform(plan, store, tmp_path, Pull(csv="done.csv"))()
    looks = [WaveLook(wave=0, opened_at=None, until=Instant(NOW + hours * HOUR)) for hours in (0, 3, 9)]
    seen = [store.learning.trained([look])[0] for look in looks]
    assert [(one.invited, one.trained, one.missed) for one in seen] == [(6, 1, 0), (6, 1, 5), (6, 1, 5)]

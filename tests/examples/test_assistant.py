"""The assistant's licences, run as the README says: scim2-server, a mail server, and a vendor whose report is late.

The plan is copied as it stands; where it says days, fractions of a second are meant here.
"""

import csv
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.connect.access.scim import TOKEN, Scim, running
from tests.examples.quick import SECONDS_A_DAY, copy, in_seconds, mail_server, serving, until, uptake

FROZEN_S = 8.0
LAG_S = 3 * SECONDS_A_DAY
GATE_S = 21 * SECONDS_A_DAY
TASK = "A writing assistant for every team: a task for you (wave 1)"
LETTER = "Your writing assistant is there"
NEW = {"in wave 1": "9001", "in the holdout": "9002"}


class Vendor:
    """Reports every "day" who has or had a licence and when each last used it, without what happened since the lag."""

    def __init__(self, scim: Scim, file: Path, uses: Callable[[str], bool]) -> None:
        """Args: scim: whose group holds the licences; file: the export; uses: whether somebody uses hers today."""
        self._scim, self._file, self._uses = scim, file, uses
        self._days: dict[str, list[float]] = {}
        self._heading = file.read_text()

    def report(self) -> None:
        """One day and its export, which replaces the one before."""
        now = time.time()
        rows = []
        members = self._scim.members()
        for name in sorted(members | self._days.keys()):
            days = self._days.setdefault(name, [])
            if name in members and self._uses(name):
                days.append(now)
            told = [day for day in days if day < now - LAG_S / 2]
            last = datetime.fromtimestamp(told[-1], UTC).isoformat() if told else ""
            rows.append(f"{datetime.now(UTC).date()},7,{name.upper()},somebody,{last}\n")
        fresh = self._file.with_suffix(".new")
        fresh.write_text(self._heading + "".join(rows), encoding="utf-8-sig")
        fresh.replace(self._file)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """It reports meanwhile."""
        closing = threading.Event()

        def work() -> None:
            while not closing.wait(SECONDS_A_DAY):
                self.report()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            closing.set()
            thread.join(30)


@pytest.fixture
def scim(tmp_path: Path) -> Iterator[Scim]:
    with running(tmp_path) as made:
        yield made


def mail_of(number: str) -> str:
    return f"p{number}@example.org"


def people_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "people.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def made_quick(tmp_path: Path, scim: Scim, **more: str) -> Path:
    """The example's folder with the test's addresses, and days that are moments; everybody is known to SCIM."""
    folder = copy("assistant", tmp_path)
    assert uptake(folder, "check", "plan.yaml")[0] == 0, "the example as it stands is a good plan"
    scim.fill(
        *(person["email"] for person in people_of(folder)), *(f"p{number}@example.org" for number in NEW.values())
    )
    changes = {
        "https://id.example.org/scim/v2": scim.url,
        "3c9a17f0": scim.group,
        "implement:\n": "implement:\n  look: 0.5s\n",
        **more,
    }
    text = (folder / "plan.yaml").read_text()
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "plan.yaml").write_text(in_seconds(text))
    return folder


def board_of(folder: Path) -> dict[str, Any]:
    return json.loads(uptake(folder, "status", "plan.yaml", "--json")[1])


def who(folder: Path) -> list[dict[str, Any]]:
    return json.loads(uptake(folder, "who", "plan.yaml", "--json")[1])["people"]


def hire(folder: Path) -> None:
    """A colleague in a team that is open and one in a team of the holdout; the export is replaced."""
    found = {one["holdout"]: one["setting"] for one in who(folder) if one["wave"] == 1 or one["holdout"]}
    rows = [
        f"{NEW['in wave 1']},{found[False]},Berlin,{mail_of(NEW['in wave 1'])}\n",
        f"{NEW['in the holdout']},{found[True]},Berlin,{mail_of(NEW['in the holdout'])}\n",
    ]
    fresh = folder / "people.new"
    fresh.write_text((folder / "people.csv").read_text() + "".join(rows))
    fresh.replace(folder / "people.csv")


@pytest.mark.slow
def test_licences_follow_the_waves(tmp_path: Path, scim: Scim) -> None:
    """A freeze, a gate that waits for the vendor, a task that wakes the first wave, two new colleagues."""
    thaw = time.time() + FROZEN_S
    freeze = {
        "from: 2026-12-19": f'from: "{datetime.fromtimestamp(thaw - 60, UTC).isoformat()}"',
        "to: 2027-01-06": f'to: "{datetime.fromtimestamp(thaw, UTC).isoformat()}"',
        "within: 21d": "within: 1h",
        "hold_at_most: 4w": "hold_at_most: 1h",
        "at: +42d": "at: 1h",
    }
    folder = made_quick(tmp_path, scim, **freeze)
    with mail_server() as (post, address):
        vendor = Vendor(scim, folder / "usage.csv", lambda name: bool(post.subjects[TASK]) and int(name[1:5]) % 5 > 0)
        with vendor.at_work(), serving(folder, {"SMTP_URL": address, "SCIM_TOKEN": TOKEN}):
            until("the first wave has its licences", lambda: bool(scim.members()))
            hire(folder)
            until("every wave is adopted", lambda: states(folder) == ["adopted"] * 3)
            until("the new colleague has hers", lambda: mail_of(NEW["in wave 1"]) in scim.members())
            until("every letter is sent", lambda: post.subjects[LETTER] >= 64)
    people = who(folder)
    inside = {one["id"] for one in people if one["opened_at"]}
    mails = {person["number"]: person["email"] for person in people_of(folder)}
    assert scim.members() == {mails[number] for number in inside}, "the group is the open waves' people, exactly"
    assert mails.keys() - inside == {one["id"] for one in people if one["holdout"]}
    assert {NEW["in wave 1"]} == inside & set(NEW.values())
    assert post.subjects[TASK] == 1
    board = board_of(folder)
    opened = {wave["number"]: wave["opened_at"] / 1000 for wave in board["waves"] if wave["opened_at"]}
    assert min(opened.values()) >= thaw
    decisions = board["decisions"]
    waited = [one for one in decisions if (one["ordinal"], one["verdict"], one["state"]) == (0, "hold", "planned")]
    assert waited or min(one["at_ms"] for one in decisions) / 1000 >= thaw, "booked behind the freeze"
    passed = [one for one in decisions if (one["rule"], one["state"]) == ("implement.gate", "adopted")]
    assert len(passed) == 3
    for one in passed:
        assert one["at_ms"] / 1000 >= opened[one["ordinal"] + 1] + GATE_S + LAG_S, "the gate waits for the vendor"
    assert "nobody measured" in uptake(folder, "compare", "plan.yaml")[1].lower()
    assert uptake(folder, "verify", "plan.yaml")[0] == 0
    assert "0 differences" in uptake(folder, "replay", "plan.yaml")[1]


def states(folder: Path) -> list[str]:
    return [wave["state"] for wave in board_of(folder)["waves"] if not wave["holdout"]]


@pytest.mark.slow
def test_licences_that_nobody_uses_go_back(tmp_path: Path, scim: Scim) -> None:
    folder = made_quick(tmp_path, scim)
    with mail_server() as (_, address):
        vendor = Vendor(scim, folder / "usage.csv", lambda _: False)
        with vendor.at_work(), serving(folder, {"SMTP_URL": address, "SCIM_TOKEN": TOKEN}):
            until("the first wave has its licences", lambda: len(scim.members()) == 16)
            until("they are gone", lambda: not scim.members())
            until("the wave is told so", lambda: states(folder) == ["rolled back", "planned", "planned"])
    assert "no date" in uptake(folder, "status", "plan.yaml")[1]

"""The small examples, run as their READMEs say, on real parts: SSH hosts, a mail server.

Their plans are copied as they stand; only where they say days, seconds are meant here, so that
months pass while the test looks on.
"""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples.quick import copy, in_seconds, mail_server, turning, until, uptake
from tests.fleet import Fleet
from tests.fleet.plugin import why_not


def page(url: str) -> str:
    """What a host serves."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read().decode()


@pytest.fixture
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Two hosts."""
    if why_not("plain"):
        pytest.skip(why_not("plain"))
    with Fleet.start(n=2, mode="auto", folder=tmp_path_factory.mktemp("fleet")) as started:
        yield started


@pytest.mark.slow
@pytest.mark.leaves_children
def test_release_only(fleet: Fleet, tmp_path: Path) -> None:
    folder = copy("release-only", tmp_path)
    fleet.inventory_py(folder / "inventory.py")
    urls = [f"http://{host.address}:{host.service_port}/version.txt" for host in fleet.hosts]
    for version in ("1.0.0", "1.1.0"):
        subprocess.run(["sh", "pack.sh", version], cwd=folder, check=True)
        assert uptake(folder, "check", "plan.yaml")[0] == 0
        code, said = uptake(folder, "deploy", "plan.yaml", "--version", version, "--yes")
        assert code == 0, said
        assert [page(url).strip() for url in urls] == [version, version]
    code, said = uptake(folder, "compare", "plan.yaml")
    assert code == 0
    assert "not measured in this plan" in said, "nothing is claimed about people"
    board = json.loads(uptake(folder, "status", "plan.yaml", "--json")[1])
    assert [(run["version"], run["state"]) for run in board["runs"]] == [("1.0.0", "succeeded"), ("1.1.0", "succeeded")]
    assert board["waves"] == []


@pytest.mark.slow
def test_policy_only(tmp_path: Path) -> None:
    folder = copy("policy-only", tmp_path)
    assert uptake(folder, "check", "plan.yaml")[0] == 0, "the example as it stands is a good plan"
    plan = folder / "plan.yaml"
    quick = in_seconds(plan.read_text()).replace("implement:\n", "implement:\n  look: 0.5s\n")
    patient = {"within: 5.6s": "within: 1h", "hold_at_most: 5.6s": "hold_at_most: 1h"}  # a busy machine books late
    for short, long in patient.items():
        assert short in quick
        quick = quick.replace(short, long)
    plan.write_text(quick)
    booked = set[str]()

    def adopted() -> bool:
        book(folder, booked)
        waves = json.loads(uptake(folder, "status", "plan.yaml", "--json")[1])["waves"]
        return [wave["state"] for wave in waves] == ["adopted"] * 3

    with mail_server() as (post, address), turning(folder, {"SMTP_URL": address}):
        until("all waves are adopted", adopted)
    subjects = ("From next week on: rail under four hours", "Rail under four hours begins today")
    assert post.subjects == dict.fromkeys(subjects, 120), "everybody once"
    code, said = uptake(folder, "compare", "plan.yaml")
    assert code == 0
    assert "nobody measured" in said.lower(), "in use, and nothing claimed beyond"


def book(folder: Path, booked: set[str]) -> None:
    """Everybody of an open wave books a journey, once; the travel desk's export is imported."""
    people = json.loads(uptake(folder, "who", "plan.yaml", "--json")[1])["people"]
    fresh = [one["id"] for one in people if one["opened_at"] and one["id"] not in booked]
    at = int(time.time() * 1000)
    rows = "".join(f"booking-{who},{who},rail.booked,{at}\n" for who in fresh)
    (folder / "bookings.csv").write_text("id,subject,event,at\n" + rows)
    code, said = uptake(folder, "import", "events", "bookings.csv", "plan.yaml") if fresh else (0, "")
    assert code == 0, said
    booked.update(fresh)

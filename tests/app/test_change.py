"""What a run brings is kept with the word that begins it, however it is told; what cannot be is refused."""

import json
from pathlib import Path

import pytest

from tests.elsewhere import Elsewhere
from uptake.app.change import COMMITS_MOST, UNTOLD, Change, Told, change_of, told_in
from uptake.core.entry import Said
from uptake.core.problem import Refused
from uptake.core.time import Instant, parse_instant
from uptake.store.open import open_store

NOW = parse_instant("2026-11-24T18:00:00+00:00", "UTC")
SHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"


def test_commits_and_their_times() -> None:
    told = Told(commit=(SHA, "r77"), committed_at=("2026-11-24T12:00:00Z", "2026-11-23T10:00"), rework=True)
    assert told_in(told.words()) == told
    kept = change_of(told, "Europe/Berlin", NOW)
    noon, day_before = NOW - 6 * 3_600_000, NOW - 33 * 3_600_000  # 10:00 in Berlin is 09:00 in UTC
    assert kept == Change(commits=((SHA, noon), ("r77", day_before)), rework=True)
    assert kept.data() == {"rework": True, "commits": [{"id": SHA, "at": noon}, {"id": "r77", "at": day_before}]}
    assert change_of(Told(commit=(SHA,)), "UTC", NOW).data() == {"rework": False, "commits": [{"id": SHA}]}
    alone = change_of(Told(committed_at=("2026-11-24T12:00:00Z",)), "UTC", NOW)
    assert alone.data() == {"rework": False, "commits": [{"at": noon}]}
    assert (change_of(UNTOLD, "UTC", NOW).data(), told_in({})) == ({"rework": False}, None)


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (Told(commit=("a commit",)), "names no commit"),
        (Told(committed_at=("yesterday",)), "no date and time"),
        (Told(committed_at=("2027-11-24T12:00:00Z",)), "lies ahead"),
        (Told(commit=("a", "b"), committed_at=("2026-11-24",)), "2 commits named, and 1 time"),
        (Told(commit=("a",) * (COMMITS_MOST + 1)), "too many"),
    ],
)
def test_what_cannot_be_is_refused(told: Told, what: str) -> None:
    with pytest.raises(Refused, match=what):
        change_of(told, "UTC", Instant(NOW))


def started(there: Elsewhere) -> list[Said]:
    store = open_store(there.folder, "hello")
    try:
        said = [entry.body for entry in store.ledger.read() if isinstance(entry.body, Said)]
    finally:
        store.close()
    return [one for one in said if one.what == "start"]


@pytest.mark.slow
def test_told_on_this_machine_and_from_elsewhere(tmp_path: Path) -> None:
    there = Elsewhere(tmp_path)
    words = ("--commit", SHA, "--committed-at", "2026-11-24T12:00:00Z")
    bad = there.here("deploy", "plan.yaml", "--yes", "--committed-at", "noon")
    assert (bad.returncode, "UP030" in bad.stderr, there.log) == (2, True, []), bad.stderr
    assert there.here("deploy", "plan.yaml", "--yes", *words).returncode == 0
    there.start()
    try:
        far = there.uptake("deploy", "--version", "2", "--wait", *words, "--commit", "b", *words[2:], "--rework")
        assert far.returncode == 0, far.stderr
        bad = there.uptake("deploy", "--version", "3", "--commit", "not a commit")
        assert (bad.returncode, "names no commit" in bad.stderr) == (2, True), bad.stderr
    finally:
        there.end()
    assert there.here("deploy", "plan.yaml", "--yes", "--version", "3").returncode == 0
    at = NOW - 6 * 3_600_000
    told = [(one.data["rework"], one.data.get("commits")) for one in started(there)]
    both = [{"id": SHA, "at": at}, {"id": "b", "at": at}]
    assert told == [(False, both[:1]), (True, both), (False, None)]
    found = json.loads(there.here("dora", "plan.yaml", "--json").stdout)
    assert [one["rework"] for one in found["deployments"]] == [False, True, False]
    assert {one["name"]: one["value"] for one in found["metrics"]}["deployment rework rate"] == pytest.approx(1 / 3)

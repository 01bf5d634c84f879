"""Use that is told by setting: read, corrected, refused by its line; and a plan that goes by it from end to end."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.web.world import World, served
from uptake.app.opened import open_plan
from uptake.app.ring import drive
from uptake.app.start import read_audience, start_implement
from uptake.cli.verbs import dispatch
from uptake.connect.feeds.teams import TeamUsage
from uptake.core.event import Ask
from uptake.core.ids import Pid
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.problem import Refused
from uptake.core.time import Instant, iso
from uptake.implement.targets import wave_stage
from uptake.plan.pull import Pull
from uptake.plan.read import read_plan
from uptake.store.open import Store, open_store

LIMIT_S = 90
PLAN = """\
plan: use
title: Use by team
implement:
  requires: nothing
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: setting, sizes: [50%, 50%], every: 1s}
  look: 0.3s
  adoption:
    event: used
    count: 1
    within: 400d
    target: 60%
    level: setting
    from: {csv: use.csv, columns: {setting: Team, users: Active}, every: 0.3s}
  gate: {adoption: 60%, at: 0.5s, hold_at_most: 1d, min_people: 10}
"""
READ = read_plan(PLAN, file="plan.yaml")
BEGIN = Instant(1_800_000_000_000)
DAY_MS = 86_400_000


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Teams a and b in wave 0, c in wave 1; four people each."""
    made = open_store(tmp_path, "use")
    people = [Person(pid=Pid(""), external_id=f"{t}{n}", setting=t, attributes={}) for t in "abc" for n in range(4)]
    made.directory.freeze(people)
    made.directory.assign({one.pid: int(one.setting == "c") for one in made.directory.people()})
    yield made
    made.close()


def ask(wave: int, *, since: int = 0, until: int = 2**52, opened: bool = True) -> Ask:
    begin, end = Instant(since), Instant(until)
    return Ask(wave=wave, name="used", count=1, since=begin, until=end, opened=opened, by="setting")


def adopters(store: Store, *asks: Ask) -> list[int]:
    return [answer.adopters for answer in store.events.count(asks)]


def usage(store: Store, folder: Path, rows: str, pull: Pull | None = None) -> None:
    (folder / "use.csv").write_text("setting,at,users\n" + rows)
    TeamUsage(READ.plan, pull or Pull(csv="use.csv"), folder=folder, teams=store.teams)(last=Instant(0), now=BEGIN)


def test_a_wave_has_at_least_the_largest_day_of_each_team(store: Store, tmp_path: Path) -> None:
    usage(store, tmp_path, "a,2026-11-01,1\na,2026-11-02,3\na,2026-11-03,2\nb,2026-11-02,9\nc,2026-11-02,2\n")
    assert store.events.count([ask(0), ask(1, opened=False)])[0].adopters == 3 + 4, "never more than the people there"
    told = store.events.count([ask(1, opened=False)])[0]
    assert (told.adopters, told.early, told.present) == (0, 2, 4)
    day = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
    assert adopters(store, ask(0, since=day, until=day + DAY_MS)) == [2], "the day of the opening is not counted"
    assert adopters(store, ask(0, until=day - 1)) == [1]


def test_a_count_told_again_replaces_and_nothing_is_doubled(store: Store, tmp_path: Path) -> None:
    for users in (3, 3, 1):
        usage(store, tmp_path, f"a,2026-11-01,{users}\nb,2026-11-01,1\n")
    assert adopters(store, ask(0)) == [2]


def test_teams_that_nobody_is_in_are_told_apart(store: Store, tmp_path: Path) -> None:
    usage(store, tmp_path, "a,2026-11-01,3\nz,2026-11-01,5\nz,2026-11-02,5\n")
    assert (adopters(store, ask(0)), store.events.strays()) == ([3], 1)


def test_who_moves_or_leaves_is_counted_in_one_wave_only(store: Store, tmp_path: Path) -> None:
    """Team c gets two people of wave 0, who keep their wave; its count is wave 1's alone. Team b has left."""
    usage(store, tmp_path, "a,2026-11-01,4\nb,2026-11-01,4\nc,2026-11-01,6\n")
    moved = [
        Person(pid=one.pid, external_id=one.external_id, setting="c" if one.external_id < "a2" else "a", attributes={})
        for one in store.directory.people(0)
        if one.setting == "a"
    ]
    store.directory.freeze([*moved, *store.directory.people(1)])
    assert store.events.count([ask(0), ask(1)])[0].present == 4
    assert adopters(store, ask(0), ask(1)) == [2, 4]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("a,2026-11-01,2", "twice"),
        ("b,2026-11-01,-1", "no whole number"),
        ("b,2026-11-01,2.5", "no whole number"),
        ("b,01/11/2026,2", "no date"),
        (",2026-11-01,2", "`setting` is empty"),
        ("b,2026-11-01,many", "no number"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_kept(store: Store, tmp_path: Path, row: str, what: str) -> None:
    with pytest.raises(Refused, match=what) as refused:
        usage(store, tmp_path, f"a,2026-11-01,1\n{row}\n")
    assert refused.value.problems[0].where.line == 3
    assert adopters(store, ask(0)) == [0]


def test_nothing_is_taken_about_single_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither posted nor imported, and `who` shows nobody."""
    event = {"id": "1", "subject": "ada", "name": "used", "at": "2026-11-24T10:00:00Z"}
    (tmp_path / "web").mkdir()
    world = World.make(tmp_path / "web")
    with served(replace(world.parts(), read=lambda: READ)) as url:
        token = {"Authorization": f"Bearer {world.tokens['intake']}"}
        answer = httpx.post(f"{url}/events", json=event, headers=token, trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (403, "BY_SETTING")
    assert (uses(world), world.store.events.strays()) == (0, 0)
    world.store.close()
    (tmp_path / "plan.yaml").write_text(PLAN)
    (tmp_path / "events.csv").write_text("id,subject,name,at\n1,ada,used,2026-11-24T10:00:00Z\n")
    assert dispatch(["import", "events", str(tmp_path / "events.csv"), str(tmp_path / "plan.yaml")]) == 2
    assert "UP343" in capsys.readouterr().err


def uses(world: World) -> int:
    every = Ask(wave=0, name="used", count=1, since=Instant(0), until=Instant(2**52), opened=True)
    return sum(one.uses for one in world.store.events.who([every]))


def test_a_plan_goes_by_teams_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real ring over a file that grows: each wave is adopted once its own teams have used it."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    (tmp_path / "people.csv").write_text("id,team\n" + "".join(f"{t}{n},{t}\n" for t in "abcd" for n in range(6)))
    (tmp_path / "use.csv").write_text("Team,at,Active\n")
    assert dispatch(["check", str(path)]) == 0
    opened = open_plan(path)
    start_implement(opened, read_audience(opened), now=now())
    rows, begun = dict.fromkeys(["Team,at,Active"]), time.monotonic()

    def grown(picture: Picture) -> bool:
        """Whether both waves are adopted; the teams of those that are open have used it once more."""
        assert time.monotonic() - begun < LIMIT_S, [noted.decision.why for noted in picture.decisions]
        waves = picture.drawn.waves if picture.drawn is not None else ()
        for wave in waves:
            if picture.opened_at(wave_stage(wave.ordinal)) is not None:
                rows.update(dict.fromkeys(f"{team},{iso(now())},5" for team in wave.settings))
        (tmp_path / "next.csv").write_text("\n".join(rows) + "\n")
        (tmp_path / "next.csv").rename(tmp_path / "use.csv")
        return [picture.stage(wave_stage(wave.ordinal)).state for wave in waves] == ["adopted", "adopted"]

    picture = drive(opened, grown)
    opened.store.close()
    assert [(answer.adopters, answer.present) for answer in picture.observed.waves] == [(10, 12), (10, 12)]
    capsys.readouterr()
    assert dispatch(["who", str(path)]) == 0
    assert "nobody is looked at singly" in capsys.readouterr().out
    assert dispatch(["who", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == []

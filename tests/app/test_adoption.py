"""Adoption figures of rehearsed plans equal the made-up world's own truth, person by person; pages wait for nobody."""

import itertools
import threading
from collections.abc import Sequence
from math import ceil, sqrt
from pathlib import Path

import pytest

from tests.app.test_rehearsal import PLAN
from uptake.app import adoption as module
from uptake.app.adoption import Latest, adoption_at
from uptake.app.opened import open_plan
from uptake.app.rehearsal import rehearse
from uptake.core.event import Adopted, Event, FirstAsk
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.core.time import Instant
from uptake.plan.read import read_plan
from uptake.report.adopted import AdoptionShown, RowShown
from uptake.report.adoption import adoption_of, asked
from uptake.report.known import Known
from uptake.simulate.memory import made_up_pid
from uptake.simulate.world import Behaviour

DAY_MS = 86_400_000
SITES = ("north", "south", "west")
READ = read_plan(PLAN, file="plan.yaml")


def audience(many: int) -> list[Person]:
    """Teams of ten, a site each: who is who is known here, whatever is tested says."""
    return [
        Person(
            pid=made_up_pid(f"p{number:04d}"),
            external_id=f"p{number:04d}",
            setting=f"team-{number // 10:02d}",
            attributes={"site": SITES[number // 10 % 3], "email": f"p{number}@example.org"},
        )
        for number in range(many)
    ]


class World:
    """A rehearsal, and what each of its made-up people really did."""

    def __init__(self, *, seed: int, behaviour: Behaviour, entries_most: int) -> None:
        self.people = {one.pid: one for one in audience(400)}
        people = list(self.people.values())
        self.told = rehearse(READ, seed=seed, people=people, behaviour=behaviour, entries_most=entries_most)
        picture = self.told.picture
        assert picture.drawn is not None
        self.look = picture.observed.looked_at
        self.holdout = {wave.ordinal for wave in picture.drawn.waves if wave.holdout}
        self.wave_of: dict[Pid, int] = {}
        self.moments: dict[Pid, float] = {}
        for wave in picture.drawn.waves:
            for pid, moment in self.told.crowd.adoptions(wave.ordinal).items():
                self.wave_of[pid] = wave.ordinal
                if moment is not None and moment <= self.look:
                    self.moments[pid] = moment
        assert set(self.wave_of) == set(self.people)
        self.eligible = [pid for pid, wave in self.wave_of.items() if wave not in self.holdout]
        self.opened = {
            noted.decision.stage.ordinal: noted.at
            for noted in reversed(picture.decisions)
            if noted.decision.stage.half == "implement" and noted.decision.state == "open"
        }
        self.known = Known(read=READ, picture=picture, now=self.told.ended, made_up=True)

    @property
    def exposed(self) -> list[Pid]:
        return [pid for pid in self.eligible if self.wave_of[pid] in self.opened]

    def shown(self) -> AdoptionShown:
        found = adoption_of(self.known, self.told.crowd.adopted(asked(self.known)))
        assert found is not None
        return found


WORLDS = {
    "one wave open": (1, Behaviour(), 60),
    "two waves open": (2, Behaviour(ceiling=0.8), 200),
    "slow people": (3, Behaviour(innovation=0.5, imitation=0.9), 280),
    "in use": (4, Behaviour(), 200_000),
}


@pytest.fixture(scope="module", params=WORLDS)
def world(request: pytest.FixtureRequest) -> World:
    seed, behaviour, entries_most = WORLDS[request.param]
    return World(seed=seed, behaviour=behaviour, entries_most=entries_most)


def row(rows: Sequence[RowShown], name: str) -> tuple[float | None, float | None, float | None]:
    (found,) = [one for one in rows if one.name == name]
    return found.numerator, found.denominator, found.value


def test_the_worlds_differ() -> None:
    found = [World(seed=seed, behaviour=how, entries_most=most) for seed, how, most in WORLDS.values()]
    assert len({len(one.opened) for one in found}) >= 3
    assert all(one.moments for one in found)


def test_re_aim_and_proctor_are_the_made_up_truth(world: World) -> None:
    shown = world.shown()
    eligible, exposed = len(world.eligible), len(world.exposed)
    adopters = [pid for pid in world.exposed if pid in world.moments]
    assert set(world.moments) == set(adopters), "nobody of a closed wave adopts in a rehearsal"
    many = len(adopters)
    assert row(shown.re_aim, "reach") == (many, eligible, many / eligible)
    assert row(shown.re_aim, "reach: exposed") == (exposed, eligible, exposed / eligible)
    assert row(shown.proctor, "adoption") == (many, exposed, many / exposed)
    assert row(shown.proctor, "penetration") == (many, exposed, many / exposed), "whoever adopts stays"
    teams = {world.people[pid].setting for pid in world.eligible}
    adopting = {world.people[pid].setting for pid in adopters}
    assert row(shown.re_aim, "adoption: settings") == (len(adopting), len(teams), len(adopting) / len(teams))
    assert row(shown.re_aim, "implementation: adaptations") == (0, None, 0)
    said = {one.name: one.said for one in (*shown.re_aim, *shown.proctor) if one.value is None}
    assert set(said.values()) == {"not measured"}
    assert {"adoption: staff", "implementation: cost", "maintenance: people", "fidelity", "effectiveness"} <= set(said)


def test_time_to_adoption_is_the_made_up_truth(world: World) -> None:
    shown = world.shown()
    assert (shown.unit, shown.as_of_ms) == ("day", world.look)
    assert [one.number - 1 for one in shown.waves] == sorted(world.opened)
    for wave in shown.waves:
        opened = world.opened[wave.number - 1]
        inside = [pid for pid in world.exposed if world.wave_of[pid] == wave.number - 1]
        days = sorted((world.moments[pid] - opened) / DAY_MS for pid in inside if pid in world.moments)
        whole = (world.look - opened) // DAY_MS
        assert (wave.people, wave.adopters, wave.followed) == (len(inside), len(days), whole)
        for point in wave.curve:
            assert point.share == pytest.approx(sum(day < point.after for day in days) / len(inside), abs=1e-12)
            assert point.adopted == sum(point.after - 1 <= day < point.after for day in days)
            assert point.watched == sum(day >= point.after - 1 for day in days) + len(inside) - len(days)
            assert point.low < point.share < point.high
        for moment, told in zip(shown.moments, wave.at, strict=True):
            assert (told is None) == (moment > whole)
            if told is not None:
                assert told.share == pytest.approx(sum(day < moment for day in days) / len(inside), abs=1e-12)
        half = next((n for n in range(1, whole + 1) if 2 * sum(day < n for day in days) >= len(inside)), None)
        assert wave.median == half


def test_who_adopts_is_the_made_up_truth(world: World) -> None:
    shown = world.shown()
    adopters = [pid for pid in world.exposed if pid in world.moments]
    largest = 0.0
    for told in shown.apart:
        value = {"team": lambda who: who.setting, "site": lambda who: who.attributes["site"]}[told.attribute]
        among = sum(value(world.people[pid]) == told.category for pid in adopters)
        whole = sum(value(world.people[pid]) == told.category for pid in world.eligible)
        assert (told.adopters, told.people) == (among, whole)
        p, q = among / len(adopters), whole / len(world.eligible)
        smd = (p - q) / sqrt((p * (1 - p) + q * (1 - q)) / 2)
        assert told.smd == pytest.approx(smd, abs=1e-12)
        largest = max(largest, abs(smd))
    assert {one.category for one in shown.apart if one.attribute == "site"} == set(SITES)
    assert row(shown.re_aim, "reach: representativeness")[2] == pytest.approx(largest, abs=1e-12)


def test_the_store_tells_the_same_of_the_same_uses(world: World, tmp_path: Path) -> None:
    """The rehearsal's ledger and draw in a real state, and each person's uses as events: the verb's own path."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    opened = open_plan(path)
    epoch = opened.store.lease.take()
    for at, entries in itertools.groupby(world.told.entries, key=lambda entry: entry.at):
        opened.store.ledger.append([entry.body for entry in entries], at=at, epoch=epoch)
    opened.store.directory.freeze(list(world.people.values()))
    opened.store.directory.assign(world.wave_of)
    numbers = itertools.count()
    events: list[Event] = []
    for pid, moment in world.moments.items():
        first = ceil(moment)
        later = range(first, world.look + 1, 6 * DAY_MS)
        for at in (first, first, *later):
            name = world.people[pid].external_id
            events.append(Event(id=str(next(numbers)), source="t", subject=name, name="used", at=Instant(at)))
    opened.store.events.append(events, received_at=world.look)
    opened.store.events.fold()
    assert adoption_at(opened, opened.picture(), world.told.ended) == world.shown()
    opened.store.close()


class Slow:
    """The events port's counts, held back until they are let go."""

    def __init__(self, world: World) -> None:
        self.world, self.go, self.asked = world, threading.Event(), 0
        self.broken = False

    def adopted(self, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
        self.asked += 1
        assert self.go.wait(30)
        if self.broken:
            raise refuse("UP304", "state.db", "the state cannot be used")
        return self.world.told.crowd.adopted(asks)


def test_a_page_does_not_wait_for_long_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.02)
    world = World(seed=1, behaviour=Behaviour(), entries_most=60)
    slow, picture, now = Slow(world), world.told.picture, world.told.ended
    latest = Latest(slow.adopted)
    assert latest.of(READ, picture, now) is None
    assert latest.of(READ, picture, now) is None
    assert slow.asked == 1, "one count at a time"
    slow.go.set()
    latest.close()
    assert latest.of(READ, picture, now) == world.shown()
    assert latest.of(READ, picture, now) == world.shown()
    assert slow.asked == 1, "once for a look"
    latest.close()


def test_a_state_that_cannot_be_read_is_asked_again() -> None:
    world = World(seed=1, behaviour=Behaviour(), entries_most=60)
    slow = Slow(world)
    slow.go.set()
    slow.broken = True
    latest = Latest(slow.adopted)
    assert latest.of(READ, world.told.picture, world.told.ended) is None
    slow.broken = False
    assert latest.of(READ, world.told.picture, world.told.ended) == world.shown()
    latest.close()

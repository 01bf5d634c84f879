"""DORA's five metrics equal a history that was computed by hand, in a real state folder, and say what they lack."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ringtest import World
from uptake.app.change import Change, Told, change_of
from uptake.app.opened import open_plan
from uptake.app.rollback import order_back
from uptake.app.start import By, start_deploy
from uptake.cli.verbs import dispatch
from uptake.core.action import Failure, Outcome
from uptake.core.ids import ActionKey
from uptake.core.time import Instant, parse_instant
from uptake.report.deployments import deployments
from uptake.report.dora import Delivery, delivery
from uptake.simulate.clock import JumpingClock

PLAN = """\
plan: helpdesk
title: The help desk
deploy:
  service: helpdesk
  version: "1"
  environment: production
  hosts: [h1, h2]
  configuration:
    - shell: "install {version}"
  update:
    before_host: [{command: ["drain", "{host}"]}]
    health:
      checks: [{http: "http://{host}/"}]
      interval: 1s
      timeout: 1s
      min_healthy_time: 60s
      healthy_deadline: 300s
"""
HOUR = 3600


def at(text: str) -> Instant:
    return parse_instant(text, "UTC")


class Kept(World):
    """The real loop over a real ledger in a real folder; hosts, probes and the clock are set by hand."""

    def __init__(self, folder: Path, text: str = PLAN) -> None:
        (folder / "plan.yaml").write_text(text)
        super().__init__(text, hosts=2)
        self.opened = open_plan(folder / "plan.yaml")
        self.clock, self.ledger = JumpingClock(at("2026-06-01T09:00")), self.opened.store.ledger  # type: ignore[assignment]
        self.ring = self.new_ring()
        self.ring.epoch = self.opened.store.lease.take()
        assert self.ring.epoch is not None

    def go(self, moment: str) -> None:
        self.clock.wait(at(moment))
        self.turn()

    def begin(self, moment: str, version: str, *committed: str, rework: bool = False, well: bool = True) -> None:
        """Begin a run; with the gate's 60 s before them its hosts are healthy, or not, from that moment on."""
        self.clock.wait(at(moment))
        now = self.clock.now()
        by = By(change=change_of(Told(committed_at=committed, rework=rework), "UTC", now))
        for host in self.facts:
            self.probes.set(host.name, "healthy" if well else "unhealthy", now)
        assert start_deploy(self.opened, version=version, hosts=self.facts, now=now, by=by).how == "begun"
        self.turn()

    def change_states(self) -> list[str]:
        return [self.state(-1, run=run.number) for run in self.picture.runs]


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    """Seven runs, six of them deployments (all times UTC, June 2026; a gate takes 60 s, a deadline 300 s).

    | run | begun          | ended                           | changes committed, lead time         | failed, well again
    |-----|----------------|---------------------------------|--------------------------------------|-------------------
    | 1   | 1st, 10:00     | succeeded 10:01                 | 31 May 10:01: 24 h; 1st 08:01: 2 h   |
    | 2   | 3rd, 10:00     | gate failed 10:05, back 10:06   | 3rd 06:01, never deployed            | 60 s
    | 3   | 8th, 10:00     | succeeded 10:01                 | 8th 04:01: 6 h                       | 10:01-13:01: 3 h
    | 4   | 8th, 13:00     | succeeded 13:01, rework         | 8th 12:31: 30 min                    |
    | 5   | 15th, 10:00    | succeeded 10:01, ordered back   | not told                             | 10:31-10:34: 180 s
    | 6   | 20th, 10:00    | could not be drained: no change | 20th 09:00                           | no deployment
    | 7   | 22nd, 10:00    | succeeded 10:01                 | 20th 10:01: 48 h                     |
    """
    world = Kept(tmp_path)
    world.begin("2026-06-01T10:00", "1", "2026-05-31T10:01", "2026-06-01T08:01")
    world.go("2026-06-01T10:01")
    world.begin("2026-06-03T10:00", "2", "2026-06-03T06:01", well=False)
    world.go("2026-06-03T10:05")
    world.all_healthy()
    world.go("2026-06-03T10:06")
    world.begin("2026-06-08T10:00", "3", "2026-06-08T04:01")
    world.go("2026-06-08T10:01")
    world.begin("2026-06-08T13:00", "3.1", "2026-06-08T12:31", rework=True)
    world.go("2026-06-08T13:01")
    world.begin("2026-06-15T10:00", "5")
    world.go("2026-06-15T10:01")
    world.clock.wait(at("2026-06-15T10:31"))
    order_back(world.opened, now=world.clock.now(), by=By(why="the search is gone"))
    world.turn()
    world.clock.wait(at("2026-06-15T10:33"))
    world.all_healthy()
    world.turn()
    world.go("2026-06-15T10:34")
    world.hosts.failing_parts = {("6", "before_host"): ("h1", "h2")}
    world.begin("2026-06-20T10:00", "6", "2026-06-20T09:00")
    world.go("2026-06-20T10:01")
    world.begin("2026-06-22T10:00", "7", "2026-06-20T10:01")
    world.go("2026-06-22T10:01")
    yield world
    world.opened.store.close()


def values(found: Delivery) -> dict[str, float | None]:
    return {metric.name: metric.value for metric in found.metrics}


def basis(found: Delivery) -> dict[str, str]:
    return {metric.name: metric.basis for metric in found.metrics}


def period(kept: World, since: str, until: str) -> Delivery:
    return delivery(kept.read.plan, kept.picture, since=at(since), until=at(until))


def test_the_five_equal_a_history_computed_by_hand(kept: Kept) -> None:
    back = "rolled back"
    assert kept.change_states() == ["succeeded", back, "succeeded", "succeeded", back, back, "succeeded"]
    # The ledger begins on 1 June at 10:00; until 29 June at 10:00 that is 28 days, four weeks.
    found = period(kept, "2026-01-01", "2026-06-29T10:00")
    assert (found.since, [one.run for one in found.deployments]) == (at("2026-06-01T10:00"), [1, 2, 3, 4, 5, 7])
    assert values(found) == {
        "change lead time": 6 * HOUR,  # the middle of 0.5, 2, 6, 24 and 48 hours
        "deployment frequency": 1.5,  # 6 in 4 weeks
        "failed deployment recovery time": 180,  # the middle of 60 s, 180 s and 3 hours
        "change fail rate": 3 / 6,  # runs 2, 3 and 5
        "deployment rework rate": 1 / 6,  # run 4
    }
    assert basis(found)["change lead time"] == "5 changes of 4 of 5 deployments that succeeded"
    assert basis(found)["failed deployment recovery time"] == "3 of 3 failed deployments recovered"


def test_a_period_counts_what_was_settled_in_it(kept: Kept) -> None:
    # Runs 3, 4, 5 and 7 in the 21 days from the 8th to the 28th.
    assert values(period(kept, "2026-06-08", "2026-06-29")) == {
        "change lead time": 6 * HOUR,  # the middle of 0.5, 6 and 48 hours
        "deployment frequency": 4 / 3,
        "failed deployment recovery time": (180 + 3 * HOUR) / 2,
        "change fail rate": 2 / 4,
        "deployment rework rate": 1 / 4,
    }
    nothing = period(kept, "2026-06-09", "2026-06-14")
    assert values(nothing) == {
        "change lead time": None,
        "deployment frequency": 0,
        "failed deployment recovery time": None,
        "change fail rate": None,
        "deployment rework rate": None,
    }
    assert basis(nothing)["change fail rate"] == "nothing was deployed in the period"


def test_the_command_shows_the_same(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    plan = str(kept.opened.path)
    assert dispatch(["dora", plan, "--until", "2026-06-29T10:00", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    found = period(kept, "2026-01-01", "2026-06-29T10:00")
    assert {one["name"]: one["value"] for one in told["metrics"]} == values(found)
    assert (told["since"], told["deployments"][1]["run"]) == ("2026-06-01T10:00:00+00:00", 2)
    assert dispatch(["dora", plan, "--since", "2026-06-08", "--until", "2026-06-29"]) == 0
    said = " ".join(capsys.readouterr().out.split())  # however wide the terminal is
    for line in (
        "helpdesk in production, 8 Jun 2026 00:00 to 29 Jun 2026 00:00",
        "Change lead time: 6 h (3 changes of 3 of 4 deployments that succeeded)",
        "Deployment frequency: 1.33 per week (4 deployments in 21 days)",
        "Failed deployment recovery time: 1 h 31 min (2 of 2 failed deployments recovered)",
        "Change fail rate: 50% (2 of 4 deployments)",
        "Deployment rework rate: 25% (1 of 4 deployments)",
    ):
        assert line in said
    crossed = ("--since", "2027-01-01", "--until", "2026-01-01")
    for words, what in ((("--since", "June"), "is no date"), (crossed, "is not before")):
        assert dispatch(["dora", plan, *words]) == 2
        said = capsys.readouterr().err
        assert ("UP030" in said, what in said) == (True, True), said


def test_nothing_is_guessed_where_nothing_was_told() -> None:
    world = World(PLAN, hosts=2)
    assert values(period(world, "2026-01-01", "2026-06-29")) == dict.fromkeys(
        values(period(world, "2026-01-01", "2027-01-01"))
    )
    assert basis(period(world, "2026-01-01", "2026-06-29"))["deployment frequency"] == "nothing was deployed yet"
    world.start_deploy()
    world.all_healthy()
    world.turn()
    assert deployments(world.picture) == (), "one that is under way is none yet"
    world.turn(seconds=60)
    until = Instant(world.clock.now() + 1)
    found = delivery(world.read.plan, world.picture, since=Instant(0), until=until)
    assert basis(found) == {
        "change lead time": "no deployment of the period says when its changes were committed",
        "deployment frequency": "1 deployment in 0.0006945 days: the period is shorter than a day",
        "failed deployment recovery time": "no deployment of the period failed",
        "change fail rate": "0 of 1 deployment",
        "deployment rework rate": "no deployment of the period says whether it was planned",
    }
    assert [value for value in values(found).values() if value is not None] == [0], "the fail rate alone is known"


def started(world: World, version: str, *, well: bool = True, **data: object) -> None:
    hosts = [{"name": one.name, "address": one.address, "serves": "", "data": {}} for one in world.facts]
    world.say("start", "deploy", version=version, hosts=hosts, revision=world.read.digest, **data)
    for host in world.facts:
        world.probes.set(host.name, "healthy" if well else "unhealthy", world.clock.now())
    world.turn()


def test_held_at_a_failed_gate_until_a_person_lets_it_go_on() -> None:
    world = World(PLAN.replace("  update:\n", "  update:\n    on_failure: hold\n"), hosts=2)
    started(world, "1", well=False)
    world.turn(seconds=300)
    held_at = world.clock.now()
    (one,) = deployments(world.picture)
    assert (one.settled_at, one.failed_at, one.deployed_at, one.recovered_at) == (held_at, held_at, None, None)
    world.turn(seconds=100)
    world.say("approve", "deploy", question="run-1-batch-1")
    world.turn()
    (one,) = deployments(world.picture)
    assert (one.failed_at, one.recovered_at) == (held_at, held_at + 100_000)


def test_an_inconclusive_analysis_has_not_failed() -> None:
    analysis = "    analysis: {interval: 1s, count: 1, metrics: [{name: errors, command: [a], success: '< 1%'}]}\n"
    world = World(PLAN.replace("    health:\n", f"{analysis}    health:\n"), hosts=2)
    failure = Failure(target="errors", state="inconclusive", lines=("NaN",))
    world.hosts.analyses = [Outcome(key=ActionKey(""), ok=False, failures=(failure,))]
    started(world, "1")
    world.turn(seconds=60)
    assert (world.state(-1), deployments(world.picture)) == ("held", ())


def test_a_way_back_that_failed_ends_with_the_next_run_that_succeeds() -> None:
    world = World(PLAN, hosts=2)
    started(world, "1", rework=False)
    world.turn(seconds=60)
    started(world, "2", well=False, rework=False)
    world.turn(seconds=300)
    failed_at = world.clock.now()
    world.turn(seconds=300)
    assert world.state(-1) == "failed"
    started(world, "3", rework=True)
    world.turn(seconds=60)
    first, second, third = deployments(world.picture)
    assert (first.failed_at, first.mended) == (None, False), "what is reworked is the run before, not all of them"
    assert (second.failed_at, second.recovered_at) == (failed_at, world.clock.now())
    assert (third.rework, third.failed_at) == (True, None)


def test_a_commit_later_than_its_deployment_is_left_out_and_said() -> None:
    world = World(PLAN, hosts=2)
    now = world.clock.now()
    change = Change(commits=(("abc", now - HOUR * 1000), ("abd", now + HOUR * 1000), ("abe", 0)))
    started(world, "1", **change.data())
    world.turn(seconds=60)
    found = delivery(world.read.plan, world.picture, since=Instant(0), until=Instant(now + 86_400_000))
    assert values(found)["change lead time"] == HOUR + 60
    assert basis(found)["change lead time"].endswith("succeeded; 1 commit later than the deployment left out")

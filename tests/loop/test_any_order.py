"""The whole join as a machine: hosts, runs, holds, words, revisions, personnel exports and guardrails in any order.

Whatever comes: no wave opens on an unhealthy site, nobody changes wave, and neither in use nor deployed is said before
its definition holds; implemented is never said. Every decision is the same when it is replayed.
"""

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.ringtest import PLAN, World
from uptake.core.action import Open
from uptake.core.entry import Asked, Decided, Entry
from uptake.core.ids import Pid
from uptake.core.look import Measured
from uptake.core.picture import Picture, fold
from uptake.core.ports import Person
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.implement.gates import gate_of
from uptake.implement.targets import assign, place, wave_facts
from uptake.loop.replay import replay
from uptake.plan.read import read_plan

HOSTS = ("h1", "h2", "h3")
SITES = ("s1", "s2", "s3", "")
TEXT = PLAN.replace(
    "notify:",
    """  freeze: [{from: 2027-01-16T00:00, to: 2027-01-16T12:00}]
  outcomes: [{name: complaints, from: {csv: c.csv}, guardrail: {increase: 5%, min_count: 5}}]
  adjust:
    - {when: {measure: adoption, below: 20%, at: +12h}, do: rollback_release}
    - {when: {measure: adoption, below: 40%, at: +18h}, do: hold}
  tasks: [{do: Look, owner: kim@example.org, due: +1d}]
notify:""",
)
SEED = "5eed"
GATES = ("40%", "60%", "90%")


class Join(RuleBasedStateMachine):
    """One plan from its start through whatever happens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(TEXT)
        self.begin = self.world.read.plan
        self.people: dict[str, Person] = {}
        self.waves: dict[str, int] = {}
        self.seen = Picture()
        self.opened: list[int] = []

    @initialize(sites=st.lists(st.sampled_from(SITES[:3]), min_size=12, max_size=12))
    def start(self, sites: list[str]) -> None:
        """Twenty-four people in twelve teams, drawn; a first run is begun."""
        people = [self.person(f"p{n}", f"t{n % 12}", sites[n % 12]) for n in range(24)]
        self.people = {person.external_id: person for person in people}
        implement = self.begin.implement
        assert implement is not None
        table, _ = assign(implement, people, seed=SEED, plan="trial")
        self.waves = dict(table)
        hosts = [msgspec.to_builtins(host) for host in self.world.facts]
        self.say("start", "deploy", version="1", hosts=hosts, revision=self.world.read.digest, text=TEXT)
        facts = msgspec.to_builtins(wave_facts(implement, people, table, serves="site"))
        data = {"seed": SEED, "audience": "a", "assignment": "b", "waves": facts}
        self.say("start", "implement", revision=self.world.read.digest, **data)
        self.count()
        self.turn()

    @rule(host=st.sampled_from(HOSTS), state=st.sampled_from(["healthy", "healthy", "unhealthy", "unknown"]))
    def probe(self, host: str, state: str) -> None:
        """A host's health changes."""
        self.world.probes.set(host, state, self.world.clock.now() if state != "unknown" else 0)
        self.turn()

    @rule()
    def recover(self) -> None:
        """Every host is healthy from now on."""
        self.world.all_healthy()
        self.turn(11)

    @rule(version=st.sampled_from(["1", "2", "3"]), bad=st.sampled_from([(), ("h2",)]))
    def deploy(self, version: str, bad: tuple[str, ...]) -> None:
        """Another run, where none is under way; its steps may fail on a host."""
        self.world.hosts.failing = {version: bad} if bad else {}
        if self.world.state(-1) not in ("running", "held", "interrupted", ""):
            self.world.start_deploy(version)
        self.turn()

    @rule(what=st.sampled_from(["hold", "resume"]), half=st.sampled_from(["", "deploy", "implement"]))
    def brake(self, what: str, half: str) -> None:
        """A person's brake."""
        self.say(what, half)
        self.turn()

    @rule()
    def approve(self) -> None:
        """A person says yes to whatever is open."""
        for question in list(self.world.picture.questions):
            self.say("approve", question=question)
        self.turn()

    @rule()
    def overrule(self) -> None:
        """A person takes back what a rule decided last."""
        ruled = [n for n in self.world.picture.decisions if n.decision.rule.startswith("implement.adjust.")]
        ruled = [noted for noted in ruled if noted.decision.stage.half == "implement"]
        if ruled:
            last = ruled[-1].decision
            self.say("overrule", stage=msgspec.to_builtins(last.stage), rule=last.rule)
            self.turn()

    @rule(adopters=st.integers(0, 30), other=st.integers(0, 30))
    def adopt(self, adopters: int, other: int) -> None:
        """So many use it at the next look."""
        present = self.world.counts.present
        self.world.counts.adopters = {0: min(adopters, present[0]), 1: min(other, present[1])}

    @rule(shift=st.sampled_from([None, 0.0, 0.2]))
    def measure(self, shift: float | None) -> None:
        """An outcome moves."""
        self.world.look.outcomes = (Measured(name="complaints", as_of=Instant(0), shift=shift, count=30),)

    @rule(gate=st.sampled_from(GATES), goal=st.sampled_from(["50%", "60%"]), hours=st.sampled_from([1, 24]))
    def revise(self, gate: str, goal: str, hours: int) -> None:
        """Another gate for waves not yet open, another target, other looks."""
        text = TEXT.replace("gate: {adoption: 60%", f"gate: {{adoption: {gate}")
        text = text.replace("target: 60%", f"target: {goal}").replace("look: 1d", f"look: {hours}h")
        world = self.world
        if world.picture.run is not None and world.state(-1) in ("running", "held", "interrupted"):
            return
        under = [w for w in (0, 1) if world.wave(w) in ("open", "adopting", "held")]
        gates = {str(w): msgspec.to_builtins(gate_of(world.read.plan, world.picture, w)) for w in under}
        world.read = read_plan(text, file="plan.yaml")
        self.say("revise", revision=world.read.digest, text=text, gates=gates, measure=False)
        world.ring = world.new_ring()
        self.turn()

    @rule(data=st.data())
    def export(self, data: Any) -> None:
        """The personnel export again: some leave, some move, some come."""
        implement = self.begin.implement
        assert implement is not None
        names = st.sampled_from(sorted(self.people))
        for name in data.draw(st.lists(names, max_size=4)):
            self.people[name] = replace(self.people[name], present=False)
        for name in data.draw(st.lists(names, max_size=4)):
            self.people[name] = replace(self.people[name], setting=f"t{data.draw(st.integers(0, 14))}")
        for _ in range(data.draw(st.integers(0, 3))):
            number = len(self.people)
            site = data.draw(st.sampled_from(SITES))
            person = self.person(f"p{number}", f"t{data.draw(st.integers(0, 14))}", site)
            teams = {self.people[name].setting: wave for name, wave in self.waves.items() if name in self.people}
            self.waves.setdefault(person.external_id, place(implement, person, teams=teams, seed=SEED, plan="trial"))
            self.people[person.external_id] = person
        facts = wave_facts(implement, list(self.people.values()), self.waves, serves="site")
        self.say("audience", "implement", waves=msgspec.to_builtins(facts))
        self.count()
        self.turn()

    @rule(seconds=st.sampled_from([3, 30, 4_000, 45_000, 90_000, 200_000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.turn(seconds)

    @rule()
    def restart(self) -> None:
        """The process is gone and another one goes on."""
        self.world.ring = self.world.new_ring()
        self.turn()

    @invariant()
    def nothing_is_said_or_opened_too_early(self) -> None:
        """Walk what was written since the last step."""
        for entry in list(self.world.ledger.read(self.seen.seq)):
            before = self.seen.observed
            fold(self.seen, entry)
            self.check(entry, before.now)

    def check(self, entry: Entry, now: Instant) -> None:
        """One entry against the definitions."""
        body, picture = entry.body, self.seen
        if isinstance(body, Asked) and isinstance(body.action, Open):
            ordinal = body.action.stage.ordinal
            again = ordinal in self.opened
            self.opened.append(ordinal)
            if not again:  # one that a person opens again after overruling a rule was let in before
                self.check_ground(ordinal, now)
        if isinstance(body, Decided):
            for decision in body.decisions:
                assert decision.state != "implemented"
                if decision.state == "in use":
                    self.check_in_use(picture)
                if decision.state == "deployed":
                    run = picture.runs[-1]
                    assert self.run_state() == "succeeded"
                    inside = [host.name for host in run.hosts if host.name not in run.excluded]
                    assert all(picture.host(name).state == "healthy" for name in inside)

    def check_ground(self, ordinal: int, now: Instant) -> None:
        """A wave opens in its turn, while nobody holds it, on hosts that are well and have been for long enough."""
        picture = self.seen
        assert ordinal == 0 or 0 in self.opened
        assert picture.hold("implement") is None
        assert not [name for name in picture.questions if name.startswith("guardrail-")]
        assert self.run_state() in ("succeeded", "rolled back")
        assert picture.drawn is not None
        wave = next(one for one in picture.drawn.waves if one.ordinal == ordinal)
        run = picture.runs[-1]
        for host in run.hosts:
            if not wave.serves or host.serves in wave.serves:
                assert picture.host(host.name).state == "healthy"
                assert now - picture.host(host.name).since >= 10_000
                assert host.name not in run.excluded

    def check_in_use(self, picture: Picture) -> None:
        """All waves open, none taken back, adoption at the target that counts."""
        plan = read_plan(picture.revisions[-1].text, file="p").plan
        assert plan.implement is not None
        states = [picture.stage(Stage(half="implement", run=1, ordinal=o)).state for o in (0, 1)]
        assert set(self.opened) == {0, 1}
        assert "rolled back" not in states
        adopters = sum(answer.adopters for answer in picture.observed.waves)
        present = sum(answer.present for answer in picture.observed.waves)
        assert adopters >= plan.implement.adoption.target * present - 1e-9

    @invariant()
    def nobody_changes_wave(self) -> None:
        """Who was drawn or placed stays there, and the waves' facts count everybody ever in them."""
        drawn = self.world.picture.drawn
        if drawn is not None and self.waves:
            counted = [sum(wave == one.ordinal for wave in self.waves.values()) for one in drawn.waves]
            assert [one.people for one in drawn.waves] == counted

    def teardown(self) -> None:
        """Every decision again, from the record alone."""
        if self.world.ledger.entries:
            assert replay(self.begin, self.world.ledger.entries).differing == ()

    def person(self, name: str, team: str, site: str) -> Person:
        """Somebody."""
        return Person(pid=Pid(name), external_id=name, setting=team, attributes={"site": site})

    def run_state(self) -> str:
        """The latest run's state, as read from the record."""
        run = self.seen.runs[-1]
        return self.seen.stage(Stage(half="deploy", run=run.number, ordinal=-1)).state

    def count(self) -> None:
        """Who is there, by wave."""
        here = [self.waves[name] for name, person in self.people.items() if person.present]
        self.world.counts.present = {wave: here.count(wave) for wave in (0, 1)}
        adopters = self.world.counts.adopters
        self.world.counts.adopters = {w: min(adopters.get(w, 0), here.count(w)) for w in (0, 1)}

    def say(self, what: str, half: str = "", **data: object) -> None:
        """A word."""
        self.world.say(what, half, **data)

    def turn(self, seconds: float = 0.0) -> None:
        """The ring, until nothing is new."""
        self.world.turn(seconds=seconds)


TestJoin = Join.TestCase
TestJoin.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

"""A ring under test: the real loop over made-up ports, hosts and counts set by hand."""

from collections.abc import Sequence
from dataclasses import replace

from uptake.core.action import Action, EndRun, Failure, Outcome, RunStep
from uptake.core.entry import Entry, HostSeen, Said
from uptake.core.event import Answer, Ask, Event
from uptake.core.look import Measured, SourceSeen, Surveyed, Ticketed, Trained, WaveLook
from uptake.core.picture import Picture
from uptake.core.stage import HostFact, Stage, WaveFact
from uptake.core.time import Instant
from uptake.loop.ports import Looked, Ports
from uptake.loop.tick import Ring
from uptake.plan.read import read_plan
from uptake.simulate.clock import JumpingClock
from uptake.simulate.memory import MemoryLedger, MemoryReceipts

START = Instant(1_800_000_000_000)

PLAN = """
plan: trial
title: A trial
timezone: Europe/Berlin
deploy:
  service: trial
  version: "1"
  environment: test
  hosts: {list: [h1, h2, h3], serves: site}
  configuration:
    - shell: "install {version}"
    - shell: "restart"
  tests:
    - http: {url: "http://{host}/", expect: 200}
  update:
    canary: 1
    max_parallel: 2
    health:
      checks: [{http: {url: "http://{host}/", expect: 200}}]
      interval: 1s
      timeout: 1s
      min_healthy_time: 10s
      healthy_deadline: 60s
    on_failure: rollback
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [site]}
  waves: {assign_by: setting, sizes: [50%, 50%], start: deployed, every: 1d}
  expose: {flag: trial}
  gate: {adoption: 60%, at: +1d, else: hold, hold_at_most: 2d, min_people: 10}
  look: 1d
  adoption: {event: used, count: 1, within: 7d, target: 60%}
notify: ["json://127.0.0.1:9/"]
"""


class HandWork:
    """A port that acts, whose outcomes are set by the test; by default everything is done at once."""

    def __init__(self) -> None:
        self.accepted: list[Action] = []
        self.waiting: list[Outcome] = []
        self.failing: dict[str, tuple[str, ...]] = {}
        self.failing_parts: dict[tuple[str, str], tuple[str, ...]] = {}
        self.analyses: list[Outcome] = []
        self.silent = False
        self.silent_parts: set[str] = set()

    def accept(self, action: Action) -> None:
        self.accepted.append(action)
        if self.silent or (isinstance(action, RunStep) and action.part in self.silent_parts):
            return
        hosts = action.hosts if isinstance(action, RunStep | EndRun) else ()
        bad: list[str] = []
        if isinstance(action, RunStep):
            if action.part == "analysis" and self.analyses:
                self.waiting.append(replace(self.analyses.pop(0), key=action.key))
                return
            wrong = (*self.failing.get(action.version, ()), *self.failing_parts.get((action.version, action.part), ()))
            bad = [h for h in hosts if h in wrong]
        failures = tuple(Failure(target=h, state="failed", exit_code=1, lines=("broken",)) for h in bad)
        self.waiting.append(Outcome(key=action.key, ok=not bad, failures=failures))

    def outcomes(self) -> tuple[Outcome, ...]:
        ended, self.waiting = tuple(self.waiting), []
        return ended

    def progress(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


class HandProbes:
    """Probes whose answers are set by the test."""

    def __init__(self) -> None:
        self.states: dict[str, HostSeen] = {}

    def set(self, name: str, state: str, since: int, detail: str = "") -> None:
        self.states[name] = HostSeen(name=name, state=state, since=Instant(since), detail=detail)  # type: ignore[arg-type]

    def watch(self, hosts: Sequence[HostFact], *, version: str, in_run: bool) -> None:
        for host in hosts:
            self.states.setdefault(host.name, HostSeen(name=host.name, state="unknown", since=Instant(0)))

    def seen(self) -> tuple[HostSeen, ...]:
        return tuple(self.states.values())

    def close(self) -> None:
        pass


class HandCounts:
    """The events port, with adopters per wave set by the test."""

    def __init__(self) -> None:
        self.adopters: dict[int, int] = {}
        self.present: dict[int, int] = {}
        self.old: dict[int, int] = {}
        self.early: dict[int, int] = {}

    def append(self, events: Sequence[Event], *, received_at: Instant) -> int:
        return 0

    def count(self, asks: Sequence[Ask]) -> tuple[Answer, ...]:
        return tuple(
            Answer(
                wave=ask.wave,
                drawn=self.present[ask.wave],
                present=self.present[ask.wave],
                adopters=self._adopters(ask),
                early=0 if ask.opened else self.early.get(ask.wave, 0),
            )
            for ask in asks
        )

    def _adopters(self, ask: Ask) -> int:
        if ask.name != "used":
            return self.old.get(ask.wave, 0)
        return self.adopters.get(ask.wave, 0) if ask.opened else 0

    def strays(self) -> int:
        return 0


class HandLook:
    """Everything that is asked at looks beside use, with answers set by the test; nothing of the kind by default."""

    def __init__(self) -> None:
        self.sources: tuple[SourceSeen, ...] = ()
        self.training: tuple[Trained, ...] = ()
        self.tickets: tuple[Ticketed, ...] = ()
        self.surveys: tuple[Surveyed, ...] = ()
        self.outcomes: tuple[Measured, ...] = ()

    def seen(self) -> tuple[SourceSeen, ...]:
        return self.sources

    def trained(self, looks: Sequence[WaveLook]) -> tuple[Trained, ...]:
        return self.training

    def ticketed(self, looks: Sequence[WaveLook]) -> tuple[Ticketed, ...]:
        return self.tickets

    def surveyed(self, looks: Sequence[WaveLook]) -> tuple[Surveyed, ...]:
        return self.surveys

    def measured(self, looks: Sequence[WaveLook]) -> tuple[Measured, ...]:
        return self.outcomes

    def close(self) -> None:
        pass


class World:
    """A ring with its hand-set ports."""

    def __init__(self, text: str = PLAN, *, hosts: int = 3, people: int = 20) -> None:
        self.read = read_plan(text, file="plan.yaml")
        self.clock = JumpingClock(START)
        self.ledger = MemoryLedger()
        self.hosts, self.mail, self.access = HandWork(), HandWork(), HandWork()
        self.probes, self.counts, self.look = HandProbes(), HandCounts(), HandLook()
        self.facts = tuple(
            HostFact(name=f"h{i + 1}", address=f"192.0.2.{i + 1}", serves=f"s{i + 1}", data={}) for i in range(hosts)
        )
        self.people = people
        self.ring = self.new_ring()

    def new_ring(self) -> Ring:
        """A ring as after a restart: nothing known but the ledger."""
        ports = Ports(
            clock=self.clock,
            ledger=self.ledger,
            receipts=MemoryReceipts(),
            events=self.counts,
            hosts=self.hosts,
            probes=self.probes,
            notices=self.mail,
            access=self.access,
            looked=Looked(
                sources=self.look,
                learning=self.look,
                tickets=self.look,
                surveys=self.look,
                outcomes=self.look,
            ),
        )
        return Ring(self.read.plan, ports, epoch=None)

    @property
    def picture(self) -> Picture:
        return self.ring.picture

    def say(self, what: str, half: str = "", **data: object) -> Entry:
        return self.ledger.append([Said(what=what, who="test", half=half, data=data)], at=self.clock.now())[0]

    def start_deploy(self, version: str = "1") -> None:
        hosts = [{"name": h.name, "address": h.address, "serves": h.serves, "data": {}} for h in self.facts]
        self.say("start", "deploy", version=version, hosts=hosts, revision=self.read.digest)

    def start_implement(self, waves: tuple[WaveFact, ...] | None = None) -> None:
        waves = waves or tuple(WaveFact(ordinal=i, people=self.people, serves=(f"s{i + 1}",)) for i in range(2))
        self.counts.present = {wave.ordinal: wave.people for wave in waves}
        plain = [
            {
                "ordinal": w.ordinal,
                "people": w.people,
                "settings": w.settings,
                "serves": w.serves,
                "holdout": w.holdout,
            }
            for w in waves
        ]
        self.say("start", "implement", seed="00", audience="a", assignment="b", waves=plain, revision=self.read.digest)

    def all_healthy(self, since: int | None = None) -> None:
        for host in self.facts:
            self.probes.set(host.name, "healthy", since if since is not None else self.clock.now())

    def turn(self, *, seconds: float = 0.0, most: int = 200) -> None:
        """Turn until nothing is new, after so many seconds have passed."""
        if seconds:
            self.clock.wait(Instant(self.clock.now() + round(seconds * 1000)))
        for _ in range(most):
            before = self.ledger.head()
            self.ring.tick()
            if self.ledger.head() == before:
                return
        raise AssertionError("the ring does not come to rest")

    def deployed(self) -> None:
        """A first run of version 1 that has succeeded."""
        self.start_deploy()
        self.all_healthy()
        for _ in range(12):
            self.turn(seconds=11)
            if self.state(-1) == "succeeded":
                return
        raise AssertionError([n.decision.why for n in self.picture.decisions])

    def state(self, ordinal: int, *, half: str = "deploy", run: int | None = None) -> str:
        number = (run or len(self.picture.runs)) if half == "deploy" else 1
        return self.picture.stage(Stage(half=half, run=number, ordinal=ordinal)).state  # type: ignore[arg-type]

    def wave(self, ordinal: int) -> str:
        return self.state(ordinal, half="implement")

    def whys(self) -> list[str]:
        return [noted.decision.why for noted in self.picture.decisions]

"""A plan's ledger written by hand: what was observed, said and ended; the real loop decides in between.

Nothing here stands for a part of Uptake: entries are encoded, chained and folded as the ring does it.
"""

import msgspec

from uptake.core.action import Failure, Outcome, RunStep
from uptake.core.entry import (
    FIRST_HASH,
    Asked,
    Body,
    Decided,
    Done,
    Entry,
    Failed,
    HostSeen,
    Observed,
    Said,
    chain,
    encode,
)
from uptake.core.event import Answer
from uptake.core.picture import Picture, fold
from uptake.core.stage import HostFact, WaveFact
from uptake.core.time import Instant
from uptake.deploy.targets import HALF
from uptake.implement.gates import look_due
from uptake.loop.decide import decide
from uptake.plan.read import ReadPlan, read_plan
from uptake.report.board import Board
from uptake.report.figures import figures

START = 1_764_000_000_000
HOSTS = ("north", "south", "west")
TICKS_MOST = 200

DEPLOY = """\
plan: helpdesk
title: Roundup replaces the shared mailbox
owner: it-services@example.org
timezone: Europe/Berlin

deploy:
  service: helpdesk
  version: "2.6.0"
  environment: production
  hosts: {inventory: inventory.py, group: web, serves: site}
  infrastructure:
    - files.directory: {path: /srv/helpdesk}
  configuration:
    - release: {src: "build/helpdesk-{version}.tar.gz", dest: /srv/helpdesk}
    - shell: "sh restart.sh"
  tests:
    - http: {url: "http://{host}:8080/t/", expect: 200}
  update:
    canary: 1
    max_parallel: 2
    health:
      checks: [{http: {url: "http://{host}:8080/t/", expect: 200}}]
      interval: 1s
      timeout: 1s
      min_healthy_time: 2s
      healthy_deadline: 8s
    on_failure: rollback
"""
IMPLEMENT = """\
implement:
  audience: {from: people.csv, id: employee_id, setting: team, attributes: [site]}
  waves: {assign_by: setting, sizes: [50%, 40%], holdout: 10%, stratify: [site], start: deployed, every: 24s}
  expose: {flag: new-helpdesk}
  gate: {adoption: 60%, at: +12s, else: hold, hold_at_most: 3m, min_people: 10}
  look: 2s
  adoption: {event: issue.created, count: 3, within: 1h, target: 60%}
  adjust:
    - {when: {measure: adoption, below: 40%, at: +14s}, do: task, text: Visit the teams}
"""
WAVES = (
    WaveFact(ordinal=0, people=50, settings=("a", "b"), serves=("north", "south")),
    WaveFact(ordinal=1, people=40, settings=("c",), serves=("south", "west")),
    WaveFact(ordinal=2, people=10, settings=("d",), serves=("west",), holdout=True),
)


class Story:
    """A ledger in memory, told entry by entry."""

    def __init__(
        self, *, deploy: bool = True, implement: bool = True, changes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        text = (DEPLOY if deploy else DEPLOY.partition("deploy:")[0]) + (IMPLEMENT if implement else "")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        self.read: ReadPlan = read_plan(text, file="plan.yaml")
        self.now = Instant(START)
        self.entries: list[Entry] = []
        self.picture = Picture()
        self.health = {name: HostSeen(name=name, state="unknown", since=Instant(START)) for name in HOSTS}
        self.counts: tuple[Answer, ...] = ()

    def write(self, *bodies: Body) -> None:
        """Append entries."""
        for body in bodies:
            raw, seq = encode(body), len(self.entries) + 1
            last = self.entries[-1].hash if self.entries else FIRST_HASH
            kind = type(body).__name__
            link = chain(last, seq=seq, at=self.now, kind=kind, raw=raw)
            self.entries.append(Entry(seq=seq, at=self.now, kind=kind, body=body, raw=raw, hash=link))
            fold(self.picture, self.entries[-1])

    def say(self, what: str, half: str = "", **data: object) -> None:
        """A person's word."""
        self.write(Said(what=what, who="kim@desk", half=half, data=data))

    def start_deploy(self, version: str = "2.6.0") -> None:
        """Begin a run."""
        hosts = [HostFact(name=name, address=f"10.0.0.{n}", serves=name, data={}) for n, name in enumerate(HOSTS)]
        self.say("start", "deploy", version=version, hosts=msgspec.to_builtins(hosts), revision=self.read.digest)

    def start_implement(self) -> None:
        """Launch the waves."""
        facts = msgspec.to_builtins(WAVES)
        self.say(
            "start",
            "implement",
            seed="5eed",
            audience="a" * 64,
            assignment="b" * 64,
            waves=facts,
            revision=self.read.digest,
        )

    def sees(self, state: str, *names: str, detail: str = "") -> None:
        """Probes report."""
        for name in names or HOSTS:
            self.health[name] = HostSeen(name=name, state=state, since=self.now, detail=detail)  # type: ignore[arg-type]

    def adopted(self, *adopters: int, early: int = 0) -> None:
        """What a look will count, wave by wave; nobody of the others."""
        numbers = (*adopters, *(0 for _ in WAVES[len(adopters) :]))
        self.counts = tuple(
            Answer(wave=wave.ordinal, drawn=wave.people, present=wave.people, adopters=number, early=early)
            for wave, number in zip(WAVES, numbers, strict=True)
        )

    def tick(self) -> bool:
        """Observe and decide once, as the ring does; whether anything was decided."""
        before = self.picture.observed
        looks = bool(self.counts) and look_due(self.read.plan, self.picture) <= self.now
        seen = Observed(
            now=self.now,
            hosts=tuple(self.health[name] for name in sorted(self.health)) if self.picture.run else (),
            waves=self.counts if looks else before.waves,
            looked_at=self.now if looks else before.looked_at,
        )
        self.write(seen)
        verdicts = decide(self.read.plan, self.picture, self.now)
        if not verdicts.decisions and not verdicts.actions:
            return False
        self.write(Decided(decisions=verdicts.decisions, look_again=verdicts.look_again))
        self.write(*(Asked(action=action) for action in verdicts.actions))
        return True

    def end(self, *, failing: str = "", part: str = "") -> int:
        """End every open action; on the host `failing` steps of `part` fail. Returns how many ended."""
        keys = sorted(self.picture.open_acts, key=lambda key: self.picture.acts[key].seq)
        for key in keys:
            action = self.picture.acts[key].action
            bad = isinstance(action, RunStep) and failing in action.hosts and part in ("", action.part)
            if failing and bad:
                fault = Failure(target=failing, state="unhealthy", step="shell", exit_code=1, lines=("no such port",))
                self.write(Failed(outcome=Outcome(key=action.key, ok=False, counts={"failed": 1}, failures=(fault,))))
            else:
                wanted = len(action.hosts) if isinstance(action, RunStep) else 50
                self.write(Done(outcome=Outcome(key=action.key, ok=True, counts={"done": wanted})))
        return len(keys)

    def cut(self) -> None:
        """The worker of the hosts dies for good: what was under way is interrupted."""
        for key in sorted(self.picture.open_acts, key=lambda key: self.picture.acts[key].seq):
            if isinstance(self.picture.acts[key].action, RunStep):
                self.write(Failed(outcome=Outcome(key=key, ok=False, interrupted=True)))

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now = Instant(round(self.now + 1000 * seconds))

    def settle(self, *, failing: str = "", seconds: float = 1.0) -> None:
        """Turn until nothing is asked or decided any more; every step takes `seconds`."""
        for _ in range(TICKS_MOST):
            decided = self.tick()
            self.later(seconds)
            if not self.end(failing=failing) and not decided:
                return
        raise AssertionError("the ring does not come to rest")

    @classmethod
    def looked_at(cls, *adopters: int) -> "Story":
        """A plan that is deployed and begun, with so many adopters of its first wave at looks three seconds apart."""
        story = cls()
        story.deploy()
        story.start_implement()
        story.settle()
        for count in adopters:
            story.adopted(count)
            story.later(3)
            story.settle()
        return story

    def deploy(self, version: str = "2.6.0") -> None:
        """A whole run, to deployed."""
        self.start_deploy(version)
        self.sees("healthy")
        for _ in range(TICKS_MOST):
            self.settle()
            half = self.picture.stage(HALF)
            if self.picture.run and half.state == "deployed" and self.picture.last[HALF].why.count(version):
                return
            self.later(3)
        raise AssertionError(f"{version} is not deployed")

    def board(self) -> Board:
        """What is shown now."""
        return figures(self.read, self.picture, self.now, seal=self.entries[-1].hash if self.entries else "")

"""The made-up hosts, probes, mail, access and people's behaviour.

Hosts take a made-up time for each step and fail at a stated rate; a host that finished a
step is healthy. People adopt after a Bass hazard in units of the gate's `at`. All draws name
their stream, and every due time stands on the jumping clock.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import exp, log

from uptake.core.action import CHANGES, Action, EndRun, Failure, Outcome, RunStep
from uptake.core.chance import stream
from uptake.core.entry import HostSeen
from uptake.core.event import Adopted, Answer, Ask, Event, FirstAsk, Part
from uptake.core.ids import Pid
from uptake.core.look import Trained, WaveLook
from uptake.core.stage import HostFact
from uptake.core.time import NEVER, Instant
from uptake.simulate.clock import JumpingClock
from uptake.simulate.memory import MemoryDirectory


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What is made up.

    Args:
        innovation: Bass p, per unit of the gate's `at`.
        imitation: Bass q, per unit of the gate's `at`.
        ceiling: the share of people who ever adopt, in [0, 1].
        step_s: seconds that a step takes on a host.
        host_failure: the chance that a step fails on a host, in [0, 1].
        trained: the share of the invited who complete their training, in [0, 1].
        effect: by which share outcomes change from a wave's opening on; None for twice what is wanted of each.
        alike: the share of a person's variance that a setting's people have in common, in [0, 0.5].

    Source: Bass (1969), "A new product growth model for consumer durables", eq. 9.
    """

    innovation: float = 0.9
    imitation: float = 1.6
    ceiling: float = 0.92
    step_s: float = 20.0
    host_failure: float = 0.0
    trained: float = 0.9
    effect: float | None = None
    alike: float = 0.05

    def adopted_after(self, chance: float) -> float | None:
        """When a person at this quantile adopts, in units of the gate's `at`; None for never.

        The inverse of F(t) = (1 - e^-(p+q)t) / (1 + (q/p) e^-(p+q)t) at chance / ceiling.
        """
        if chance >= self.ceiling:
            return None
        share, rate = chance / self.ceiling, self.innovation + self.imitation
        return -log((1 - share) / (1 + share * self.imitation / self.innovation)) / rate

    def share_at(self, units: float) -> float:
        """The share that has adopted `units` of the gate's `at` after the opening."""
        fall = exp(-(self.innovation + self.imitation) * units)
        return self.ceiling * (1 - fall) / (1 + self.imitation / self.innovation * fall)


class Later:
    """What ends some made-up time after it began."""

    def __init__(self, clock: JumpingClock, *, takes_ms: int) -> None:
        """Args: clock: the jumping clock; takes_ms: how long each action takes."""
        self._clock, self._takes_ms = clock, takes_ms
        self._due: list[tuple[Instant, Outcome]] = []

    def _later(self, after_ms: int, outcome: Outcome) -> None:
        due = Instant(self._clock.now() + after_ms)
        self._due.append((due, outcome))
        self._clock.at(due)

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended by now."""
        now = self._clock.now()
        ended = tuple(outcome for due, outcome in self._due if due <= now)
        self._due = [(due, outcome) for due, outcome in self._due if due > now]
        return ended

    def close(self) -> None:
        """Nothing to stop."""


class MadeUpWork(Later):
    """Mail that arrives, access that is granted: every action is done a made-up time after it was accepted."""

    def accept(self, action: Action) -> None:
        """Take an action on."""
        self._later(self._takes_ms, Outcome(key=action.key, ok=True))


class MadeUpLearning:
    """The learning port: a made-up share of an invited wave has completed its training when it is to open."""

    def __init__(self, directory: MemoryDirectory, behaviour: Behaviour, *, invited: Callable[[int], bool]) -> None:
        """Args: directory: who is there; behaviour: what is made up; invited: whether a wave was invited."""
        self._directory, self._behaviour, self._invited = directory, behaviour, invited

    def trained(self, looks: Sequence[WaveLook]) -> tuple[Trained, ...]:
        """Each wave's training."""
        return tuple(self._of(look.wave) for look in looks)

    def _of(self, wave: int) -> Trained:
        people = len(self._directory.people(wave))
        invited = people if self._invited(wave) else 0
        trained = round(self._behaviour.trained * invited)
        return Trained(wave=wave, people=people, invited=invited, trained=trained, missed=invited - trained)


@dataclass(slots=True)
class _Health:
    state: dict[str, HostSeen] = field(default_factory=dict)


class MadeUpHosts(Later):
    """Hosts that take `step_s` for a step and fail at the stated rate."""

    def __init__(self, clock: JumpingClock, behaviour: Behaviour, *, seed: int) -> None:
        """Args: clock; behaviour: what is made up; seed: of the rehearsal."""
        super().__init__(clock, takes_ms=round(behaviour.step_s * 1000))
        self._behaviour, self._seed = behaviour, seed
        self.health = _Health()

    def accept(self, action: RunStep | EndRun) -> None:
        """Run a step on its hosts."""
        if isinstance(action, EndRun):
            self._later(0, Outcome(key=action.key, ok=True))
            return
        if action.part not in (*CHANGES, "tests"):
            self._later(self._takes_ms, Outcome(key=action.key, ok=True))
            return
        draws = stream(self._seed, "host", action.key).random(len(action.hosts))
        failed = [h for h, draw in zip(action.hosts, draws, strict=True) if draw < self._behaviour.host_failure]
        ended = Instant(self._clock.now() + self._takes_ms)
        for host in action.hosts:
            sick = host in failed
            state = HostSeen(
                name=host,
                state="unhealthy" if sick else "healthy",
                since=ended,
                detail="made up: the step failed" if sick else "",
            )
            if host not in self.health.state or self.health.state[host].state != state.state:
                self.health.state[host] = state
        failures = tuple(Failure(target=host, state="failed", step=action.part, exit_code=1) for host in failed)
        self._later(self._takes_ms, Outcome(key=action.key, ok=not failed, failures=failures))

    def progress(self) -> dict[str, str]:
        """Nothing to show."""
        return {}


class MadeUpProbes:
    """Probes that read the made-up hosts' state."""

    def __init__(self, clock: JumpingClock, hosts: MadeUpHosts, *, stepless: bool = False) -> None:
        """Args: clock; hosts: whose health is read; stepless: nothing is done on them, they are well once watched."""
        self._clock, self._hosts, self._stepless = clock, hosts, stepless
        self._watched: tuple[str, ...] = ()
        self._since = Instant(0)

    def watch(self, hosts: Sequence[HostFact], *, version: str, in_run: bool) -> None:
        """Whom to watch."""
        del version, in_run
        self._watched, self._since = tuple(host.name for host in hosts), self._clock.now()

    def seen(self) -> tuple[HostSeen, ...]:
        """Each host's state by now."""
        now = self._clock.now()
        return tuple(
            seen
            if (seen := self._hosts.health.state.get(name)) is not None and seen.since <= now
            else HostSeen(
                name=name,
                state="healthy" if self._stepless else "unknown",
                since=self._since if self._stepless else Instant(0),
            )
            for name in self._watched
        )

    def close(self) -> None:
        """Nothing to stop."""


class MadeUpPeople:
    """The events port: who has adopted by when, by the Bass hazard."""

    def __init__(
        self,
        directory: MemoryDirectory,
        behaviour: Behaviour,
        *,
        seed: int,
        event: str,
        unit_ms: float,
        opened_at: Callable[[int], Instant | None],
    ) -> None:
        """Say who is there and how they behave.

        Args:
            directory: who is there.
            behaviour: what is made up.
            seed: of the rehearsal.
            event: the plan's event of use; any other is the old way.
            unit_ms: the gate's `at` in milliseconds.
            opened_at: a wave's opening.
        """
        self._directory, self._behaviour, self._seed, self._event = directory, behaviour, seed, event
        self._unit_ms, self._opened_at = unit_ms, opened_at
        self._delays: dict[int, list[float]] = {}

    def append(self, events: Sequence[Event], *, received_at: Instant) -> int:
        """Nobody posts in a rehearsal."""
        del events, received_at
        return 0

    def count(self, asks: Sequence[Ask]) -> tuple[Answer, ...]:
        """Who has adopted by each ask's `until`."""
        return tuple(self._answer(ask) for ask in asks)

    def adopted(self, asks: Sequence[FirstAsk]) -> tuple[Adopted, ...]:
        """How many of each wave adopted in which period; who has adopted stays in a rehearsal."""
        return tuple(self._adopted(ask) for ask in asks)

    def adoptions(self, wave: int) -> dict[Pid, float | None]:
        """When each person of an open wave adopts, in milliseconds since 1970; None for never. The made-up truth."""
        opened = self._opened_at(wave)
        people = self._directory.people(wave)
        delays = self._delays_of(wave)
        return {
            who.pid: None if opened is None or delay >= NEVER else opened + delay
            for who, delay in zip(people, delays, strict=True)
        }

    def _adopted(self, ask: FirstAsk) -> Adopted:
        people, opened = self._directory.people(ask.wave), ask.opened_at
        firsts: list[int] = []
        if opened is not None and ask.until >= opened:
            firsts = [0] * ((ask.until - opened) // ask.period_ms + 1)
        whole: Counter[tuple[str, str]] = Counter()
        among: Counter[tuple[str, str]] = Counter()
        for who, delay in zip(people, self._delays_of(ask.wave), strict=True):
            kinds = {(name, who.attributes.get(name, "") if name else who.setting): 1 for name in ask.columns}
            whole.update(kinds)
            if opened is not None and opened + delay <= ask.until:
                firsts[int(delay // ask.period_ms)] += 1
                among.update(kinds)
        return Adopted(
            wave=ask.wave,
            present=len(people),
            adopters=sum(firsts),
            active=sum(firsts),
            firsts=tuple(firsts) if ask.by == "person" else (),
            parts=tuple(
                Part(column=name, value=value, people=whole[name, value], adopters=among[name, value])
                for name, value in sorted(whole)
            ),
        )

    def _answer(self, ask: Ask) -> Answer:
        delays, opened = self._delays_of(ask.wave), self._opened_at(ask.wave)
        here = len(delays)
        adopters = 0 if opened is None else sum(opened + delay <= ask.until for delay in delays)
        if ask.name != self._event:  # what the plan replaces: everyone keeps to it until she adopts
            adopters = here - adopters
        return Answer(wave=ask.wave, drawn=here, present=here, adopters=adopters)

    def _delays_of(self, wave: int) -> list[float]:
        """Milliseconds from the opening to each person's adoption."""
        if wave not in self._delays:
            count = len(self._directory.people(wave))
            units = [self._behaviour.adopted_after(float(u)) for u in stream(self._seed, "adopt", wave).random(count)]
            self._delays[wave] = [float(NEVER) if unit is None else unit * self._unit_ms for unit in units]
        return self._delays[wave]

    def strays(self) -> int:
        """Nobody posts in a rehearsal."""
        return 0

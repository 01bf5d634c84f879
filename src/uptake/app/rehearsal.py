"""A rehearsal: the same loop on made-up parts, a clock that jumps, and nothing kept.

It takes the people of the audience file where it is there, else made-up ones; hosts are made
up always. One thread and named streams: the same seed gives the same bytes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from uptake.core.chance import digest, stream
from uptake.core.entry import Entry, Said
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.stage import HostFact
from uptake.core.time import Instant, Span, after, parse_instant
from uptake.deploy.steps import batch_steps
from uptake.implement.decide.outcomes import is_settled
from uptake.implement.decide.training import is_training
from uptake.implement.targets import HALF, assign, audience_digest, wave_facts, wave_stage
from uptake.loop.ports import Looked, Ports
from uptake.loop.run import run
from uptake.loop.tick import Ring
from uptake.plan.model import Plan
from uptake.plan.read import ReadPlan
from uptake.plan.watched import target
from uptake.simulate.clock import JumpingClock
from uptake.simulate.memory import MemoryDirectory, MemoryLedger, MemoryReceipts, made_up_pid
from uptake.simulate.world import Behaviour, MadeUpHosts, MadeUpLearning, MadeUpPeople, MadeUpProbes, MadeUpWork

DAY_S = 86_400.0
LEAD = 50
"""A rehearsal begins a day before the plan's first step, or so many times the gate's `at` in a plan of seconds."""
MADE_UP_START = "2027-01-04T09:00"
"""When a rehearsal begins whose plan names no date: a Monday morning."""
ENTRIES_MOST = 200_000
"""A rehearsal that has written so many entries or turned so often is cut short: its plan looks again and again."""
HORIZON = Span(days=3 * 365)
"""A rehearsal ends here at the latest."""
OUTCOMES_MOST = 20_000
"""With more people no values of outcomes are made up: a rehearsal is meant to take seconds."""
SETTING_SIZE = 10
"""People per made-up setting."""
MADE_UP_HOSTS = 3
"""Hosts of a rehearsal where no column says whom they serve."""


Now = Callable[[], tuple[Instant, Picture]]
"""The rehearsal's clock and picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of a rehearsal: its entries, the last picture, and what was made up; whether it was cut short.

    `crowd` is its made-up people, who can still be counted.
    """

    read: ReadPlan
    entries: tuple[Entry, ...]
    picture: Picture
    behaviour: Behaviour
    people: int
    made_up_people: bool
    seed: int
    ended: Instant
    crowd: MadeUpPeople
    cut_short: bool = False

    def made_up(self) -> tuple[str, ...]:
        """What was made up, a clause each."""
        how = self.behaviour
        crowd = f"{self.people} people" if self.made_up_people else "what the people of the audience file do"
        bass = f"Bass p {how.innovation:g} and q {how.imitation:g} per gate time, {100 * how.ceiling:g}% ever adopt"
        hosts = f"the hosts: {how.step_s:g} s a step, each fails with chance {how.host_failure:g}"
        implement = self.read.plan.implement
        if implement is None or not implement.outcomes:
            return (f"{crowd}: {bass}", hosts)
        if self.people > OUTCOMES_MOST:
            return (f"{crowd}: {bass}", hosts, f"no outcomes: there are more than {OUTCOMES_MOST:,} people")
        moved = "twice as much as is wanted" if how.effect is None else f"by {100 * how.effect:+g}%"
        return (f"{crowd}: {bass}", hosts, f"the outcomes: they change {moved} from a wave's opening on")


def rehearse(
    read: ReadPlan,
    *,
    seed: int,
    people: Sequence[Person] | None,
    count: int = 120,
    behaviour: Behaviour | None = None,
    entries_most: int = ENTRIES_MOST,
) -> Rehearsed:
    """Rehearse a plan.

    Args:
        read: the plan.
        seed: any whole number; names every draw.
        people: the audience, None to make up `count` people.
        count: how many are made up.
        behaviour: how people and hosts behave; the default otherwise.
        entries_most: a rehearsal that has written so many entries, or turned so often, is cut short.
    """
    plan, behaviour, begin = read.plan, behaviour or Behaviour(), _begin(read)
    clock, ledger, directory = JumpingClock(begin), MemoryLedger(), MemoryDirectory()
    hosts = MadeUpHosts(clock, behaviour, seed=seed)
    audience = [replace(p, pid=made_up_pid(p.external_id)) for p in people] if people else _made_up(read, seed, count)
    gate_at = plan.implement.gate.at if plan.implement else Span(days=1)
    unit_ms = after(begin, gate_at, plan.timezone) - begin
    crowd = MadeUpPeople(
        directory,
        behaviour,
        seed=seed,
        event=plan.implement.adoption.event if plan.implement else "",
        unit_ms=unit_ms,
        opened_at=lambda wave: ring.picture.opened_at(wave_stage(wave)),
    )
    ports = Ports(
        clock=clock,
        ledger=ledger,
        receipts=MemoryReceipts(),
        events=crowd,
        hosts=hosts,
        probes=MadeUpProbes(clock, hosts, stepless=plan.deploy is not None and not batch_steps(plan.deploy)),
        notices=MadeUpWork(clock, takes_ms=1_000),
        access=MadeUpWork(clock, takes_ms=1_000),
        looked=_looked(plan, directory, behaviour, seed, lambda: (clock.now(), ring.picture), people=len(audience)),
    )
    ring = Ring(plan, ports, epoch=None)

    if plan.deploy is not None:
        _start_deploy(read, ledger, audience, begin)
    if plan.implement is not None:
        _start_implement(read, ledger, directory, audience, seed, begin)
    limit, turns = after(begin, HORIZON, plan.timezone), 0

    def over(picture: Picture) -> bool:
        nonlocal turns
        turns += 1
        return max(picture.seq, turns) >= entries_most or _is_over(read, picture, limit, clock.now())

    run(ring, until=over, poll_ms=None)
    return Rehearsed(
        read=read,
        entries=tuple(ledger.entries),
        picture=ring.picture,
        behaviour=behaviour,
        people=len(audience),
        made_up_people=not people,
        seed=seed,
        ended=clock.now(),
        crowd=crowd,
        cut_short=max(ring.picture.seq, turns) >= entries_most,
    )


def _looked(
    plan: Plan, directory: MemoryDirectory, behaviour: Behaviour, seed: int, now: Now, *, people: int
) -> Looked:
    """Made-up training and outcomes, where the plan has any."""
    if plan.implement is None:
        return Looked()
    learning = None
    if plan.implement.train is not None:
        invited = lambda wave: is_training(plan, now()[1], wave_stage(wave))  # noqa: E731  a port's own question
        learning = MadeUpLearning(directory, behaviour, invited=invited)
    if not plan.implement.outcomes or people > OUTCOMES_MOST:
        return Looked(learning=learning)
    from uptake.app.outcomes import made_up_outcomes

    return Looked(learning=learning, outcomes=made_up_outcomes(plan, directory, behaviour, seed, now))


def _is_over(read: ReadPlan, picture: Picture, limit: Instant, now: Instant) -> bool:
    """In use with every gate judged, a question for a person, a run that ended badly, or the horizon."""
    if now >= limit or picture.questions:
        return True
    run_ = picture.run
    state = picture.stage(replace(HALF, half="deploy", run=run_.number)).state if run_ else "succeeded"
    if read.plan.implement is None or state in ("failed", "rolled back", "held"):
        return state not in ("", "running")
    drawn = picture.drawn
    assert drawn is not None
    states = [picture.stage(replace(HALF, ordinal=w.ordinal)).state for w in drawn.waves if not w.holdout]
    if "rolled back" in states:
        return all(word in ("adopted", "rolled back") for word in states)
    waits = bool(picture.observed.outcomes) and not is_settled(read.plan, picture)
    return all(word == "adopted" for word in states) and not waits


def _begin(read: ReadPlan) -> Instant:
    """The first instant: the plan's start less what has to go before it, or a made-up Monday."""
    plan = read.plan
    if plan.implement is None or plan.implement.waves.start == "deployed":
        return parse_instant(MADE_UP_START, plan.timezone)
    start = parse_instant(plan.implement.waves.start, plan.timezone)
    letters = [words.at.approx_s for words in plan.implement.announce]
    invited = [plan.implement.train.invite.approx_s] if plan.implement.train is not None else []
    before = min((*letters, *invited), default=0.0)
    early = after(start, Span(seconds=min(0.0, before)), plan.timezone)
    return after(early, Span(seconds=-min(DAY_S, LEAD * plan.implement.gate.at.approx_s)), plan.timezone)


def _made_up(read: ReadPlan, seed: int, count: int) -> list[Person]:
    """People who do not exist: `person-0001` in `team-01`, strata drawn from a named stream."""
    implement = read.plan.implement
    if implement is None:
        return []
    columns = set(implement.waves.stratify) | ({read.plan.deploy.hosts.serves} if read.plan.deploy else set())
    settings = max(1, count // SETTING_SIZE)
    of_setting = stream(seed, "strata").permutation(settings) % MADE_UP_HOSTS
    people: list[Person] = []
    for number in range(count):
        setting = number % settings
        values = {column: f"{column}-{of_setting[setting] + 1}" for column in sorted(columns) if column}
        external = f"person-{number + 1:04d}"
        people.append(
            Person(
                pid=made_up_pid(external),
                external_id=external,
                setting=f"team-{setting + 1:02d}" if implement.audience.setting else "",
                attributes=values,
            )
        )
    return people


def _start_deploy(read: ReadPlan, ledger: MemoryLedger, audience: list[Person], at: Instant) -> None:
    deploy = read.plan.deploy
    assert deploy is not None
    serves = deploy.hosts.serves
    values = sorted({person.attributes.get(serves, "") for person in audience}) if serves else [""] * MADE_UP_HOSTS
    hosts = tuple(
        HostFact(name=f"made-up-{i + 1}", address=f"192.0.2.{i + 1}", serves=value, data={})
        for i, value in enumerate(values or [""])
    )
    hosts = hosts if deploy.observed is None else (target(deploy),)
    data = {"version": deploy.version, "hosts": msgspec.to_builtins(hosts), "revision": read.digest}
    ledger.append([Said(what="start", who="rehearsal", half="deploy", data=data)], at=at)


def _start_implement(
    read: ReadPlan, ledger: MemoryLedger, directory: MemoryDirectory, audience: list[Person], seed: int, at: Instant
) -> None:
    plan = read.plan
    assert plan.implement is not None
    revealed = digest(f"rehearsal {seed}")[:32]
    directory.freeze(audience)
    people = directory.people()
    table, assignment = assign(plan.implement, people, seed=revealed, plan=plan.plan)
    directory.assign({person.pid: table[person.external_id] for person in people})
    facts = wave_facts(plan.implement, people, table, serves=plan.deploy.hosts.serves if plan.deploy else "")
    data = {
        "seed": revealed,
        "audience": audience_digest(plan.implement, people),
        "assignment": assignment,
        "waves": msgspec.to_builtins(facts),
        "revision": read.digest,
    }
    ledger.append([Said(what="start", who="rehearsal", half="implement", data=data)], at=at)

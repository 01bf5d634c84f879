"""Ask the ports what is, and sum it up: the first third of the ring.

Summaries only: a host's state, an action's receipt counts, a wave's counts at a look. It
judges nothing. Counts are asked for when a look is due and kept between looks.
"""

from collections.abc import Sequence
from dataclasses import replace

from uptake.core.entry import Observed
from uptake.core.event import Answer
from uptake.core.ids import ActionKey
from uptake.core.look import WaveLook
from uptake.core.picture import Picture
from uptake.core.ports import Events
from uptake.core.time import Instant
from uptake.implement.gates import USAGE, asks, look_due, old_way, wave_looks
from uptake.loop.ports import Looked, Ports
from uptake.plan.model import Plan


def observe(plan: Plan, picture: Picture, ports: Ports, *, now: Instant) -> Observed:
    """What the ports say at `now`; counts are asked for when a look is due, and kept until the next one."""
    before = picture.observed
    keys = [ActionKey(key) for key in sorted(picture.open_acts)]
    hosts = tuple(sorted(ports.probes.seen(), key=lambda host: host.name))
    seen = replace(before, now=now, hosts=hosts, steps=ports.receipts.seen(keys) if keys else ())
    if look_due(plan, picture) > now:
        return seen
    sources = ports.looked.sources.seen() if ports.looked.sources else ()
    until = next((source.as_of for source in sources if source.name == USAGE and source.as_of), now)
    waves = _count(plan, picture, ports.events, until)
    seen = replace(seen, waves=waves, looked_at=now, strays=ports.events.strays(), sources=sources)
    return _look(seen, ports.looked, wave_looks(picture, now))


def _look(seen: Observed, looked: Looked, looks: Sequence[WaveLook]) -> Observed:
    """What the other ports count at the same look."""
    return replace(
        seen,
        training=looked.learning.trained(looks) if looked.learning else (),
        tickets=looked.tickets.ticketed(looks) if looked.tickets else (),
        surveys=looked.surveys.surveyed(looks) if looked.surveys else (),
        outcomes=looked.outcomes.measured(looks) if looked.outcomes else (),
    )


def _count(plan: Plan, picture: Picture, events: Events, now: Instant) -> tuple[Answer, ...]:
    """Each wave's counts, with uses of the old way beside them where the plan names one."""
    counts = events.count(asks(plan, picture, now))
    before = old_way(plan, picture, now)
    if not before:
        return counts
    old = {answer.wave: answer.adopters for answer in events.count(before)}
    return tuple(replace(answer, replaced=old.get(answer.wave, 0)) for answer in counts)


def is_same(before: Observed, after: Observed) -> bool:
    """Whether nothing but the time has changed."""
    return replace(before, now=after.now) == after

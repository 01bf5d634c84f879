"""The outcomes of a rehearsal: made-up values under the product's own looks.

It only puts parts together; values are made up in `simulate`, looked at in `connect.feeds`.
"""

from collections.abc import Callable

from uptake.connect.feeds.outcomes import KeptOutcomes
from uptake.core.look import FeedSeen
from uptake.core.picture import Picture
from uptake.core.ports import Outcomes
from uptake.core.time import Instant
from uptake.implement.targets import wave_stage
from uptake.plan.model import Plan
from uptake.simulate.memory import MemoryDirectory
from uptake.simulate.outcomes import MadeUpValues
from uptake.simulate.world import Behaviour

DRAWS = 399
"""Redraws behind what few units show."""
Now = Callable[[], tuple[Instant, Picture]]
"""The rehearsal's clock and picture."""


class Fresh:
    """Feeds of which everything was read just now."""

    def __init__(self, now: Callable[[], Instant]) -> None:
        """Args: now: the rehearsal's clock."""
        self._now = now

    def seen(self, name: str) -> FeedSeen:
        """Complete up to now."""
        del name
        return FeedSeen(state="fresh", read_at=self._now(), as_of=self._now())

    def keep(self, name: str, seen: FeedSeen) -> None:
        """Nothing is read in a rehearsal."""


def made_up_outcomes(plan: Plan, directory: MemoryDirectory, behaviour: Behaviour, seed: int, now: Now) -> Outcomes:
    """The looks at a plan's outcomes, over made-up values."""
    opened_at = lambda wave: now()[1].opened_at(wave_stage(wave))  # noqa: E731  asked again at every look
    values = MadeUpValues(plan, directory, behaviour, seed=seed, opened_at=opened_at)
    return KeptOutcomes(plan, kept=values, feeds=Fresh(lambda: now()[0]), directory=directory, draws=DRAWS)

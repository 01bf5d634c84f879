"""The people as drawn and as last looked at: who is let in, who has adopted, in use or not yet.

"In use" is the half's own decision and the definition read again from the counts: all waves but
the holdout open, adoption at target. No text for screens is made here.
"""

from dataclasses import dataclass
from functools import cached_property

from uptake.core.event import Answer
from uptake.core.picture import Drawn, Noted, Picture
from uptake.core.stage import WaveFact
from uptake.implement import gates
from uptake.implement.targets import HALF, IN_USE, wave_stage
from uptake.plan.model import Implement, Plan

OPEN = ("open", "adopting", "adopted", "held")
"""States of a wave whose people are let in."""


@dataclass(frozen=True, kw_only=True)
class Audience:
    """The people as drawn and as last looked at."""

    plan: Plan
    picture: Picture
    drawn: Drawn

    @property
    def implement(self) -> Implement:
        """The plan's implement half."""
        assert self.plan.implement is not None
        return self.plan.implement

    @property
    def inside(self) -> tuple[WaveFact, ...]:
        """The waves that are to be let in: all but the holdout."""
        return tuple(wave for wave in self.drawn.waves if not wave.holdout)

    @property
    def people(self) -> int:
        """Everyone drawn into those waves."""
        return sum(wave.people for wave in self.inside)

    @property
    def held_out(self) -> int:
        """People of the holdout."""
        return sum(wave.people for wave in self.drawn.waves if wave.holdout)

    def state(self, wave: WaveFact) -> str:
        """A wave's state word."""
        return self.picture.stage(wave_stage(wave.ordinal)).state or "planned"

    @property
    def open_waves(self) -> tuple[WaveFact, ...]:
        """The waves whose people are let in now."""
        return tuple(wave for wave in self.inside if self.state(wave) in OPEN)

    @cached_property
    def whole(self) -> Answer:
        """The counts over all waves but the holdout, as of the last look."""
        return gates.whole(self.picture, self.drawn.waves)

    @property
    def looked(self) -> bool:
        """Whether anybody has looked yet."""
        return bool(self.picture.observed.looked_at)

    @property
    def share(self) -> float | None:
        """The plan's adoption, None before the first look."""
        return gates.share_of(self.whole) if self.looked and self.whole.present else None

    @property
    def target(self) -> float:
        """The plan's own goal."""
        return self.implement.adoption.target

    @property
    def implemented(self) -> bool:
        """Whether it achieved what it is for, besides being in use."""
        return self.in_use is not None and self.in_use.decision.state == "implemented"

    @cached_property
    def in_use(self) -> Noted | None:
        """The decision that it is in use, while the definition holds by the last look."""
        noted = next((n for n in reversed(self.picture.decisions) if n.decision.stage == HALF), None)
        share = self.share
        if noted is None or noted.decision.state not in IN_USE or share is None:
            return None
        return noted if share >= self.target - 1e-9 and len(self.open_waves) == len(self.inside) else None


def audience_of(plan: Plan, picture: Picture) -> Audience | None:
    """The people, None before the draw or without an implement half."""
    if plan.implement is None or picture.drawn is None:
        return None
    return Audience(plan=plan, picture=picture, drawn=picture.drawn)

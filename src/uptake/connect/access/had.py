"""Who had access before her wave was granted it: a withdrawal takes only what was given here.

Kept as receipts beside the grant's own, under a key of the wave's: written before anything is granted, so that
a process that is killed in between never mistakes its own grant for one that was there before.
"""

from collections.abc import Iterable, Mapping

from uptake.core.ids import Pid, action_key
from uptake.core.ports import Receipts
from uptake.core.stage import Stage

HAD, GIVEN, TAKEN = "had", "given", "taken"
"""She had it before; it is being given, or was; it was given and taken back."""


class Had:
    """What is known of a wave's people."""

    def __init__(self, receipts: Receipts, plan: str, stage: Stage) -> None:
        """Args: receipts: where it is kept; plan: its id; stage: the wave."""
        self._receipts = receipts
        self._key = action_key(plan, stage.half, stage.run, stage.ordinal, "had", 0)
        self._known = receipts.states(self._key)

    def before(self) -> set[Pid]:
        """Those who had it before."""
        return {Pid(pid) for pid, state in self._known.items() if state == HAD}

    def granting(self, people: Mapping[Pid, bool]) -> None:
        """Note people who are granted it, each with whether she has it now; what was given here stays given."""
        self._mark({pid: HAD if has and self._known.get(pid) != GIVEN else GIVEN for pid, has in people.items()})

    def withdrawn(self, people: Iterable[Pid]) -> None:
        """Note people from whom it was taken."""
        self._mark({pid: TAKEN for pid in people if self._known.get(pid) == GIVEN})

    def _mark(self, states: Mapping[Pid, str]) -> None:
        changed = {pid: state for pid, state in states.items() if self._known.get(pid) != state}
        self._receipts.mark(self._key, {str(pid): state for pid, state in changed.items()})
        self._known |= {str(pid): state for pid, state in changed.items()}

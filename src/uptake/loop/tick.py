"""One turn of the ring: observe, decide, write, act.

Everything is written before it is done, in transactions that succeed only if the ledger's
head is still the one that was read; otherwise the turn starts over. The loop is one thread;
ports accept and return at once, and their outcomes are written on a later turn.
"""

from collections.abc import Callable, Sequence

from uptake.core.action import (
    Action,
    Announce,
    Close,
    EndRun,
    Grant,
    Invite,
    Notify,
    Open,
    Outcome,
    RunStep,
    Survey,
    Withdraw,
)
from uptake.core.entry import Asked, Body, Decided, Done, Failed
from uptake.core.ids import Epoch
from uptake.core.picture import Picture, fold
from uptake.core.problem import Stale
from uptake.core.time import Instant
from uptake.deploy.gates import run_state
from uptake.deploy.steps import version_on
from uptake.loop.decide import decide
from uptake.loop.observe import is_same, observe
from uptake.loop.ports import Ports
from uptake.plan.model import Plan

STARTS_OVER_MOST = 20
"""A turn that finds the head moved so often in a row gives up; the next turn tries again."""


class Ring:
    """The ring of one plan under one lease."""

    def __init__(
        self,
        plan: Plan,
        ports: Ports,
        *,
        epoch: Epoch | None,
        held: Callable[[], bool] = lambda: True,
        revision: str = "",
    ) -> None:
        """One plan's ring.

        Args:
            plan: of the ledger's revision.
            ports: all of them.
            epoch: the lease's, None in memory.
            held: whether the lease is still ours.
            revision: the plan's digest; where the ledger comes to another one nothing is decided with this plan.
        """
        self.plan = plan
        self.revision = revision
        self.ports = ports
        self.epoch = epoch
        self._held = held
        self.picture = Picture()
        self._accepted: set[str] = set()
        self._ended: list[Outcome] = []
        self._watched: tuple[object, ...] = ()

    def tick(self) -> Instant:
        """Turn once.

        Returns:
            When to turn again at the latest.

        Raises:
            Stale: the lease was lost, or the head moved `STARTS_OVER_MOST` times in a row.
        """
        for attempt in range(STARTS_OVER_MOST):
            try:
                return self._turn()
            except Stale:
                if attempt + 1 == STARTS_OVER_MOST or not self._held() or not self._moved():
                    raise
        raise AssertionError("unreachable")

    def catch_up(self) -> None:
        """Fold what others have written."""
        for entry in self.ports.ledger.read(self.picture.seq):
            fold(self.picture, entry)

    def _moved(self) -> bool:
        return self.ports.ledger.head() != self.picture.seq

    def _turn(self) -> Instant:
        self._see_to_lease()
        self.catch_up()
        if self.revision and self.picture.revisions and self.picture.revision != self.revision:
            return self.ports.clock.now()
        self._write_outcomes()
        self._watch()
        now = self.ports.clock.now()
        seen = observe(self.plan, self.picture, self.ports, now=now)
        changed = not is_same(self.picture.observed, seen)
        before = self.picture.observed, self.picture.observed_seq
        self.picture.observed, self.picture.observed_seq = seen, self.picture.seq + 1
        verdicts = decide(self.plan, self.picture, now)
        news = bool(verdicts.decisions or verdicts.actions)
        self.picture.observed, self.picture.observed_seq = before
        if changed or news:
            self._append([seen], now)
        if news:
            decided = Decided(decisions=verdicts.decisions, look_again=verdicts.look_again)
            self._append([decided, *(Asked(action=action) for action in verdicts.actions)], now)
        self._accept()
        return now if news else verdicts.look_again

    def _see_to_lease(self) -> None:
        """Where nothing is written nothing else would notice, and what another process asked for would be done here."""
        if not self._held():
            raise Stale("the lease was lost")

    def _append(self, bodies: Sequence[Body], at: Instant) -> None:
        for entry in self.ports.ledger.append(bodies, at=at, expect=self.picture.seq, epoch=self.epoch):
            fold(self.picture, entry)

    def _write_outcomes(self) -> None:
        for port in (self.ports.hosts, self.ports.notices, self.ports.access):
            self._ended += port.outcomes()
        while self._ended:
            outcome = self._ended[0]
            if outcome.key in self.picture.open_acts:
                body = Done(outcome=outcome) if outcome.ok else Failed(outcome=outcome)
                self._append([body], self.ports.clock.now())
            self._accepted.discard(outcome.key)
            del self._ended[0]

    def _accept(self) -> None:
        """Hand over what is asked and not ended; after a restart that is everything still open."""
        self._see_to_lease()
        for key in sorted(self.picture.open_acts - self._accepted, key=lambda k: self.picture.acts[k].seq):
            self._accepted.add(key)
            self._hand_over(self.picture.acts[key].action)

    def _hand_over(self, action: Action) -> None:
        match action:
            case RunStep() | EndRun():
                self.ports.hosts.accept(action)
            case Announce() | Notify() | Invite() | Survey():
                self.ports.notices.accept(action)
            case Grant() | Withdraw():
                self.ports.access.accept(action)
            case Open() | Close():
                pass

    def _watch(self) -> None:
        """Tell the probes whom to watch, and how closely."""
        run = self.picture.run
        if run is None:
            return
        wanted = (run.number, run_state(self.picture, run) == "running", version_on(self.picture, run))
        if wanted != self._watched:
            self._watched = wanted
            _, in_run, version = wanted
            self.ports.probes.watch(run.hosts, version=version, in_run=in_run)

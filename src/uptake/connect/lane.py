"""A lane: one named thread that carries out accepted actions in order, and what became of them.

The ports that act are made of lanes: `accept` returns at once, an action already on its way is
not taken twice, outcomes are fetched later and wake the loop. What an action does is the caller's.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from uptake.core.action import Failure, Outcome
from uptake.core.ids import ActionKey
from uptake.core.ports import Receipts, Wake
from uptake.core.problem import Refused

ACTIONS_MOST = 10_000
"""So many actions may wait in one lane."""
CLOSE_S = 15.0
"""So long `close` waits for what is under way."""


class Keyed(Protocol):
    """An action, known by its key."""

    @property
    def key(self) -> ActionKey:
        """The action's key."""
        ...


A = TypeVar("A", bound=Keyed)


class Lane(Generic[A]):
    """Carries out actions one after another on a thread of its own."""

    def __init__(self, name: str, *, run: Callable[[A], Outcome | None], receipts: Receipts, wake: Wake) -> None:
        """Start the thread.

        Args:
            name: the thread's name.
            run: carries out one action; None where closing cut it short. A `Refused` becomes a failed outcome.
            receipts: are counted where an action was refused.
            wake: is set after each outcome.
        """
        self.closing = threading.Event()
        self._run = run
        self._receipts = receipts
        self._wake = wake
        self._ready = threading.Condition()
        self._queue: deque[A] = deque()
        self._open: dict[ActionKey, A] = {}
        self._ended: list[Outcome] = []
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def accept(self, action: A) -> None:
        """Queue an action, unless it is already on its way."""
        with self._ready:
            if action.key in self._open or self.closing.is_set():
                return
            assert len(self._queue) < ACTIONS_MOST, "more actions wait than any plan has"
            self._open[action.key] = action
            self._queue.append(action)
            self._ready.notify()

    def open(self) -> tuple[A, ...]:
        """The actions that wait or are under way."""
        with self._ready:
            return tuple(self._open.values())

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call.

        Raises:
            BaseException: what broke the lane: a mistake in the program, or a store that refuses to write.
        """
        with self._ready:
            if self._broken is not None:
                raise self._broken
            ended = tuple(self._ended)
            self._ended.clear()
            return ended

    def close(self) -> None:
        """Begin nothing more, and wait up to `CLOSE_S` for what is under way."""
        with self._ready:
            self.closing.set()
            self._ready.notify()
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        while (action := self._next()) is not None:
            try:
                outcome = self._carry_out(action)
            except BaseException as error:  # noqa: BLE001  it is raised where the loop asks for outcomes
                with self._ready:
                    self._broken = error
                self._wake.set()
                return
            with self._ready:
                del self._open[action.key]
                if outcome is not None:
                    self._ended.append(outcome)
            self._wake.set()

    def _next(self) -> A | None:
        with self._ready:
            while not self._queue and not self.closing.is_set():
                self._ready.wait()
            return None if self.closing.is_set() else self._queue.popleft()

    def _carry_out(self, action: A) -> Outcome | None:
        try:
            return self._run(action)
        except Refused as refused:
            failures = tuple(
                Failure(target=str(p.where), state="failed", step=p.code, lines=tuple(x for x in (p.what, p.hint) if x))
                for p in refused.problems
            )
            if self.closing.is_set():
                return None
            counts = dict(Counter(self._receipts.states(action.key).values()))
            return Outcome(key=action.key, ok=False, counts=counts, failures=failures)

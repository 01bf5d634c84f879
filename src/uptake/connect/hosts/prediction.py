"""The child's side of a dry run: every step prepared on every host as it is now, and never run.

Steps that may be prepared more than once are prepared together, until nothing they ask is unknown any more.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gevent
import pyinfra
from pyinfra.api.host import Host
from pyinfra.context import ctx_state

from uptake.connect.hosts.comparison import heard
from uptake.connect.hosts.execution import Ended
from uptake.connect.hosts.fence import FencedState
from uptake.connect.hosts.operations import NOTHING, Item, prepare, prepares_again
from uptake.connect.hosts.questions import Questions

ROUNDS_MOST = 8
"""A step that asks on after so many rounds is prepared once more, asking each thing when it comes up."""

Open = Callable[[tuple[str, ...], Item, None, Callable[[str, Ended], None]], tuple[FencedState, list[Host]]]
"""Makes a state for a step in which the hosts are active that can be reached; the others are told to the last."""
Fact = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Prediction:
    """What a run of steps would change on hosts; `tell` is handed each secret that was resolved."""

    open: Open
    tell: Callable[[str], None]
    names: tuple[str, ...]
    diff: bool = False

    def of(self, items: Sequence[Item]) -> list[Fact]:
        """For each step, host and operation in it: whether it would change something, or why that is not known."""
        questions = Questions()
        found: dict[int, list[Fact]] = {}
        waiting = [number for number, item in enumerate(items) if prepares_again(item)]
        for _ in range(ROUNDS_MOST):
            asking = []
            for number in waiting:
                asked = questions.asked
                found[number] = self._one(items[number], questions)
                if questions.asked > asked:
                    asking.append(number)
            waiting = asking
            if not waiting:
                break
            self._ask(questions)
        for number, item in enumerate(items):
            if number in waiting or number not in found:
                found[number] = self._one(item, None)
        return [{"item": number, **fact} for number in range(len(items)) for fact in found[number]]

    def _ask(self, questions: Questions) -> None:
        state, hosts = self.open(self.names, NOTHING, None, lambda _name, _ended: None)
        with ctx_state.use(state):
            gevent.joinall([gevent.spawn(questions.ask, host) for host in hosts], raise_error=True)

    def _one(self, item: Item, questions: Questions | None) -> list[Fact]:
        """One step on all hosts, with what is known; without questions each thing is asked when it comes up."""
        found: list[Fact] = []

        def end(name: str, ended: Ended) -> None:
            fact = {"host": name, "step": item.name, "operation": "", "change": None, "lines": list(ended.lines)}
            found.append(fact)

        state, hosts = self.open(self.names, item, None, end)
        state.check_for_changes = True
        state.config.DIFF = self.diff
        state.questions = questions
        with heard(pyinfra.logger) as said:
            troubled = prepare(state, item, hosts, self.tell)
        for name, why in troubled.items():
            end(name, Ended(state="failed", lines=why.lines))
        for host in hosts:
            hashes = list(host.op_hash_order) if host.name not in troubled else []
            for op_hash in hashes:
                data = state.ops[host].get(op_hash)
                change = bool(data and data.operation_meta._maybe_is_change)  # noqa: SLF001  asking by name would prepare it again
                title = ", ".join(sorted(state.op_meta[op_hash].names))
                told = said.get(host.name, []) if self.diff and op_hash == hashes[-1] else []
                fact = {"host": host.name, "step": item.name, "operation": title, "change": change, "lines": []}
                found.append({**fact, "diff": told})
        return found

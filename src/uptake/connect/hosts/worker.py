"""The Hosts port: accepts steps, hands them to the run's child process, and commits receipts in groups.

It acts only on hosts whose receipts are missing, so a repeat or a restart needs no special case. A child that dies
is started again, three times in a run at most; then the step comes back as interrupted.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from uptake.connect.hosts.outside import Outside
from uptake.connect.hosts.process import Child, Died
from uptake.connect.hosts.site import Site
from uptake.connect.lane import Lane
from uptake.core.action import CHANGES, FAILURES_MOST, LINES_MOST, EndRun, Failure, Outcome, RunStep
from uptake.core.ids import Epoch
from uptake.core.ports import Receipts, Wake
from uptake.core.problem import refuse
from uptake.core.stage import HostFact

RESTARTS_MOST = 3
"""So often a dead child is started again in one run."""
TAKE_S = 0.2
GROUP_S = 0.05
"""What ends within so long is committed together."""
TEST_LIMIT_S = 300.0
"""A test file may take so long on one host."""
READY_LIMIT_S = 120.0
"""So long a child has to read the inventory."""


class HostsWorker:
    """Hosts over pyinfra. One child process per run, one step at a time."""

    def __init__(
        self,
        site: Site,
        *,
        receipts: Receipts,
        epoch: Callable[[], Epoch | None],
        wake: Wake,
        crew: tuple[Child, Sequence[HostFact]] | None = None,
    ) -> None:
        """Start the worker's thread; nothing is connected before the first action.

        Args:
            site: where and what.
            receipts: which hosts are done with what.
            epoch: the lease's epoch now, None where it is lost.
            wake: is set after each outcome.
            crew: a child that has looked at the hosts already, and what it knows of them; it goes on with the run.
        """
        self._site = site
        self._crew = crew
        self._receipts = receipts
        self._epoch = epoch
        self._child: Child | None = None
        self._run = 0
        self._restarts = 0
        self._last_words: tuple[str, ...] = ()
        self._facts: dict[str, HostFact] = {}
        self._progress: dict[str, str] = {}
        self._guard = threading.Lock()
        self._lane: Lane[RunStep | EndRun] = Lane("hosts", run=self._carry_out, receipts=receipts, wake=wake)
        self._analyses: Lane[RunStep] = Lane("analysis", run=self._analyse, receipts=receipts, wake=wake)
        self._outside = Outside(
            deploy=site.deploy,
            folder=site.folder,
            receipts=receipts,
            stop=self._lane.closing,
            show=self._show,
            retry_s=site.patience.retry_s,
        )

    def accept(self, action: RunStep | EndRun) -> None:
        """Begin, or go on with the hosts whose receipts are missing; returns at once."""
        if isinstance(action, RunStep) and action.part == "analysis":
            self._analyses.accept(action)
        else:
            self._lane.accept(action)

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        return (*self._lane.outcomes(), *self._analyses.outcomes())

    def progress(self) -> dict[str, str]:
        """Host -> the step and operation that run there now."""
        with self._guard:
            return dict(self._progress)

    def close(self) -> None:
        """Stop; what runs on a host goes on there and is settled when the run goes on."""
        self._lane.closing.set()
        self._end_child()
        self._analyses.close()
        self._lane.close()
        self._end_child()

    def _carry_out(self, action: RunStep | EndRun) -> Outcome | None:
        if isinstance(action, EndRun):
            return self._end_run(action)
        self._receipts.want(action.key, action.hosts)
        missing = self._missing(action)
        failures: dict[str, Failure] = {}
        try:
            if missing and self._is_file(action):
                self._file(action, failures)
            elif missing and action.part in CHANGES:
                self._step(action, failures)
            elif missing:
                self._ready(action.stage.run)
                failures |= self._outside.do(action, missing, self._facts, self._title(action))
        except Died:
            return None if self._lane.closing.is_set() else self._interrupted(action)
        if self._lane.closing.is_set() and self._missing(action):
            return None
        return self._outcome(action, failures)

    def _analyse(self, action: RunStep) -> Outcome | None:
        return self._outside.analyse(action)

    def _missing(self, action: RunStep) -> tuple[str, ...]:
        states = self._receipts.states(action.key)
        return tuple(name for name in action.hosts if states.get(name) != "done")

    def _outcome(self, action: RunStep, failures: dict[str, Failure]) -> Outcome:
        states = self._receipts.states(action.key)
        counts = dict(Counter(states.get(name, "wanted") for name in action.hosts))
        told = tuple(failures[name] for name in action.hosts if name in failures)
        ok = counts.get("done", 0) == len(action.hosts)
        cut_short = any(failure.state == "locked" for failure in told)
        failed = () if ok else told[:FAILURES_MOST]
        return Outcome(key=action.key, ok=ok, counts=counts, failures=failed, interrupted=cut_short)

    def _interrupted(self, action: RunStep) -> Outcome:
        """The child died once too often: what it had begun is in doubt until the run goes on."""
        missing = self._missing(action)
        self._receipts.mark(action.key, dict.fromkeys(missing, "in doubt"))
        why = (f"the worker process died {RESTARTS_MOST + 1} times in this run", *self._last_words[-LINES_MOST + 1 :])
        failures = {
            name: Failure(target=name, state="in doubt", step=self._title(action), lines=why) for name in missing
        }
        outcome = self._outcome(action, failures)
        self._restarts = 0
        return Outcome(key=outcome.key, ok=False, counts=outcome.counts, failures=outcome.failures, interrupted=True)

    def _title(self, action: RunStep) -> str:
        deploy = self._site.deploy
        match action.part:
            case "tests":
                check = deploy.tests[action.item]
                what = check.target if check.kind == "test" else check.kind
            case "infrastructure":
                what = deploy.infrastructure[action.item].name
            case "configuration":
                what = deploy.configuration[action.item].name
            case "before_host":
                what = deploy.update.before_host[action.item].kind
            case "after_host":
                what = deploy.update.after_host[action.item].kind
            case "analysis":
                return "analysis"
        return f"{action.part} {action.item + 1}: {what}"

    def _step(self, action: RunStep, failures: dict[str, Failure]) -> None:
        """An infrastructure or configuration item."""
        items = self._site.deploy.infrastructure if action.part == "infrastructure" else self._site.deploy.configuration
        step = items[action.item]
        what = {"do": "step", "name": step.name, "arguments": step.arguments, "idempotent": step.idempotent}
        self._until_ended(action, what, failures)

    def _is_file(self, action: RunStep) -> bool:
        return action.part == "tests" and self._site.deploy.tests[action.item].kind == "test"

    def _file(self, action: RunStep, failures: dict[str, Failure]) -> None:
        """A file of tests: not fenced, for it may be repeated."""
        check = self._site.deploy.tests[action.item]
        self._until_ended(action, {"do": "test", "file": check.target, "limit_s": TEST_LIMIT_S}, failures)

    def _until_ended(self, action: RunStep, what: dict[str, Any], failures: dict[str, Failure]) -> None:
        """Send an order until every host has ended in it, starting the child again where it died."""
        ended: set[str] = set()
        while not self._lane.closing.is_set():
            left = [name for name in self._missing(action) if name not in ended]
            epoch = self._epoch()
            if not left or epoch is None:
                return
            order = {**what, "key": action.key, "hosts": left, "epoch": int(epoch), "version": action.version}
            try:
                for batch in self._ask(action.stage.run, order):
                    ended |= self._note(action, batch, failures)
            except Died:
                self._count_death()

    def _count_death(self) -> None:
        self._end_child()
        self._restarts += 1
        if self._lane.closing.is_set() or self._restarts > RESTARTS_MOST:
            raise Died

    def _note(self, action: RunStep, facts: list[dict[str, Any]], failures: dict[str, Failure]) -> set[str]:
        """Commit a group of facts: one durable transaction for all hosts that ended in it."""
        title = self._title(action)
        ended: dict[str, str] = {}
        self._last_words = next((tuple(fact["lines"]) for fact in facts if fact["say"] == "broken"), self._last_words)
        for fact in facts:
            name = fact.get("host", "")
            if fact["say"] == "waits":
                for host in action.hosts:
                    self._show(host, f"waits for the lock, {fact['lines'][0]}")
            elif fact["say"] == "begin":
                self._show(name, f"{title} {fact['operation']}".strip())
            elif fact["say"] == "host":
                ended[name] = fact["state"] if fact["state"] != "locked" else "wanted"
                self._show(name, "")
                if fact["state"] != "done":
                    step = f"{title} {fact['operation']}".strip()
                    lines = tuple(fact["lines"][-LINES_MOST:])
                    failures[name] = Failure(
                        target=name, state=fact["state"], step=step, exit_code=fact["exit_code"], lines=lines
                    )
        if ended:
            self._receipts.mark(action.key, ended)
        return set(ended)

    def _show(self, name: str, what: str) -> None:
        with self._guard:
            if what:
                self._progress[name] = what
            else:
                self._progress.pop(name, None)

    def _end_run(self, action: EndRun) -> Outcome | None:
        """Prune the hosts and end the child. A host that cannot be reached keeps its outputs until the next run."""
        epoch = self._epoch()
        states: dict[str, str] = {}
        failures: list[Failure] = []
        if epoch is not None:
            order = {"do": "prune", "key": action.key, "hosts": list(action.hosts), "epoch": int(epoch)}
            try:
                for facts in self._ask(action.stage.run, order):
                    for fact in facts:
                        if fact["say"] == "pruned":
                            states[fact["host"]] = fact["state"]
                            if fact["state"] != "done":
                                lines = tuple(fact["lines"][-LINES_MOST:])
                                failures.append(
                                    Failure(target=fact["host"], state=fact["state"], step="end", lines=lines)
                                )
            except Died:
                if self._lane.closing.is_set():
                    return None
        self._end_child()
        counts = dict(Counter(states.get(name, "unreachable") for name in action.hosts))
        return Outcome(key=action.key, ok=True, counts=counts, failures=tuple(failures[:FAILURES_MOST]))

    def _ask(self, run: int, order: dict[str, Any]) -> Iterable[list[dict[str, Any]]]:
        """Send an order and give its facts in groups until it has ended.

        Raises:
            Died: the child ended before.
        """
        child = self._ready(run)
        child.send(order)
        given_s = time.monotonic()
        facts: list[dict[str, Any]] = []
        while not self._lane.closing.is_set():
            try:
                facts += child.take(GROUP_S if facts else TAKE_S)
            except Died:
                if facts:
                    yield facts
                raise
            ended = bool(facts) and facts[-1]["say"] == "ended"
            if ended or time.monotonic() - given_s >= GROUP_S:
                given_s = time.monotonic()
                if facts:
                    yield facts
                facts = []
            if ended:
                return

    def _ready(self, run: int) -> Child:
        """The run's child, started where there is none.

        Raises:
            Refused: the inventory cannot be read.
            Died: the child ended before it was ready.
        """
        if self._run != run:
            self._end_child()
            self._run, self._restarts = run, 0
        if self._child is not None:
            return self._child
        if self._crew is not None:
            (child, known), self._crew = self._crew, None
            return self._take_over(child, known, run)
        child = Child(self._site.begin(run))
        with self._guard:
            self._child = child
        waited_s = 0.0
        while waited_s < READY_LIMIT_S and not self._lane.closing.is_set():
            for fact in child.take(TAKE_S):
                if fact["say"] == "refused":
                    self._end_child()
                    raise refuse(*fact["problem"])
                if fact["say"] == "ready":
                    self._facts = {host["name"]: HostFact(**host) for host in fact["hosts"]}
                    return child
            waited_s += TAKE_S
        raise Died

    def _take_over(self, child: Child, known: Sequence[HostFact], run: int) -> Child:
        """A child that has looked at the hosts is told for which run it works from now on.

        Raises:
            Died: it is gone.
        """
        with self._guard:
            self._child = child
        self._facts = {host.name: host for host in known}
        begin = self._site.begin(run)
        child.send({"do": "run", "plan": begin["plan"], "run": begin["run"]})
        child.until("ended", READY_LIMIT_S)
        return child

    def _end_child(self) -> None:
        with self._guard:
            child, self._child = self._child, None
            self._progress.clear()
        if child is not None:
            child.end()

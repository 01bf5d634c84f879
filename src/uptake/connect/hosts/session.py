"""One run inside the child process: hosts settled once, then one fresh pyinfra State for each step of a batch.

It emits facts as they happen (an operation began, a host ended) and decides nothing. Hosts run one operation
side by side, in pyinfra's linear order; a host in trouble leaves the step, the others go on.
"""

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import gevent
import pyinfra
from gevent.lock import BoundedSemaphore
from paramiko import SSHException
from pyinfra.api.command import StringCommand
from pyinfra.api.config import Config
from pyinfra.api.exceptions import ConnectError
from pyinfra.api.host import Host
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import StateStage
from pyinfra.connectors.ssh import SSHConnector
from pyinfra.context import ctx_host, ctx_inventory, ctx_state

from uptake.connect.hosts import fence, testfile
from uptake.connect.hosts.connector import GuardedConnector, Limits, Links
from uptake.connect.hosts.execution import TAKEN, Ended, execute
from uptake.connect.hosts.fence import FencedState, Ground, QuickData, StableHost
from uptake.connect.hosts.holding import Lock
from uptake.connect.hosts.inventory import Known
from uptake.connect.hosts.lock import LOCKED, Terms, raise_script, said_of
from uptake.connect.hosts.operations import NOTHING, Item, prepare, trouble
from uptake.connect.hosts.prediction import Prediction
from uptake.core.action import LINES_MOST

GONE = "the inventory does not name this host any more"
BROKEN = ("Socket is closed", "the connection ended", "EOFError", "protocol banner", "reset by peer", "Broken pipe")
"""Words of a connection that broke, as one does whose host was frozen or whose server was started again meanwhile."""
RAISE_S = 10.0
"""So long a taken lock waits for hosts that do not answer, before it goes on without them."""
LOOK_S = 20.0
"""A look at a host may take so long."""
PORT_S = 2.0
"""A port that has not answered by then is free."""
PARALLEL_MOST = 200
"""At most so many hosts are worked on side by side."""


class Emit(Protocol):
    """How the session tells what happens."""

    def __call__(self, say: str, **facts: Any) -> None:
        """Tell one thing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A step to be done: its key, the plan item, the hosts by name, and the epoch under which it is asked."""

    key: str
    item: Item
    hosts: tuple[str, ...]
    epoch: int


class Session:
    """The hosts of one run as this process knows them."""

    def __init__(
        self, known: Sequence[Known], *, plan: str, run: str, limits: Limits, emit: Emit, terms: Terms | None = None
    ) -> None:
        """Connects to nobody yet.

        Args:
            known: the inventory.
            plan: its name, the fence's folder on each host.
            run: begins every receipt's key.
            limits: in seconds.
            emit: is told what happens.
            terms: of the lock that a run needs; None for none.
        """
        self.lock = None if terms is None else Lock(terms, self._run, lambda words: emit("waits", lines=[words]))
        self._doors = {host.name: BoundedSemaphore() for host in known}
        self.known = {host.name: host for host in known}
        self.plan = plan
        self.run = run
        self.links = Links(limits=limits)
        self.grounds: dict[str, Ground] = {}
        self.emit = emit
        self.secret: list[str] = []

    def step(self, order: Order) -> None:
        """Do a step on its hosts; each host's end is emitted as it comes."""
        end = self._ender(order.key)
        refused = self.claim(order.epoch)
        if refused is not None:
            for name in order.hosts:
                end(name, refused)
            return
        state, hosts = self._open(order.hosts, order.item, order.epoch, end)
        state.repeatable = order.item.idempotent
        state.prefix = f"{self.run}.{fence.digest(order.key, 10)}"
        found = prepare(state, order.item, hosts, self._note)
        for name, why in found.items():
            lost = self.links.lost(name)
            end(name, Ended(state="unreachable" if lost else "failed", lines=(lost,) if lost else why.lines))
        running = [host for host in hosts if host.name not in found]
        changed: dict[str, bool] = {host.name: False for host in running}
        with ctx_state.use(state), ctx_inventory.use(state.inventory):
            state.current_stage = StateStage.Execute
            state.is_executing = True
            for op_hash in state.get_op_order():
                begin = partial(self._begin, order.key)
                ended = execute(state, op_hash, running, self.links, begin)
                for name, how in ended.items():
                    changed[name] = changed[name] or how.changed
                    if how.state != "done":
                        end(name, how)
                running = [host for host in running if host.name not in ended or ended[host.name].state == "done"]
        for host in running:
            end(host.name, Ended(state="done", changed=changed[host.name]))

    def claim(self, epoch: int | None) -> Ended | None:
        """Take the lock, unless it is held; why not, else None.

        Where it was taken from a holder that had not given it back, every host's token is raised before anything else,
        so that nothing more of the old one is done anywhere.
        """
        if self.lock is None or self.lock.held:
            return None
        lost: dict[str, Ended] = {}
        for name in sorted(self.known):
            _, hosts = self._open((name,), NOTHING, None, lost.__setitem__)
            if not hosts:
                continue
            how, failure = self.lock.take(hosts[0])
            if failure is not None:
                held = failure.exit_code == LOCKED
                lines = (f"the lock of this service is {said_of(failure.lines)}",) if held else failure.lines
                return Ended(state="locked" if held else failure.state, exit_code=failure.exit_code, lines=lines)
            if how == "taken" and epoch is not None:
                others = tuple(self.known)
                gevent.spawn(self._open, others, NOTHING, epoch, lost.__setitem__).join(timeout=RAISE_S)
            return None
        return next(iter(lost.values()), Ended(state="unreachable", lines=("there is no host",)))

    def test(self, key: str, suite: testfile.Suite, names: Sequence[str]) -> None:
        """Run a file of tests against hosts; each host's end is emitted as it comes."""
        end = self._ender(key)
        for name in names:
            if name not in self.known:
                end(name, Ended(state="failed", lines=(GONE,)))
        hosts = [self.known[name] for name in names if name in self.known]
        testfile.run(suite, hosts, lambda name: self._begin(key, name, ""), end)

    def _ender(self, key: str) -> Callable[[str, Ended], None]:
        """Emits a host's end in a step, with its last lines."""
        began = time.monotonic()

        def end(name: str, ended: Ended) -> None:
            lines = [line[:2000] for line in ended.lines if line.strip()][-LINES_MOST:]
            facts = {"state": ended.state, "operation": ended.operation, "exit_code": ended.exit_code}
            taken = round(time.monotonic() - began, 3)
            self.emit("host", key=key, host=name, lines=lines, changed=ended.changed, seconds=taken, **facts)

        return end

    def predict(self, items: Sequence[Item], names: Sequence[str], *, diff: bool = False) -> None:
        """Emit what steps would change, host by host, and with `diff` in which lines; no host is touched."""
        for fact in Prediction(open=self._open, tell=self._note, names=tuple(names), diff=diff).of(items):
            self.emit("would", **fact)

    def look(self, asks: Sequence[dict[str, Any]]) -> None:
        """Run a script of ours on each host and try its ports, all at once; what was seen is emitted."""
        began = time.monotonic()
        lost: dict[str, Ended] = {}
        state, hosts = self._open(tuple(ask["host"] for ask in asks), NOTHING, None, lost.__setitem__)
        reached = {host.name: host for host in hosts}

        def one(ask: dict[str, Any]) -> None:
            name, lines = ask["host"], list[str]()
            asked_at = time.time()
            failure = lost.get(name) or self._run(reached[name], ask["script"], lines, budget_s=LOOK_S)
            middle = (asked_at + time.time()) / 2
            state = "done" if failure is None else failure.state
            said = next((float(line[5:]) for line in lines if line.startswith("time ") and line[5:].isdigit()), middle)
            answers = [port for port in ask["ports"] if failure is None and _accepts(self.known[name].address, port)]
            skew_s = said - middle if abs(said - middle) > 1 else 0.0  # a whole second is as exact as it is told
            facts = {"lines": lines if failure is None else list(failure.lines), "answers": answers, "skew_s": skew_s}
            self.emit("looked", host=name, state=state, seconds=round(time.monotonic() - began, 3), **facts)

        with ctx_state.use(state):
            gevent.joinall([gevent.spawn(one, ask) for ask in asks], raise_error=True)

    def prune(self, names: Sequence[str], epoch: int) -> None:
        """Drop kept outputs of the run on its hosts; one that cannot be reached keeps them until the next run."""
        ended: dict[str, Ended] = {}
        state, hosts = self._open(tuple(names), NOTHING, epoch, ended.__setitem__)

        def one(host: Host) -> None:
            script = fence.prune_script(self.grounds[host.name].folder, self.run)
            failure = self._run(host, script)
            if failure is not None:
                ended[host.name] = failure

        with ctx_state.use(state):
            gevent.joinall([gevent.spawn(one, host) for host in hosts], raise_error=True)
        if self.lock is not None:
            self.lock.release()
        for name in names:
            now = ended.get(name, Ended(state="done"))
            self.emit("pruned", host=name, state=now.state, lines=list(now.lines))

    def _begin(self, key: str, name: str, operation: str) -> None:
        self.emit("begin", key=key, host=name, operation=operation)

    def _note(self, secret: str) -> None:
        if secret not in self.secret:
            self.secret.append(secret)

    def _open(
        self, names: tuple[str, ...], item: Item, epoch: int | None, end: Callable[[str, Ended], None]
    ) -> tuple[FencedState, list[Host]]:
        """A fresh state in which those hosts are active that could be reached and (with an epoch) settled."""
        pyinfra.is_cli = False
        for name in names:
            if name not in self.known:
                end(name, Ended(state="failed", lines=(GONE,)))
            link = self.links.by_name.get(name)
            if link is not None and link.lost:  # a new step is a new chance
                del self.links.by_name[name]
        known = [self.known[name] for name in names if name in self.known]
        groups: dict[str, Any] = {}
        for host in known:
            for group in host.groups:
                groups.setdefault(group, ([], {}))[0].append(host.name)
        strict = {"ssh_strict_host_key_checking": "yes"}
        entries = [(host.name, {**host.data, **strict}) for host in known]
        inventory = Inventory((entries, {}), override_data={"version": item.version}, **groups)
        for host in inventory:
            host.__class__ = StableHost
            object.__setattr__(host.data, "__class__", QuickData)  # its own way of setting sets data
            if issubclass(host.connector_cls, SSHConnector):
                host.connector_cls = GuardedConnector
        state = FencedState(check_for_changes=False)
        state.links, state.grounds = self.links, self.grounds
        state.init(inventory, Config(PARALLEL=min(PARALLEL_MOST, max(1, len(known)))))
        with ctx_state.use(state):
            workers = {host: state.pool.spawn(self._reach, host, epoch) for host in inventory}
            gevent.joinall(list(workers.values()))
        reached = []
        for host, worker in workers.items():
            failure = worker.get()
            if failure is None:
                state.activate_host(host)
                reached.append(host)
            else:
                end(host.name, failure)
        return state, reached

    def _reach(self, host: Host, epoch: int | None) -> Ended | None:
        """Connect and, with an epoch, settle; None when the host is ready. A broken connection is made anew, once."""
        with self._doors[host.name]:
            failure = self._reach_once(host, epoch)
            if failure is not None and failure.state == "unreachable" and any(w in failure.lines[0] for w in BROKEN):
                self.links.by_name.pop(host.name, None)
                host.connected = False
                failure = self._reach_once(host, epoch)
            return failure

    def _reach_once(self, host: Host, epoch: int | None) -> Ended | None:
        with ctx_host.use(host):
            try:
                host.connect(show_errors=False, raise_exceptions=True)
            except ConnectError as error:
                return Ended(state="unreachable", lines=(_hinted(str(error)),))
            except Exception as error:  # noqa: BLE001  a key file that cannot be read, say
                return Ended(state="unreachable", lines=trouble(error).lines)
            if epoch is None:
                return None
            ground = self.grounds.get(host.name)
            held = self.lock.epoch if self.lock is not None else 0
            if ground is None or (ground.epoch, ground.lock_epoch) != (epoch, held):
                failure = self._settle(host, epoch)
                if failure is not None:
                    return failure
            assert isinstance(host, StableHost)
            host.folder = self.grounds[host.name].temporary
            return None

    def _settle(self, host: Host, epoch: int) -> Ended | None:
        base = str(host.data.get("base") or "").rstrip("/")
        folder = f"{base}/.uptake/{self.plan}" if base else f".uptake/{self.plan}"
        wait_s = self.links.limits.lock_s
        lines: list[str] = []
        held = self.lock.epoch if self.lock is not None else 0
        token = raise_script(self.lock.terms, held) if self.lock is not None and held else ""
        failure = self._run(host, fence.settle_script(folder, epoch=epoch, wait_s=wait_s, lock=token), lines)
        if failure is None:
            where = f"{lines[-1].rpartition('/')[0]}/locks/{self.lock.terms.name}" if self.lock and held else ""
            ground = Ground(folder=lines[-1], epoch=epoch, wait_s=wait_s, lock=where, lock_epoch=held)
            self.grounds[host.name] = ground
            return None
        if failure.exit_code == LOCKED:
            return Ended(state="locked", exit_code=LOCKED, lines=(TAKEN,))
        if failure.exit_code == fence.STALE:
            return Ended(state="failed", exit_code=fence.STALE, lines=("a newer controller has been here: refused",))
        if failure.exit_code == fence.BUSY:
            why = f"a command from before still runs there after {wait_s} s"
            return Ended(state="in doubt", exit_code=fence.BUSY, lines=(why,))
        return failure

    def _run(
        self, host: Host, script: str, out: list[str] | None = None, *, budget_s: float | None = None
    ) -> Ended | None:
        """Run a script of ours on a host, unfenced and as the user who logs in; None where it ended 0."""
        whole = f"(\n{script}\n)\nq=$?; echo; echo {fence.MARK}$q\n"
        try:
            command = StringCommand("eval", '"$(cat)"')
            quiet = {"print_output": False, "print_input": False}
            _, output = host.run_shell_command(command, **quiet, _stdin=whole, _timeout=budget_s)
        except (OSError, SSHException) as error:
            return Ended(state="unreachable", lines=(str(error) or type(error).__name__,))
        told = [line for line in output.stdout_lines if line]
        if not told or not told[-1].startswith(fence.MARK):
            return Ended(state="unreachable", lines=("the connection ended", *output.stderr_lines))
        code = int(told.pop().removeprefix(fence.MARK))
        if code == 0:
            if out is not None:
                out.extend(told)
            return None
        return Ended(state="failed", exit_code=code, lines=tuple(output.stderr_lines or told))


def _accepts(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=PORT_S).close()
    except OSError:
        return False
    return True


def _hinted(text: str) -> str:
    """A connection's refusal with what to do about it."""
    if "found in known_hosts" in text or "does not match" in text:
        return f"{text}: check the key with the host's owner, then ssh-keyscan -p PORT HOST >>known_hosts"
    return text

"""The port for real access: a lane that brings each person of a wave where the plan wants her.

People in groups, several at a time. A person whose receipt is done is left alone, all others are
read first: so a restart, a repeat and a late joiner are the same thing. Who has it already when she is
first looked at keeps it in a withdrawal (`had`). A withdrawal ends a grant of the same wave that is under way.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from uptake.connect.access.command import CommandTool
from uptake.connect.access.had import Had
from uptake.connect.access.members import change, read
from uptake.connect.access.settle import Act, Looked, Settled, Tool, look, settle
from uptake.connect.lane import Lane
from uptake.connect.patience import AWAY_MOST, PATIENT, Patience
from uptake.connect.template import columns
from uptake.core.action import FAILURES_MOST, Failure, Grant, Outcome, Withdraw
from uptake.core.ids import ActionKey, Pid
from uptake.core.ports import Directory, Receipts, Wake
from uptake.core.problem import refuse
from uptake.plan.model import Access, Plan

PEOPLE_AT_ONCE = 4
"""So many people are seen to at the same time."""
GROUP_MOST = 8
"""So many people are looked at before any of them is written, and written before their receipts are."""
KEPT = "kept"
"""A withdrawal's receipt of who had access before the wave was granted it, and keeps it."""


class GrantedAccess:
    """Access as a port: by command, HTTP or member list, whichever the plan names.

    `held` says whether the lease still is; once it is lost nobody more is begun with. It is set by who has a lease.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        folder: Path,
        directory: Directory,
        receipts: Receipts,
        wake: Wake,
        patience: Patience = PATIENT,
    ) -> None:
        """Start the lane.

        Args:
            plan: names the way.
            folder: the plan's folder, where commands run and files begin.
            directory: who is in a wave.
            receipts: who is how far.
            wake: is set after each outcome.
            patience: how often and how long is tried.
        """
        self.held: Callable[[], bool] = lambda: True
        self._plan = plan
        self._folder = folder
        self._directory = directory
        self._receipts = receipts
        self._patience = patience
        self._tool: Tool | None = None
        self._overtaken: set[ActionKey] = set()
        self._lane: Lane[Grant | Withdraw] = Lane("access", run=self._act, receipts=receipts, wake=wake)

    def accept(self, action: Grant | Withdraw) -> None:
        """Begin with whom receipts say is missing; returns at once."""
        if isinstance(action, Withdraw):
            grants = [a.key for a in self._lane.open() if isinstance(a, Grant) and a.stage == action.stage]
            self._overtaken.update(grants)
        self._lane.accept(action)

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        return self._lane.outcomes()

    def close(self) -> None:
        """Begin with nobody more; a command that runs is ended, its person is read first when it goes on."""
        self._lane.closing.set()
        if self._tool is not None:
            self._tool.close()
        self._lane.close()

    def _act(self, action: Grant | Withdraw) -> Outcome | None:
        """One action, from its receipts to its outcome."""
        implement = self._plan.implement
        assert implement is not None, "only a plan for people gives access"
        access = implement.expose.access
        if access is None:
            raise refuse("access.none", "implement.expose.access", "the plan names no way to give access")
        act: Act = "grant" if isinstance(action, Grant) else "withdraw"
        people = self._directory.people(action.stage.ordinal)
        # Who has left is granted nothing, but keeps nothing either.
        wanted = {p.pid: columns(p, implement.audience) for p in people if p.present or act == "withdraw"}
        self._receipts.want(action.key, wanted)
        had = Had(self._receipts, self._plan.plan, action.stage)
        if act == "withdraw":
            self._receipts.mark(action.key, dict.fromkeys(had.before() & wanted.keys(), KEPT))
        states = self._receipts.states(action.key)
        due = {pid: values for pid, values in wanted.items() if states[pid] not in ("done", KEPT)}
        evidence: dict[Pid, Settled] = {}
        if self._stops(action.key):
            pass
        elif access.members:
            self._listed(action.key, act, due, had)
        else:
            with ThreadPoolExecutor(PEOPLE_AT_ONCE, thread_name_prefix="access") as pool:
                each = _Each(self._open(access), act, pool, lambda: self._stops(action.key))
                self._see_to(action.key, due, each, had, evidence)
        if self._lane.closing.is_set() or not self.held():
            return None
        return self._outcome(action.key, act, wanted, evidence)

    def _open(self, access: Access) -> Tool:
        """The plan's tool, made when first needed: one for all actions."""
        if self._tool is None:
            self._tool = _tool(access, self._folder, self._patience)
        return self._tool

    def _listed(self, key: ActionKey, act: Act, due: Mapping[Pid, Mapping[str, str]], had: Had) -> None:
        """Everyone who is due, by the member list of the plan."""
        assert self._plan.implement is not None
        access, heading = self._plan.implement.expose.access, self._plan.implement.audience.id
        assert access is not None
        path = self._folder / access.members
        if act == "grant":
            there = read(path.resolve(), heading=heading)
            had.granting({pid: values["id"] in there for pid, values in due.items()})
        change(path, act, [values["id"] for values in due.values()], heading=heading)
        self._receipts.mark(key, dict.fromkeys(due, "done"))
        if act == "withdraw":
            had.withdrawn(due)

    def _see_to(
        self,
        key: ActionKey,
        due: Mapping[Pid, Mapping[str, str]],
        each: "_Each",
        had: Had,
        evidence: dict[Pid, Settled],
    ) -> None:
        """Everyone who is due, group by group; `evidence` is filled with those who are not done."""
        away, order = 0, list(due)
        for start in range(0, len(order), GROUP_MOST):
            if away >= AWAY_MOST or each.stops():
                return
            looked = each.look({pid: due[pid] for pid in order[start : start + GROUP_MOST]})
            settled = {pid: one.settled for pid, one in looked.items() if one.settled is not None}
            left = {pid: due[pid] for pid in looked if pid not in settled}
            if each.act == "grant":
                there = {pid: True for pid, one in settled.items() if one.state == "done"}
                had.granting(there | dict.fromkeys(left, False))
            try:
                settled |= each.write(left, looked)
            finally:
                self._receipts.mark(key, {pid: one.state for pid, one in settled.items()})
            if each.act == "withdraw":
                had.withdrawn(pid for pid, one in settled.items() if one.state == "done")
            for pid, one in settled.items():
                away = away + 1 if one.reply.away and one.state != "done" else 0
                if one.state != "done":
                    evidence[pid] = one

    def _stops(self, key: ActionKey) -> bool:
        """Whether nobody more is to be begun with."""
        return self._lane.closing.is_set() or key in self._overtaken or not self.held()

    def _outcome(
        self, key: ActionKey, act: Act, wanted: Mapping[Pid, object], evidence: Mapping[Pid, Settled]
    ) -> Outcome:
        """How the action ended; nobody has no access, which is what a withdrawal wants and a grant does not."""
        states = self._receipts.states(key)
        fine = ("done",) if act == "grant" else ("done", "nobody", KEPT)
        failures = tuple(
            Failure(target=pid, state=one.state, step=one.step, exit_code=one.reply.exit_code, lines=one.reply.lines)
            for pid, one in list(evidence.items())[:FAILURES_MOST]
        )
        return Outcome(
            key=key,
            ok=all(states[pid] in fine for pid in wanted),
            counts=dict(Counter(states.values())),
            failures=failures,
            interrupted=key in self._overtaken,
        )


class _Each:
    """A group's people, several at a time; whoever is not begun with when it stops is left out."""

    def __init__(self, tool: Tool, act: Act, pool: ThreadPoolExecutor, stops: Callable[[], bool]) -> None:
        self.act: Act = act
        self.stops = stops
        self._tool = tool
        self._pool = pool

    def look(self, group: Mapping[Pid, Mapping[str, str]]) -> dict[Pid, Looked]:
        """How each of them is found."""
        begun = {pid: self._pool.submit(self._look, values) for pid, values in group.items()}
        return {pid: one for pid, future in begun.items() if (one := future.result()) is not None}

    def write(self, group: Mapping[Pid, Mapping[str, str]], looked: Mapping[Pid, Looked]) -> dict[Pid, Settled]:
        """How each of them is left."""
        begun = {pid: self._pool.submit(self._write, values, looked[pid].found) for pid, values in group.items()}
        return {pid: one for pid, future in begun.items() if (one := future.result()) is not None}

    def _look(self, values: Mapping[str, str]) -> Looked | None:
        return None if self.stops() else look(self._tool, self.act, values)

    def _write(self, values: Mapping[str, str], found: str) -> Settled | None:
        return None if self.stops() else settle(self._tool, self.act, values, found)


def _tool(access: Access, folder: Path, patience: Patience) -> Tool:
    """The tool that a plan names."""
    if access.command:
        return CommandTool(access.command, folder=folder, patience=patience)
    if access.ldap is not None:
        from uptake.connect.access.ldap import LdapTool

        return LdapTool(access.ldap, folder=folder, patience=patience)
    from uptake.connect.access.http import HttpTool

    if access.http is not None:
        return HttpTool(access.http, folder=folder, patience=patience)
    from uptake.plan.template import given, template

    parameters = given(access.template, access.with_)
    return HttpTool(template(access.template).http, folder=folder, patience=patience, given=parameters)

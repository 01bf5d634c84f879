"""Before a run: one look at every host at once, and one report of everything that would stop it or deserves a word.

One command a host over one connection each; nothing is changed there. The child process that looked goes on to
deploy (`Crew`), so that the look costs no second start and no second log-in. Whether a run may begin is not decided
by exceptions: the report says what is fatal.
"""

import shlex
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from uptake.connect.hosts.lock import Claimed, lock_name, read_claim, show_script
from uptake.connect.hosts.process import Child, Died
from uptake.connect.hosts.site import Site
from uptake.connect.hosts.worker import READY_LIMIT_S
from uptake.connect.placeholder import fill
from uptake.core.problem import Busy, Problem, Refused, Where, refuse
from uptake.core.stage import HostFact
from uptake.plan.model import Deploy, Step
from uptake.plan.read import ReadPlan

CLAIM_BEAT_S = 1.0
LOOK_LIMIT_S = 60.0
"""So long after its last word a child that looks may be silent."""
FREE_LEAST = 1_000_000
"""Bytes that receipts and kept outputs need, whatever is deployed."""
SKEW_MOST_S = 60.0
"""A host's clock may differ by so much before it is mentioned."""
FILES_MOST = 100_000
"""A folder with more files is not measured to its end."""

# Prints a line a fact. Arguments of `place` are shell words; V is the version. Nothing is written.
LOOK = r"""
echo "time $(date +%s)"
for t in TOOLS; do command -v "$t" >/dev/null 2>&1 || echo "lacks $t"; done
place() {
  p=${1:-.}; while [ ! -d "$p" ]; do case "$p" in */*) p=${p%/*}; [ -n "$p" ] || p=/;; *) p=.;; esac; done
  set -- "$1" $(df -Pk "$p" 2>/dev/null | tail -n 1)
  echo "free $5 $2 $1"
  ! cat "$1"/releases/*/REVISION 2>/dev/null | grep -qxF -e "$V" || echo "kept $1"
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found: what must not be begun with, what a person should know, and what the looks took, in seconds."""

    fatal: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    took_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one host answered: why it could not be reached, else its facts."""

    lost: str = ""
    lacks: tuple[str, ...] = ()
    free: dict[str, tuple[int, str]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    skew_s: float = 0.0


class Crew:
    """A child process that knows the inventory and has looked at the hosts; the run's worker takes it over."""

    def __init__(self, site: Site) -> None:
        """Start it and read the inventory.

        Raises:
            Refused: the inventory cannot be read, or the process ended.
        """
        self.child = Child(site.begin(0))
        self._lock = lock_name(site.deploy.service, site.deploy.environment)
        try:
            ready = self.child.until("ready", READY_LIMIT_S)[-1]
        except (Refused, Died) as error:
            self.child.end()
            if isinstance(error, Died):
                raise refuse("hosts.died", "deploy.hosts", "the worker process ended before it was ready") from None
            raise
        serves = site.deploy.hosts.serves
        self.hosts = tuple(
            HostFact(**host, serves=str(host["data"].get(serves, "")) if serves else "") for host in ready["hosts"]
        )

    def look(self, read: ReadPlan, *, version: str, folder: Path, first: bool, without: Sequence[str] = ()) -> Report:
        """Look at every host, but those that the run leaves out.

        Args:
            read: the plan, whose lines the report names.
            version: that is to be deployed.
            folder: the plan's.
            first: nothing of this plan was deployed yet, so its ports should be free.
            without: the names of the others.

        Raises:
            Refused: the process ended meanwhile.
        """
        deploy = read.plan.deploy
        assert deploy is not None
        asks = [
            {
                "host": host.name,
                "script": _script(deploy, host, version),
                "ports": _ports(deploy, host) if first else [],
            }
            for host in self.hosts
            if host.name not in without
        ]
        try:
            self.child.send({"do": "look", "asks": asks})
            facts = self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended while it looked") from None
        seen = {fact["host"]: _seen(fact) for fact in facts if fact["say"] == "looked"}
        took_s = max((fact["seconds"] for fact in facts if fact["say"] == "looked"), default=0.0)
        looked = [(host, seen[host.name]) for host in self.hosts if host.name in seen]
        return _judge(read, looked, (version, folder), took_s)

    def claim(self, tell: Callable[[str], None]) -> None:
        """Take the service's lock, waiting as long as the plan says; `tell` is told who holds it meanwhile.

        Raises:
            Refused: it is held, the host where it stands cannot be used, or the process ended.
        """
        facts: list[dict[str, Any]] = []
        try:
            self.child.send({"do": "claim"})
            while not any(fact["say"] == "claimed" for fact in facts):
                facts = self.child.take(CLAIM_BEAT_S)
                for fact in facts:
                    if fact["say"] == "waits":
                        tell(fact["lines"][0])
            if facts[-1]["say"] != "ended":
                self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended before it had the lock") from None
        answer = next(fact for fact in facts if fact["say"] == "claimed")
        if answer["state"] != "done":
            hint = "wait for it, or see who it is: uptake lock PLAN"
            where = Where(file="deploy.lock")
            raise Busy(Problem(code="hosts.locked", where=where, what="; ".join(answer["lines"]), hint=hint))

    def locks(self) -> tuple[dict[str, Claimed], dict[str, str]]:
        """The service's lock on each host that has one, and why the others could not be asked.

        Raises:
            Refused: the process ended meanwhile.
        """
        asks = [
            {"host": host.name, "script": show_script(self._lock, host.data.get("base", "")), "ports": []}
            for host in self.hosts
        ]
        try:
            self.child.send({"do": "look", "asks": asks})
            facts = self.child.until("ended", LOOK_LIMIT_S)
        except Died:
            raise refuse("hosts.died", "deploy.hosts", "the worker process ended while it looked") from None
        looked = [fact for fact in facts if fact["say"] == "looked"]
        found = {fact["host"]: read_claim(fact["lines"]) for fact in looked if fact["state"] == "done"}
        lost = {fact["host"]: fact["lines"][-1] for fact in looked if fact["state"] != "done"}
        return {host: claim for host, claim in found.items() if claim is not None}, lost

    def release(self) -> None:
        """Give the lock back, where no run was begun with it."""
        with suppress(Died):
            self.child.send({"do": "release", "key": "release"})
            self.child.until("ended", LOOK_LIMIT_S)

    def end(self) -> None:
        """End the process. Twice is no mistake."""
        self.child.end()


def _script(deploy: Deploy, host: HostFact, version: str) -> str:
    """What is run on a host."""
    tools = ["flock", *({"tar"} if any(step.name == "release" for step in deploy.configuration) else ())]
    places = ["", *(place for _, place, _ in _releases(deploy, host, version))]
    lines = [f"V={shlex.quote(version)}", LOOK.replace("TOOLS", " ".join(tools))]
    lines += [f"place {shlex.quote(place or host.data.get('base', ''))}" for place in places]
    for user in sorted({user for _, user in _sudoers(deploy, host)}):
        become = f"sudo -H -n {f'-u {shlex.quote(user)} ' if user else ''}sh -c true"
        lines.append(f"{become} >/dev/null 2>&1 || echo {shlex.quote(f'sudo {user}')}")
    return "\n".join(lines) + "\n"


def _releases(deploy: Deploy, host: HostFact, version: str) -> list[tuple[str, str, str]]:
    """(place in the plan, dest, src) of each release; data that the host has not are the step's own affair."""
    found: list[tuple[str, str, str]] = []
    for i, step in enumerate(deploy.configuration):
        if step.name == "release":
            try:
                dest, src = (
                    fill(str(step.arguments[key]), version=version, host=host.address, data=host.data)
                    for key in ("dest", "src")
                )
            except Refused:
                continue
            found.append((f"deploy.configuration.{i}.release.dest", dest, src))
    return found


def _sudoers(deploy: Deploy, host: HostFact) -> list[tuple[str, str]]:
    """(place in the plan, user; empty for root) of each step that asks for sudo without a password."""
    steps: list[tuple[str, Step]] = [
        (f"deploy.infrastructure.{i}", step) for i, step in enumerate(deploy.infrastructure)
    ]
    steps += [(f"deploy.configuration.{i}", step) for i, step in enumerate(deploy.configuration)]
    found: list[tuple[str, str]] = []
    if "_sudo_password" in host.data:
        return found
    for path, step in steps:
        said = step.arguments.get("_sudo")
        if str(said).lower() == "true" and not step.arguments.get("_sudo_password"):
            found.append((path, str(step.arguments.get("_sudo_user") or "")))
    return found


def _ports(deploy: Deploy, host: HostFact) -> list[int]:
    """The host's own ports that health checks and tests ask."""
    found: set[int] = set()
    for check in (*deploy.update.health.checks, *deploy.tests):
        if check.kind not in ("http", "tcp"):
            continue
        try:
            target = fill(check.target, version="", host=host.address, data=host.data)
            place = urlsplit(target if check.kind == "http" else f"tcp://{target}")
            port = place.port or {"http": 80, "https": 443}.get(place.scheme, 0)
        except (Refused, ValueError):
            continue
        own_ssh = str(host.data.get("ssh_port") or 22)
        if place.hostname == host.address and port and str(port) != own_ssh:
            found.add(port)
    return sorted(found)


def _seen(fact: dict[str, Any]) -> Seen:
    """A host's lines as facts."""
    if fact["state"] != "done":
        return Seen(lost="; ".join(fact["lines"]) or fact["state"])
    words = [line.split(" ", 3) for line in fact["lines"]]
    return Seen(
        lacks=tuple(rest[0] for word, *rest in words if word == "lacks"),
        free={
            (*rest, "")[2]: (int(rest[0]) * 1024, rest[1])
            for word, *rest in words
            if word == "free" and rest[0].isdigit()
        },
        kept=tuple(" ".join(rest) for word, *rest in words if word == "kept"),
        refused=tuple(" ".join(rest) for word, *rest in words if word == "sudo"),
        answers=tuple(str(port) for port in fact["answers"]),
        skew_s=fact["skew_s"],
    )


def _judge(read: ReadPlan, seen: Sequence[tuple[HostFact, Seen]], what: tuple[str, Path], took_s: float) -> Report:
    """Every problem of every host, in inventory order."""
    deploy = read.plan.deploy
    assert deploy is not None
    fatal: list[Problem] = []
    warnings: list[Problem] = []
    left_out = deploy.update.on_failure == "exclude" and any(not one.lost for _, one in seen)
    for host, one in seen:
        if one.lost:
            found = [
                _problem("preflight.reach", read, "deploy.hosts", f"{host.name} cannot be reached: {one.lost}", REACH)
            ]
            warnings += found if left_out else []
            fatal += [] if left_out else found
            continue
        fatal += [
            *_lacking(read, host, one),
            *_too_full(read, deploy, host, one, what),
            *_no_sudo(read, deploy, host, one),
        ]
        warnings += _odd(read, host, one)
    return Report(fatal=tuple(fatal), warnings=tuple(warnings), took_s=took_s)


REACH = "mend it, or take it out of the inventory; with `on_failure: exclude` the others go on without it"


def _problem(code: str, read: ReadPlan, path: str, what: str, hint: str) -> Problem:
    return Problem(code=code, where=read.where(path), what=what, hint=hint)


def _lacking(read: ReadPlan, host: HostFact, seen: Seen) -> Iterable[Problem]:
    packages = {"flock": "util-linux"}
    for tool in seen.lacks:
        hint = f"install it there (Debian: apt-get install {packages.get(tool, tool)})"
        yield _problem("preflight.tool", read, "deploy.hosts", f"{host.name} has no `{tool}`", hint)


def _too_full(read: ReadPlan, deploy: Deploy, host: HostFact, seen: Seen, what: tuple[str, Path]) -> Iterable[Problem]:
    """Less room than the upload and the unpacked release surely take: their archive's size, each."""
    version, folder = what
    base = host.data.get("base", "")
    wanted: dict[str, int] = {seen.free[base][1]: FREE_LEAST} if base in seen.free else {}
    places: dict[str, tuple[str, str]] = dict.fromkeys(wanted, ("deploy.hosts", base or "its home folder"))
    for path, dest, src in _releases(deploy, host, version):
        if dest in seen.free and dest not in seen.kept:
            size = _size(folder / src)
            for place in (dest, base):
                device = seen.free[place][1] if place in seen.free else ""
                wanted[device] = wanted.get(device, 0) + size
                places[device] = (path, dest)
    free = {device: number for number, device in seen.free.values()}
    for device, size in wanted.items():
        if device in free and free[device] < size:
            path, place = places[device]
            text = f"{host.name} has {_megabytes(free[device])} free for {place}, and {_megabytes(size)} are needed"
            yield _problem("preflight.disk", read, path, text, f"make room on {device} there")


def _no_sudo(read: ReadPlan, deploy: Deploy, host: HostFact, seen: Seen) -> Iterable[Problem]:
    """The first step of each user whom sudo refuses."""
    told: set[str] = set()
    for path, user in _sudoers(deploy, host):
        if user in seen.refused and user not in told:
            told.add(user)
            text = f"{host.name}: this step needs sudo as {user or 'root'}, and it is refused without a password"
            yield _problem("preflight.sudo", read, path, text, "allow it there (NOPASSWD), or log in as another user")


def _odd(read: ReadPlan, host: HostFact, seen: Seen) -> Iterable[Problem]:
    """What does not stop a run."""
    if abs(seen.skew_s) > SKEW_MOST_S:
        way = "ahead of" if seen.skew_s > 0 else "behind"
        text = f"{host.name}'s clock is {abs(seen.skew_s):.0f} s {way} this machine's"
        yield _problem(
            "preflight.clock", read, "deploy.hosts", text, "let it follow a time server; logs will not match"
        )
    for port in seen.answers:
        text = f"something answers on port {port} of {host.name} already, and nothing of this plan was deployed yet"
        yield _problem(
            "preflight.port", read, "deploy.hosts", text, "look what it is: the new service may not get its port"
        )


def _size(path: Path) -> int:
    """Bytes of an archive, or of a folder's files; 0 where there is neither."""
    if path.is_file():
        return path.stat().st_size
    files = (entry for entry in path.rglob("*") if entry.is_file()) if path.is_dir() else iter(())
    return sum(entry.stat().st_size for entry, _ in zip(files, range(FILES_MOST), strict=False))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"

"""Before a run: what every host is asked, and one report of everything that would stop it or deserves a word.

One command a host over one connection each; nothing is changed there. Who asks is the `crew`. Whether a run may begin
is not decided by exceptions: the report says what is fatal.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from uptake.connect.placeholder import fill
from uptake.core.problem import Problem, Refused
from uptake.core.stage import HostFact
from uptake.plan.model import Deploy, Step
from uptake.plan.need import bytes_of
from uptake.plan.read import ReadPlan

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
    serving: tuple[str, ...] = ()
    """The hosts that answer on every port that the plan asks; where it asks none, those that were reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one host answered: why it could not be reached, else its facts."""

    lost: str = ""
    lacks: tuple[str, ...] = ()
    free: dict[str, tuple[int, str]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    memory: int | None = None
    versions: dict[str, str] = field(default_factory=dict)
    skew_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What is to be deployed from where, and whether it is this plan's first."""

    version: str
    folder: Path
    first: bool


def script(deploy: Deploy, host: HostFact, version: str) -> str:
    """What is run on a host."""
    tools = ["flock", *({"tar"} if any(step.name == "release" for step in deploy.configuration) else ())]
    places = ["", *(place for _, place, _ in _releases(deploy, host, version))]
    lines = [f"V={shlex.quote(version)}", LOOK.replace("TOOLS", " ".join(tools))]
    lines += [f"place {shlex.quote(place or host.data.get('base', ''))}" for place in places]
    for user in sorted({user for _, user in _sudoers(deploy, host)}):
        become = f"sudo -H -n {f'-u {shlex.quote(user)} ' if user else ''}sh -c true"
        lines.append(f"{become} >/dev/null 2>&1 || echo {shlex.quote(f'sudo {user}')}")
    if deploy.needs.memory:
        lines.append("echo \"memory $(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo 2>/dev/null)\"")
    for program in map(shlex.quote, deploy.needs.versions):
        lines.append(f'echo version {program} "$({program} --version 2>&1 </dev/null | head -n 1)"')
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


def ports(deploy: Deploy, host: HostFact) -> list[int]:
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


def read_seen(fact: dict[str, Any]) -> Seen:
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
        memory=next((int(rest[0]) * 1024 for word, *rest in words if word == "memory" and rest[0].isdigit()), None),
        versions={rest[0]: match[0] for word, *rest in words if word == "version" and (match := _version(rest[1:]))},
        skew_s=fact["skew_s"],
    )


def _version(words: Sequence[str]) -> re.Match[str] | None:
    """The first dotted number, as most programs tell their version."""
    return re.search(r"\d+(?:\.\d+)+", " ".join(words))


def judge(read: ReadPlan, seen: Sequence[tuple[HostFact, Seen]], what: Meant, took_s: float) -> Report:
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
            *_short(read, deploy, host, one),
        ]
        warnings += _odd(read, host, one, first=what.first)
    serving = tuple(h.name for h, one in seen if not one.lost and set(ports(deploy, h)) <= set(map(int, one.answers)))
    return Report(fatal=tuple(fatal), warnings=tuple(warnings), took_s=took_s, serving=serving)


REACH = "mend it, or take it out of the inventory; with `on_failure: exclude` the others go on without it"


def _problem(code: str, read: ReadPlan, path: str, what: str, hint: str) -> Problem:
    return Problem(code=code, where=read.where(path), what=what, hint=hint)


def _lacking(read: ReadPlan, host: HostFact, seen: Seen) -> Iterable[Problem]:
    packages = {"flock": "util-linux"}
    for tool in seen.lacks:
        hint = f"install it there (Debian: apt-get install {packages.get(tool, tool)})"
        yield _problem("preflight.tool", read, "deploy.hosts", f"{host.name} has no `{tool}`", hint)


def _short(read: ReadPlan, deploy: Deploy, host: HostFact, seen: Seen) -> Iterable[Problem]:
    """Less memory than is needed, and programs that are not there or not of the version."""
    from packaging.specifiers import SpecifierSet
    from packaging.version import Version

    wanted = bytes_of(deploy.needs.memory) if deploy.needs.memory else 0
    if wanted and (seen.memory is None or seen.memory < wanted):
        has = "does not say how much memory is free" if seen.memory is None else f"has {_megabytes(seen.memory)} free"
        text = f"{host.name} {has}, and {_megabytes(wanted)} of memory are needed"
        yield _problem("preflight.memory", read, "deploy.needs.memory", text, "end what uses it there, or ask for less")
    for program, bounds in deploy.needs.versions.items():
        there = seen.versions.get(program, "")
        if not there or not SpecifierSet(bounds).contains(Version(there), prereleases=True):
            text = f"{host.name} has {program + ' ' + there if there else f'no `{program}` that tells its version'}"
            path = f"deploy.needs.versions.{program}"
            yield _problem("preflight.version", read, path, f"{text}, and {bounds} is needed", "install it there")


def _too_full(read: ReadPlan, deploy: Deploy, host: HostFact, seen: Seen, what: Meant) -> Iterable[Problem]:
    """Less room than is asked for and the upload and unpacked release surely take: their archive's size, each."""
    version, folder = what.version, what.folder
    base, least = host.data.get("base", ""), FREE_LEAST + (bytes_of(deploy.needs.disk) if deploy.needs.disk else 0)
    wanted: dict[str, int] = {seen.free[base][1]: least} if base in seen.free else {}
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


def _odd(read: ReadPlan, host: HostFact, seen: Seen, *, first: bool) -> Iterable[Problem]:
    """What does not stop a run."""
    if abs(seen.skew_s) > SKEW_MOST_S:
        way = "ahead of" if seen.skew_s > 0 else "behind"
        text = f"{host.name}'s clock is {abs(seen.skew_s):.0f} s {way} this machine's"
        yield _problem(
            "preflight.clock", read, "deploy.hosts", text, "let it follow a time server; logs will not match"
        )
    for port in seen.answers if first else ():
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

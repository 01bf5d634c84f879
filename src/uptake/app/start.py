"""Starting a half: the word that freezes what it stands on.

A deploy run freezes version and hosts. The implement half makes the seed first and records
its digest, then freezes the audience, then reveals the seed at launch with the draw: nobody
shops for a draw. All of it is `Said`, so no lease is needed.
"""

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from uptake import __version__
from uptake.app.change import Change
from uptake.app.opened import Opened, say, speaker
from uptake.core.chance import digest
from uptake.core.entry import Said
from uptake.core.picture import Picture, Spoken
from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.core.stage import HostFact
from uptake.core.time import Instant, iso
from uptake.deploy.gates import run_state
from uptake.implement.targets import assign, audience_digest, wave_facts
from uptake.plan.model import Deploy
from uptake.plan.watched import target

TICKET = re.compile(r"[\w.#/-]{1,100}")
"""The number of a change ticket, as an organisation's own system writes it."""
NAMED_MOST = 12
"""So many hosts are named in a hint."""
SEED_BYTES = 16
"""Length of the seed of a draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who starts, why, under which key and which change ticket: a speaker's start with the same key is made once.

    `told_at` is when others say that they deployed; 0 where Uptake itself is asked to. `change` is what a run that is
    begun brings; None where nobody said. `left_out` are hosts that the run is not meant for.
    """

    who: str = field(default_factory=speaker)
    why: str = ""
    key: str = ""
    ticket: str = ""
    told_at: int = 0
    change: Change | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a start came to: the run's number, whether it was begun, resumed or already under way, and the entry."""

    number: int
    how: str
    seq: int = 0


def refuse_edited(opened: Opened, picture: Picture) -> None:
    """Refuse a file that is not the ledger's revision.

    Raises:
        Refused: exit 2; the ledger's text counts until an edit is brought in on purpose.
    """
    edited = opened.file is None or opened.file.digest != picture.revision
    if picture.revision and (edited or not opened.is_revision()):
        raise refuse(
            "UP020",
            str(opened.path),
            "the plan file is not the revision that was started, so it was not used",
            f"bring the edit in: uptake revise {opened.path}",
        )


def deploy_of(opened: Opened) -> Deploy:
    """The plan's deploy half.

    Raises:
        Refused: it has none.
    """
    if opened.read.plan.deploy is None:
        raise refuse(
            "UP021", str(opened.path), "this plan has no deploy half", "add `deploy:`, or use `uptake implement`"
        )
    return opened.read.plan.deploy


def resolve_hosts(opened: Opened) -> tuple[HostFact, ...]:
    """The hosts of the plan's inventory now; the service itself where others deploy it.

    Raises:
        Refused: no deploy half, or an inventory that cannot be read or names no host.
    """
    deploy = deploy_of(opened)
    if deploy.observed is not None:
        return (target(deploy),)
    from uptake.connect.hosts.inventory import facts

    return facts(deploy.hosts, folder=opened.folder)


def left_out(opened: Opened, hosts: tuple[HostFact, ...], limit: str) -> tuple[str, ...]:
    """The hosts that a run is not meant for.

    Args:
        opened: the plan.
        hosts: all of it.
        limit: names of hosts, or patterns such as web-*, with commas between; empty for all of them.

    Raises:
        Refused: a pattern means no host, or the plan's hosts are others' affair.
    """
    if not limit:
        return ()
    if deploy_of(opened).observed is not None:
        raise refuse("UP030", "--limit", "this plan's hosts are deployed by others", "leave --limit out")
    patterns = [word.strip() for word in limit.split(",") if word.strip()]
    for pattern in patterns or [limit]:
        if not any(fnmatchcase(host.name, pattern) for host in hosts):
            known = ", ".join(host.name for host in hosts[:NAMED_MOST])
            raise refuse("UP030", "--limit", f"`{pattern}` means no host of the inventory", f"there are {known}")
    return tuple(host.name for host in hosts if not any(fnmatchcase(host.name, one) for one in patterns))


def told_before(picture: Picture, by: By) -> Spoken | None:
    """The deploy that the same speaker asked for under the same key."""
    words = reversed(picture.words)
    said = (spoken for spoken in words if spoken.said.half == "deploy" and "version" in spoken.said.data)
    return next((one for one in said if by.key and (one.said.who, one.said.data.get("key")) == (by.who, by.key)), None)


def start_deploy(
    opened: Opened, *, version: str, hosts: tuple[HostFact, ...], now: Instant, by: By | None = None
) -> Started:
    """Begin a run of a version, go on with an interrupted one, or follow the one under way.

    Args:
        opened: the plan.
        version: what is deployed.
        hosts: where to.
        now: when.
        by: whose word it is; of who runs this process by default.

    Raises:
        Refused: the file was edited, another version's run is under way, or the key stands for another version.
    """
    by = by or By()
    found: list[Started] = []
    mark = opened.store.texts.keep(by.why) if by.why and told_before(opened.picture(), by) is None else ""

    def build(picture: Picture) -> Said:
        before = told_before(picture, by)
        found.clear()
        if before is not None:
            found.append(_begun_before(opened, picture, before, version))
            raise _NothingToSay
        refuse_edited(opened, picture)
        _refuse_late(opened, picture, by)
        what, number = _next_word(opened, picture, version)
        found.append(Started(number=number, how=HOW[what], seq=picture.run.seq if picture.run else 0))
        if what == "deploy" and not by.key:
            raise _NothingToSay
        data: dict[str, Any] = {"version": version, **({"key": by.key} if by.key else {}), **ticket_of(by.ticket)}
        data |= {"told_at": by.told_at} if by.told_at else {}
        if what == "start":
            data |= _brought(deploy_of(opened), version, by)
            data |= {"left_out": list(by.left_out)} if by.left_out else {}
            data |= {"hosts": msgspec.to_builtins(hosts), **revision_of(opened, picture)}
        return Said(what=what, who=by.who, half="deploy", why=mark, data=data)

    try:
        seq = say(opened, build, now=now)
    except _NothingToSay:
        if mark:
            opened.store.texts.erase(mark)
        return found[0]
    return replace(found[0], seq=seq)


def _brought(deploy: Deploy, version: str, by: By) -> dict[str, object]:
    """What a run brings: as its starter tells it, else the commit that the plan names for its own version."""
    change = by.change
    if version == deploy.version and deploy.commit and not (change is not None and change.commits):
        change = replace(change or Change(), commits=((deploy.commit, 0),))
    return change.data() if change is not None else {}


HOW = {"start": "begun", "resume": "resumed", "deploy": "under way"}
"""The word that is said -> what it comes to. `deploy` changes nothing: it keeps a key for a run that is under way."""


def _next_word(opened: Opened, picture: Picture, version: str) -> tuple[str, int]:
    """What is to be said, and the number of the run that it is about."""
    run = picture.run
    state = run_state(picture, run) if run else ""
    if run is None or state not in ("running", "held", "interrupted"):
        return "start", len(picture.runs) + 1
    overtaken = deploy_of(opened).observed is not None
    if run.version != version and overtaken:
        return "start", len(picture.runs) + 1
    if run.version != version:
        what = f"run {run.number} of {run.version} is {state}"
        raise refuse("UP022", str(opened.path), what, "wait for it to end, or approve or resume it first")
    return ("resume" if state == "interrupted" else "deploy"), run.number


def _refuse_late(opened: Opened, picture: Picture, by: By) -> None:
    """Refuse a deployment by others that happened before one that was told already."""
    known = [told for spoken in picture.words if isinstance(told := spoken.said.data.get("told_at"), int)]
    if by.told_at and by.told_at < max(known, default=0):
        what = f"this happened at {iso(Instant(by.told_at))}, and a later deployment was told already"
        raise refuse("UP036", str(opened.path), what, "nothing was begun; the address tells what runs now")


def _begun_before(opened: Opened, picture: Picture, before: Spoken, version: str) -> Started:
    """What an earlier word with the same key came to."""
    said = str(before.said.data["version"])
    if said != version:
        what = f"the key was used for version {said}, not for {version}"
        raise refuse("UP030", str(opened.path), what, "a key stands for one deploy; give another, or none")
    return Started(number=sum(run.seq <= before.seq for run in picture.runs), how="under way", seq=before.seq)


def ticket_of(number: str) -> dict[str, object]:
    """What the ledger keeps of a change ticket: its number, or nothing.

    Raises:
        Refused: it is none.
    """
    if number and TICKET.fullmatch(number) is None:
        raise refuse("UP030", "--ticket", f"`{number[:100]}` is no number of a change ticket", "write CHG0012345, say")
    return {"ticket": number} if number else {}


class _NothingToSay(Exception):
    """What was asked for is so already."""


def revision_of(opened: Opened, picture: Picture) -> dict[str, Any]:
    """The plan's digest and the files it names; its text too the first time."""
    data: dict[str, Any] = {"uptake": __version__, "revision": opened.read.digest, "files": file_digests(opened)}
    if picture.revision != opened.read.digest:
        data["text"] = opened.read.text
    return data


def file_digests(opened: Opened) -> dict[str, str]:
    """SHA-256 of each file that the plan names and that is there."""
    from uptake.plan.check import named_files

    found: dict[str, str] = {}
    for name, _ in named_files(opened.read.plan):
        path = opened.folder / name
        if path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def read_audience(opened: Opened) -> tuple[Person, ...]:
    """The people of the plan's audience file.

    Raises:
        Refused: no implement half, or a file that cannot be used.
    """
    implement = opened.read.plan.implement
    if implement is None:
        raise refuse(
            "UP021", str(opened.path), "this plan has no implement half", "add `implement:`, or use `uptake deploy`"
        )
    from uptake.connect.people.csv import read_people

    people = tuple(read_people(Path(opened.folder / implement.audience.from_), implement.audience))
    if not people:
        raise refuse("UP023", implement.audience.from_, "nobody is in the audience", "the file needs a row per person")
    return people


def start_implement(opened: Opened, people: tuple[Person, ...], *, now: Instant, ticket: str = "") -> Started:
    """Commit to a seed, freeze the audience, draw the waves and launch; each step once, in that order.

    A start that was cut short goes on with the seed that was committed to.

    Raises:
        Refused: the file was edited.
    """
    implement = opened.read.plan.implement
    assert implement is not None
    if opened.picture().drawn is not None:
        refuse_edited(opened, opened.picture())
        return Started(number=1, how="under way")
    seed = _committed_seed(opened, now)
    frozen, audience = _frozen(opened, people, now)
    table, assignment = assign(implement, frozen, seed=seed, plan=opened.read.plan.plan)
    opened.store.directory.assign({person.pid: table[person.external_id] for person in frozen})
    deploy = opened.read.plan.deploy
    facts = wave_facts(implement, frozen, table, serves=deploy.hosts.serves if deploy else "")

    def build(picture: Picture) -> Said:
        refuse_edited(opened, picture)
        if picture.drawn is not None:
            raise _NothingToSay
        if _frozen_digest(picture) != audience:
            hint = "start again: it goes on with the seed that was committed to"
            raise refuse("UP025", implement.audience.from_, "another start froze another audience meanwhile", hint)
        data = {
            "seed": seed,
            "audience": audience,
            "assignment": assignment,
            "waves": msgspec.to_builtins(facts),
            **ticket_of(ticket),
            **revision_of(opened, picture),
        }
        return Said(what="start", who=speaker(), half="implement", data=data)

    try:
        say(opened, build, now=now)
    except _NothingToSay:
        return Started(number=1, how="under way")
    return Started(number=1, how="begun")


def _committed_seed(opened: Opened, now: Instant) -> str:
    """The seed whose digest stands in the ledger; made and committed to where there is none.

    Of two starts at the same moment one commits, and both go on with its seed.
    """
    kept = _kept_seed(opened, opened.picture())
    if kept is not None:
        return kept
    seed = secrets.token_hex(SEED_BYTES)
    mark = opened.store.texts.keep(seed)

    def build(picture: Picture) -> Said:
        if _kept_seed(opened, picture) is not None:
            raise _NothingToSay
        data = {"commitment": digest(seed), "kept": mark}
        return Said(what="commit", who=speaker(), half="implement", data=data)

    try:
        say(opened, build, now=now)
    except _NothingToSay:
        opened.store.texts.erase(mark)
    kept = _kept_seed(opened, opened.picture())
    assert kept is not None
    return kept


def _kept_seed(opened: Opened, picture: Picture) -> str | None:
    """The seed of the first commitment whose text is still there."""
    for spoken in picture.words:
        if spoken.said.what == "commit":
            kept = opened.store.texts.find(str(spoken.said.data["kept"]))
            if kept is not None:
                return kept
    return None


def _frozen(opened: Opened, people: tuple[Person, ...], now: Instant) -> tuple[tuple[Person, ...], str]:
    """The audience and its digest, as frozen: now, or by an earlier start that was cut short behind it."""
    implement, directory = opened.read.plan.implement, opened.store.directory
    assert implement is not None
    frozen = tuple(person for person in directory.people() if person.present)
    audience = audience_digest(implement, frozen)
    if _frozen_digest(opened.picture()) == audience:
        return frozen, audience
    directory.freeze(people)
    frozen = tuple(person for person in directory.people() if person.present)
    audience = audience_digest(implement, frozen)

    def build(picture: Picture) -> Said:
        if _frozen_digest(picture) == audience:
            raise _NothingToSay
        return Said(what="freeze", who=speaker(), half="implement", data={"audience": audience})

    with suppress(_NothingToSay):
        say(opened, build, now=now)
    return frozen, audience


def _frozen_digest(picture: Picture) -> str:
    """The digest of the audience that was frozen last; empty for none."""
    said = [spoken.said for spoken in picture.words if spoken.said.what == "freeze"]
    return str(said[-1].data["audience"]) if said else ""

"""What a run brings, as its start says: the commits and when they were made, and whether the run was planned.

Kept with the word that begins a run, for DORA's metrics alone: nothing is decided by it. Who tells it is the command
line or a job elsewhere; a deployment by others says nothing of the kind.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from uptake.core.problem import refuse
from uptake.core.time import Instant, iso, parse_instant
from uptake.core.words import count

COMMIT = re.compile(r"[\w.:/@+-]{1,100}")
"""How a version control system names a commit: git's SHA, a revision's number."""
COMMITS_MOST = 500
"""So many commits are kept with a run."""
AHEAD_MOST_MS = 86_400_000
"""A clock elsewhere may be wrong; a commit that lies further ahead than a day is a mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Commits as (id, when), either may be left out (empty, 0); `rework`: not planned, made because of an incident."""

    commits: tuple[tuple[str, int], ...] = ()
    rework: bool = False

    def data(self) -> dict[str, object]:
        """As the ledger keeps it."""
        commits = [{**({"id": name} if name else {}), **({"at": at} if at else {})} for name, at in self.commits]
        return {"rework": self.rework, **({"commits": commits} if commits else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A change as a command or a request tells it, nothing checked.

    Args:
        commit: what the version control system calls it; several, each by an option of its own.
        committed_at: when it was committed, as ISO 8601; in the order of the commits.
        rework: this deployment was not planned: it is made because of an incident.
    """

    commit: tuple[str, ...] = ()
    committed_at: tuple[str, ...] = ()
    rework: bool = False

    def words(self) -> dict[str, object]:
        """As a request carries it; what was not told is left out."""
        lists: dict[str, object] = {"commit": list(self.commit), "committed_at": list(self.committed_at)}
        return {**{name: told for name, told in lists.items() if told}, "rework": self.rework}


UNTOLD = Told()
"""Nothing but that the deployment was planned."""


def told_in(words: Mapping[str, object]) -> Told | None:
    """What `Told.words` wrote; None where nothing was said."""
    if "rework" not in words:
        return None
    commit, at = (tuple(map(str, cast("Sequence[object]", words.get(name, ())))) for name in ("commit", "committed_at"))
    return Told(commit=commit, committed_at=at, rework=words["rework"] is True)


def change_of(told: Told, timezone: str, now: Instant) -> Change:
    """The change as it is kept.

    Args:
        told: what was said.
        timezone: the plan's, for times without an offset.
        now: the present instant.

    Raises:
        Refused: a commit that cannot be one, a time that is none or lies ahead, or not as many times as commits.
    """
    for name in told.commit:
        if COMMIT.fullmatch(name) is None:
            raise refuse("UP030", "--commit", f"`{name[:100]}` names no commit", "write its SHA")
    if len(told.commit) > COMMITS_MOST or len(told.committed_at) > COMMITS_MOST:
        raise refuse("UP030", "--commit", "too many commits are named", f"at most {COMMITS_MOST} are kept")
    times = [_time(text, timezone, now) for text in told.committed_at]
    if told.commit and times and len(times) != len(told.commit):
        what = f"{count(len(told.commit), 'commit')} named, and {count(len(times), 'time')}"
        raise refuse("UP030", "--committed-at", what, "give each commit its time, in the same order")
    many = max(len(told.commit), len(times))
    names = told.commit or ("",) * many
    return Change(commits=tuple(zip(names, times or [0] * many, strict=True)), rework=told.rework)


def _time(text: str, timezone: str, now: Instant) -> int:
    try:
        at = parse_instant(text, timezone)
    except (ValueError, OverflowError):
        hint = "write 2026-11-24T18:00:00Z: git log -1 --format=%cI"
        raise refuse("UP030", "--committed-at", f"`{text[:100]}` is no date and time", hint) from None
    if at > now + AHEAD_MOST_MS:
        what = f"the commit lies ahead: {iso(at)}, and it is {iso(now)} now"
        raise refuse("UP030", "--committed-at", what, "correct the year, or this machine's clock")
    return at

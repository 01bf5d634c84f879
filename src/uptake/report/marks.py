"""How a board's words look: which icon a state has, which words of the verdict are coloured, what stands in which row.

It makes no figure and changes none; it only groups and marks what the board says. The page and the
HTML file get these as functions of their templates.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from uptake.core.stage import Half
from uptake.core.time import Instant, as_datetime
from uptake.core.words import moment
from uptake.report.board import Board, Decided, Figure, Host, Look

STATES = {
    "pending": "waiting",
    "planned": "waiting",
    "running": "going",
    "training": "going",
    "open": "going",
    "adopting": "going",
    "healthy": "done",
    "adopted": "done",
    "succeeded": "done",
    "unhealthy": "bad",
    "unreachable": "bad",
    "failed": "bad",
    "interrupted": "warn",
    "in doubt": "warn",
    "held": "hold",
    "excluded": "none",
    "rolled back": "back",
}
"""State words of the product -> icon; a word that is not here gets the waiting mark."""
VERDICTS = {"advance": "advance", "hold": "hold", "retry": "retry", "adjust": "adjust", "rollback": "back"}
TROUBLE = {"bad": 0, "back": 1, "warn": 2, "hold": 2, "none": 3, "going": 4, "waiting": 5}
"""Icons in the order in which they ask for a look; what is well comes last."""
_ENTRY = re.compile(r"(\bentry \d+\b)")
_TONES: tuple[tuple[str, Half], ...] = (("deployed", "deploy"), ("in use", "implement"), ("implemented", "implement"))
_TONED = re.compile(r"(?i)\b((?:not )?(?:deployed|in use|implemented)(?: yet)?)\b")


def toned(verdict: str) -> list[tuple[str, str]]:
    """The verdict in pieces, each with the half whose colour it wears, or none.

    >>> toned("Deployed on 3 hosts. Not in use yet: 11%")
    [('deploy', 'Deployed'), ('', ' on 3 hosts. '), ('implement', 'Not in use yet'), ('', ': 11%')]
    """
    return [(_tone(piece) if _TONED.fullmatch(piece) else "", piece) for piece in _TONED.split(verdict) if piece]


def _tone(words: str) -> str:
    return next(half for state, half in _TONES if state in words.lower())


def state_mark(state: str) -> str:
    """The icon of a state."""
    return STATES.get(state, "waiting")


def verdict_mark(verdict: str) -> str:
    """The icon of a verdict."""
    return VERDICTS.get(verdict, "none")


def mark(figure: Figure) -> str:
    """The icon of a figure: its own mark where it has one, else whether it was measured."""
    if figure.mark:
        return {"ok": "done"}.get(figure.mark, figure.mark)
    return "none" if figure.sure == "not measured" else "plain"


def rows(figures: Iterable[Figure]) -> list[tuple[str, dict[Half, list[Figure]]]]:
    """The comparison's rows in the figures' own order, each with the figures of both halves."""
    found: dict[str, dict[Half, list[Figure]]] = {}
    for figure in figures:
        found.setdefault(figure.row, {"deploy": [], "implement": []})[figure.half].append(figure)
    return list(found.items())


def batches(hosts: Sequence[Host]) -> list[tuple[str, list[Host]]]:
    """Hosts by batch, in their own order."""
    found: dict[str, list[Host]] = {}
    for host in hosts:
        found.setdefault(host.batch, []).append(host)
    return list(found.items())


def by_trouble(hosts: Sequence[Host]) -> list[Host]:
    """Hosts with those that need a look first, then in their own order."""
    return sorted(hosts, key=lambda host: TROUBLE.get(state_mark(host.state), len(TROUBLE)))


def hosts_words(hosts: Sequence[Host]) -> str:
    """How many hosts are in which state, in a sentence."""
    tally = {word: sum(host.state == word for host in hosts) for word in dict.fromkeys(host.state for host in hosts)}
    if len(tally) == 1:
        (word,) = tally
        return f"{'All ' if len(hosts) > 1 else ''}{len(hosts):,} {word}."
    return ", ".join(f"{number:,} {word}" for word, number in tally.items()) + "."


def listed_looks(board: Board, *, most: int) -> list[tuple[str, Look]]:
    """Looks with their moment, the newest first; where there are more, evenly chosen."""
    newest = board.looks[::-1]
    step = max(1, -(-len(newest) // most))
    return [(moment(look.at, board.timezone, seconds=True), look) for look in newest[::step]]


def linked(text: str, where: Callable[[str], str]) -> list[tuple[str, str]]:
    """A text in pieces, each with the address of the ledger entry that it names, or none.

    >>> linked("Held. (entry 4)", lambda source: "/" + source[6:])
    [('Held. (', ''), ('entry 4', '/4'), (')', '')]
    """
    return [(piece, where(piece) if _ENTRY.fullmatch(piece) else "") for piece in _ENTRY.split(text) if piece]


def permalinks(decisions: Sequence[Decided]) -> list[tuple[str, Decided]]:
    """Decisions, newest first, each with a name that stays its own: its entry, and its place in that entry."""
    seen: dict[int, int] = {}
    found: list[tuple[str, Decided]] = []
    for one in reversed(decisions):
        seen[one.seq] = seen.get(one.seq, 0) + 1
        found.append((f"{one.seq}-{seen[one.seq]}", one))
    return found[::-1]


def clock(now: Instant, timezone: str) -> str:
    """The moment of a board, to the minute, in the plan's time zone."""
    moment = as_datetime(now, timezone)
    return f"{moment.day} {moment:%b %Y, %H:%M}"

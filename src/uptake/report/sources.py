"""How fresh each source was at the last look, in words: as of when, how late it is by nature, what is wrong with it.

Every screen shows the same. What a source's state means for a gate is decided in `implement`, not here.
"""

from collections.abc import Iterator

from uptake.plan.fact import pulls
from uptake.plan.model import Plan
from uptake.report.board import Mark, SourceShown
from uptake.report.known import Known
from uptake.report.words import listed, sentence

NAMES = {
    "implement.adoption.from": "use",
    "implement.audience.from": "people",
    "implement.train.completions": "training",
    "implement.support.tickets": "tickets",
}
"""A source's plan key -> what it tells of."""
ASKED = {"implement.audience.from": "audience-"}
"""A source whose refusal a person can answer -> how its question begins; once asked, the question says it all."""
MARKS: dict[str, Mark] = {"fresh": "ok", "unread": "waiting", "stale": "warn", "refused": "bad"}
WORST: tuple[Mark, ...] = ("bad", "warn", "waiting", "ok")
"""Marks, the one that goes before all others first."""


def sources(known: Known) -> tuple[SourceShown, ...]:
    """Every source of the last look, in the plan's order."""
    lags = {path: f"{pull.lag}" for path, pull in pulls(known.plan) if pull.lag.approx_s}
    return tuple(
        SourceShown(
            key=seen.name,
            name=name_of(known.plan, seen.name),
            state=seen.state,
            as_of=known.at(seen.as_of) if seen.as_of else "",
            as_of_at=seen.as_of,
            lag=lags.get(seen.name, ""),
            detail=seen.detail,
            mark=MARKS[seen.state],
            seq=known.picture.observed_seq,
        )
        for seen in known.picture.observed.sources
    )


def freshness(known: Known) -> tuple[str, Mark]:
    """All sources in one clause, and the worst of their marks; nothing where there are none."""
    found = sources(known)
    words = listed([clause(source) for source in found], most=len(found) or 1)
    marks = {source.mark for source in found}
    for mark in WORST:
        if mark in marks:
            return words, mark
    return words, ""


def clause(source: SourceShown) -> str:
    """One source: `use as of 24 Nov 2026 00:00 (lag 2d)`."""
    if not source.as_of:
        return f"{source.name} not read yet" if source.state == "unread" else f"{source.name} {source.state}"
    late = f" (lag {source.lag})" if source.lag else ""
    word = "" if source.state == "fresh" else f"{source.state}, "
    return f"{source.name} {word}as of {source.as_of}{late}"


def broken(known: Known) -> Iterator[str]:
    """What needs a person: sources that are stale or refused."""
    for source in sources(known):
        asked = any(name.startswith(ASKED.get(source.key, "\0")) for name in known.picture.questions)
        if (source.state in ("stale", "refused") or (source.state == "unread" and source.detail)) and not asked:
            since = f" It tells of nothing after {source.as_of}." if source.as_of else ""
            state = "cannot be read" if source.state == "unread" else f"is {source.state}"
            what = f"The source of {source.name} ({source.key}) {state}"
            why = f": {source.detail}" if source.detail else ""
            yield f"{sentence(what + why)}{since} It is read again by itself. (entry {source.seq})"


def name_of(plan: Plan, key: str) -> str:
    """What a source tells of: a word, or an outcome's name."""
    if key in NAMES:
        return NAMES[key]
    parts = key.split(".")
    implement = plan.implement
    if implement is not None and parts[:2] == ["implement", "outcomes"] and len(parts) > 2 and parts[2].isdigit():
        number = int(parts[2])
        if number < len(implement.outcomes):
            return implement.outcomes[number].name
    return key

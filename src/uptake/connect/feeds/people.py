"""The personnel export read again: what has changed in it, and whether that can be true.

An export that was cut off must not wreck a plan: one that cannot be read, in which more than `refuse_above` are gone
or have moved, or in which a known id comes back as somebody else, is refused with its line or number. A person may
approve these very contents. It places nobody and writes nothing: `app` does, with what stands here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from uptake.connect.feeds.usage import written_at
from uptake.connect.feeds.worker import Brought, Spoilt
from uptake.connect.people.csv import read_people
from uptake.core.chance import digest
from uptake.core.ports import Directory, Person
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.core.words import count
from uptake.plan.model import Audience
from uptake.plan.pull import Pull

NAME = "implement.audience.from"
"""The plan key that declares it."""
OF_ONE = ("email", "name")
"""Attributes that tell one person from another: an id that returns with another of them may be somebody else's now."""
NAMED_MOST = 5
"""So many ids are named in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """How an export differs from the people known: external ids, in order."""

    joined: tuple[str, ...]
    left: tuple[str, ...]
    moved: tuple[str, ...]
    other: tuple[str, ...]
    returned: tuple[str, ...]
    known: int

    @property
    def is_nothing(self) -> bool:
        """Whether nobody has changed."""
        return not (self.joined or self.left or self.moved or self.other or self.returned)


def changed(before: Sequence[Person], now: Sequence[Person]) -> Changed:
    """Compare the people known with an export.

    `moved` have another setting, `other` other attributes, `returned` were gone.
    """
    old = {person.external_id: person for person in before}
    new = {person.external_id: person for person in now}
    both = [(old[key], person) for key, person in new.items() if key in old]
    here = [(was, is_) for was, is_ in both if was.present]
    return Changed(
        joined=tuple(key for key in new if key not in old),
        left=tuple(key for key, person in old.items() if person.present and key not in new),
        moved=tuple(is_.external_id for was, is_ in here if was.setting != is_.setting),
        other=tuple(
            is_.external_id for was, is_ in here if was.setting == is_.setting and was.attributes != is_.attributes
        ),
        returned=tuple(was.external_id for was, _ in both if not was.present),
        known=sum(person.present for person in before),
    )


def strangers(before: Sequence[Person], now: Sequence[Person]) -> tuple[str, ...]:
    """Ids that were gone and come back with another name or mail: a rehire, or an id given to somebody else."""
    gone = {person.external_id: person for person in before if not person.present}
    return tuple(
        person.external_id
        for person in now
        if (was := gone.get(person.external_id)) is not None
        and any(was.attributes.get(key) != person.attributes.get(key) for key in OF_ONE if key in person.attributes)
    )


class Export:
    """Reads the audience file again."""

    def __init__(
        self,
        audience: Audience,
        *,
        folder: Path,
        directory: Directory,
        approved: Callable[[str], bool],
        bring_in: Callable[[Sequence[Person], Changed, Instant], None],
    ) -> None:
        """Say whom it reads and what follows.

        Args:
            audience: the plan's.
            folder: where its path begins.
            directory: who is known.
            approved: whether a person has let contents with this mark in.
            bring_in: takes an export that may be used.
        """
        self._audience, self._folder, self._directory = audience, folder, directory
        self._approved, self._bring_in = approved, bring_in

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once."""
        del last
        complete = written_at(Pull(csv=self._audience.from_), self._folder, now)
        try:
            people = read_people(self._folder / self._audience.from_, self._audience)
        except Refused as refused:
            first = refused.problems[0]
            more = f" (and {count(len(refused.problems) - 1, 'more mistake')})" if len(refused.problems) > 1 else ""
            line = f", line {first.where.line}" if first.where.line else ""
            raise Spoilt(f"{self._audience.from_}{line}: {first.what}{more}", "") from None
        before = self._directory.people()
        found = changed(before, people)
        self._judge(found, strangers(before, people), mark=_mark(people))
        self._bring_in(people, found, now)
        return Brought(complete=complete)

    def _judge(self, found: Changed, unsure: tuple[str, ...], *, mark: str) -> None:
        """Refuse what can hardly be true, unless a person has approved these contents."""
        most, share = self._audience.refuse_above * found.known, f"{100 * self._audience.refuse_above:g}%"
        why = ""
        if len(found.left) > most:
            why = f"{len(found.left)} of {found.known} people are gone, more than {share}"
        elif len(found.moved) > most:
            what = self._audience.setting
            why = f"{len(found.moved)} of {found.known} people have another {what}, more than {share}"
        elif unsure:
            named = ", ".join(unsure[:NAMED_MOST])
            others = f" and {len(unsure) - NAMED_MOST} more" if len(unsure) > NAMED_MOST else ""
            why = f"{named}{others} come back with another name or mail: rehired, or an id used again?"
        if why and not self._approved(mark):
            raise Spoilt(f"{self._audience.from_}: {why}", mark)


def _mark(people: Sequence[Person]) -> str:
    """A digest of what an export says, whatever the order of its rows."""
    lines = sorted(f"{p.external_id}\0{p.setting}\0{sorted(p.attributes.items())}" for p in people)
    return digest("\1".join(lines))

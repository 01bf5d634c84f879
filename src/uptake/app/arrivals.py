"""What other systems post about people: courses completed and requests for help, matched to people and kept.

Completions of people who are not known yet are kept apart, and are theirs once they come. A request for help by
somebody unknown is not kept. Parsing is the web's; what is kept here is seen at the next look.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from uptake.app.opened import Opened
from uptake.connect.feeds.match import pids_of
from uptake.core.ids import Pid
from uptake.core.time import Instant
from uptake.core.training import Completion

POSTED = "posted"
"""The source of completions that are posted."""
UNMATCHED_MOST = 100_000
"""So many unknown names are looked up again when people come."""
ADDRESS = "email"
"""The audience column by which somebody is looked up who is named by a mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for help: its id in the ticket system, whose it is, and when."""

    id: str
    subject: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a body: parts that count, parts that are about something else, subjects nobody knows."""

    accepted: int
    ignored: int = 0
    unknown: int = 0


class Arrivals:
    """Keeps what is posted, durably; each call returns when it is."""

    def __init__(self, opened: Callable[[], Opened]) -> None:
        """Args: opened: the plan that counts now, with its store."""
        self._opened = opened

    def completions(self, told: Sequence[Completion]) -> Taken:
        """Keep completions of the plan's courses; the earliest of a person and course counts, others are passed over.

        A course may be named by an address that ends in its name.
        """
        opened = self._opened()
        train = opened.read.plan.implement.train if opened.read.plan.implement is not None else None
        path = train.path if train is not None else ()
        ours = [
            Completion(subject=one.subject, course=course, at=one.at)
            for one in told
            if (course := course_of(one.course, path)) is not None
        ]
        pids = self._pids(sorted({one.subject for one in ours}), self._platform())
        opened.store.learning.add(POSTED, ours, pids=pids)
        unknown = {one.subject for one in ours} - set(pids)
        return Taken(accepted=len(ours), ignored=len(told) - len(ours), unknown=len(unknown))

    def match_again(self) -> None:
        """Give posted completions of people who were unknown to those who have come since."""
        learning = self._opened().store.learning
        pids = self._pids(learning.unmatched(UNMATCHED_MOST), self._platform())
        told = [
            Completion(subject=subject, course=course, at=at)
            for (subject, course), at in learning.known(POSTED).items()
            if subject in pids
        ]
        learning.add(POSTED, told, pids=pids)

    def _platform(self) -> str:
        """The audience's column by which the learning platform knows people; empty for the id."""
        implement = self._opened().read.plan.implement
        train = implement.train if implement is not None else None
        return train.completions.match if train is not None and train.completions is not None else ""

    def requests(self, told: Sequence[Request]) -> Taken:
        """Keep requests for help by people who are known, once by their ids."""
        opened = self._opened()
        support = opened.read.plan.implement.support if opened.read.plan.implement is not None else None
        column = support.tickets.match if support is not None and support.tickets is not None else ""
        pids = self._pids(sorted({one.subject for one in told}), column)
        opened.store.tickets.add({one.id: (pids[one.subject], one.at) for one in told if one.subject in pids})
        return Taken(accepted=len(told), unknown=len({one.subject for one in told} - set(pids)))

    def _pids(self, subjects: Sequence[str], column: str) -> Mapping[str, Pid]:
        """Subject -> person: by the column that the source uses, else by the id, else by the mail address."""
        opened = self._opened()
        implement = opened.read.plan.implement
        assert implement is not None
        found: dict[str, Pid] = {}
        for used in dict.fromkeys((column, "", ADDRESS)):
            left = [one for one in subjects if one not in found]
            if left and (used != ADDRESS or ADDRESS in implement.audience.attributes):
                found |= pids_of(left, opened.store.directory, implement.audience, column=used)
        return found


def course_of(name: str, path: Sequence[str]) -> str | None:
    """The course of the plan that a source means: by its name, or by an address that ends in it.

    >>> course_of("https://lms.example.org/course/triage", ("basics", "triage"))
    'triage'
    >>> course_of("first aid", ("basics", "triage")) is None
    True
    """
    if name in path:
        return name
    last = name.rstrip("/").replace("#", "/").replace("=", "/").rpartition("/")[2]
    return last if last in path else None

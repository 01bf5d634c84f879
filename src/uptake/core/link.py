"""Personal links: a token that a mail carries, what it is for, and what the ports that keep them promise.

A token can always be made again for the same person and purpose, so that a letter sent twice holds the same link; the
store keeps only its digest. Opening a link records nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from uptake.core.ids import Pid
from uptake.core.time import Instant

LinkKind = Literal["survey", "own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link as it is found by its token: whose, for which survey of the plan (0 for the own page), until when."""

    kind: LinkKind
    item: int
    pid: Pid
    expires_at: Instant
    used: bool


class Links(Protocol):
    """Personal links and the answers that come by them."""

    def make(self, kind: LinkKind, item: int, pids: Sequence[Pid], *, expires_at: Instant) -> Mapping[Pid, str]:
        """Each person's token, kept in one durable transaction; the same for the same person and purpose."""
        ...

    def find(self, token: str) -> Link | None:
        """The link of a token, None for one that was never made. Changes nothing."""
        ...

    def take(self, token: str, answers: Mapping[str, str], *, wave: int, at: Instant, named: bool) -> bool:
        """Keep an answer and mark its link as used, in one durable transaction.

        Args:
            token: the link's.
            answers: item -> value.
            wave: of the person.
            at: when; kept by the day.
            named: whether the person is kept with the answer.

        Returns:
            False where it was used before; nothing is kept then.
        """
        ...

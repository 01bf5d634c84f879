"""The view that answers are read from: flags with their response bytes, one set per cohort.

People of one wave get the very same bytes, so an answer costs a look into two tables. A view is made
anew when a wave opens or closes; it is not the ledger and knows no HTTP, only statuses that OFREP names.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from uptake.exposure.flag import FLAG_KEY, Flag
from uptake.exposure.wire import NO_PERSON, Fault, read_person, success

COHORTS_MOST = 10_000
"""Distinct bulk answers that are kept; beyond them an answer is made again each time."""
KEY_SHOWN = 60
"""Characters of an unknown flag's key that a fault repeats."""

Cohort = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer ready to send: OFREP's status, the JSON, and for bulk answers the entity tag."""

    status: int
    body: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All flags of a server at one moment; build it with `View.of`."""

    flags: dict[str, Flag]
    answers: dict[str, dict[int | None, bytes]] = field(repr=False)
    bulks: dict[Cohort, Reply] = field(repr=False)

    @classmethod
    def of(cls, flags: Iterable[Flag]) -> "View":
        """A view of these flags; where two have one key, the later stands."""
        known = {flag.key: flag for flag in flags}
        return cls(flags=known, answers={key: _answers(flag) for key, flag in known.items()}, bulks={})

    def single(self, key: str, body: bytes) -> Reply:
        """The answer to `POST .../evaluate/flags/{key}` with this body."""
        flag = self.flags.get(key)
        if flag is None:
            return Reply(status=404, body=_not_found(key).body(key[:KEY_SHOWN]))
        person = read_person(body)
        if isinstance(person, Fault):
            return Reply(status=400, body=person.body(key))
        if not person:
            return Reply(status=400, body=NO_PERSON.body(key))
        return Reply(status=200, body=self.answers[key][flag.wave_of.get(person)])

    def bulk(self, body: bytes) -> Reply:
        """The answer to `POST .../evaluate/flags` with this body.

        Without a targeting key the request succeeds and each flag carries the fault, so that a client of
        somebody not yet signed in becomes ready and uses the defaults in its code.
        """
        person = read_person(body)
        if isinstance(person, Fault):
            return Reply(status=400, body=person.body())
        if not person:
            return _bulk([NO_PERSON.body(key) for key in self.flags])
        cohort: Cohort = tuple(flag.wave_of.get(person) for flag in self.flags.values())
        kept = self.bulks.get(cohort)
        if kept is None:
            kept = _bulk([self.answers[key][wave] for key, wave in zip(self.flags, cohort, strict=True)])
            if len(self.bulks) < COHORTS_MOST:
                self.bulks[cohort] = kept
        return kept


NOTHING = View.of(())
"""No flag at all: what a server shows before a plan's draw is known."""


def matches(if_none_match: str, etag: str) -> bool:
    """Whether an If-None-Match header names this entity tag (weak comparison, as HTTP wants it here)."""
    named = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return bool(etag) and (etag in named or named == ["*"])


def _answers(flag: Flag) -> dict[int | None, bytes]:
    waves: set[int | None] = {None, *flag.wave_of.values()}
    return {wave: success(flag, flag.for_wave(wave)) for wave in waves}


def _bulk(flags: list[bytes]) -> Reply:
    body = b'{"flags":[' + b",".join(flags) + b'],"metadata":{}}'
    return Reply(status=200, body=body, etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _not_found(key: str) -> Fault:
    shown = msgspec.json.encode(key[:KEY_SHOWN]).decode()
    hint = "" if FLAG_KEY.fullmatch(key) else " A key has letters, digits, dot, dash and underscore only."
    return Fault(code="FLAG_NOT_FOUND", details=f"No plan on this server has the flag {shown}.{hint}")

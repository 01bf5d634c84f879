"""What applications post, as events: JSON, NDJSON and CloudEvents, checked one by one, all or nothing.

Every bad event is named by its place with the cause. This module reads bytes only; HTTP is `intake`'s,
durability the `writer`'s. An event that names nobody known is no mistake here: the store counts it.
What else is posted in parts (`arrivals`) is cut and checked by the same `read_each`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from uptake.core.event import Event
from uptake.core.time import Instant, from_datetime

EVENTS_MOST = 10_000
"""Events of one request."""
PROBLEMS_MOST = 100
"""Bad events that a refusal names; it counts all."""
TEXT_MOST = 200
"""Characters of an id, a source, a subject or a name."""
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999."""

T = TypeVar("T")
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MOST)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)] | Annotated[int, msgspec.Meta(ge=0, le=LATEST_MS)]


class Native(msgspec.Struct, forbid_unknown_fields=True):
    """Uptake's own shape; `at` is ISO 8601 with its offset, or milliseconds since 1970."""

    id: Text
    subject: Text
    name: Text
    at: Moment
    source: Text | None = None


class Cloud(msgspec.Struct):
    """A CloudEvent: `type` is the event's name; its data and extensions are not kept."""

    specversion: str
    id: Text
    source: Text
    type: Text
    subject: Text
    time: Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One event that cannot be taken; `index` counts from 0, for NDJSON events as for arrays."""

    index: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a body is not taken as a whole, with the bad events where it is about events."""

    code: str
    what: str
    hint: str = ""
    bad: tuple[Bad, ...] = field(default=())


Part = bytes | msgspec.Raw
"""One event as posted, not decoded yet."""
Split = Callable[[bytes], Sequence[Part] | Refusal]
"""Cuts a body into its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a content type is cut into events, and their shape."""

    split: Split
    shape: type[Native] | type[Cloud]


def read_events(body: bytes, *, content_type: str, source: str) -> list[Event] | Refusal:
    """The events of a body, or why it is refused as a whole.

    Args:
        body: as posted.
        content_type: as sent, parameters included.
        source: the source of native events that name none.
    """
    parts = split_body(body, content_type, {kind: form.split for kind, form in FORMS.items()})
    if isinstance(parts, Refusal):
        return parts
    shape = FORMS[bare(content_type)].shape
    hint = (
        'An event is {"id": "...", "subject": "...", "name": "...", "at": "2027-01-11T09:00:00+01:00"}.'
        if shape is Native
        else "A CloudEvent needs specversion 1.0, id, source, type, subject and time."
    )
    return read_each(parts, lambda part: _event(msgspec.json.decode(part, type=shape), source), hint=hint)


def bare(content_type: str) -> str:
    """A content type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def split_body(body: bytes, content_type: str, forms: Mapping[str, Split]) -> Sequence[Part] | Refusal:
    """The parts of a body, or why it is refused.

    Args:
        body: as posted.
        content_type: as sent.
        forms: content type -> how it is cut.
    """
    split = forms.get(bare(content_type))
    if split is None:
        return Refusal(
            code="UNKNOWN_TYPE",
            what=f"The content type {content_type[:TEXT_MOST] or '(none)'} is not one that is read here.",
            hint=f"Send one of: {', '.join(forms)}.",
        )
    parts = split(body)
    if not isinstance(parts, Refusal) and len(parts) > EVENTS_MOST:
        return Refusal(
            code="TOO_MANY", what=f"{len(parts):,} events in one request; at most {EVENTS_MOST:,}.", hint="Send parts."
        )
    return parts


def read_each(parts: Sequence[Part], make: Callable[[Part], T], *, hint: str) -> list[T] | Refusal:
    """What each part says, or every bad one by its place.

    Args:
        parts: a body's.
        make: reads one; raises ValueError where it cannot be taken.
        hint: what one looks like.
    """
    found: list[T] = []
    bad: list[Bad] = []
    count = 0
    for index, part in enumerate(parts):
        try:
            found.append(make(part))
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
            count += 1
            if len(bad) < PROBLEMS_MOST:
                bad.append(Bad(index=index, what=_cause(error)))
    if not count:
        return found
    what = f"{count} of {len(parts)} events cannot be taken; nothing was kept."
    return Refusal(code="BAD_EVENTS", what=what, hint=hint, bad=tuple(bad))


def _event(sent: Native | Cloud, source: str) -> Event:
    if isinstance(sent, Cloud):
        if sent.specversion != "1.0":
            raise ValueError("specversion is not 1.0")
        return Event(id=sent.id, source=sent.source, subject=sent.subject, name=sent.type, at=instant_of(sent.time))
    return Event(id=sent.id, source=sent.source or source, subject=sent.subject, name=sent.name, at=instant_of(sent.at))


def instant_of(moment: datetime | int) -> Instant:
    """A moment as sent, as an instant."""
    return Instant(moment) if isinstance(moment, int) else from_datetime(moment.astimezone(UTC))


def _cause(error: Exception) -> str:
    """The decoder's words, the path into the event kept."""
    return str(error).replace("`$.", "`").replace("Object ", "the event ").strip()


def split_json(body: bytes) -> Sequence[Part] | Refusal:
    """One event or an array of them."""
    if not body.strip():
        return Refusal(code="EMPTY", what="The body is empty.", hint="Post one event, or an array of events.")
    if body.lstrip()[:1] != b"[":
        return [body]
    return _array(body)


def _array(body: bytes) -> Sequence[Part] | Refusal:
    try:
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Refusal(code="NOT_JSON", what=f"The body is no JSON array: {error}.", hint="Nothing was kept.")


def split_lines(body: bytes) -> Sequence[Part] | Refusal:
    """One event a line; empty lines are passed over."""
    return [line for line in _each_line(body) if line] or Refusal(
        code="EMPTY", what="The body holds no event.", hint="Post one event a line."
    )


def _each_line(body: bytes) -> Iterator[bytes]:
    for line in body.split(b"\n"):
        yield line.strip()


def _one(body: bytes) -> Sequence[Part] | Refusal:
    return [body] if body.strip() else Refusal(code="EMPTY", what="The body is empty.", hint="Post one CloudEvent.")


FORMS: dict[str, Form] = {
    "application/json": Form(split=split_json, shape=Native),
    "application/x-ndjson": Form(split=split_lines, shape=Native),
    "application/ndjson": Form(split=split_lines, shape=Native),
    "application/cloudevents+json": Form(split=_one, shape=Cloud),
    "application/cloudevents-batch+json": Form(split=_array, shape=Cloud),
}
"""The content types that are read."""

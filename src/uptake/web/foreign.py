"""What other tools say of a deployment: CDEvents in both modes, GitHub's deployment_status, and plain JSON.

It reads bytes and headers only: who may say so is `signature`'s and the door's, what follows `deployments`'.
Sources: CDEvents 0.5 (service events; CloudEvents binding, binary and structured), GitHub webhooks, Package URL.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import unquote

import msgspec

from uptake.core.time import Instant
from uptake.web.reading import Moment, Refusal, Text, bare, instant_of

CDEVENT = "dev.cdevents."
SERVICE = tuple(f"{CDEVENT}service.{word}." for word in ("deployed", "upgraded", "rolledback"))
"""The types that say which version runs now; of any version of the specification."""
HINT = 'A deployment is {"service": "helpdesk", "environment": "production", "version": "2.6.0"}, or a CDEvent.'
Version = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A version that somebody says runs now; `service` is empty where the sender knows none.

    `mark` is the same whenever the same event is sent again, and empty for one without an id.
    """

    service: str
    environment: str
    version: str
    at: Instant | None
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """Something else was said: why it is passed over."""

    why: str


class Plain(msgspec.Struct, forbid_unknown_fields=True):
    """Uptake's own shape."""

    service: Text
    environment: Text
    version: Version
    id: Text | None = None
    at: Moment | None = None
    state: Literal["deployed", "upgraded", "rolledback"] = "deployed"


class Context(msgspec.Struct):
    """A CDEvent's context."""

    id: Text
    source: Text
    type: Text
    timestamp: Moment


class Named(msgspec.Struct):
    """Something with an id."""

    id: str = ""


class Content(msgspec.Struct, rename="camel"):
    """What a service event says."""

    environment: Named
    artifact_id: str = ""


class Subject(msgspec.Struct):
    """The service."""

    id: Text
    content: Content


class CdEvent(msgspec.Struct, rename="camel"):
    """A CDEvent about a service, as far as it is read."""

    context: Context
    subject: Subject
    custom_data: msgspec.Raw = msgspec.Raw(b"{}")


class Typed(msgspec.Struct):
    """A CDEvent of any type."""

    context: Context


class Envelope(msgspec.Struct):
    """A CloudEvent with its event."""

    data: msgspec.Raw
    id: Text
    source: Text
    type: Text


class Deployment(msgspec.Struct):
    """GitHub's deployment."""

    ref: str
    environment: str = ""


class Status(msgspec.Struct):
    """GitHub's status of one."""

    id: int
    state: str
    created_at: Moment
    environment: str = ""


class GitHub(msgspec.Struct):
    """A `deployment_status` delivery."""

    deployment_status: Status
    deployment: Deployment


class Custom(msgspec.Struct):
    """Our convention for CDEvents whose artefact names no version."""

    version: str = ""


def read_told(body: bytes, headers: Mapping[str, str]) -> Told | Passed | Refusal:
    """What a body says.

    Args:
        body: as posted.
        headers: in lower case.
    """
    kind = bare(headers.get("content-type", ""))
    try:
        if "x-github-event" in headers:
            return _github(body, headers["x-github-event"])
        if kind == "application/cloudevents+json":
            return _structured(body)
        if headers.get("ce-type", "").startswith(CDEVENT):
            return _cdevent(body, {name: headers.get(f"ce-{name}", "") for name in ("id", "source", "type")})
        if kind == "application/json":
            return _plain(body)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, OverflowError) as error:
        return Refusal(code="BAD_EVENT", what=f"The body cannot be taken: {error}.".replace("`$.", "`"), hint=HINT)
    what = f"The content type {kind[:100] or '(none)'} is not one that is read here."
    return Refusal(code="UNKNOWN_TYPE", what=what, hint="Send application/json or application/cloudevents+json.")


def _plain(body: bytes) -> Told:
    sent = msgspec.json.decode(body, type=Plain)
    at = instant_of(sent.at) if sent.at is not None else None
    return Told(
        service=sent.service,
        environment=sent.environment,
        version=sent.version,
        at=at,
        mark=_mark("plain", sent.service, sent.id) if sent.id is not None else "",
    )


def _structured(body: bytes) -> Told | Passed:
    sent = msgspec.json.decode(body, type=Envelope)
    return _cdevent(bytes(sent.data), {"id": sent.id, "source": sent.source, "type": sent.type})


def _cdevent(body: bytes, outside: Mapping[str, str]) -> Told | Passed:
    """One event; what its envelope says must be what it says (CDEvents, CloudEvents binding)."""
    context = msgspec.json.decode(body, type=Typed).context
    for name, text in outside.items():
        if text != getattr(context, name):
            raise ValueError(f"the envelope's {name} is not the event's")
    if not context.type.startswith(SERVICE):
        return Passed(why=f"{context.type} does not say which version runs")
    event = msgspec.json.decode(body, type=CdEvent)
    version = msgspec.json.decode(event.custom_data, type=Custom).version or _of_purl(event.subject.content.artifact_id)
    if not version:
        raise ValueError("neither customData.version nor the artifactId says which version")
    return Told(
        service=event.subject.id,
        environment=event.subject.content.environment.id,
        version=version,
        at=instant_of(context.timestamp),
        mark=_mark("cdevents", context.source, context.id),
    )


def _of_purl(text: str) -> str:
    """The version of a package URL; a digest is none.

    >>> _of_purl("pkg:generic/helpdesk@2.6.0?arch=any")
    '2.6.0'
    >>> _of_purl("pkg:oci/app@sha256%3Aabc")
    ''
    """
    found = unquote(text.partition("?")[0].partition("#")[0].rpartition("@")[2]) if "@" in text else ""
    return "" if ":" in found else found


def _github(body: bytes, event: str) -> Told | Passed:
    """A delivery; its own id is not signed, so that of the status inside it marks it."""
    if event != "deployment_status":
        return Passed(why=f"GitHub's {event[:100]} is no deployment_status")
    sent = msgspec.json.decode(body, type=GitHub)
    status = sent.deployment_status
    if status.state != "success":
        return Passed(why=f"the deployment is {status.state[:100]}")
    return Told(
        service="",
        environment=status.environment or sent.deployment.environment,
        version=sent.deployment.ref.removeprefix("refs/tags/"),
        at=instant_of(status.created_at),
        mark=_mark("github", "deployment_status", str(status.id)),
    )


def _mark(*parts: str) -> str:
    """A key that only the same parts give."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()

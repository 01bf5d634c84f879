"""What a CDEvent of the specification 0.5.1 must look like, written down from its text as JSON Schema, type by type."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

TEXT = {"type": "string", "minLength": 1}
REFERENCE = {"type": "string", "minLength": 1, "format": "uri-reference"}
URI = {"type": "string", "minLength": 1, "pattern": r"^[a-z][a-z0-9+.-]*:\S+$"}


def closed(required: tuple[str, ...] = (), **properties: object) -> dict[str, object]:
    """An object with these keys and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


NAMED = closed(("id",), id=TEXT, source=REFERENCE)
OUTCOME = {"enum": ["success", "failure", "cancel", "error"]}
SERVICE = closed(
    ("environment", "artifactId"), environment=NAMED, artifactId={"type": "string", "pattern": r"^pkg:\w+/\S+@\S+$"}
)
INCIDENT = closed(("environment",), description=TEXT, environment=NAMED, service=NAMED, artifactId=TEXT)
PIPELINE = {"pipelineName": TEXT, "uri": URI}
TASK = {"taskName": TEXT, "uri": URI, "pipelineRun": NAMED}
CONTENTS = {
    "dev.cdevents.service.deployed.0.3.0": SERVICE,
    "dev.cdevents.service.upgraded.0.3.0": SERVICE,
    "dev.cdevents.service.rolledback.0.3.0": SERVICE,
    "dev.cdevents.environment.modified.0.3.0": closed(name=TEXT, uri=URI),
    "dev.cdevents.pipelinerun.queued.0.3.0": closed(**PIPELINE),
    "dev.cdevents.pipelinerun.started.0.3.0": closed(("pipelineName", "uri"), **PIPELINE),
    "dev.cdevents.pipelinerun.finished.0.3.0": closed(**PIPELINE, outcome=OUTCOME, errors=TEXT),
    "dev.cdevents.taskrun.started.0.3.0": closed(**TASK),
    "dev.cdevents.taskrun.finished.0.3.0": closed(**TASK, outcome=OUTCOME, errors=TEXT),
    "dev.cdevents.incident.detected.0.3.0": INCIDENT,
    "dev.cdevents.incident.resolved.0.3.0": INCIDENT,
}
"""The types that Uptake sends, each with what its subject's content may and must hold."""


def schema(kind: str) -> dict[str, object]:
    """The schema of one type."""
    context = closed(
        ("specversion", "id", "source", "type", "timestamp"),
        specversion={"const": "0.5.1"},
        id=TEXT,
        source=REFERENCE,
        type={"const": kind},
        timestamp={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
        schemaUri=URI,
        chainId=TEXT,
        links={"type": "array"},
    )
    subject = closed(("id", "content"), id=TEXT, source=REFERENCE, content=CONTENTS[kind])
    custom = {"customData": {"type": ["object", "string"]}, "customDataContentType": {"type": "string"}}
    return closed(("context", "subject"), context=context, subject=subject, **custom)


def faults(event: Mapping[str, Any]) -> list[str]:
    """What the specification has against an event; empty for nothing."""
    kind = event["context"]["type"]
    if kind not in CONTENTS:
        return [f"{kind} is no type of 0.5.1"]
    checker = Draft202012Validator(schema(kind), format_checker=FormatChecker())
    return [f"{kind} {'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(event)]

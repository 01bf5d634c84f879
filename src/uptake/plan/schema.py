"""The plan file's JSON Schema, for editors: completion, types, and the reference's words on hover.

Strict like the reader: no other keys. It knows single values only; what keys, files and columns say
together is `check`'s. Made from the model's keys, the operations' table and the reference.
"""

from uptake.core.time import Span
from uptake.plan.analysis import Bound
from uptake.plan.form import BESIDE, CHECKS, OWN_STEPS, RELEASE_NEEDS, RELEASE_TAKES, TARGETS
from uptake.plan.keys import Key, keys_of
from uptake.plan.model import Check, Hosts, Plan, Step
from uptake.plan.operation import operations
from uptake.plan.reference import explained, reference
from uptake.plan.shape import FLAG, LEAST, METHODS, SIGNED_SPANS, SLUG

Schema = dict[str, object]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PERCENT = r"^(100|\d{1,2})(\.\d+)? ?%$"
SPAN = r"^\+?\d+(\.\d+)?\s*(s|m|h|d|w)$"
SIGNED_SPAN = r"^[+-]?\d+(\.\d+)?\s*(s|m|h|d|w)$"
BOUND = r"^\s*[<>]=?\s*[+-]?\d+(\.\d+)?\s*%?\s*$"
EVERYWHERE = "^(_[a-z_]+|name)$"
"""Arguments that every operation takes, told by their form to keep the schema small; `check` knows each by name."""
SCALAR: Schema = {"type": ["string", "number", "boolean"]}
"""A text as editors see it: `1.10` is a number to them, and a text to a plan."""


def schema() -> Schema:
    """The whole schema as plain data."""
    sections: dict[str, object] = {}
    root = _section(Plan, sections)
    sections["Step"] = _step()
    sections["Check"] = _check()
    return {"$schema": DIALECT, "title": "Uptake plan", **root, "$defs": sections}


def _section(cls: type, sections: dict[str, object]) -> Schema:
    """A mapping with a section's keys; sections below it are added to `sections`."""
    properties = {name: _property(key, sections) for name, key in keys_of(cls).items()}
    needed = [name for name, key in keys_of(cls).items() if key.default is None]
    made: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return made | {"required": needed} if needed else made


def _property(key: Key, sections: dict[str, object]) -> Schema:
    """One key: its type and what the reference says of it."""
    own = OWN.get((key.owner.__name__, key.name))
    made = _type(key, sections) if own is None else own
    found = explained(key)
    return {**made, "description": found.text} if found is not None else dict(made)


def _type(key: Key, sections: dict[str, object]) -> Schema:
    """The schema of one value, or of a list of them."""
    made = _one(key, sections)
    if key.section is Hosts:
        return {"anyOf": [made, {"type": "array", "items": SCALAR}]}
    if key.many == "list":
        return {"type": "array", "items": made}
    return made


def _one(key: Key, sections: dict[str, object]) -> Schema:
    """The schema of a single value."""
    if key.section is not None:
        name = key.section.__name__
        if name not in sections:
            sections[name] = {}
            sections[name] = _section(key.section, sections)
        return {"$ref": f"#/$defs/{name}"}
    if key.choices:
        return {"enum": list(key.choices)}
    if key.bare is Span:
        signed = (key.owner.__name__, key.name) in SIGNED_SPANS
        return {"type": "string", "pattern": SIGNED_SPAN if signed else SPAN}
    if key.bare is float:
        return {"type": "string", "pattern": PERCENT}
    if key.bare is bool:
        return {"type": "boolean"}
    if key.bare is int:
        return {"type": "integer", "minimum": LEAST.get((key.owner.__name__, key.name), 0)}
    if key.bare is Bound:
        return {"type": "string", "pattern": BOUND}
    if key.bare is Step or key.bare is Check:
        return {"$ref": "#/$defs/Step" if key.bare is Step else "#/$defs/Check"}
    return SCALAR


def _step() -> Schema:
    """A step: one of our own, or a pyinfra operation with its arguments."""
    known = operations()
    release: Schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(RELEASE_NEEDS),
        "properties": {
            name: _described(
                {"type": "integer", "minimum": 1} if name == "keep_releases" else {"type": "string"},
                f"deploy.configuration.release.{name}",
            )
            for name in RELEASE_TAKES
        },
    }
    forms: dict[str, object] = {"release": _described(release, "deploy.configuration.release")}
    for name in OWN_STEPS[1:]:
        forms[name] = _described({"type": "string"}, f"deploy.configuration.{name}")
    for name, operation in known.by_name.items():
        arguments = dict.fromkeys((*operation.arguments, *known.everywhere), True)
        full: Schema = {"type": "object", "properties": arguments, "additionalProperties": operation.open}
        if operation.required:
            full["required"] = list(operation.required)
        short: list[Schema] = [full, {"type": ["string", "number"]}, {"type": "null"}]
        forms[name] = {"anyOf": short if len(operation.required) < 2 else [full]}
    beside = {name: _described({"type": "boolean"}, f"deploy.configuration.{name}") for name in BESIDE}
    one = {"type": "object", "minProperties": 1, "additionalProperties": False, "properties": {**forms, **beside}}
    bare = [name for name, operation in known.by_name.items() if not operation.required]
    return {"anyOf": [one, {"enum": bare}]}


def _check() -> Schema:
    """A check: http, tcp, command or test, with the keys beside or below it."""
    beside = {
        "expect": _described({"type": "integer", "minimum": 0}, "deploy.tests.http.expect"),
        "contains": _described(SCALAR, "deploy.tests.http.contains"),
    }
    words: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": SCALAR}]}
    ways: list[Schema] = []
    for name, keys in CHECKS.items():
        target: Schema = words if name == "command" else {"type": "string"}
        inner = TARGETS[name]
        more = {key: beside[key] for key in keys}
        full: Schema = {
            "type": "object",
            "additionalProperties": False,
            "required": [inner],
            "properties": {inner: target, **more},
        }
        value = _described({"anyOf": [target, full]}, f"deploy.tests.{name}")
        properties: Schema = {name: value, **more}
        ways.append({"type": "object", "additionalProperties": False, "required": [name], "properties": properties})
    return {"anyOf": ways}


def _described(made: Schema, path: str) -> Schema:
    """A schema with what the reference says of a path."""
    found = reference().get(path)
    return {**made, "description": found.text} if found is not None else made


_STATUSES: Schema = {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}}
OWN: dict[tuple[str, str], Schema] = {
    ("Plan", "plan"): {"type": "string", "pattern": f"^{SLUG}$"},
    ("Expose", "flag"): {"type": "string", "pattern": f"^{FLAG}$"},
    ("Update", "max_parallel"): {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": PERCENT}]},
    ("HttpCall", "method"): {"enum": [*METHODS, *(method.lower() for method in METHODS)]},
    ("HttpCall", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("HttpCall", "where"): {"type": "object", "additionalProperties": SCALAR},
    ("Access", "with"): {"type": "object", "additionalProperties": SCALAR},
    ("HttpCall", "body"): {},
    ("Pull", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("Observed", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("HostCall", "method"): {"enum": [*METHODS, *(method.lower() for method in METHODS)]},
    ("Needs", "versions"): {"type": "object", "additionalProperties": SCALAR},
    ("HostCall", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("HostCall", "body"): {},
    ("Prometheus", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("JsonValue", "headers"): {"type": "object", "additionalProperties": SCALAR},
    ("Hook", "command"): {"anyOf": [{"type": "string"}, {"type": "array", "items": SCALAR}]},
    ("Metric", "command"): {"anyOf": [{"type": "string"}, {"type": "array", "items": SCALAR}]},
    ("Pull", "columns"): {"type": "object", "additionalProperties": SCALAR},
    ("HttpCall", "already"): _STATUSES,
    ("HttpCall", "absent"): _STATUSES,
    ("Access", "command"): {"anyOf": [{"type": "string"}, {"type": "array", "items": SCALAR}]},
}
"""(class, key) -> the schema of a form that its type does not tell."""

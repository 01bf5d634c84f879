"""Which reader stands at which key: the model's dataclasses as one pydantic validator.

pydantic reports what is missing, unknown or of another kind, everything at once; single values are
read by `value` and `form`. Built from the type hints of `model`, so a new field needs no line here
unless its form is its own. pydantic's core is loaded only when a plan is read.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING

from uptake.core.time import Span
from uptake.plan import form, value
from uptake.plan.analysis import Bound
from uptake.plan.keys import Key, keys_of
from uptake.plan.model import Check, Hosts, Plan, Step
from uptake.plan.placeholder import Filled, check_placeholders
from uptake.plan.secret import REFERENCES
from uptake.plan.source import Node, Row, Table, Text
from uptake.plan.value import Mistakes

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator
    from pydantic_core.core_schema import CoreSchema, DataclassField, ValidationInfo

Reader = Callable[[Node, Mistakes], object]

ZERO_SPANS = {
    ("Update", "stagger"),
    ("Health", "min_healthy_time"),
    ("Observed", "min_healthy_time"),
    ("Waves", "every"),
    ("When", "at"),
    ("Pull", "lag"),
    ("Haproxy", "wait"),
    ("Lock", "wait"),
}
"""Durations that may be 0s."""
SIGNED_SPANS = {("Train", "invite"), ("Announcement", "at")}
"""Durations that may be negative."""
LEAST = {
    ("Privacy", "min_group"): 3,
    ("Gate", "min_people"): 1,
    ("Adoption", "count"): 1,
    ("Guardrail", "min_count"): 1,
    ("Analysis", "count"): 1,
}
"""Whole numbers that begin higher than 0."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SLUG = r"[a-z0-9][a-z0-9-]{0,62}"
WORD = r"[a-z0-9][a-z0-9_-]{0,62}"
FLAG = r"[A-Za-z0-9_.-]{1,200}"


@cache
def validator(cls: type = Plan) -> "SchemaValidator":
    """The validator of a dataclass, the whole plan as a rule; its context is the `Mistakes` to note in."""
    from pydantic_core import SchemaValidator

    return SchemaValidator(_dataclass(cls))


def _dataclass(cls: type) -> "CoreSchema":
    """A mapping with a dataclass's keys, no others."""
    from pydantic_core import core_schema

    made = [_field(key) for key in keys_of(cls).values()]
    arguments = core_schema.dataclass_args_schema(cls.__name__, made)
    config = core_schema.CoreConfig(extra_fields_behavior="forbid")
    names = [key.field for key in keys_of(cls).values()]
    return core_schema.dataclass_schema(cls, arguments, names, slots=True, frozen=True, config=config)


def _field(key: Key) -> "DataclassField":
    """One key: its reader, its default, its name in the file."""
    from pydantic_core import core_schema

    schema = _schema(key)
    if key.default is not None:
        schema = core_schema.with_default_schema(schema, default_factory=key.default)
    return core_schema.dataclass_field(key.field, schema, kw_only=True, validation_alias=key.name)


def _schema(key: Key) -> "CoreSchema":
    """The schema of one value, or of a list of them."""
    from pydantic_core import core_schema

    own = OWN.get((key.owner.__name__, key.name))
    if own is not None:
        return _leaf(own)
    schema = _leaf(_reader(key)) if key.section is None else _dataclass(key.section)
    if key.section is Hosts:
        schema = core_schema.no_info_before_validator_function(_hosts, schema)
    if key.many == "list":
        return core_schema.tuple_schema([schema], variadic_item_index=0)
    assert key.many == "one", f"no reader for {key.owner.__name__}.{key.name}"
    return schema


def _reader(key: Key) -> Reader:
    """The reader of a single value, by its type."""
    at = (key.owner.__name__, key.name)
    if key.choices:
        return partial(value.choice, name=key.name, options=key.choices)
    if key.bare is Span:
        return partial(value.span, name=key.name, negative=at in SIGNED_SPANS, zero=at in ZERO_SPANS)
    if key.bare is int:
        return partial(value.whole, name=key.name, least=LEAST.get(at, 0))
    if key.bare is Step or key.bare is Check:
        return form.step if key.bare is Step else form.check
    if key.bare is bool or key.bare is Bound:
        return partial(value.switch if key.bare is bool else value.bound, name=key.name)
    assert key.bare in {str, float}, f"no reader for {at}"
    return partial(value.text if key.bare is str else value.share, name=key.name)


def _leaf(reader: Reader) -> "CoreSchema":
    """A reader as pydantic calls it: the context holds the mistakes."""
    from pydantic_core import core_schema

    def call(node: Node, info: "ValidationInfo[Mistakes]") -> object:
        return reader(node, info.context)

    return core_schema.with_info_plain_validator_function(call)


def _hosts(node: object) -> object:
    """`hosts: [a, b]` is short for `hosts: {list: [a, b]}`."""
    if not isinstance(node, Row):
        return node
    table = Table({Text.at("list", node.where): node})
    table.where = node.where
    return table


def _method(node: Node, mistakes: Mistakes) -> str:
    """An HTTP method, in capitals or not."""
    if isinstance(node, Text) and node.upper() in METHODS:
        return node.upper()
    return value.choice(node, mistakes, name="method", options=METHODS)


def _url(node: Node, mistakes: Mistakes) -> str:
    """An http address of an access call, or where to find it."""
    check_placeholders(node, mistakes, filled=Filled.CALL)
    return _address(node, mistakes, name="url")


def _address(
    node: Node, mistakes: Mistakes, *, name: str, schemes: tuple[str, ...] = ("https://", "http://", *REFERENCES)
) -> str:
    """An address that begins in one of a few ways."""
    found = value.text(node, mistakes, name=name)
    if found and not found.startswith(schemes):
        hint = f"write {schemes[0]}{found.rpartition('//')[2].lstrip('/')}"
        mistakes.add("UP125", node.where, f"`{name}` must be an address; found {value.kind(node)}", hint)
    return found


def _headers(node: Node, mistakes: Mistakes) -> dict[str, str]:
    """Headers of an access call."""
    check_placeholders(node, mistakes, filled=Filled.CALL)
    return _texts(node, mistakes, name="headers", example="{Accept: application/json}")


def _plain_headers(node: Node, mistakes: Mistakes) -> dict[str, str]:
    """Headers of a source's address."""
    return _texts(node, mistakes, name="headers", example='{Authorization: "env:TOKEN"}')


def _columns(node: Node, mistakes: Mistakes) -> dict[str, str]:
    """Our words and a source's own headings."""
    return _texts(node, mistakes, name="columns", example="{person: Employee, at: Date}")


def _server(node: Node, mistakes: Mistakes) -> str:
    """A server of haproxy, as backend/name."""
    found = value.text(node, mistakes, name="server")
    if found and not all(found.partition("/")):
        mistakes.add("UP125", node.where, f"`server` must be backend/name; found {value.kind(node)}", "write app/web-1")
    return found


def _json_path(node: Node, mistakes: Mistakes) -> str:
    """A path into a JSON answer."""
    found = value.text(node, mistakes, name="at")
    if found and not value.is_json_path(found):
        mistakes.add("UP125", node.where, f"`at` must be a path into JSON; found {value.kind(node)}", "write $.errors")
    return found


def _texts(node: Node, mistakes: Mistakes, *, name: str, example: str) -> dict[str, str]:
    """Names and texts."""
    if not isinstance(node, Table):
        what = f"`{name}` must be names and texts; found {value.kind(node)}"
        mistakes.add("UP113", node.where, what, f"write {example}")
        return {}
    return {str(key): value.text(item, mistakes, name=key) for key, item in node.items()}


def _body(node: Node, mistakes: Mistakes) -> object:
    """The body of an access call: anything that JSON can say."""
    check_placeholders(node, mistakes, filled=Filled.CALL)
    return value.plain_value(node, decimals=True)


def _statuses(node: Node, mistakes: Mistakes, *, name: str) -> tuple[int, ...]:
    """A list of HTTP statuses."""
    if not isinstance(node, Row):
        hint = f"write [{node}]" if isinstance(node, Text) and node.isdigit() else "write [409]"
        mistakes.add("UP113", node.where, f"`{name}` must be a list of HTTP statuses; found {value.kind(node)}", hint)
        return ()
    codes: list[int] = []
    for item in node:
        code = value.whole(item, mistakes, name=name)
        if code:
            form.status(item, code, mistakes, name=name)
        codes.append(code)
    return tuple(codes)


def _access_command(node: Node, mistakes: Mistakes) -> tuple[str, ...]:
    """The argv that grants, withdraws and reads."""
    check_placeholders(node, mistakes, filled=Filled.ACT)
    return form.command(node, mistakes, name="command")


def _of_host(node: Node, mistakes: Mistakes, *, reader: Reader) -> object:
    """What is filled for a host before it is used."""
    check_placeholders(node, mistakes, filled=Filled.HOST)
    return reader(node, mistakes)


def _host_body(node: Node, mistakes: Mistakes) -> object:
    """The body of a request about a host: anything that JSON can say."""
    check_placeholders(node, mistakes, filled=Filled.HOST)
    return value.plain_value(node, decimals=True)


def _of_run(node: Node, mistakes: Mistakes, *, reader: Reader) -> object:
    """What is filled with the run's version before it is used."""
    check_placeholders(node, mistakes, filled=Filled.RUN)
    return reader(node, mistakes)


def _where(node: Node, mistakes: Mistakes) -> dict[str, str]:
    """What an item of an answer must hold: a path, and the value there; nothing means that there is none."""
    check_placeholders(node, mistakes, filled=Filled.CALL)
    if not isinstance(node, Table):
        return _texts(node, mistakes, name="where", example='{userName: "{person.email}"}')
    return {
        str(key): "" if isinstance(item, Text) and not item.strip() else value.text(item, mistakes, name=key)
        for key, item in node.items()
    }


def _with(node: Node, mistakes: Mistakes) -> dict[str, str]:
    """A template's parameters."""
    check_placeholders(node, mistakes, filled=Filled.PERSON)
    return _texts(node, mistakes, name="with", example='{group: 4711, token: "env:TOKEN"}')


def _of_person(node: Node, mistakes: Mistakes, *, name: str, filled: Filled = Filled.PERSON) -> str:
    """A text in which {person.KEY} is filled."""
    check_placeholders(node, mistakes, filled=filled)
    return value.text(node, mistakes, name=name)


OWN: dict[tuple[str, str], Reader] = {
    ("Plan", "plan"): partial(
        value.named, name="plan", pattern=SLUG, said="a short name of a-z, 0-9 and -, such as new-helpdesk"
    ),
    ("Expose", "flag"): partial(value.named, name="flag", pattern=FLAG, said="letters, digits, `_`, `.` and `-`"),
    ("Update", "max_parallel"): partial(value.parallel, name="max_parallel"),
    ("HttpCall", "method"): _method,
    ("HttpCall", "url"): _url,
    ("HttpCall", "headers"): _headers,
    ("HttpCall", "body"): _body,
    ("Task", "due"): partial(form.moment, name="due"),
    ("Outcome", "judge"): partial(form.moment, name="judge", words=("open",)),
    ("Outcome", "name"): partial(value.named, name="name", pattern=WORD, said="a name of a-z, 0-9, _ and -"),
    ("Pull", "columns"): _columns,
    ("Pull", "headers"): _plain_headers,
    ("Observed", "headers"): _plain_headers,
    ("Observed", "http"): partial(_address, name="http", schemes=("https://", "http://")),
    ("HostCall", "method"): _method,
    ("HostCall", "url"): partial(_of_host, reader=partial(_address, name="url", schemes=("https://", "http://"))),
    ("Needs", "versions"): partial(_texts, name="versions", example='{python3: ">=3.10"}'),
    ("HostCall", "headers"): partial(_of_host, reader=_plain_headers),
    ("HostCall", "body"): _host_body,
    ("Haproxy", "socket"): partial(_of_host, reader=partial(value.text, name="socket")),
    ("Haproxy", "server"): partial(_of_host, reader=_server),
    ("Hook", "command"): partial(_of_host, reader=partial(form.command, name="command")),
    ("Metric", "command"): partial(_of_run, reader=partial(form.command, name="command")),
    ("Metric", "name"): partial(value.named, name="name", pattern=WORD, said="a name of a-z, 0-9, _ and -"),
    ("Prometheus", "url"): partial(_of_run, reader=partial(_address, name="url", schemes=("https://", "http://"))),
    ("Prometheus", "query"): partial(_of_run, reader=partial(value.text, name="query")),
    ("Prometheus", "headers"): _plain_headers,
    ("JsonValue", "url"): partial(_of_run, reader=partial(_address, name="url", schemes=("https://", "http://"))),
    ("JsonValue", "at"): _json_path,
    ("JsonValue", "headers"): _plain_headers,
    ("HttpCall", "already"): partial(_statuses, name="already"),
    ("HttpCall", "absent"): partial(_statuses, name="absent"),
    ("Access", "command"): _access_command,
    ("HttpCall", "contains"): partial(_of_person, name="contains", filled=Filled.CALL),
    ("HttpCall", "where"): _where,
    ("OAuth", "token_url"): partial(_address, name="token_url"),
    ("Access", "with"): _with,
    ("AccessLdap", "url"): partial(_address, name="url", schemes=("ldaps://", "ldap://")),
    ("AccessLdap", "person"): partial(_of_person, name="person"),
    ("Announcement", "subject"): partial(_of_person, name="subject"),
}
"""(class, key) -> the reader of a form that its type does not tell."""

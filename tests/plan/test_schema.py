"""The JSON Schema: strict, described from the reference, and of one mind with the reader."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from tests.plan.plans import WHOLE
from uptake.cli.init import starter
from uptake.plan.keys import all_keys
from uptake.plan.operation import operations
from uptake.plan.schema import schema

SCHEMA: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema()))
REFERENCE = files("uptake.plan").joinpath("reference")
NAMES = sorted(item.name for item in REFERENCE.iterdir())


def wrong(value: Any) -> list[str]:
    """What the schema refuses in a value, as a validator that editors' servers could use says it."""
    return [error.json_path for error in Draft202012Validator(SCHEMA).iter_errors(value)]


def plain(text: str) -> Any:
    """The text as an editor's YAML server sees it."""
    loaded = YAML(typ="safe", pure=True).load(text)
    return msgspec.json.decode(msgspec.json.encode(msgspec.to_builtins(loaded)))


def objects(node: Any) -> list[dict[str, Any]]:
    """Every schema of a mapping that has properties."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    own = [node] if isinstance(node, dict) and node.get("type") == "object" and "properties" in node else []
    return own + [found for item in inner for found in objects(item)]


def test_it_is_a_good_schema_of_its_dialect() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_what_init_writes_names_its_schema_and_is_taken_by_it() -> None:
    files = starter()
    first, _, rest = files["plan.yaml"].partition("\n")
    assert first == "# yaml-language-server: $schema=plan.schema.json"
    given = msgspec.json.decode(files["plan.schema.json"])
    assert given == SCHEMA
    assert list(Draft202012Validator(given).iter_errors(plain(rest))) == []


def test_no_mapping_takes_other_keys() -> None:
    closed = [node.get("additionalProperties") for node in objects(SCHEMA)]
    assert len(closed) > 200
    openly = [operation for operation in operations().by_name.values() if operation.open]
    assert closed.count(False) == len(closed) - len(openly)


def test_every_key_is_there_with_its_description() -> None:
    root = SCHEMA
    for path, key in all_keys().items():
        section = root if key.owner.__name__ == "Plan" else root["$defs"][key.owner.__name__]
        assert section["properties"][key.name].get("description"), path
        assert (key.name in section.get("required", [])) == (key.default is None), path


@pytest.mark.parametrize("name", NAMES)
def test_it_takes_the_reference(name: str) -> None:
    assert wrong(plain(REFERENCE.joinpath(name).read_text(encoding="utf-8"))) == []


def test_it_takes_a_whole_plan_and_the_demonstration() -> None:
    assert wrong(plain(WHOLE)) == []
    demonstration = Path(__file__).parents[2] / "examples" / "helpdesk" / "plan.yaml"
    assert wrong(plain(demonstration.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("canary: 1", "canary: one"),
        ("canary: 1", "canari: 1"),
        ("max_parallel: 25%", "max_parallel: 1.5"),
        ("stagger: 10s", "stagger: 10"),
        ("adoption: 60%", "adoption: 0.6"),
        ("on_failure: hold", "on_failure: stop"),
        ("- apt.update", "- apt.updat"),
        ("path: /srv", "paht: /srv"),
        ("expect: 204", "status: 204"),
        ("plan: helpdesk", "plan: Help Desk"),
        ("title: Roundup", "titel: Roundup"),
        ("every: 4w", "every: -4w"),
        ('notify: ["env:CHAT_URL"]', "notify: env:CHAT_URL"),
        ("already: [409]", "already: [9]"),
        ("\n  gate:", "\n  outcomes: [{name: days, from: {csv: d.csv}, primary: yes}]\n  gate:"),
        ("\n  gate:", "\n  outcomes: [{name: days, from: {csv: d.csv}, by: 0.1}]\n  gate:"),
        ("\n  gate:", "\n  tasks: [{do: Look, owner: kim@example.org}]\n  gate:"),
        ("\n  gate:", "\n  freeze: [{from: 2026-12-20, until: 2027-01-04}]\n  gate:"),
        ("below: 40%", "below: 40%, barrier: capabilty"),
    ],
)
def test_it_refuses_what_the_reader_refuses(old: str, new: str) -> None:
    assert old in WHOLE
    assert wrong(plain(WHOLE.replace(old, new)))

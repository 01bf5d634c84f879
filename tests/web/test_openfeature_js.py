"""The unmodified OpenFeature client for JavaScript servers, against a real server: every type, every fault."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.web.test_openfeature import TYPED
from tests.web.world import FLAG, WAVE_OF, eventually, served
from uptake.core.action import Open
from uptake.exposure.flag import Flag, Variant
from uptake.exposure.view import View
from uptake.web import ofrep
from uptake.web.auth import Door, Tokens
from uptake.web.listen import Settings, door_rule

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".cache/npm"
SCRIPT = (Path(__file__).parent / "openfeature.mjs").read_text(encoding="utf-8")
LIMIT_S = 60
ADA, BEN = ({"targetingKey": name, "site": "north"} for name in ("ada", "ben"))
KIND = {"boolean": "boolean", "string": "string", "integer": "number", "float": "number", "object": "object"}

pytestmark = pytest.mark.skipif(
    os.environ.get("CI") != "true"
    and (shutil.which("node") is None or not (MODULES / "node_modules/@openfeature/ofrep-provider").is_dir()),
    reason="node, or the OpenFeature client that `make setup` fetches from npm, is not here",
)


def told(url: str, token: str, *asks: tuple[str, str, object, dict[str, str]]) -> list[dict[str, Any]]:
    """What the client says of each ask: type, flag, fallback, context."""
    words = ("type", "flag", "fallback", "context")
    given = {
        "url": url,
        "header": "Authorization",
        "token": f"Bearer {token}",
        "asks": [dict(zip(words, ask, strict=True)) for ask in asks],
    }
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT],
        cwd=MODULES,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env={name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_person_meets_the_flag_when_her_wave_opens(client, world):
    world.draw()
    world.ask(Open, 0)
    url, token = str(client.base_url).rstrip("/"), world.tokens["flags"]
    assert eventually(lambda: told(url, token, ("boolean", FLAG, False, ADA))[0]["value"])
    ada, ben, nobody = told(
        url,
        token,
        ("boolean", FLAG, False, ADA),
        ("boolean", FLAG, True, BEN),
        ("boolean", FLAG, True, {"targetingKey": "zoe"}),
    )
    assert (ada["value"], ada["variant"], ada["reason"]) == (True, "on", "TARGETING_MATCH")
    assert ada["flagMetadata"]["wave"] == 1
    assert (ben["value"], ben["variant"]) == (False, "off")
    assert (nobody["value"], nobody["reason"]) == (False, "UNKNOWN")
    assert not any("errorCode" in one for one in (ada, ben, nobody))


def test_every_type_arrives_as_it_is(world):
    typed = [
        Flag(
            key=f"a.{kind}",
            plan="p",
            wave_of=WAVE_OF,
            open_waves=frozenset({0}),
            on=Variant(name="b", value=on),
            off=Variant(name="a", value=off),
        )
        for kind, (on, off, _) in TYPED.items()
    ]
    view = View.of(typed)
    door = Middleware(Door, tokens=Tokens(world.store.tokens.known), rule=door_rule(Settings()))
    app = Starlette(routes=ofrep.routes(lambda: view, ofrep.Rate(per_s=1000)), middleware=[door])
    asks = [(KIND[kind], f"a.{kind}", fallback, who) for kind, (_, _, fallback) in TYPED.items() for who in (ADA, BEN)]
    with served(app) as url:
        found = told(url, world.tokens["flags"], *asks)
    wanted = [value for on, off, _ in TYPED.values() for value in (on, off)]
    assert [one["value"] for one in found] == wanted
    assert not any("errorCode" in one for one in found)


def test_each_fault_has_its_own_code(client, world):
    world.draw()
    url, token = str(client.base_url).rstrip("/"), world.tokens["flags"]
    assert eventually(lambda: "errorCode" not in told(url, token, ("boolean", FLAG, True, ADA))[0])
    faults = {
        "FLAG_NOT_FOUND": ("boolean", "other", True, ADA),
        "TARGETING_KEY_MISSING": ("boolean", FLAG, True, {}),
        "INVALID_CONTEXT": ("boolean", FLAG, True, {"targetingKey": "x" * 600}),
        "TYPE_MISMATCH": ("string", FLAG, "code", ADA),
    }
    found = told(url, token, *faults.values())
    assert [one.get("errorCode") for one in found] == list(faults)
    assert [one["value"] for one in found] == [True, True, True, "code"]


def test_refused_clients_fall_back_to_their_code(client, world):
    """The client has no code of its own for 401 and 403; the value is the code's own and the cause is told."""
    url = str(client.base_url).rstrip("/")
    for token in ("wrong", world.tokens["intake"]):
        (one,) = told(url, token, ("boolean", FLAG, True, ADA))
        assert one["value"] is True
        assert one["errorCode"] == "GENERAL"

"""The unmodified OpenFeature client for Python, against a real server: every type, every fault, no GENERAL error."""

from collections.abc import Iterator

import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import Reason
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.web.world import FLAG, WAVE_OF, eventually, served
from uptake.core.action import Open
from uptake.exposure.flag import Flag, Variant
from uptake.exposure.view import View
from uptake.web import ofrep
from uptake.web.auth import Door, Tokens
from uptake.web.listen import Settings, door_rule

ADA, BEN, ZOE = (EvaluationContext(targeting_key=name, attributes={"site": "north"}) for name in ("ada", "ben", "zoe"))
TYPED = {
    "boolean": (True, False, False),
    "string": ("new", "old", "code"),
    "integer": (7, 3, 0),
    "float": (2.0, 0.5, 0.25),
    "object": ({"host": "b", "tries": 2}, {"host": "a"}, {}),
}


@pytest.fixture
def provide(monkeypatch) -> Iterator[object]:
    """Makes a client for an address and a token."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)

    def make(url: str, token: str, header: str = "Authorization") -> OpenFeatureClient:
        value = f"Bearer {token}" if header == "Authorization" else token
        api.set_provider(OFREPProvider(url, headers_factory=lambda: {header: value}), "uptake")
        return api.get_client("uptake")

    yield make
    api.shutdown()


def test_a_person_meets_the_flag_when_her_wave_opens(client, world, provide):
    flags = provide(str(client.base_url), world.tokens["flags"])
    world.draw()
    world.ask(Open, 0)
    assert eventually(lambda: flags.get_boolean_value(FLAG, False, ADA))
    ada = flags.get_boolean_details(FLAG, False, ADA)
    assert (ada.value, ada.variant, ada.reason, ada.error_code) == (True, "on", Reason.TARGETING_MATCH, None)
    assert ada.flag_metadata["plan"] == "helpdesk"
    assert ada.flag_metadata["wave"] == 1
    ben = flags.get_boolean_details(FLAG, True, BEN)
    assert (ben.value, ben.variant, ben.reason, ben.error_code) == (False, "off", Reason.TARGETING_MATCH, None)
    zoe = flags.get_boolean_details(FLAG, True, ZOE)
    assert (zoe.value, zoe.variant, zoe.reason, zoe.error_code) == (False, "off", Reason.UNKNOWN, None)


def test_a_boolean_flag_asked_as_another_type_is_a_mismatch(client, world, provide):
    flags = provide(str(client.base_url), world.tokens["flags"], "X-API-Key")
    world.draw()
    assert eventually(lambda: flags.get_boolean_details(FLAG, True, ADA).error_code is None)
    asked = [
        flags.get_string_details(FLAG, "x", ADA),
        flags.get_float_details(FLAG, 1.5, ADA),
        flags.get_object_details(FLAG, {"x": 1}, ADA),
    ]
    assert [one.error_code for one in asked] == [ErrorCode.TYPE_MISMATCH] * 3
    assert [one.value for one in asked] == ["x", 1.5, {"x": 1}]


def test_every_type_arrives_as_it_is(world, provide):
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
    with served(app) as url:
        flags = provide(url, world.tokens["flags"])
        for kind, (on, off, default) in TYPED.items():
            ask = getattr(flags, f"get_{kind}_details")
            for context, value, variant in ((ADA, on, "b"), (BEN, off, "a")):
                got = ask(f"a.{kind}", default, context)
                assert (got.value, type(got.value), got.variant, got.error_code) == (value, type(value), variant, None)


def test_each_fault_has_its_own_code(client, world, provide):
    flags = provide(str(client.base_url), world.tokens["flags"])
    world.draw()
    assert eventually(lambda: flags.get_boolean_details(FLAG, True, ADA).error_code is None)
    faults = {
        ErrorCode.FLAG_NOT_FOUND: flags.get_boolean_details("other", True, ADA),
        ErrorCode.TARGETING_KEY_MISSING: flags.get_boolean_details(FLAG, True),
        ErrorCode.INVALID_CONTEXT: flags.get_boolean_details(FLAG, True, EvaluationContext("x" * 600)),
    }
    for code, got in faults.items():
        assert (got.error_code, got.value, got.reason) == (code, True, Reason.ERROR)
        assert got.error_message
    odd = flags.get_boolean_details("a/b c?d", True, ADA)
    assert odd.error_code == ErrorCode.FLAG_NOT_FOUND


def test_refused_and_limited_clients_fall_back_to_their_code(world, provide):
    """The client itself calls 401, 403 and 429 GENERAL; the value is the code's own and the cause is told."""
    with served(world.parts(), Settings(port=0, flags_per_s=0.2)) as url:
        for token, word in ((world.tokens["intake"], "forbidden"), ("wrong", "unauthorized")):
            got = provide(url, token).get_boolean_details(FLAG, True, ADA)
            assert (got.value, got.error_message) == (True, word)
        flags = provide(url, world.tokens["flags"])
        assert flags.get_boolean_details(FLAG, True, ADA).error_code is None
        assert "Rate limited, retry after: " in flags.get_boolean_details(FLAG, True, ADA).error_message
        assert "paused" in flags.get_boolean_details(FLAG, True, ADA).error_message

"""Flags over HTTP: the server's own rules, and an unmodified OpenFeature client against a real server."""

import httpx
import msgspec
import pytest

from tests.web.world import FLAG, eventually, served
from uptake.core.action import Close, Open
from uptake.web.listen import Settings
from uptake.web.ofrep import Rate

ONE = f"/ofrep/v1/evaluate/flags/{FLAG}"
ALL = "/ofrep/v1/evaluate/flags"


def ask(person: str) -> dict:
    return {"context": {"targetingKey": person}}


@pytest.fixture
def flags(client, world) -> httpx.Client:
    client.headers["Authorization"] = f"Bearer {world.tokens['flags']}"
    return client


def is_on(flags: httpx.Client, person: str) -> bool | None:
    return flags.post(ONE, json=ask(person)).json().get("value")


def test_a_wave_is_let_in_and_out_as_the_ledger_says(flags, world):
    before = flags.post(ONE, json=ask("ada")).json()
    assert (before["value"], before["reason"]) == (False, "UNKNOWN")
    world.draw()
    assert eventually(lambda: flags.post(ONE, json=ask("ada")).json()["reason"] == "TARGETING_MATCH")
    assert is_on(flags, "ada") is False
    world.ask(Open, 0)
    assert eventually(lambda: is_on(flags, "ada") is True)
    assert is_on(flags, "ben") is False
    world.ask(Open, 1)
    assert eventually(lambda: is_on(flags, "ben") is True)
    world.ask(Close, 0)
    assert eventually(lambda: is_on(flags, "ada") is False)
    assert is_on(flags, "ben") is True
    world.ask(Close, -1)
    assert eventually(lambda: is_on(flags, "ben") is False)
    assert flags.post(ONE, json=ask("ben")).json()["reason"] == "DISABLED"


def test_bulk_has_an_entity_tag_and_answers_304(flags, world):
    world.draw()
    assert eventually(lambda: flags.post(ALL, json=ask("ada")).json()["flags"][0]["reason"] == "TARGETING_MATCH")
    first = flags.post(ALL, json=ask("ada"))
    again = flags.post(ALL, json=ask("ada"), headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    world.ask(Open, 0)
    tag = {"If-None-Match": first.headers["ETag"]}
    assert eventually(lambda: flags.post(ALL, json=ask("ada"), headers=tag).status_code == 200)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_tokens_and_roles(client, world, header):
    def status(token: str) -> int:
        value = f"Bearer {token}" if header == "Authorization" else token
        return client.post(ALL, json=ask("ada"), headers={header: value}).status_code

    assert status(world.tokens["flags"]) == 200
    assert status("wrong") == 401
    assert status("x" * 4000) == 401
    assert status(world.tokens["intake"]) == 403
    assert status(world.tokens["viewer"]) == 403


def test_no_token_and_a_token_in_the_address_are_401(client, world):
    for path in (ALL, ONE, f"{ALL}?token={world.tokens['flags']}", "/ofrep/v1/configuration"):
        answer = client.post(path, json=ask("ada"))
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["errorDetails"]


def test_a_revoked_token_ends(flags, world):
    assert flags.post(ALL, json=ask("ada")).status_code == 200
    world.store.tokens.revoke("the flags")
    assert eventually(lambda: flags.post(ALL, json=ask("ada")).status_code == 401, within_s=5)


def test_bad_requests(flags, world):
    world.draw()
    assert eventually(lambda: is_on(flags, "ada") is False)
    for body, code in ((b"{", "PARSE_ERROR"), (b"{}", "TARGETING_KEY_MISSING"), (b'{"context":1}', "INVALID_CONTEXT")):
        answer = flags.post(ONE, content=body)
        assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    large = flags.post(ONE, content=b'{"context":{"x":"' + b"x" * 70_000 + b'"}}')
    assert (large.status_code, large.json()["errorCode"]) == (400, "INVALID_CONTEXT")
    odd = flags.post("/ofrep/v1/evaluate/flags/a/b c", json=ask("ada"))
    assert (odd.status_code, odd.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert flags.get(ONE).status_code == 405
    assert "access-control-allow-origin" not in flags.post(ONE, json=ask("a"), headers={"Origin": "http://x"}).headers


def test_too_many_are_told_whole_seconds(world):
    token = {"X-API-Key": world.tokens["flags"]}
    with served(world.parts(), Settings(port=0, flags_per_s=0.2)) as url, httpx.Client(trust_env=False) as http:
        assert http.post(url + ALL, json=ask("ada"), headers=token).status_code == 200
        answer = http.post(url + ALL, json=ask("ada"), headers=token)
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= 5


def test_the_rate_comes_back_with_time():
    seconds = [0.0]
    rate = Rate(per_s=2, clock=lambda: seconds[0])
    assert [rate.wait_s("a") for _ in range(11)] == [0] * 10 + [1]
    assert rate.wait_s("b") == 0
    seconds[0] = 0.5
    assert [rate.wait_s("a") for _ in range(2)] == [0, 1]


def test_answers_are_json_with_safe_headers(flags, world):
    answer = flags.post(ALL, json=ask("ada"))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert [one["value"] for one in msgspec.json.decode(answer.content)["flags"]] == [False]

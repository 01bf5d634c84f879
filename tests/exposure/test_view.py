"""Who is exposed, and what OpenFeature clients read about it: pure, byte for byte."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.exposure.flag import FLAG_KEY, Flag, Variant
from uptake.exposure.view import NOTHING, View, matches

WAVE_OF = {"ada": 0, "ben": 1, "cyd": 2}
OFREP_REASONS = {"STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"}
VALUES = {
    "string": ("new", "old"),
    "integer": (7, 3),
    "float": (2.0, 0.5),
    "object": ({"host": "b", "tries": 2}, {}),
    "array": ([1, "two"], []),
    "boolean": (True, False),
}


def ask(person: str | None) -> bytes:
    return msgspec.json.encode({"context": {} if person is None else {"targetingKey": person, "site": "north"}})


def flag(**other) -> Flag:
    facts = {"key": "new-helpdesk", "plan": "helpdesk", "wave_of": WAVE_OF, "assignment": "0123456789abcdef" * 4}
    return Flag(**{**facts, **other})


def answer(view: View, key: str, body: bytes) -> tuple[int, dict]:
    reply = view.single(key, body)
    return reply.status, msgspec.json.decode(reply.body)


def test_a_wave_is_exposed_while_it_is_open():
    view = View.of([flag(open_waves=frozenset({0, 1}))])
    assert [answer(view, "new-helpdesk", ask(person))[1]["value"] for person in WAVE_OF] == [True, True, False]
    status, ben = answer(view, "new-helpdesk", ask("ben"))
    assert status == 200
    assert ben == {
        "key": "new-helpdesk",
        "value": True,
        "reason": "TARGETING_MATCH",
        "variant": "on",
        "metadata": {"plan": "helpdesk", "wave": 2, "assignment": "0123456789ab"},
    }


def test_somebody_unknown_gets_off_and_no_wave():
    status, body = answer(View.of([flag(open_waves=frozenset({0}))]), "new-helpdesk", ask("zoe"))
    assert (status, body["value"], body["variant"], body["reason"]) == (200, False, "off", "UNKNOWN")
    assert "wave" not in body["metadata"]


def test_the_kill_switch_goes_before_the_waves():
    view = View.of([flag(open_waves=frozenset({0}), killed=True)])
    _, body = answer(view, "new-helpdesk", ask("ada"))
    assert (body["value"], body["reason"], body["metadata"]["wave"]) == (False, "DISABLED", 1)


@pytest.mark.parametrize("kind", VALUES)
def test_every_type_keeps_its_own_form(kind):
    on, off = VALUES[kind]
    view = View.of([flag(open_waves=frozenset({0}), on=Variant(name="b", value=on), off=Variant(name="a", value=off))])
    ada, ben = (msgspec.json.decode(view.single("new-helpdesk", ask(person)).body) for person in ("ada", "ben"))
    assert (ada["value"], ada["variant"], ben["value"], ben["variant"]) == (on, "b", off, "a")
    assert type(ada["value"]) is type(on)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "TARGETING_KEY_MISSING"),
        (b"{}", "TARGETING_KEY_MISSING"),
        (b'{"context":{}}', "TARGETING_KEY_MISSING"),
        (b'{"context":null}', "TARGETING_KEY_MISSING"),
        (b'{"context":{"targetingKey":null}}', "TARGETING_KEY_MISSING"),
        (b'{"context":{"targetingKey":""}}', "TARGETING_KEY_MISSING"),
        (b"no json", "PARSE_ERROR"),
        (b"\xff\xfe", "PARSE_ERROR"),
        (b"[]", "PARSE_ERROR"),
        (b'{"context":[]}', "INVALID_CONTEXT"),
        (b'{"context":"ada"}', "INVALID_CONTEXT"),
        (b'{"context":{"targetingKey":5}}', "INVALID_CONTEXT"),
        (b'{"context":{"targetingKey":"' + b"x" * 513 + b'"}}', "INVALID_CONTEXT"),
    ],
)
def test_a_bad_request_is_400_with_its_code(body, code):
    status, fault = answer(View.of([flag()]), "new-helpdesk", body)
    assert (status, fault["errorCode"], fault["key"]) == (400, code, "new-helpdesk")
    assert fault["errorDetails"]


@pytest.mark.parametrize("key", ["other", "a/b c", "x" * 300, "ä", ""])
def test_an_unknown_flag_is_404(key):
    status, fault = answer(View.of([flag()]), key, ask("ada"))
    assert (status, fault["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert fault["errorDetails"]
    assert len(fault.get("key", "")) <= 60


def test_bulk_answers_are_the_same_bytes_for_a_cohort():
    view = View.of([flag(open_waves=frozenset({0})), flag(key="other", wave_of={"ada": 0, "eve": 0})])
    ada, eve = view.bulk(ask("ada")), view.bulk(ask("eve"))
    assert ada is view.bulk(ask("ada"))
    assert ada.etag != eve.etag
    body = msgspec.json.decode(ada.body)
    assert [one["key"] for one in body["flags"]] == ["new-helpdesk", "other"]
    assert all(one["reason"] in OFREP_REASONS and one["variant"] for one in body["flags"])
    assert body["metadata"] == {}


def test_the_entity_tag_changes_when_the_wave_opens():
    closed, again, opened = (View.of([flag(open_waves=waves)]) for waves in (frozenset(), frozenset(), frozenset({0})))
    assert closed.bulk(ask("ada")).etag == again.bulk(ask("ada")).etag != opened.bulk(ask("ada")).etag
    assert closed.bulk(ask("cyd")).etag == opened.bulk(ask("cyd")).etag


def test_bulk_without_a_person_names_the_fault_in_each_flag():
    reply = View.of([flag()]).bulk(b"{}")
    (one,) = msgspec.json.decode(reply.body)["flags"]
    assert (reply.status, one["errorCode"], one["key"]) == (200, "TARGETING_KEY_MISSING", "new-helpdesk")
    assert View.of([flag()]).bulk(b"[").status == 400
    assert NOTHING.bulk(ask("ada")).body == b'{"flags":[],"metadata":{}}'


def test_ids_are_compared_in_one_unicode_form():
    view = View.of([flag(wave_of={"J\u00fcrgen": 0}, open_waves=frozenset({0}))])
    assert answer(view, "new-helpdesk", ask("Ju\u0308rgen"))[1]["value"] is True


@pytest.mark.parametrize(
    ("header", "same"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("", False), ("a", False)],
)
def test_if_none_match(header, same):
    assert matches(header, '"a"') is same


@given(st.binary(max_size=60))
def test_any_bytes_get_an_answer(body):
    view = View.of([flag()])
    assert view.single("new-helpdesk", body).status in {200, 400}
    assert view.bulk(body).status in {200, 400}


@given(st.text(max_size=20))
def test_keys_that_clients_cannot_ask_for_are_refused(key):
    if FLAG_KEY.fullmatch(key):
        assert flag(key=key).key == key
    else:
        with pytest.raises(AssertionError):
            flag(key=key)

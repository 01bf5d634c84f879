"""Tokens: shown once, kept as a hash, found whole or not at all."""

import hashlib

import pytest

from uptake.core.problem import Refused
from uptake.store.tables import token


def test_a_token_is_found_and_only_whole(store):
    words = store.tokens.add("bridge", "intake")
    assert store.tokens.find(words) == ("bridge", "intake")
    assert store.tokens.find(words[:-1]) is None
    assert store.tokens.find("") is None
    assert len(words) >= 43


def test_the_state_holds_no_token(store):
    words = store.tokens.add("bridge", "intake")
    store.tokens.find(words)
    with store.database.reading() as conn:
        kept = conn.execute(token.select()).one()
    assert words not in str(kept)
    assert kept.digest == hashlib.sha256(words.encode()).digest()
    assert words not in repr(store.tokens.list())


def test_revoked_is_gone_at_once(store):
    words = store.tokens.add("bridge", "intake")
    assert store.tokens.find(words)
    assert store.tokens.revoke("bridge")
    assert store.tokens.find(words) is None
    assert not store.tokens.revoke("bridge")


def test_another_process_is_heard_soon(store, opening):
    words = store.tokens.add("bridge", "intake")
    assert store.tokens.find(words)
    opening().tokens.revoke("bridge")
    store.tokens._kept_until_s = 0.0
    assert store.tokens.find(words) is None


def test_names_are_given_once_and_roles_are_known(store):
    store.tokens.add("bridge", "intake")
    for name, role in (("bridge", "viewer"), ("x", "root"), (" ", "viewer")):
        with pytest.raises(Refused):
            store.tokens.add(name, role)
    assert [(seen.name, seen.role) for seen in store.tokens.list()] == [("bridge", "intake")]


def test_the_web_gets_them_by_hash(store):
    words = store.tokens.add("page", "viewer")
    assert store.tokens.known() == {hashlib.sha256(words.encode()).hexdigest(): ("page", "viewer")}

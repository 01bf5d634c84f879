"""Texts: kept by a digest that says nothing once they are erased."""

import hashlib


def test_kept_found_erased(store):
    mark = store.texts.keep("Kim is on leave")
    assert store.texts.find(mark) == "Kim is on leave"
    assert store.texts.erase(mark)
    assert store.texts.find(mark) is None
    assert not store.texts.erase(mark)


def test_the_digest_cannot_be_guessed(store):
    mark = store.texts.keep("Kim is on leave")
    assert mark != hashlib.sha256(b"Kim is on leave").hexdigest()
    assert store.texts.keep("Kim is on leave") != mark

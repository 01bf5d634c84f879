"""Receipts: wanted once, marked in groups, counted."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from uptake.core.entry import StepSeen
from uptake.core.ids import ActionKey, action_key

KEY = action_key("helpdesk", "deploy", 1, 0, "configuration", 0)


def test_wanted_again_keeps_what_is_known(store):
    store.receipts.want(KEY, ["a", "b", "a"])
    store.receipts.mark(KEY, {"a": "done"})
    store.receipts.want(KEY, ["a", "b", "c"])
    assert store.receipts.states(KEY) == {"a": "done", "b": "wanted", "c": "wanted"}


def test_marks_may_come_without_a_want_and_change(store):
    store.receipts.mark(KEY, {"a": "in doubt", "b": "nobody"})
    store.receipts.mark(KEY, {"a": "done"})
    store.receipts.mark(KEY, {})
    assert store.receipts.states(KEY) == {"a": "done", "b": "nobody"}


def test_counts(store):
    other = ActionKey("helpdesk/implement/1/2/grant/0")
    store.receipts.want(KEY, ["a", "b", "c", "d"])
    store.receipts.mark(KEY, {"a": "done", "b": "done", "c": "in doubt"})
    store.receipts.want(other, ["p"])
    assert store.receipts.seen([other, ActionKey("none"), KEY]) == (
        StepSeen(key=other, wanted=1, done=0, in_doubt=0),
        StepSeen(key=KEY, wanted=4, done=2, in_doubt=1),
    )
    assert store.receipts.seen([]) == ()
    assert store.receipts.states(ActionKey("none")) == {}


def test_another_process_sees_them(store, opening):
    store.receipts.mark(KEY, {"a": "done"})
    other = opening()
    assert other.receipts.states(KEY) == {"a": "done"}


NUMBERS = itertools.count()
STATES = st.dictionaries(
    st.sampled_from("abcdef"), st.sampled_from(["wanted", "done", "in doubt", "failed"]), max_size=6
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.booleans(), STATES), max_size=6))
def test_they_behave_as_a_dictionary(store, steps):
    key, model = ActionKey(f"key/{next(NUMBERS)}"), {}
    for is_want, states in steps:
        if is_want:
            store.receipts.want(key, states)
            model = dict.fromkeys(states, "wanted") | model
        else:
            store.receipts.mark(key, states)
            model |= states
    assert store.receipts.states(key) == model

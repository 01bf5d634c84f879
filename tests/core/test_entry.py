"""The ledger's lines: read back as written, the same bytes everywhere, chained."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from uptake.core.action import EndRun, Notify, Outcome, RunStep
from uptake.core.entry import FIRST_HASH, Asked, Body, Done, HostSeen, Observed, Said, chain, decode, encode, rounded
from uptake.core.stage import Stage
from uptake.core.time import Instant

STAGE = Stage(half="deploy", run=2, ordinal=0)
TEXT = st.text(max_size=20)
BODIES: st.SearchStrategy[Body] = st.one_of(
    st.builds(Said, what=TEXT, who=TEXT, why=TEXT, data=st.dictionaries(TEXT, st.integers() | TEXT | st.lists(TEXT))),
    st.builds(
        Observed,
        now=st.integers(0, 2**50).map(Instant),
        hosts=st.lists(
            st.builds(HostSeen, name=TEXT, state=st.just("healthy"), since=st.integers(0, 9).map(Instant), detail=TEXT)
        ).map(tuple),
        strays=st.integers(0, 9),
    ),
    st.builds(
        Asked,
        action=st.builds(Notify, key=TEXT, stage=st.just(STAGE), title=TEXT, text=TEXT)
        | st.builds(EndRun, key=TEXT, stage=st.just(STAGE), hosts=st.lists(TEXT).map(tuple))
        | st.builds(
            RunStep,
            key=TEXT,
            stage=st.just(STAGE),
            part=st.just("tests"),
            item=st.integers(0, 9),
            version=TEXT,
            hosts=st.lists(TEXT).map(tuple),
        ),
    ),
    st.builds(
        Done, outcome=st.builds(Outcome, key=TEXT, ok=st.booleans(), counts=st.dictionaries(TEXT, st.integers()))
    ),
)


@given(BODIES)
def test_a_body_is_read_back_as_it_was_written(body: Body) -> None:
    raw = encode(body)
    assert decode(type(body).__name__, raw) == body
    assert encode(decode(type(body).__name__, raw)) == raw


def test_keys_are_sorted_so_that_the_bytes_do_not_depend_on_the_order_of_making() -> None:
    one = Said(what="report", who="a", data={"b": 1, "a": 2})
    other = Said(what="report", who="a", data={"a": 2, "b": 1})
    assert encode(one) == encode(other)


def test_the_chain_can_be_recomputed_by_anyone() -> None:
    raw = encode(Said(what="hold", who="kim"))
    expected = hashlib.sha256(f"{FIRST_HASH}\0{1}\0{5}\0Said\0".encode() + raw).hexdigest()
    assert chain(FIRST_HASH, seq=1, at=Instant(5), kind="Said", raw=raw) == expected
    assert chain(expected, seq=1, at=Instant(5), kind="Said", raw=raw) != expected


def test_numbers_are_kept_to_twelve_digits() -> None:
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(123_456_789.123_456_7) == 123_456_789.123

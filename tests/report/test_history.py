"""How use grew: every look once, the same however the entries come, thinned but never without the newest."""

from dataclasses import replace

import pytest

from tests.report.story import Story
from uptake.core.entry import Entry, Observed
from uptake.core.event import Answer
from uptake.core.time import Instant
from uptake.report.figures import figures
from uptake.report.history import LOOKS_MOST, History, followed


@pytest.fixture(scope="module")
def story() -> Story:
    told = Story()
    told.deploy()
    told.start_implement()
    told.settle()
    for adopters in (10, 20, 40):
        told.adopted(adopters)
        told.later(3)
        told.settle()
    return told


def test_the_newest_look_is_the_boards_own_figure(story):
    board = figures(story.read, story.picture, story.now, history=followed(History(), story.entries))
    assert [look.adopters for look in board.looks][-1] == 40
    assert [look.adopters for look in board.looks] == sorted(look.adopters for look in board.looks)
    assert board.looks[-1].at == story.picture.observed.looked_at
    wave = next(wave for wave in board.waves if wave.number == 1)
    first = board.looks[-1].waves[0]
    assert (first.wave, first.adopters, first.present) == (1, wave.adopters, wave.present)
    assert {counted.wave for counted in board.looks[-1].waves} == {1, 2}, "the holdout is no part of adoption"
    for look in board.looks:
        entry = story.entries[look.seq - 1]
        assert isinstance(entry.body, Observed)
        assert entry.body.looked_at == look.at


def test_batches_have_begun_and_ended_in_order(story):
    batches = story.board().batches
    assert [batch.state for batch in batches] == ["healthy", "healthy"]
    for batch in batches:
        assert batch.stepped_at is not None
        assert batch.ended_at is not None
        assert batch.begun_at <= batch.stepped_at <= batch.ended_at


def test_entry_by_entry_is_the_same_as_at_once():
    entries = [_look(seq) for seq in range(1, 5 * LOOKS_MOST)]
    once, singly = followed(History(), entries), History()
    for entry in entries:
        singly = followed(singly, (entry,))
    assert singly == once
    assert followed(once, entries) == once, "what is known is passed over"
    assert len(once.looks) < 2 * LOOKS_MOST
    assert once.looks[-1].seq == entries[-1].seq


def test_a_look_that_is_carried_on_counts_once():
    again = replace(_look(2), body=_look(1).body)
    assert [look.seq for look in followed(History(), (_look(1), again, _look(3))).looks] == [1, 3]


def _look(seq: int) -> Entry:
    answer = Answer(wave=0, drawn=1000, present=1000, adopters=seq % 1000)
    body = Observed(now=Instant(1000 * seq), waves=(answer,), looked_at=Instant(1000 * seq))
    return Entry(seq=seq, at=Instant(1000 * seq), kind="Observed", body=body, raw=b"", hash="")

"""Why something was decided: which decisions a choice means, with numbers, plan line and what was asked then."""

import msgspec
import pytest

from tests.report.story import Story
from uptake.report.because import because, reasons, reasons_json, reasons_text


@pytest.fixture(scope="module")
def story() -> Story:
    told = Story()
    told.deploy()
    told.start_implement()
    told.settle()
    told.adopted(40)
    told.later(13)
    told.settle()
    told.adopted(40, 10)
    told.later(30)
    told.settle()
    return told


def test_the_latest_by_default(story):
    found = reasons(story.read, story.picture)
    assert len(found) == 5
    assert [one.decided.seq for one in found] == sorted((one.decided.seq for one in found), reverse=True)
    assert len(reasons(story.read, story.picture, "all")) == len(story.picture.decisions)


def test_a_gate_with_its_numbers_and_its_plan_line(story):
    passed = next(one for one in reasons(story.read, story.picture, "wave-1") if one.decided.state == "adopted")
    assert passed.decided.rule == "implement.gate"
    assert passed.decided.line == "plan.yaml:32"
    assert passed.plan_text.startswith("gate: {adoption: 60%")
    assert passed.decided.evidence[0].seen.startswith("40 of 50 = 80%")
    text = reasons_text([passed], width=200)
    assert "saw adoption: 40 of 50 = 80% (95% interval 67 to 89%); wanted at least 60%" in text
    assert "rule implement.gate, plan.yaml:32: gate: {adoption: 60%" in text


def test_an_opening_says_what_was_asked_for(story):
    opened = next(one for one in reasons(story.read, story.picture, "wave-2") if one.decided.state == "open")
    assert opened.asked == ("open wave 2",)


def test_a_default_rule_says_that_it_is_one(story):
    begun = next(one for one in reasons(story.read, story.picture, "run-1") if one.decided.rule == "deploy.update")
    assert begun.plan_text == "update:"
    story_of_requires = Story()
    story_of_requires.deploy()
    story_of_requires.sees("unhealthy", "north", detail="500")
    story_of_requires.start_implement()
    story_of_requires.settle()
    refused = reasons(story_of_requires.read, story_of_requires.picture, "wave-1")[0]
    assert refused.decided.rule == "implement.requires"
    assert refused.plan_text == "implement: (implement.requires is not written there: its default holds)"
    assert any("500" in fact.seen for fact in refused.decided.evidence)


def test_by_entry_by_half_and_by_batch(story):
    seq = story.picture.decisions[0].seq
    assert {one.decided.seq for one in reasons(story.read, story.picture, str(seq))} == {seq}
    assert because(story.read, story.picture, seq) == tuple(reversed(reasons(story.read, story.picture, str(seq))))
    assert because(story.read, story.picture, 1) == ()
    assert {one.decided.half for one in reasons(story.read, story.picture, "Deploy")} == {"deploy"}
    assert {one.decided.ordinal for one in reasons(story.read, story.picture, "batch-2")} == {1}


@pytest.mark.parametrize("which", ["1", "wave-9", "run-7", "nonsense", "wave2"])
def test_a_choice_that_is_not_there_says_what_is(story, which):
    with pytest.raises(ValueError, match=r"there are wave-1, wave-2 and run-1, and decisions from entry \d+ to \d+"):
        reasons(story.read, story.picture, which)


def test_nothing_decided_yet():
    story = Story()
    assert reasons(story.read, story.picture) == ()
    with pytest.raises(ValueError, match="nothing is decided yet"):
        reasons(story.read, story.picture, "wave-1")


def test_as_json(story):
    got = msgspec.json.decode(msgspec.json.encode(reasons_json(reasons(story.read, story.picture))))
    assert got["schema"] == 1
    assert {"seq", "why", "rule", "line", "plan_text", "asked", "evidence"} <= set(got["decisions"][0])


def test_lines_keep_to_the_width(story):
    for width in (40, 80, 120):
        text = reasons_text(reasons(story.read, story.picture, "all"), width=width)
        assert max(len(line) for line in text.splitlines()) <= width

"""Once people were asked, a revision cannot change what they were promised of their answers."""

from pathlib import Path

import pytest

from uptake.app.opened import open_plan
from uptake.app.revise import revising
from uptake.app.start import read_audience, start_implement
from uptake.core.action import Survey
from uptake.core.entry import Asked
from uptake.core.ids import action_key
from uptake.core.stage import Stage
from uptake.core.time import Instant

NOW = Instant(1_800_000_000_000)
PLAN = """\
plan: policy
title: Meetings end at five to
implement:
  audience: {from: people.csv, id: id, attributes: [email]}
  waves: {assign_by: person, sizes: [100%], start: "2026-01-01", every: 1d}
  gate: {adoption: 50%, at: 1d}
  ask: [{survey: umux-lite, with: [barrier], at: 1d}]
  privacy: {min_group: 6}
  adoption: {event: ended.early, count: 1, within: 1d, target: 50%}
mail: {server: "smtp://127.0.0.1:9", from: desk@example.org}
web: {url: "https://uptake.example.org"}
"""


def refusals(folder: Path, old: str, new: str, *, sent: bool) -> list[str]:
    """What a revision with one change would be refused for."""
    path = folder / "plan.yaml"
    path.write_text(PLAN)
    (folder / "people.csv").write_text("id,email\n" + "".join(f"p{n},p{n}@e.org\n" for n in range(20)))
    opened = open_plan(path)
    start_implement(opened, read_audience(opened), now=NOW)
    if sent:
        stage = Stage(half="implement", run=1, ordinal=0)
        action = Survey(key=action_key("policy", "implement", 1, 0, "survey", 0), stage=stage, item=0)
        opened.store.ledger.append([Asked(action=action)], at=NOW, epoch=opened.store.lease.take())
    opened.store.close()
    assert old in PLAN
    path.write_text(PLAN.replace(old, new))
    edited = open_plan(path)
    try:
        return [problem.what for problem in revising(edited, edited.picture()).problems]
    finally:
        edited.store.close()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{min_group: 6}", "{min_group: 6, survey_mode: confidential}", "told that answers are anonymous"),
        ("{min_group: 6}", "{min_group: 5}", "nothing is told of fewer than 6"),
        ("survey: umux-lite, with: [barrier]", "survey: umux-lite", "would ask something else"),
        ("survey: umux-lite", "survey: aim", "would ask something else"),
        ("ask: [{", "ask: [{survey: aim, at: 2d}, {", "would ask something else"),
    ],
)
def test_a_promise_holds_once_people_were_asked(tmp_path: Path, old: str, new: str, words: str) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    assert refusals(before, old, new, sent=False) == []
    assert any(words in what for what in refusals(after, old, new, sent=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{min_group: 6}", "{min_group: 9}"),
        ("at: 1d}]", "at: 2d}, {survey: fim, at: 9d}]"),
        ("Meetings", "All meetings"),
    ],
)
def test_what_breaks_no_promise_is_free(tmp_path: Path, old: str, new: str) -> None:
    assert refusals(tmp_path, old, new, sent=True) == []

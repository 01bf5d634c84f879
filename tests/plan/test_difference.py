"""Two texts of a plan compared: what was written, key by key, at its places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.plan.plans import WHOLE
from tests.ringtest import PLAN
from uptake.plan.difference import Change, difference
from uptake.plan.read import read_plan

ANNOUNCED = PLAN.replace(
    "  look: 1d\n", "  look: 1d\n  announce:\n    - {at: -7d, text: a.md}\n    - {at: 0s, text: b.md}\n"
)


def compared(old: str, new: str) -> tuple[Change, ...]:
    return difference(read_plan(old, file="plan.yaml"), read_plan(new, file="plan.yaml"))


def test_a_value_is_shown_with_both_values_and_its_place() -> None:
    (change,) = compared(PLAN, PLAN.replace("adoption: 60%, at: +1d", "adoption: 50%, at: +1d"))
    assert (change.path, change.old, change.new) == ("implement.gate.adoption", "60%", "50%")
    line = 1 + next(n for n, row in enumerate(PLAN.splitlines()) if "gate:" in row)
    assert (change.where.file, change.where.line) == ("plan.yaml", line)


def test_comments_layout_order_and_quotes_are_no_difference() -> None:
    other = PLAN.replace("service: trial", "service:   'trial'  # ours").replace(
        "canary: 1\n    max_parallel: 2", "max_parallel: 2\n    canary: 1"
    )
    assert other != PLAN
    assert compared(PLAN, "# a comment\n" + other) == ()


def test_one_item_more_at_the_front_is_one_change() -> None:
    more = ANNOUNCED.replace("  announce:\n", "  announce:\n    - {at: -14d, text: c.md}\n")
    (change,) = compared(ANNOUNCED, more)
    assert (change.path, change.old, change.new) == ("implement.announce.0", None, "{at: -14d, text: c.md}")
    (back,) = compared(more, ANNOUNCED)
    assert (back.path, back.new, back.new_where) == ("implement.announce.0", None, None)


def test_an_item_edited_in_its_place_is_its_key() -> None:
    (change,) = compared(ANNOUNCED, ANNOUNCED.replace("b.md", "d.md"))
    assert (change.path, change.old, change.new) == ("implement.announce.1.text", "b.md", "d.md")


def test_a_key_that_comes_and_a_half_that_goes() -> None:
    (come,) = compared(PLAN, PLAN + "owner: ada\n")
    assert (come.path, come.old, come.new, come.old_where) == ("owner", None, "ada", None)
    text = PLAN[: PLAN.index("implement:")] + PLAN[PLAN.index("notify:") :]
    (gone,) = compared(PLAN, text)
    assert (gone.path, gone.new) == ("implement", None)
    assert gone.touches("implement.waves.sizes")
    assert not gone.touches("deploy")


@pytest.mark.parametrize("text", [PLAN, WHOLE, ANNOUNCED])
def test_a_plan_does_not_differ_from_itself(text: str) -> None:
    assert compared(text, text) == ()


EDITS = {
    "implement.gate.adoption": ("adoption: 60%, at", "adoption: 41%, at"),
    "implement.gate.min_people": ("min_people: 10", "min_people: 12"),
    "implement.waves.every": ("every: 1d", "every: 3d"),
    "deploy.update.canary": ("canary: 1", "canary: 2"),
    "deploy.configuration.0.shell": ("install {version}", "put {version}"),
    "deploy.tests.0.http.expect": ("expect: 200}\n  update", "expect: 204}\n  update"),
    "title": ("A trial", "Another trial"),
}


@given(st.sets(st.sampled_from(sorted(EDITS))))
def test_any_edits_are_just_those_paths_and_the_way_back_mirrors_them(paths: set[str]) -> None:
    text = PLAN
    for path in paths:
        text = text.replace(*EDITS[path])
    there, back = compared(PLAN, text), compared(text, PLAN)
    assert {change.path for change in there} == paths
    assert [(c.path, c.old, c.new) for c in there] == [(c.path, c.new, c.old) for c in back]

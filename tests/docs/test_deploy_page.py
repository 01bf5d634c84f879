"""The page about a run: its plan is a good one, and every key that it names is there."""

import re

from tests.house.code import ROOT
from tests.plan.test_observed import problems
from uptake.plan.keys import all_keys

PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def test_its_plan_is_a_good_one() -> None:
    (plan,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert problems(plan) == ()


def test_its_keys_are_there() -> None:
    rows = [line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| ")][2:]
    named = [key.partition(":")[0] for row in rows for key in re.findall(r"`([^`]+)`", row)]
    assert len(named) > 8
    assert [key for key in named if f"deploy.{key}" not in all_keys()] == []

"""Use told by setting: each rule about `adoption.level` broken alone, found at its place."""

import pytest

from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.read import read_draft, read_plan

PLAN = """\
plan: p
title: P
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: setting, sizes: [50%, 50%], every: 1d}
  adoption: {event: used, count: 1, within: 7d, target: 60%, level: setting, from: {csv: u.csv, columns: {users: N}}}
  gate: {adoption: 60%, at: 1d}
"""


@pytest.mark.parametrize(
    ("good", "bad", "code", "at", "hint"),
    [
        ("assign_by: setting", "assign_by: person", "UP206", "setting, from", "`assign_by: setting`"),
        (", from: {csv: u.csv, columns: {users: N}}", "", "UP206", "setting}", "from: {csv"),
        ("count: 1", "count: 3", "UP212", "3", "`count: 1`"),
        ("level: setting", "level: team", "UP123", "team, from", "setting"),
        ("{users: N}", "{person: N}", "UP110", "person: N", "setting, at, users, event"),
        ("level: setting, ", "", "UP110", "users: N", "person, at, id"),
    ],
)
def test_a_broken_rule_is_found_at_its_place(good: str, bad: str, code: str, at: str, hint: str) -> None:
    """`at`: what stands at the place, in the line of `adoption`."""
    assert good in PLAN
    text = PLAN.replace(good, bad)
    draft = read_draft(text, file="plan.yaml")
    problems = [*draft.problems, *(check(draft.read, Facts()) if draft.read is not None else ())]
    place = (6, text.splitlines()[5].index(at) + 1)
    assert [(problem.code, (problem.where.line, problem.where.column)) for problem in problems] == [(code, place)]
    assert hint in problems[0].hint


def test_a_good_plan_is_silent() -> None:
    read = read_plan(PLAN, file="plan.yaml")
    assert list(check(read, Facts())) == []
    assert read.plan.counts_by_setting

"""Looks without an end: with a holdout alone, and never in waves that nobody drew."""

import pytest

from uptake.plan.check import check
from uptake.plan.fact import Facts
from uptake.plan.read import read_plan

PLAN = """
plan: desk
title: Desk
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: setting, sizes: [40%, 40%], holdout: 20%, start: 2027-01-11, every: 4w}
  gate: {adoption: 50%, at: +14d}
  adoption: {event: used, count: 1, within: 14d, target: 60%}
  outcomes:
    - {name: days, from: {csv: days.csv}, primary: true, judge: open}
"""


def mistakes(text: str) -> list[tuple[str, int | None]]:
    found = check(read_plan(text, file="plan.yaml"), Facts())
    return [(problem.code, problem.where.line) for problem in found if problem.where.line == 10]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("", ""), []),
        (("sizes: [40%, 40%], holdout: 20%", "sizes: [50%, 50%]"), [("UP220", 10)]),
        (("start: 2027-01-11", "order: listed, start: 2027-01-11"), [("UP220", 10)]),
    ],
)
def test_somebody_must_be_left_to_compare_with(change: tuple[str, str], told: list[tuple[str, int]]) -> None:
    assert mistakes(PLAN.replace(*change) if change[0] else PLAN) == told

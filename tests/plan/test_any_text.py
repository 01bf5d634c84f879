"""No text whatever makes reading raise anything but PlanRefused, and every problem has a place in the text."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from uptake.core.problem import PlanRefused
from uptake.plan.check import check
from uptake.plan.codes import CODES
from uptake.plan.fact import Facts
from uptake.plan.read import read_draft, read_plan
from uptake.plan.render import render

SMALL = """\
plan: a
title: b
deploy:
  service: s
  version: 1.10
  environment: e
  hosts: [h]
  configuration:
    - shell: "x {version}"
    - files.directory: {path: /srv}
  tests: [{tcp: "h:80"}]
  update: {canary: 1, max_parallel: 50%, health: {checks: [{http: "http://h/"}], interval: 2s}}
implement:
  audience: {from: p.csv, id: i, setting: t, attributes: [email]}
  waves: {assign_by: setting, sizes: [60%, 40%], every: 4w}
  expose: {flag: f, access: {command: "grant {act}"}}
  adoption: {event: e, count: 1, within: 7d, target: 50%}
  gate: {adoption: 50%, at: 7d}
  announce: [{at: -1d, text: t.md}]
  adjust: [{when: {measure: adoption, below: 10%, at: 7d}, do: notify}]
mail: {server: "env:S", from: a@b.c}
"""
PIECES = (
    "- ",
    ": ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    ", ",
    '"',
    "'",
    "#",
    "&a",
    "*a",
    "!!x",
    "<<",
    "|",
    ">",
    "%",
    "\t",
)
WORDS = st.sampled_from([*sorted(set(SMALL.split())), *PIECES])


def judge(text: str) -> None:
    """Read, check and render a text; only PlanRefused may come out."""
    draft = read_draft(text, file="p")
    problems = draft.problems + (check(draft.read, Facts()) if draft.read is not None else ())
    lines = text.count("\n") + text.count("\r") + 1
    for problem in problems:
        assert problem.code in CODES
        assert 1 <= problem.where.line <= lines
        assert problem.where.column >= 1
        assert problem.what
        assert "pydantic" not in problem.what
    if problems:
        render(problems, {"p": text}, colour=True)


def test_a_draft_and_a_plan_agree() -> None:
    draft = read_draft(SMALL, file="p")
    assert draft.problems == ()
    assert draft.read == read_plan(SMALL, file="p")
    wrong = SMALL.replace("canary: 1", "canary: x")
    with pytest.raises(PlanRefused) as caught:
        read_plan(wrong, file="p")
    assert caught.value.problems == read_draft(wrong, file="p").problems


@given(st.text(max_size=200))
@example("\x85- ?")
@example("%YAML 99999999999999999999.1\n--- a")
@example('"\\UFFFFFFFF"')
@example("? ")
@example("- - - -")
def test_any_text(text: str) -> None:
    judge(text)


@given(st.lists(WORDS, max_size=60).map("".join))
def test_any_pieces_of_a_plan(text: str) -> None:
    judge(text)


@given(st.integers(0, len(SMALL)), st.integers(0, 12), st.text(max_size=4) | WORDS)
def test_a_good_plan_with_one_wound(start: int, length: int, text: str) -> None:
    judge(SMALL[:start] + text + SMALL[start + length :])


@pytest.mark.parametrize("value", ["x", "[]", "{}", "[[]]", "{a: b}", "1", "~", "''", "'{x}'", "[~]", "- a"])
def test_any_value_at_any_key(value: str) -> None:
    rows = SMALL.splitlines()
    for i, row in enumerate(rows):
        name, colon, _ = row.partition(":")
        if colon:
            judge("\n".join([*rows[:i], f"{name}: {value}", *rows[i + 1 :]]))

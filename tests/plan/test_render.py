"""How a problem looks in a terminal: the form of compilers, and nothing of the source that could steer it."""

from inline_snapshot import snapshot

from uptake.core.problem import Problem, Where
from uptake.plan.read import read_draft
from uptake.plan.render import as_data, count, render

PLAN = """\
plan: ledgerly
title: Claims in Ledgerly
implement:
  waves:
    sizes: [10%]
    holdout: 1.2
  waves_order: random
"""


def draft(text: str) -> tuple[Problem, ...]:
    wanted = {"UP110", "UP120"}
    return tuple(p for p in read_draft(text, file="ledgerly.yaml").problems if p.code in wanted)


def test_the_form_of_errors() -> None:
    assert render(draft(PLAN), {"ledgerly.yaml": PLAN}) == snapshot("""\
error[UP120]: `holdout` must be a percentage
  ┌─ ledgerly.yaml:6:14
  │
6 │     holdout: 1.2
  │              ^^^ found the number 1.2
  = help: write 1.2%

error[UP110]: unknown key `waves_order` in `implement`
  ┌─ ledgerly.yaml:7:3
  │
7 │   waves_order: random
  │   ^^^^^^^^^^^

2 errors in ledgerly.yaml. Nothing was changed.
""")


def test_colours_change_nothing_but_colours() -> None:
    plain = render(draft(PLAN), {"ledgerly.yaml": PLAN})
    coloured = render(draft(PLAN), {"ledgerly.yaml": PLAN}, colour=True)
    assert "\x1b[" in coloured
    for code in ("\x1b[31m", "\x1b[1;31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def problem(line: int, column: int, width: int = 3, **more: str) -> Problem:
    words = {"what": "wrong", "hint": ""} | more
    return Problem(code="UP120", where=Where(file="p", line=line, column=column, width=width), **words)


def test_did_you_mean_stands_at_the_caret() -> None:
    shown = render([problem(1, 1, hint="did you mean `plan`?")], {"p": "pla: x\n"})
    assert "^^^ did you mean `plan`?" in shown
    assert "help" not in shown


def test_long_lines_are_cut_round_the_caret() -> None:
    text = "x" * 300 + "BAD" + "y" * 300
    rows = render([problem(1, 301)], {"p": text}).splitlines()
    line, caret = rows[3], rows[4]
    assert len(line) < 120
    assert line[caret.index("^") :].startswith("BAD")


def test_wide_and_control_characters_neither_shift_nor_steer() -> None:
    text = "名前: \x1b[31mBAD\tx"
    rows = render([problem(1, 10)], {"p": text}).splitlines()
    assert "\x1b" not in rows[3]
    assert rows[4].index("^") - rows[3].index("B") == 2  # two characters before it are two columns wide each


def test_a_place_without_source() -> None:
    shown = render([problem(7, 2, what="no column; found x", hint="look")], {})
    assert shown == snapshot("""\
error[UP120]: no column
  ┌─ p:7:2
  = help: found x; look

1 error in p. Nothing was changed.
""")
    assert "p:99:1" in render([problem(99, 1)], {"p": "a\n"})


def test_counting_and_data() -> None:
    assert count([problem(1, 1), problem(1, 2)]) == "2 errors in p. Nothing was changed."
    (data,) = as_data([problem(3, 4, hint="h")])
    assert data == {
        "code": "UP120", "where": "p:3:4", "file": "p", "line": 3, "column": 4, "width": 3, "what": "wrong", "hint": "h"
    }  # fmt: skip

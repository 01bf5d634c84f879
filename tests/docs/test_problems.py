"""docs/problems.md has every code that the program can say, and no other."""

import ast
import re
from collections.abc import Iterator

from tests.house.code import ROOT, sources
from uptake.plan.codes import CODES

PAGE = ROOT / "docs" / "problems.md"
ROW = re.compile(r"^\| `([A-Za-z0-9_.]+)` \| (.+?) \|$", re.MULTILINE)
MAKERS = {"refuse", "Problem", "problem", "_problem", "Refusal", "refusal", "_closed"}
PLAN_CODE = re.compile(r"UP\d{3}")


def said(tree: ast.AST) -> Iterator[str]:
    """The codes of a module: what makers of problems are given, and plan codes wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PLAN_CODE.fullmatch(node.value):
            yield node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in MAKERS:
            first = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
            yield from (word.value for word in first if isinstance(word, ast.Constant) and isinstance(word.value, str))


def rows() -> list[tuple[str, str]]:
    """The page's rows: code and meaning."""
    return ROW.findall(PAGE.read_text(encoding="utf-8"))


def test_every_code_is_there_once() -> None:
    known = {code for source in sources("src") for code in said(source.tree)} | set(CODES)
    documented = [code for code, _ in rows()]
    assert known - set(documented) == set(), "codes without a row in docs/problems.md"
    assert set(documented) - known == set(), "rows without a code"
    assert len(documented) == len(set(documented))


def test_plan_codes_say_what_explain_says() -> None:
    assert {code: text for code, text in rows() if code in CODES} == CODES, "run .venv/bin/python .ci/problems.py"

"""Everything public says what it is: modules in 3 to 8 lines, classes and functions in one or more."""

import ast
import inspect
from collections.abc import Iterator

from tests.house.code import Function, Source, sources

MODULE_LINES = range(3, 9)


def public(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.ClassDef | Function]]:
    """Classes, functions and methods that others may use, also those defined in an `if` or a `try`."""
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if statement.name.startswith("_") or overload(statement):
                continue
            yield f"{prefix}{statement.name}", statement
            if isinstance(statement, ast.ClassDef):
                yield from public(statement.body, f"{prefix}{statement.name}.")
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            yield from public([part for part in ast.iter_child_nodes(statement) if isinstance(part, ast.stmt)], prefix)


def overload(node: ast.ClassDef | Function) -> bool:
    """Whether it is one of several signatures of a function whose docstring stands elsewhere."""
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in node.decorator_list)


def lines(source: Source) -> int:
    """How long a module's docstring is."""
    return len(inspect.cleandoc(ast.get_docstring(source.tree) or "").splitlines())


def test_modules_have_three_to_eight_lines() -> None:
    wrong = [
        f"{source.at(1)}: {lines(source)} lines of docstring"
        for source in sources("src")
        if lines(source) not in MODULE_LINES
    ]
    assert not wrong, "\n".join(wrong)


def test_everything_public_has_a_docstring() -> None:
    silent = [
        f"{source.at(node.lineno)}: {name}"
        for source in sources("src")
        for name, node in public(source.tree.body)
        if not (ast.get_docstring(node) or "").strip()
    ]
    assert not silent, "\n".join(silent)

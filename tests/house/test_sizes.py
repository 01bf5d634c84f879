"""Sizes and names: short files, short functions, few parameters, nothing called `utils`."""

import ast
import re

import pytest

from tests.house.code import FOLDERS, PACKAGE, Function, everything, functions, length, sources, tracked

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70
FUNCTION_LINES_P95_MAX = 40
PARAMETERS_MAX = 6
ROOT_ENTRIES_MAX = 14
BANNED = re.compile(r"(^|_)(utils?|helpers?|common|managers?|base|misc|shared)(_|$)|[a-z]\d$")
GITS_OWN = {".gitignore", ".gitattributes"}


def parameters(function: Function) -> int:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    ours = [argument for argument in named if argument.arg not in {"self", "cls"}]
    return len(ours) + (arguments.vararg is not None) + (arguments.kwarg is not None)


def test_files_are_short() -> None:
    long = [
        f"{source.at(1)}: {lines} lines"
        for source in everything()
        if (lines := len(source.text.splitlines())) > FILE_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_functions_are_short() -> None:
    long = [
        f"{source.at(function.lineno)}: {name} has {length(function)} lines"
        for source in everything()
        for name, function in functions(source)
        if length(function) > FUNCTION_LINES_MAX
    ]
    assert not long, "\n".join(long)


def test_most_functions_are_very_short() -> None:
    lengths = sorted(length(function) for source in sources("src") for _, function in functions(source))
    assert lengths[int(len(lengths) * 0.95)] <= FUNCTION_LINES_P95_MAX


def test_functions_take_few_parameters() -> None:
    many = [
        f"{source.at(function.lineno)}: {name} takes {parameters(function)}"
        for folder in FOLDERS
        if folder != "tests"
        for source in sources(folder)
        for name, function in functions(source)
        if parameters(function) > PARAMETERS_MAX and not overload(function)
    ]
    assert not many, "\n".join(many)


def overload(function: Function) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "overload" for mark in function.decorator_list)


def test_names_say_what_is_inside() -> None:
    vague = [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*"))
        if (path.is_dir() or path.suffix == ".py") and "__pycache__" not in path.parts and BANNED.search(path.stem)
    ]
    assert not vague


def test_the_root_is_small() -> None:
    entries = {name.partition("/")[0] for name in tracked()} - GITS_OWN
    if not entries:
        pytest.skip("not a git checkout")
    assert len(entries) <= ROOT_ENTRIES_MAX, sorted(entries)

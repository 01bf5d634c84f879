"""The repository's Python, parsed once for the rules of this folder.

A rule returns its violations as `path:line: what`, so that a failure is a list to work through.
"""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "uptake"
FOLDERS = ("src", "tests", "examples", "bench")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of Python."""

    path: Path
    text: str
    tree: ast.Module

    def at(self, line: int) -> str:
        """A place in this file, as people write it."""
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def sources(folder: str) -> tuple[Source, ...]:
    """Every Python file below a folder of the repository, in order."""
    found = [path for path in sorted((ROOT / folder).rglob("*.py")) if not ignored(path)]
    return tuple(
        Source(path=path, text=text, tree=ast.parse(text, filename=str(path)))
        for path in found
        for text in [path.read_text(encoding="utf-8")]
    )


def everything() -> tuple[Source, ...]:
    """The Python of all folders."""
    return tuple(source for folder in FOLDERS for source in sources(folder))


def ignored(path: Path) -> bool:
    """Whether a path is something that a run has made."""
    return any(part in {"__pycache__", "build", "dist", "node_modules", ".venv"} for part in path.parts)


def functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Every function and method, at any depth, with its dotted name."""
    return walk(source.tree, "")


def walk(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function]]:
    """The functions below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{child.name}", child
            yield from walk(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.ClassDef):
            yield from walk(child, f"{prefix}{child.name}.")
        else:
            yield from walk(child, prefix)


def length(function: Function) -> int:
    """Lines from `def` to the end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def tracked() -> tuple[str, ...]:
    """The files that git keeps; empty outside a checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return tuple(name for name in listed.stdout.split("\0") if name)

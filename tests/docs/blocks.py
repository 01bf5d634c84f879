"""Documents that run: the fenced blocks of a Markdown file, done in order in one folder.

`console` blocks are commands after `$ ` with the output that they must print, where a line `...`
stands for any lines and `...` within a line for any text; `python` blocks run as programs; a block
whose info names a file (```csv people.csv) writes it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)[ ]?([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND_S_MAX = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block: its language, its file's name or nothing, its text and the line where that begins."""

    language: str
    name: str
    text: str
    line: int


def blocks(document: str) -> tuple[Block, ...]:
    """The fenced blocks of a document, in order."""
    return tuple(
        Block(language=match[1], name=match[2].strip(), text=match[3], line=document.count("\n", 0, match.start(3)) + 1)
        for match in FENCE.finditer(document)
    )


def commands(block: Block) -> Iterator[tuple[int, str, str]]:
    """Line, command and wanted output of each command of a console block."""
    command, wanted, at = "", "", 0
    for number, line in enumerate(block.text.splitlines(keepends=True), start=block.line):
        if line.startswith("$ "):
            if command:
                yield at, command, wanted
            command, wanted, at = line[2:].strip(), "", number
        else:
            wanted += line
    if command:
        yield at, command, wanted


def matches(wanted: str, printed: str) -> bool:
    """Whether a command printed what the document shows; a document that shows nothing wants nothing."""
    pattern = re.escape(wanted.strip()).replace(r"\.\.\.", ".*")
    return not wanted.strip() or re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


def run(block: Block, folder: Path, env: Mapping[str, str]) -> list[str]:
    """Does what a block says; every difference as `line: what`."""
    if block.name:
        (folder / block.name).write_text(block.text, encoding="utf-8")
        return []
    if block.language == "python":
        todo = [(block.line, [sys.executable, "-c", block.text], "")]
    elif block.language == "console":
        todo = [(line, ["/bin/sh", "-c", command], wanted) for line, command, wanted in commands(block)]
    else:
        return []
    wrong: list[str] = []
    for line, command, wanted in todo:
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_S_MAX,
            check=False,
        )
        if done.returncode != 0:
            wrong.append(f"{line}: ended with {done.returncode}: {done.stdout}")
        elif not matches(wanted, done.stdout):
            wrong.append(f"{line}: printed:\n{done.stdout}")
    return wrong

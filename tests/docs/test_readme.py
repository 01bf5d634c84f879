"""The README's promises: every block runs as it stands, and it is short enough to be read."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.docs.blocks import Block, blocks, run
from tests.house.code import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES_MAX = 120
WALL_S_MAX = 120.0


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A virtual environment without Uptake in which all of its libraries are there, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    ours = Path(pytest.__file__).parents[1]
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "libraries.pth").write_text(f"{ours}\n", encoding="utf-8")
    (folder / "bin" / "pip").write_text(f'#!/bin/sh\nexec {folder}/bin/python -m pip "$@"\n', encoding="utf-8")
    (folder / "bin" / "pip").chmod(0o755)
    return {
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
        "COLUMNS": "120",
    }


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= LINES_MAX


def test_make_targets_are_there() -> None:
    shown = [block.text for block in blocks(README) if block.language == "sh"]
    targets = {line.split()[1] for text in shown for line in text.splitlines() if line.startswith("make ")}
    assert targets >= {"demo", "test"}
    for target in sorted(targets):
        subprocess.run(["make", "-n", target], cwd=ROOT, check=True, capture_output=True)


def test_every_block_runs(tools: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "uptake").symlink_to(ROOT, target_is_directory=True)
    start = time.monotonic()
    wrong = [f"README.md:{difference}" for block in blocks(README) for difference in run(block, tmp_path, tools)]
    assert not wrong, "\n".join(wrong)
    assert time.monotonic() - start <= WALL_S_MAX


def test_differences_are_found(tmp_path: Path) -> None:
    good = Block(language="console", name="", text="$ echo one two\none ...\n$ printf 'a\\nb\\n'\na\nb\n", line=1)
    bad = Block(language="console", name="", text="$ echo one\ntwo\n$ false\n", line=7)
    assert run(good, tmp_path, {}) == []
    assert [line.partition(":")[0] for line in run(bad, tmp_path, {})] == ["7", "9"]

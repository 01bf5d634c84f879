"""The pages about what an organisation has: their commands run and print what they show."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, run
from tests.house.code import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where a page is followed; whatever it left running is ended."""
    yield tmp_path
    for left in tmp_path.glob("*.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(left.read_text()), signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["personnel.md", "usage.md", "learning.md", "outcomes.md"])
def test_a_page_runs(folder: Path, page: str) -> None:
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "140"}
    text = (ROOT / "docs/connect" / page).read_text(encoding="utf-8")
    wrong = [f"{page}:{difference}" for block in blocks(text) for difference in run(block, folder, env)]
    assert not wrong, "\n".join(wrong)

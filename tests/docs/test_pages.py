"""The documentation: the tutorial runs as it stands, the references hold every key and verb, the site builds."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

from tests.docs.blocks import blocks, run
from tests.house.code import ROOT
from uptake.cli.verbs import VERBS
from uptake.plan.reference import reference

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """`.ci/docs` as a module."""
    loader = SourceFileLoader("docs_maker", str(ROOT / ".ci/docs"))
    spec = importlib.util.spec_from_loader("docs_maker", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the tutorial is followed; whatever it left running is ended."""
    yield tmp_path
    left = tmp_path / "serve.pid"
    if left.exists():
        with suppress(ProcessLookupError):
            os.kill(int(left.read_text()), signal.SIGTERM)


@pytest.mark.slow
@pytest.mark.xdist_group("tutorial")
def test_the_tutorial_runs(folder: Path) -> None:
    if shutil.which("curl") is None:
        assert os.environ.get("CI") != "true", "curl is not here"
        pytest.skip("the tutorial posts its events with curl, which is not here")
    env = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "COLUMNS": "120"}
    text = (DOCS / "tutorial.md").read_text(encoding="utf-8")
    wrong = [f"tutorial.md:{difference}" for block in blocks(text) for difference in run(block, folder, env)]
    assert not wrong, "\n".join(wrong)


def test_the_plan_reference_has_every_key(maker: ModuleType) -> None:
    text = maker.plan_reference()
    assert [path for path in reference() if f"## `{path}`" not in text] == []


def test_the_command_reference_says_what_help_says(maker: ModuleType) -> None:
    for words in (("check",), ("token", "add")):
        assert maker.help_of(words).startswith(f"Usage: uptake {' '.join(words)}")
    assert {name for _, name, _, _ in VERBS} >= {"check", "deploy", "implement"}


@pytest.mark.slow
def test_the_site_builds_without_a_warning() -> None:
    done = subprocess.run([sys.executable, ".ci/docs"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (ROOT / "build/site/reference/plan/index.html").exists()

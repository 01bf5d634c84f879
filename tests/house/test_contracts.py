"""The floors hold: import contracts kept, no cycles, the two halves mirror one another.

The contracts stand in pyproject.toml. Faults planted in a copy of the package show that they bite.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

from tests.house.code import PACKAGE, ROOT

PYPROJECT = ROOT / "pyproject.toml"
HALF = {"decide", "gates", "steps", "targets"}
FAULTS = {
    "a lower floor imports a higher one": ("floors", {"core/ids.py": "import uptake.plan.model"}, "uptake.core.ids ->"),
    "the same inside a function": ("floors", {"core/ids.py": "def f():\n    import uptake.loop"}, "uptake.core.ids ->"),
    "for type checking": (
        "floors",
        {"plan/__init__.py": "if TYPE_CHECKING:\n    import uptake.store"},
        "uptake.plan ->",
    ),
    "siblings meet": ("floors", {"store/__init__.py": "import uptake.connect"}, "uptake.store -> uptake.connect"),
    "a room without a floor": ("floors", {"attic.py": ""}, "uptake.attic"),
    "a module that the other half lacks": ("mirror", {"implement/extra.py": ""}, "uptake.implement.extra"),
    "a pure room reads the clock": ("purity", {"deploy/__init__.py": "import time"}, "uptake.deploy -> time"),
    "a pure room opens files": ("purity", {"report/__init__.py": "import pathlib"}, "uptake.report -> pathlib"),
    "numpy in a half": ("numbers", {"deploy/__init__.py": "import numpy"}, "uptake.deploy -> numpy"),
    "the client reaches too far": ("apart", {"client/__init__.py": "import uptake.store"}, "uptake.client -> uptake"),
    "two modules in a circle": (
        "acyclic",
        {"store/one.py": "import uptake.store.two", "store/two.py": "import uptake.store.one"},
        "No cycles are allowed in uptake.store",
    ),
}
LINT = """
import sys
from importlinter.cli import lint_imports
sys.exit(lint_imports(sys.argv[1], (sys.argv[2],), no_cache=True, no_logo=True))
"""


def test_contracts_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    kept = lint_imports(config_filename=str(PYPROJECT), no_cache=True, no_logo=True)
    assert kept == 0, capsys.readouterr().out


@pytest.mark.parametrize("fault", FAULTS)
def test_contracts_bite(fault: str, tmp_path: Path) -> None:
    contract, planted, told = FAULTS[fault]
    shutil.copytree(PACKAGE, tmp_path / "uptake", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in planted.items():
        with (tmp_path / "uptake" / name).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")
    run = subprocess.run(
        [sys.executable, "-c", LINT, str(PYPROJECT), contract],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert told in run.stdout, run.stdout


def test_no_import_cycles() -> None:
    graph = grimp.build_graph("uptake", cache_dir=None)
    cycles = [
        " -> ".join([module, *(graph.find_shortest_chain(importer=imported, imported=module) or ())])
        for module in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(module))
        if graph.chain_exists(importer=imported, imported=module)
    ]
    assert not cycles, "\n".join(cycles)


def test_halves_mirror_one_another() -> None:
    halves = {
        half: {path.stem for path in (PACKAGE / half).iterdir() if not path.stem.startswith("__")}
        for half in ("deploy", "implement")
    }
    assert halves == {"deploy": HALF, "implement": HALF}


def test_every_package_says_so() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts}
    assert not [folder for folder in sorted(folders) if not (folder / "__init__.py").is_file()]

"""The table of operations is the installed pyinfra's, and steps are held against it."""

import runpy
from pathlib import Path

from uptake.plan.operation import operations

ROOT = Path(__file__).parents[2]


def test_the_table_equals_the_installed_pyinfra() -> None:
    maker = runpy.run_path(str(ROOT / ".ci" / "operations.py"))
    table = ROOT / "src" / "uptake" / "plan" / "operations.json"
    assert maker["text"]() == table.read_text(encoding="utf-8"), "run .ci/operations.py"


def test_what_the_table_knows() -> None:
    known = operations()
    assert len(known.by_name) > 150
    assert known.by_name["files.directory"].required == ("path",)
    assert known.by_name["files.template"].open
    assert "_sudo" in known.everywhere
    assert not any(name.startswith("python.") for name in known.by_name)

"""Makes src/uptake/plan/operations.json: every operation of the installed pyinfra with its arguments.

The plan's check knows operations from this table, so that it never imports pyinfra and never runs
anybody's code. Run it after pyinfra was updated; a test compares the table with the installed one.
"""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

TABLE = Path(__file__).parent.parent / "src" / "uptake" / "plan" / "operations.json"
FUNCTIONS = {"_if", "_retry_until"}
"""Arguments that take Python functions, which a plan file cannot hold; the module `python` is left out for that too."""


def signature(function: object) -> dict[str, object]:
    """Arguments in order, the required ones, and whether others are taken too."""
    parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    named = [p for p in parameters if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}]
    return {
        "arguments": [p.name for p in named],
        "required": [p.name for p in named if p.default is p.empty],
        "open": any(p.kind is p.VAR_KEYWORD for p in parameters),
    }


def table() -> dict[str, object]:
    """Operations by their own names, and the global arguments that each of them takes."""
    import pyinfra.operations
    from pyinfra.api.arguments import all_global_arguments

    operations: dict[str, object] = {}
    for module in pkgutil.walk_packages(pyinfra.operations.__path__, "pyinfra.operations."):
        if ".util" in module.name or module.name.endswith(".python"):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in vars(loaded).items():
            if name.startswith("_"):
                continue
            function = getattr(value, "_inner", None)  # where pyinfra's decorator keeps it
            if function is None or value.__module__ != module.name:
                continue
            operations[f"{module.name.removeprefix('pyinfra.operations.')}.{name}"] = signature(function)
    global_arguments = sorted({name for name, _ in all_global_arguments()} - FUNCTIONS | {"name"})
    return {"operations": dict(sorted(operations.items())), "global": global_arguments}


def text() -> str:
    """The table as it stands in the file: one operation a line."""
    made = table()
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in made["operations"].items()]  # type: ignore[attr-defined]
    inside = ",\n".join(lines)
    return '{\n"global": ' + json.dumps(made["global"]) + ',\n"operations": {\n' + inside + "\n}\n}\n"


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")

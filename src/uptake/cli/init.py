"""`uptake init`: a commented plan and every file that it names, to begin with.

What it writes is made up, passes `uptake check` and can be rehearsed at once. It never overwrites:
where one of its files exists already, nothing is written at all.
"""

import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from uptake.core.problem import refuse

SCHEMA = "plan.schema.json"


def run(folder: Path = Path(), *, json: bool = False) -> int:
    """Write a commented plan, and every file that it names, into a folder.

    Args:
        folder: is made where it is not there; by default the current one.
        json: print one JSON object instead of text.

    Raises:
        Refused: a file is there already, or cannot be written; nothing is left behind.
    """
    texts = starter()
    there = [name for name in texts if (folder / name).exists()]
    if there:
        what = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; nothing was written"
        raise refuse("UP003", str(folder), what, "name a new folder: `uptake init my-plan`")
    _write(folder, texts)
    if json:
        import msgspec

        sys.stdout.write(
            msgspec.json.encode({"schema": 1, "folder": str(folder), "files": list(texts)}).decode() + "\n"
        )
        return 0
    plan = folder / "plan.yaml"
    lines = [f"Wrote {folder / name}" for name in texts]
    lines += ["", f"uptake check {plan}       is it a good plan?", f"uptake rehearse {plan}    how might it go?"]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def starter() -> dict[str, str]:
    """The files to begin with: name -> text, the plan first."""
    import msgspec

    from uptake.plan.schema import schema

    found = dict(_walk(files("uptake.cli").joinpath("starter"), ""))
    found[SCHEMA] = msgspec.json.format(msgspec.json.encode(schema()), indent=0).decode() + "\n"
    return dict(sorted(found.items(), key=lambda item: (item[0] != "plan.yaml", item[0])))


def _walk(folder: Traversable, above: str) -> list[tuple[str, str]]:
    """(name, text) of each file below a folder."""
    found: list[tuple[str, str]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _walk(item, f"{above}{item.name}/")
        else:
            found.append((f"{above}{item.name}", item.read_text(encoding="utf-8")))
    return found


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write all files, or none: what was made is taken away again where one fails."""
    made: list[Path] = []
    try:
        for name, text in texts.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except OSError as error:
        for path in made:
            path.unlink(missing_ok=True)
        what = f"{error.filename or folder}: {(error.strerror or 'cannot be written').lower()}; nothing was written"
        raise refuse("UP003", str(folder), what, "name a folder that you may write to") from None

"""`uptake explain`: what a plan key, a step, an error code means, in the words of the annotated reference.

Without a word it lists all keys. Not here: why something was decided (`uptake why`).
"""

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from uptake.core.problem import refuse

if TYPE_CHECKING:
    from uptake.plan.reference import Explained

WIDTH = 100


def run(key: str = "", *, json: bool = False) -> int:
    """Explain a key of the plan file, a pyinfra operation, or an error's code.

    Args:
        key: such as gate.at, canary, files.directory or UP120; none lists all keys.
        json: print one JSON object instead of text.

    Raises:
        Refused: nothing of that name.
    """
    from uptake.plan.codes import CODES
    from uptake.plan.operation import operations
    from uptake.plan.reference import look_up, nearest_key, reference

    found = look_up(key) if key else tuple(reference().values())
    operation = operations().by_name.get(key)
    if key.upper() in CODES:
        _print({"schema": 1, "code": key.upper(), "text": CODES[key.upper()]}, json, _wrap(CODES[key.upper()]))
    elif found:
        keys = [_as_data(it) for it in found]
        _print({"schema": 1, "keys": keys}, json, _entries(found) if key else _list(found))
    elif operation is not None:
        more = ["..."] if operation.open else []
        taken = [name if name in operation.required else f"[{name}]" for name in operation.arguments] + more
        words = f"A pyinfra operation. Its arguments: {', '.join(taken) or 'none'}."
        everywhere = f"Every operation also takes {', '.join(operations().everywhere)}."
        data = {"schema": 1, "operation": key, "arguments": operation.arguments, "required": operation.required}
        _print(data, json, f"{key}\n\n{_wrap(words)}\n\n{_wrap(everywhere)}")
    else:
        raise refuse("UP219", "explain", f"there is no key, step or code `{key}`", nearest_key(key))
    return 0


def _print(data: object, json: bool, text: str) -> None:
    """One object, or text."""
    import msgspec

    sys.stdout.write((msgspec.json.encode(data).decode() if json else text) + "\n")


def _default(it: "Explained") -> str:
    """`needed`, or the default."""
    from uptake.plan.reference import default_of

    if it.key is None:
        return ""
    default = default_of(it.key)
    return "needed" if default is None else f"default {default}"


def _as_data(it: "Explained") -> dict[str, str]:
    """A key for --json."""
    return {"path": it.path, "form": it.form, "default": _default(it), "text": it.text, "example": it.example}


def _entries(found: Sequence["Explained"]) -> str:
    """Whole explanations, one below the other."""
    blocks: list[str] = []
    for it in found:
        head = ", ".join(part for part in (it.form, _default(it)) if part)
        blocks.append(f"{it.path}  {head}".rstrip() + f"\n\n{_wrap(it.text)}\n\n{textwrap.indent(it.example, '    ')}")
    return "\n\n\n".join(blocks)


def _list(found: Sequence["Explained"]) -> str:
    """Every key in a line."""
    rows = [(it.path, ", ".join(part for part in (it.form, _default(it)) if part)) for it in found]
    width = max(len(path) for path, _ in rows)
    lines = [f"{path:<{width}}  {form}".rstrip() for path, form in rows]
    return "\n".join([*lines, "", "`uptake explain KEY` says what a key means."])


def _wrap(text: str) -> str:
    """A paragraph."""
    return "\n".join(textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))

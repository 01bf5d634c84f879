"""Brings docs/problems.md up to date: rows of plan codes from `uptake.plan.codes`, in order, gone ones taken out.

Codes of other rooms are written by hand in the same page; a test says which are missing.
"""

import re
from pathlib import Path

from uptake.plan.codes import CODES

PAGE = Path(__file__).parent.parent / "docs" / "problems.md"
TABLE = re.compile(r"(## Plans and commands\n\n\| code \| meaning \|\n\|---\|---\|\n)((?:\|.*\|\n)+)")
ROW = re.compile(r"\| `(UP\d{3})` \| (.+) \|")


def renewed(page: str) -> str:
    """The page with its first table renewed."""
    head = TABLE.search(page)
    if head is None:
        raise SystemExit(f"{PAGE} has no table of plan codes")
    by_hand = {code: text for code, text in ROW.findall(head[2]) if not code.startswith(("UP1", "UP2"))}
    rows = "".join(f"| `{code}` | {text} |\n" for code, text in sorted((by_hand | CODES).items()))
    return page[: head.start(2)] + rows + page[head.end(2) :]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

"""`uptake revise`: show what an edited plan file changes in a plan that runs, ask, and bring it in.

Nothing else ever reads the file again. `--expect` holds it to a digest that was agreed on, and
`--markdown` only prints, for a pull request. Exit 2 where a change is refused.
"""

import time
from pathlib import Path
from typing import Any

from uptake.app.facts import refuse_mistakes
from uptake.app.opened import Opened, open_plan
from uptake.app.revise import Judged, Revising, revise, revising
from uptake.cli.ask import confirm
from uptake.cli.shown import print_json, print_text
from uptake.core.problem import PlanRefused, Refused, Where, refuse
from uptake.core.time import Instant
from uptake.core.words import count

VALUE_MOST = 48
"""Characters of a value that are shown."""


def run(plan: Path, *, yes: bool = False, expect: str = "", markdown: bool = False, json: bool = False) -> int:
    """Revise.

    Args:
        plan: the plan file, edited.
        yes: do not ask.
        expect: the SHA-256 that the file must have; anything else is refused.
        markdown: print the difference for a pull request, and change nothing.
        json: print one JSON object at the end.
    """
    refuse_mistakes(plan)
    opened = open_plan(plan)
    try:
        return _run(opened, (yes, markdown, json), expect)
    finally:
        opened.store.close()


def _run(opened: Opened, choice: tuple[bool, bool, bool], expect: str) -> int:
    yes, markdown, as_json = choice
    shown = revising(opened, opened.picture())
    if expect and expect.lower() != shown.read.digest:
        what = f"the file's digest is {shown.read.digest}, and {expect} was expected"
        raise refuse("UP051", str(opened.path), what, "bring in the text that was agreed on, or agree on this one")
    if markdown:
        print_text(_markdown(shown))
        return PlanRefused.exit_code if shown.problems else 0
    if shown.nothing:
        _report(shown, 0, as_json=as_json)
        return 0
    if shown.problems:
        raise Refused(*shown.problems)
    if not confirm(_text(shown), yes=yes):
        return 1
    seq = revise(opened, shown, now=Instant(time.time_ns() // 1_000_000))
    _report(shown, seq, as_json=as_json)
    return 0


def _text(shown: Revising) -> str:
    """The difference for a terminal: each key with both values, its place, and what follows."""
    rows = [(j.change.path, f"{_value(j.change.old)} -> {_value(j.change.new)}", _places(j), j) for j in shown.changes]
    paths, values = max((len(row[0]) for row in rows), default=0), max((len(row[1]) for row in rows), default=0)
    lines = [f"Revise {shown.read.plan.plan}: {shown.revision[:12]} -> {shown.read.digest[:12]}"]
    for path, value, places, judged in rows:
        lines += [f"  {path:<{paths}}  {value:<{values}}  {places}", f"      {judged.follows}"]
    if not rows and shown.read.digest != shown.revision:
        lines.append("  only comments and layout differ")
    lines += [f"  {name}: other contents" for name in shown.files]
    return "\n".join([*lines, f"  digest of the file: {shown.read.digest}"])


def _markdown(shown: Revising) -> str:
    """The difference as a table for a pull request."""
    lines = [f"**Plan `{shown.read.plan.plan}`**: {count(len(shown.changes), 'change')}", ""]
    if shown.changes:
        lines += ["| key | before | after | line | what follows |", "|---|---|---|---|---|"]
    for judged in shown.changes:
        change = judged.change
        old, new = (f"`{_cell(_value(value))}`" for value in (change.old, change.new))
        lines.append(f"| `{_cell(change.path)}` | {old} | {new} | {_places(judged)} | {_cell(judged.follows)} |")
    lines += ["", *(f"- `{name}` has other contents" for name in shown.files)]
    return "\n".join([*lines, f"`uptake revise --yes --expect {shown.read.digest}`"]) + "\n"


def _cell(text: str) -> str:
    """Text that does not end its cell of a table."""
    return text.replace("`", "'").replace("|", "\\|")


def _value(text: str | None) -> str:
    """A value as far as it is shown; control characters are not passed on."""
    if text is None:
        return "-"
    clean = "".join(letter if letter.isprintable() else "?" for letter in text)
    return clean if len(clean) <= VALUE_MOST else clean[: VALUE_MOST - 3] + "..."


def _places(judged: Judged) -> str:
    """Where the key stands, and where it stood before if that is another line."""
    new, old = judged.change.new_where, judged.change.old_where
    if new is None:
        assert old is not None
        return f"{_line(old)} before"
    return _line(new) + (f" (line {old.line} before)" if old is not None and old.line != new.line else "")


def _line(where: Where) -> str:
    return f"{where.file.rpartition('/')[2]}:{where.line}"


def _report(shown: Revising, seq: int, *, as_json: bool) -> None:
    """What came of it; entry 0 where there was nothing to bring in."""
    if as_json:
        changes: list[dict[str, Any]] = [
            {
                "path": judged.change.path,
                "old": judged.change.old,
                "new": judged.change.new,
                "line": judged.change.where.line,
                "follows": judged.follows,
            }
            for judged in shown.changes
        ]
        value = {"schema": 1, "entry": seq, "before": shown.revision, "revision": shown.read.digest}
        print_json({**value, "changes": changes, "files": list(shown.files)})
    elif seq:
        print_text(f"revise: entry {seq} of the ledger, revision {shown.read.digest[:12]}\n")
    else:
        print_text("The file is the plan's revision already; there is nothing to bring in.\n")

"""The audience from a CSV file, read strictly: one row per person, every mistake named by its line.

Ids are text (`00417` keeps its zeros), and nothing is repaired; how the file itself is read stands in
`connect.table`. Pids are made afresh here; the directory keeps those that it already knows.
"""

import difflib
import re
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from uptake.connect.table import problem, ragged, read_file, read_table
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import Problem, Refused
from uptake.plan.model import Audience

PROBLEMS_MOST = 50
"""So many mistakes of a file are listed."""
LINES_NAMED_MOST = 5
"""So many lines are named for one repeated id."""
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?E\+\d+")


def read_people(path: Path, audience: Audience) -> list[Person]:
    """Everyone in the file, in its order, each with a fresh random pid.

    Args:
        path: the CSV file; its delimiter is the most frequent of `,` `;` and tab in the heading.
        audience: names the columns that are wanted, and the encoding.

    Raises:
        Refused: the file cannot be used; every mistake with its line.
    """
    heading, rows = read_table(read_file(path), file=str(path), encoding=audience.encoding)
    problems = _heading_problems(path, heading, audience)
    if problems:
        raise Refused(*problems)
    return _people(path, heading, rows, audience)


def _heading_problems(path: Path, heading: Sequence[str], audience: Audience) -> list[Problem]:
    problems = []
    for name in dict.fromkeys((audience.id, *filter(None, (audience.setting,)), *audience.attributes)):
        if name not in heading:
            near = difflib.get_close_matches(name, heading, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"the columns are: {', '.join(heading)}"
            problems.append(_problem("people.column", path, 1, f"the column `{name}` is missing", hint))
        elif heading.count(name) > 1:
            problems.append(_problem("people.column", path, 1, f"the column `{name}` stands there twice"))
    if "id" in audience.attributes and audience.id != "id":
        what = f"`id` is asked for as an attribute beside the id column `{audience.id}`"
        problems.append(_problem("people.column", path, 1, what, "rename that column: `id` always means the person"))
    return problems


def _people(path: Path, heading: list[str], rows: Iterator[tuple[int, list[str]]], audience: Audience) -> list[Person]:
    at = {name: heading.index(name) for name in (audience.id, *filter(None, (audience.setting,)), *audience.attributes)}
    people: list[Person] = []
    problems: list[Problem] = []
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for line, row in rows:
        problem = _row_problem(path, line, row, heading, audience)
        if problem is not None:
            problems.append(problem)
            continue
        external_id = row[at[audience.id]]
        lines[unicodedata.normalize("NFC", external_id)].append(line)
        people.append(
            Person(
                pid=Pid(secrets.token_hex(16)),
                external_id=external_id,
                setting=row[at[audience.setting]] if audience.setting else "",
                attributes={name: row[at[name]] for name in audience.attributes},
            )
        )
    problems += [_repeated(path, external_id, where) for external_id, where in lines.items() if len(where) > 1]
    if not people and not problems:
        problems.append(_problem("people.empty", path, 1, "a heading, and nobody beneath it"))
    if problems:
        raise Refused(*_first(path, sorted(problems, key=lambda p: p.where.line)))
    return people


def _row_problem(path: Path, line: int, row: list[str], heading: list[str], audience: Audience) -> Problem | None:
    uneven = ragged(str(path), line, row, heading)
    if uneven is not None:
        return uneven
    external_id = row[heading.index(audience.id)]
    if not external_id:
        return _problem("people.id", path, line, f"`{audience.id}` is empty")
    if _SPREADSHEET.fullmatch(external_id):
        hint = "export it again and keep that column as text"
        return _problem("people.id", path, line, f"a spreadsheet has turned `{audience.id}` into {external_id}", hint)
    if audience.setting and not row[heading.index(audience.setting)]:
        hint = "everybody needs one: people are let in by it"
        return _problem("people.setting", path, line, f"`{audience.setting}` is empty", hint)
    return None


def _repeated(path: Path, external_id: str, lines: Sequence[int]) -> Problem:
    named = ", ".join(str(line) for line in lines[:LINES_NAMED_MOST])
    more = f" and {len(lines) - LINES_NAMED_MOST} more" if len(lines) > LINES_NAMED_MOST else ""
    what = f"the id {external_id} stands on lines {named}{more}"
    return _problem("people.repeated", path, lines[1], what, "one row per person: keep one of them")


def _first(path: Path, problems: Sequence[Problem]) -> list[Problem]:
    kept = list(problems[:PROBLEMS_MOST])
    if len(problems) > PROBLEMS_MOST:
        kept.append(_problem("people.more", path, 0, f"and {len(problems) - PROBLEMS_MOST} more mistakes"))
    return kept


def _problem(code: str, path: Path, line: int, what: str, hint: str = "") -> Problem:
    return problem(code, str(path), line, what, hint)

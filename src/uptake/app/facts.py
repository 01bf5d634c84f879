"""A plan file with everything that a check may know beside it: files, people, hosts.

Nobody's code is run for it: an inventory written in Python is only looked at as a file. Other verbs may use
`examine` before they start anything. What is judged, and how, stands in `plan.check`.
"""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.core.ports import Person
from uptake.core.problem import PlanRefused, Problem, Refused, Where
from uptake.core.time import Instant, Span
from uptake.plan.check import check
from uptake.plan.deploy_rules import zone_of
from uptake.plan.fact import Facts, Measured, People, named_files
from uptake.plan.model import Hosts, Implement
from uptake.plan.read import ReadPlan, in_order, read_draft
from uptake.plan.source import decode_plan
from uptake.plan.tree import TEXT_MOST

if TYPE_CHECKING:
    from uptake.connect.hosts.inventory import Known

PLAN_BYTES_MOST = 4 * TEXT_MOST + 1
"""What is read of a plan file; one that is longer is refused by `read_draft` for its length."""
TEXT_BYTES_MOST = 1_000_000
"""An announcement's text may be so long."""
PERIODS_MOST = 200
"""Of an outcome's file the latest so many periods say how it varies."""
HEADING_BYTES_MOST = 65_536
"""The first line of a CSV file may be so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A plan file that was read and checked.

    `read` is the plan, None where it has mistakes; `sources` hold the texts that places point into.
    """

    read: ReadPlan | None
    facts: Facts
    problems: tuple[Problem, ...]
    sources: dict[str, str]


def examine(path: Path) -> Examined:
    """Read and check a plan file; everything that is wrong is in `problems`.

    Args:
        path: the plan file; other files are looked for from its folder.
    """
    file = str(path)
    try:
        with path.open("rb") as opened:
            text = decode_plan(opened.read(PLAN_BYTES_MOST), file=file)
    except OSError as error:
        hint = "name an existing plan file, or make one with `uptake init`"
        what = f"the plan file cannot be opened: {(error.strerror or 'no reason given').lower()}"
        problem = Problem(code="UP001", where=Where(file=file), what=what, hint=hint)
        return Examined(read=None, facts=Facts(), problems=(problem,), sources={})
    except PlanRefused as refused:
        return Examined(read=None, facts=Facts(), problems=refused.problems, sources={})
    draft = read_draft(text, file=file)
    if draft.read is None:
        return Examined(read=None, facts=Facts(), problems=draft.problems, sources={file: text})
    facts = gather(draft.read, folder=path.parent)
    beside = {name: str(path.parent / name) for name in facts.texts}
    found = [_placed(problem, beside) for problem in check(draft.read, facts)]
    problems = in_order([*draft.problems, *found])
    sources = {file: text} | {beside[name]: words for name, words in facts.texts.items()}
    return Examined(read=None if problems else draft.read, facts=facts, problems=problems, sources=sources)


def refuse_mistakes(path: Path, *, but: Collection[str] = ()) -> None:
    """Refuse a plan file that has mistakes.

    Args:
        path: the plan file.
        but: codes of mistakes that do not matter for what is asked.

    Raises:
        PlanRefused: with every mistake.
    """
    problems = [problem for problem in examine(path).problems if problem.code not in but]
    if problems:
        raise PlanRefused(*problems)


def _placed(problem: Problem, beside: dict[str, str]) -> Problem:
    """A problem in a text beside the plan, with that file's path from here instead of from the plan."""
    where = problem.where
    return replace(problem, where=replace(where, file=beside[where.file])) if where.file in beside else problem


def gather(read: ReadPlan, *, folder: Path) -> Facts:
    """The facts about the files that a plan names.

    Args:
        read: the plan, as far as it could be read.
        folder: where its paths begin.
    """
    plan, problems = read.plan, list[Problem]()
    files = {name: _digest(folder / name) for name, _ in named_files(plan)}
    people: People | None = None
    texts: dict[str, str] = {}
    hosts: tuple[Known, ...] | None = None
    serves = plan.deploy.hosts.serves if plan.deploy is not None and read.is_whole("deploy.hosts") else ""
    if plan.implement is not None:
        if files.get(plan.implement.audience.from_) is not None and read.is_whole("implement.audience"):
            people = _people(folder / plan.implement.audience.from_, plan.implement, serves, problems)
        for words in plan.implement.announce:
            if files.get(words.text) is not None:
                _text(folder / words.text, words.text, texts, problems)
    if plan.deploy is not None and read.is_whole("deploy.hosts"):
        missing = plan.deploy.hosts.inventory and files.get(plan.deploy.hosts.inventory) is None
        hosts = None if missing else _known(plan.deploy.hosts, folder, problems)
    return Facts(
        files=files,
        texts=texts,
        people=people,
        host_data=None if hosts is None else tuple(sorted(set.intersection(*(set(host.data) for host in hosts)))),
        serves=None if hosts is None else {host.name: str(host.data.get(serves, "")) for host in hosts},
        measured=_measured(read, folder, files, problems),
        problems=tuple(problems),
    )


def _digest(path: Path) -> str | None:
    """SHA-256 of a file, `folder` for a folder, None where there is neither or it cannot be read."""
    if path.is_dir():
        return "folder"
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def _text(path: Path, name: str, texts: dict[str, str], problems: list[Problem]) -> None:
    """The text of an announcement."""
    try:
        with path.open("rb") as file:
            texts[name] = decode_plan(file.read(TEXT_BYTES_MOST), file=name)
    except PlanRefused as refused:
        problems += refused.problems
    except OSError:
        return


def _people(path: Path, implement: Implement, serves: str, problems: list[Problem]) -> People:
    """The audience file in short; what is wrong in its rows is added to the problems."""
    from uptake.connect.people.csv import read_people
    from uptake.implement.targets import sizes

    audience, waves = implement.audience, implement.waves
    columns = _heading(path)
    needed = {audience.id, *audience.attributes} | ({audience.setting} if audience.setting else set())
    if columns and not needed <= set(columns):
        return People(columns=columns)
    try:
        everyone = read_people(path, audience)
    except Refused as refused:
        problems += refused.problems
        return People(columns=columns or tuple(needed))
    units = len({person.setting for person in everyone}) if waves.assign_by == "setting" else len(everyone)
    known = waves.assign_by == "person" or bool(audience.setting)
    dealt = sizes(waves, units) if known and sum(waves.sizes) > 0 else ()
    served = {p.setting if serves == audience.setting else p.attributes.get(serves, "") for p in everyone}
    return People(
        columns=columns,
        rows=len(everyone),
        dealt=dealt if waves.holdout else dealt[:-1],
        served=tuple(sorted(filter(None, served))) if serves else (),
        strata=_strata(implement, everyone) if known else (),
    )


def _strata(implement: Implement, people: Sequence[Person]) -> tuple[tuple[str, int], ...]:
    """Each stratum in words, with the units in it; none where nothing is stratified."""
    from uptake.implement.targets import units_of

    if not implement.waves.stratify:
        return ()
    units = units_of(implement, people)
    tally = Counter(unit.stratum.replace("\0", ", ").replace("\1", " and ") for unit in units)
    return tuple(sorted(tally.items()))


def _measured(
    read: ReadPlan, folder: Path, files: Mapping[str, str | None], problems: list[Problem]
) -> dict[int, Measured]:
    """The outcomes' own files in short; what is wrong in their rows is added to the problems."""
    implement = read.plan.implement
    if implement is None or not implement.outcomes or not read.is_whole("implement.audience"):
        return {}
    from uptake.connect.people.csv import read_people
    from uptake.connect.pull.rows import read_rows

    people: Sequence[Person] = ()
    with suppress(Refused):
        people = read_people(folder / implement.audience.from_, implement.audience)
    found: dict[int, Measured] = {}
    for item, outcome in enumerate(implement.outcomes):
        pull = outcome.from_
        if files.get(pull.csv) is None or not read.is_whole(f"implement.outcomes.{item}") or pull.sql or pull.http:
            continue
        by_setting = outcome.unit == "setting"
        units = {p.setting if by_setting else p.attributes.get(pull.match, p.external_id) for p in people}
        try:
            window = (Instant(0), Instant(0))
            rows = list(read_rows(pull, folder=folder, needs=("unit", "at", "value"), takes=("id",), window=window))
            names = [row.text("unit") for row in rows]
            moments = [row.moment("at", timezone=zone_of(read), dates=pull.dates) for row in rows]
            values = [row.number("value") for row in rows]
        except Refused as refused:
            problems += refused.problems
            continue
        first = min(moments, default=None)
        bare = Measured(units=len(units), known=len(units & set(names)), values=len(rows), first=first)
        found[item] = _spread(bare, list(zip(names, moments, values, strict=True)), outcome.looks)
    return found


def _spread(bare: Measured, rows: Sequence[tuple[str, Instant, float]], period: Span) -> Measured:
    """The file in short, with how its values by unit and period vary."""
    if not rows or bare.first is None:
        return bare
    import numpy as np

    from uptake.measure.spread import spread

    length = period.approx_s * 1000
    cells: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    for unit, at, value in rows:
        cells[unit, int((at - bare.first) // length)].append(value)
    place = {unit: number for number, unit in enumerate(sorted({unit for unit, _ in cells}))}
    periods = {period: number for number, period in enumerate(sorted({period for _, period in cells})[-PERIODS_MOST:])}
    table = np.full((len(place), len(periods)), np.nan)
    for (unit, number), told in cells.items():
        if number in periods:
            table[place[unit], periods[number]] = sum(told) / len(told)
    known = spread(table)
    if known is None:
        return bare
    return replace(bare, mean=known.mean, deviation=known.deviation, correlation=known.correlation)


def _heading(path: Path) -> tuple[str, ...]:
    """The columns of a CSV file, none where its first line cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(HEADING_BYTES_MOST).decode("utf-8-sig", errors="replace")
    except OSError:
        return ()
    lines = text.lstrip("\r\n").splitlines()
    if not lines:
        return ()
    row = next(csv.reader([lines[0]], delimiter=max(",;\t", key=lines[0].count)), [])
    return tuple(cell.strip() for cell in row)


def _known(hosts: Hosts, folder: Path, problems: list[Problem]) -> "tuple[Known, ...] | None":
    """The hosts with their data; None for an inventory that is code, or that cannot be read."""
    from uptake.connect.hosts.inventory import load

    if hosts.inventory.endswith(".py") or not (hosts.inventory or hosts.list_):
        return None
    try:
        return load(hosts, folder=folder)
    except Refused as refused:
        problems += refused.problems
        return None

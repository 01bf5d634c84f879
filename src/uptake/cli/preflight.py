"""The look at every host before a run, on a screen: one report of all problems, and what deserves a word.

Nothing is begun where one problem is fatal. What is looked for stands in `connect.hosts.preflight`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from uptake.app.capacity import capacity
from uptake.app.opened import Opened
from uptake.app.ring import make_site
from uptake.app.start import left_out
from uptake.cli.paint import paint_problems, wants_colour
from uptake.core.problem import Problem
from uptake.core.words import count
from uptake.plan.model import Deploy

if TYPE_CHECKING:
    from uptake.connect.hosts.crew import Crew
    from uptake.connect.hosts.preflight import Report

TOLD_MOST = 100
"""At most so many problems are printed; the rest is counted."""


@contextmanager
def looked_at(opened: Opened, deploy: Deploy, *, version: str, limit: str = "") -> "Iterator[tuple[Crew, Report]]":
    """A crew that has looked at every host that is meant, and its report; the crew ends with the block.

    Raises:
        Refused: the inventory cannot be read.
    """
    from uptake.connect.hosts.crew import Crew

    crew = Crew(make_site(opened, deploy))
    try:
        first = not opened.picture().runs
        without = left_out(opened, crew.hosts, limit)
        report = crew.look(opened.read, version=version, folder=opened.folder, first=first, without=without)
        if not first:
            left = capacity(opened.read, deploy, crew.hosts, report.serving, without=without)
            report = replace(report, warnings=(*report.warnings, *left))
        yield crew, report
    finally:
        crew.end()


def tell(report: "Report", crew: "Crew", *, as_json: bool) -> int:
    """Print the report; 1 where the run must not begin, else 0."""
    if as_json:
        if report.fatal:
            import msgspec

            sys.stdout.write(msgspec.json.encode({"schema": 1, "exit": 1, **as_data(report)}).decode() + "\n")
        return int(bool(report.fatal))
    colour = wants_colour(sys.stderr)
    for problem in report.warnings[:TOLD_MOST]:
        word = "\x1b[33mwarning\x1b[0m" if colour else "warning"
        print(f"{word}[{problem.code}]: {problem.what} ({problem.where})\n  {problem.hint}", file=sys.stderr)
    hosts = count(len(crew.hosts), "host")
    if report.fatal:
        print(paint_problems(report.fatal[:TOLD_MOST], sys.stderr), file=sys.stderr)
        if len(report.fatal) > TOLD_MOST:
            print(f"and {len(report.fatal) - TOLD_MOST} more", file=sys.stderr)
        return 1
    print(f"Looked at {hosts} in {report.took_s:.1f} s: nothing stands in the way.", file=sys.stderr)
    return 0


def as_data(report: "Report") -> dict[str, Any]:
    """The report as plain values."""
    return {
        "problems": [_plain(problem) for problem in report.fatal],
        "warnings": [_plain(problem) for problem in report.warnings],
    }


def _plain(problem: Problem) -> dict[str, str]:
    return {"code": problem.code, "where": str(problem.where), "what": problem.what, "hint": problem.hint}

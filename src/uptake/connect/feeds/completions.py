"""Completions from a learning platform's export, long or wide: who has completed which course, and when.

Long: a row per person and course. Wide: a row per person and a column per course of the path, holding the date. The
export is cumulative: each reading replaces the one before, and a row that is gone is a correction, unless too many are.
"""

from collections.abc import Iterator
from pathlib import Path

from uptake.connect.feeds.match import pids_of
from uptake.connect.feeds.usage import written_at
from uptake.connect.feeds.worker import Brought, Spoilt
from uptake.connect.pull.rows import Row, read_rows
from uptake.core.chance import digest
from uptake.core.ports import Directory
from uptake.core.time import Instant
from uptake.core.training import Completion, Completions
from uptake.plan.model import Plan
from uptake.plan.pull import Pull

NAME = "implement.train.completions"
"""The plan key that declares it, which is the completions' source as well."""
GONE_MOST = 0.2
"""When more than this share of what was told is gone, the export is taken for a cut-off one."""
FEW = 5
"""So many may always be gone."""
DONE = ("", "completed", "complete", "passed", "pass", "done", "yes", "true", "1", "100")
"""What a column `status` may say of a course that is completed."""


def unknown(number: int) -> str:
    """What is told of names that nobody has, empty for none."""
    if not number:
        return ""
    return f"{number:,} {'name is' if number == 1 else 'names are'} known to nobody: `uptake who --unmatched`"


class Platform:
    """Reads `train.completions` into the store."""

    def __init__(self, plan: Plan, pull: Pull, *, folder: Path, directory: Directory, kept: Completions) -> None:
        """Args: plan; pull: its source; folder: the plan's; directory: who is known; kept: where completions go."""
        assert plan.implement is not None
        assert plan.implement.train is not None
        self._audience, self._path = plan.implement.audience, plan.implement.train.path
        self._timezone, self._pull, self._folder = plan.timezone, pull, folder
        self._directory, self._kept = directory, kept

    def __call__(self, *, last: Instant, now: Instant) -> Brought:
        """Read once."""
        del last
        complete = written_at(self._pull, self._folder, now)
        told = self._read(now)
        before = self._kept.known(NAME)
        gone = [key for key in before if key not in told]
        if len(gone) > max(FEW, GONE_MOST * len(before)):
            mark = digest("\1".join(sorted(f"{subject}\0{course}" for subject, course in told)))
            raise Spoilt(f"{len(gone)} of {len(before)} completions are gone from it: cut off?", mark)
        rows = [Completion(subject=subject, course=course, at=at) for (subject, course), at in sorted(told.items())]
        subjects = sorted({row.subject for row in rows})
        pids = pids_of(subjects, self._directory, self._audience, column=self._pull.match)
        self._kept.replace(NAME, rows, pids=pids)
        return Brought(complete=complete, note=unknown(len(set(subjects) - set(pids))))

    def _read(self, now: Instant) -> dict[tuple[str, str], Instant]:
        """(subject, course) -> the earliest completion."""
        wide = [course for course in self._path if course in self._pull.columns]
        needs, takes = (("person", *wide), ()) if wide else (("person", "course", "at"), ("status",))
        window = (Instant(0), now)
        told: dict[tuple[str, str], Instant] = {}
        for row in read_rows(self._pull, folder=self._folder, needs=needs, takes=takes, window=window):
            for subject, course, at in self._wide(row, wide) if wide else self._long(row):
                told[subject, course] = min(at, told.get((subject, course), at))
        return told

    def _wide(self, row: Row, courses: list[str]) -> Iterator[tuple[str, str, Instant]]:
        for course in courses:
            if row.values[course].strip():
                yield row.text("person"), course, self._at(row, course)

    def _long(self, row: Row) -> Iterator[tuple[str, str, Instant]]:
        course = row.text("course")
        if course in self._path and row.values.get("status", "").strip().casefold() in DONE:
            yield row.text("person"), course, self._at(row, "at")

    def _at(self, row: Row, word: str) -> Instant:
        """When; a day without a time counts from its end."""
        return row.moment(word, timezone=self._timezone, dates=self._pull.dates, end=True)

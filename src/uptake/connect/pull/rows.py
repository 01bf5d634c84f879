"""The rows of a pull by our own words, whatever the source calls them.

One row has a text per word and a place for messages. Values are texts as the source gives them (`00417`
keeps its zeros); `moment` and `number` read them, and refuse what could be read in two ways.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from uptake.connect.table import problem
from uptake.core.problem import Refused
from uptake.core.time import Instant, from_datetime, zone
from uptake.plan.pull import Pull

ROWS_MOST = 5_000_000
"""One reading may bring so many rows."""
_SPREADSHEET = re.compile(r"\d+([.,]\d+)?E\+\d+")
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a text per word that was asked for and is there, and where it stands."""

    values: Mapping[str, str]
    file: str
    line: int

    def text(self, word: str) -> str:
        """A value that must not be empty.

        Raises:
            Refused: it is empty, or a spreadsheet has spoilt it.
        """
        found = self.values.get(word, "").strip()
        if not found:
            raise self.refused(f"`{word}` is empty")
        if _SPREADSHEET.fullmatch(found):
            hint = "export it again and keep that column as text"
            raise self.refused(f"a spreadsheet has turned `{word}` into {found}", hint)
        return found

    def number(self, word: str) -> float:
        """A finite number with a decimal point.

        Raises:
            Refused: it is none.
        """
        found = self.text(word)
        try:
            value = float(found)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.refused(f"`{word}` is no number: {found}", "write 12.5, say")
        return value

    def moment(self, word: str, *, timezone: str, dates: str = "", end: bool = False) -> Instant:
        """A date or date-time; ISO 8601, or in the declared form.

        Args:
            word: which value.
            timezone: of what has no offset of its own.
            dates: a form of `datetime.strptime`, such as `%d.%m.%Y`; empty for ISO 8601.
            end: a date without a time means the end of that day, not its beginning.

        Raises:
            Refused: it is none, or could be read in two ways.
        """
        found = self.text(word)
        try:
            read = datetime.strptime(found, dates) if dates else _iso(found)  # noqa: DTZ007 (the zone follows)
        except ValueError:
            hint = 'declare its form, as in `dates: "%d.%m.%Y"`' if not dates else f"`dates` is {dates}"
            raise self.refused(f"`{word}` is no date: {found}", hint) from None
        day_only = not re.search("%[HIMSpcXf]", dates) if dates else _DATE.fullmatch(found) is not None
        if read.tzinfo is None:
            read = (read + timedelta(days=1) if end and day_only else read).replace(tzinfo=zone(timezone))
        return Instant(from_datetime(read) - (1 if end and day_only else 0))

    def refused(self, what: str, hint: str = "") -> Refused:
        """The refusal of this row, with its place."""
        return Refused(problem("pull.value", self.file, self.line, what, hint))


def _iso(text: str) -> datetime:
    if _ISO.fullmatch(text) is None:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def read_rows(
    pull: Pull, *, folder: Path, needs: Sequence[str], takes: Sequence[str] = (), window: tuple[Instant, Instant]
) -> Iterator[Row]:
    """The rows of a source, by our words.

    Args:
        pull: where they lie.
        folder: the plan's, where paths and `file:` secrets begin.
        needs: words that every row must have a column for.
        takes: words that are given where there is a column.
        window: what a query's `:since` and `:until` are; files and addresses give everything they hold.

    Raises:
        Refused: the source cannot be read, or lacks a column; while iterating, a row that is not whole.
    """
    if pull.sql:
        from uptake.connect.pull.query import read_query

        heading, rows, file = *read_query(pull, folder=folder, window=window), "the query"
    elif pull.http:
        from uptake.connect.pull.web import read_list

        heading, rows, file = *read_list(pull, folder=folder), pull.http
    else:
        from uptake.connect.pull.file import read_csv

        heading, rows, file = *read_csv(pull, folder=folder), pull.csv
    at = _columns(pull, heading, needs, takes, file)
    return _by_words(rows, at, file)


def _columns(
    pull: Pull, heading: Sequence[str], needs: Sequence[str], takes: Sequence[str], file: str
) -> dict[str, int]:
    """Our word -> the position of its column."""
    at: dict[str, int] = {}
    missing = []
    for word in dict.fromkeys((*needs, *takes)):
        name = pull.columns.get(word, word)
        if heading.count(name) > 1:
            missing.append(problem("pull.column", file, 1, f"the column `{name}` stands there twice"))
        elif name in heading:
            at[word] = heading.index(name)
        elif word in needs or word in pull.columns:
            hint = f"the columns are: {', '.join(heading)}; map it: `columns: {{{word}: ...}}`"
            missing.append(problem("pull.column", file, 1, f"the column `{name}` is missing", hint))
    if missing:
        raise Refused(*missing)
    return at


def _by_words(rows: Iterator[tuple[int, Sequence[str]]], at: Mapping[str, int], file: str) -> Iterator[Row]:
    for count, (line, cells) in enumerate(rows):
        if count >= ROWS_MOST:
            raise Refused(problem("pull.many", file, line, f"more than {ROWS_MOST:,} rows", "read a smaller window"))
        yield Row(values={word: cells[position] for word, position in at.items()}, file=file, line=line)

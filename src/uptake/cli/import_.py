"""`uptake import events FILE PLAN`: uses that stand in a file, CSV or one JSON object a line.

The whole file is checked before anything is kept, and every bad line is named by its number;
importing it again changes nothing. It counts nothing itself: the next look does.
"""

import csv
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec

from uptake.app.opened import open_plan
from uptake.core.event import Event
from uptake.core.problem import Problem, Refused, Where, refuse
from uptake.core.time import Instant, parse_instant

if TYPE_CHECKING:
    from uptake.store.open import Store

SOURCE = "import"
"""The source of events whose file names none."""
BATCH = 5_000
"""Events kept in one transaction."""
PROBLEMS_MOST = 100
"""Bad lines that a refusal names; it counts all."""
TEXT_MOST = 200
"""Characters of an id, a source, a subject or a name."""
EARLIEST_MS = 10**11
"""A number below this was meant in seconds (or is no time): 1973 in milliseconds, the year 5138 in seconds."""
LATEST_MS = 253_402_300_799_000
"""The end of the year 9999."""
WANTED = "id, subject, name (or event) and at"
JSON_ENDINGS = frozenset({".ndjson", ".jsonl", ".json"})


def events(file: Path, plan: Path, *, source: str = SOURCE, json: bool = False) -> int:
    """Import events of use from a file.

    Args:
        file: CSV with the columns id, subject, name (or event) and at, or the same as one JSON object a line.
        plan: the plan file.
        source: where the ids come from; an id counts once within its source. A column `source` goes before it.
        json: print one JSON object.

    Raises:
        Refused: the file cannot be read, has bad lines, or the plan counts by setting; nothing was kept.
    """
    opened = open_plan(plan)
    try:
        if opened.read.plan.counts_by_setting:
            what = "this plan counts use by setting; nothing was kept about single people"
            raise refuse("UP343", str(file), what, "its counts come from `adoption.from`")
        reading = _Reading(file, source=source, timezone=opened.read.plan.timezone)
        total = _checked(reading)
        new = _keep(opened.store, reading, total)
        strays = opened.store.events.strays()
    finally:
        opened.store.close()
    if json:
        print(msgspec.json.encode({"schema": 1, "events": total, "new": new, "strays": strays}).decode())
        return 0
    print(f"{total:,} events: {new:,} new, {total - new:,} known already")
    if strays:
        print(f"{strays:,} events so far name somebody who is not in the audience: kept apart until they are")
    return 0


def _checked(reading: "_Reading") -> int:
    """How many events the file holds.

    Raises:
        Refused: some lines are bad.
    """
    problems: list[Problem] = []
    good = bad = 0
    for line in reading.lines():
        if isinstance(line, Event):
            good += 1
            continue
        bad += 1
        if bad <= PROBLEMS_MOST:
            problems.append(line)
    if bad > PROBLEMS_MOST:
        where = Where(file=str(reading.file))
        problems.append(Problem(code="UP342", where=where, what=f"and {bad - PROBLEMS_MOST:,} more bad lines"))
    if problems:
        raise Refused(*problems)
    return good


def _keep(store: "Store", reading: "_Reading", total: int) -> int:
    """Keep the file's events batch by batch, with progress on a terminal; returns how many were new."""
    new = done = 0
    shows = sys.stderr.isatty()
    lines = (line for line in reading.lines() if isinstance(line, Event))
    while some := list(islice(lines, BATCH)):
        new += store.events.append(some, received_at=Instant(time.time_ns() // 1_000_000))
        done += len(some)
        if shows:
            print(f"\r{done:,} of {total:,} events", end="", file=sys.stderr, flush=True)
    if shows and done:
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)
    return new


class _Reading:
    """A file of events, read line by line as often as it is asked for."""

    def __init__(self, file: Path, *, source: str, timezone: str) -> None:
        """Args: file; source: of events that name none; timezone: of times without an offset."""
        self.file = file
        self._source, self._timezone = source, timezone

    def lines(self) -> Iterator[Event | Problem]:
        """Each line's event, or what is wrong with it.

        Raises:
            Refused: the file cannot be read, or lacks columns.
        """
        try:
            with self.file.open(encoding="utf-8-sig", newline="") as text:
                rows = _json_rows if self._is_json(text) else self._csv_rows
                for number, row in rows(text):
                    yield self._read(number, row)
        except OSError as error:
            raise refuse("UP340", str(self.file), f"the file cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise refuse("UP340", str(self.file), "the file is not UTF-8", "save it as UTF-8") from None

    def _is_json(self, text: TextIO) -> bool:
        """By the file's ending, else by its first character."""
        if self.file.suffix.lower() in JSON_ENDINGS:
            return True
        first = text.read(1)
        text.seek(0)
        return first == "{"

    def _csv_rows(self, text: TextIO) -> Iterator[tuple[int, Mapping[str, object] | str]]:
        """Line number and columns of each row."""
        head = text.readline()
        text.seek(0)
        rows = csv.DictReader(text, delimiter=max(",;\t", key=head.count), strict=True)
        try:
            columns = {str(name).strip() for name in rows.fieldnames or ()}
            missing = [name for name in ("id", "subject", "at") if name not in columns]
            if not columns & {"name", "event"}:
                missing.append("name")
            if missing:
                where = Where(file=str(self.file), line=1, column=1)
                what = f"the first line has no column {', '.join(missing)}"
                raise Refused(Problem(code="UP341", where=where, what=what, hint=f"columns: {WANTED}"))
            for row in rows:
                if None in row:
                    yield rows.line_num, "the line has more columns than the first line"
                else:
                    yield rows.line_num, {str(name).strip(): value for name, value in row.items()}
        except csv.Error as error:
            yield rows.line_num, f"the line is no CSV: {error}"

    def _read(self, number: int, row: Mapping[str, object] | str) -> Event | Problem:
        """One line's event."""
        where = Where(file=str(self.file), line=number, column=1)
        if isinstance(row, str):
            return Problem(code="UP342", where=where, what=row, hint=f"an event has {WANTED}")
        try:
            return Event(
                id=_text(row, "id"),
                source=_text(row, "source") if row.get("source") else self._source,
                subject=_text(row, "subject"),
                name=_text(row, "name" if row.get("name") else "event", called="name"),
                at=_instant(row.get("at"), self._timezone),
            )
        except ValueError as error:
            return Problem(code="UP342", where=where, what=str(error), hint=f"an event has {WANTED}")


def _json_rows(text: TextIO) -> Iterator[tuple[int, Mapping[str, object] | str]]:
    """Line number and object of each line that is not empty."""
    decode: Callable[[str], dict[str, object]] = msgspec.json.Decoder(dict[str, object]).decode
    for number, line in enumerate(text, start=1):
        if not line.strip():
            continue
        try:
            yield number, decode(line)
        except msgspec.MsgspecError as error:
            yield number, f"the line is no JSON object: {error}"


def _text(row: Mapping[str, object], key: str, *, called: str = "") -> str:
    """A column's text."""
    value = row.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"`{called or key}` is missing or empty")
    if len(value) > TEXT_MOST:
        raise ValueError(f"`{called or key}` has {len(value):,} characters, at most {TEXT_MOST} are taken")
    return value.strip()


def _instant(value: object, timezone: str) -> Instant:
    """A time: ISO 8601, in the plan's time zone where it names no offset, or milliseconds since 1970."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value.strip()) > len("20270111"):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        if not EARLIEST_MS <= value <= LATEST_MS:
            raise ValueError(f"`at` is {value}, which is no time in milliseconds since 1970")
        return Instant(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError("`at` is missing or empty")
    try:
        return parse_instant(value.strip(), timezone)
    except (ValueError, OverflowError):
        raise ValueError(f"`at` is `{value}`, write 2027-01-11T09:00:00+01:00") from None

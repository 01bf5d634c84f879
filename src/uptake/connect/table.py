"""A CSV file read strictly: a heading, rows with their lines, every mistake at its place.

Not a guesser: text is UTF-8 unless an encoding is declared, nothing is repaired, a file that was cut
off inside a quote is refused. Who reads it says what its columns mean.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from uptake.core.problem import Problem, Refused, Where, refuse

FILE_BYTES_MOST = 512 * 1024 * 1024
"""A file may be so long."""


def read_file(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        Refused: it cannot be read, or is longer than `FILE_BYTES_MOST`.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MOST + 1)
    except OSError as error:
        raise refuse("csv.unreadable", str(path), f"the file cannot be read: {error.strerror}") from None
    if len(raw) > FILE_BYTES_MOST:
        raise refuse("csv.too_long", str(path), f"the file is longer than {FILE_BYTES_MOST} bytes")
    return raw


def read_table(
    raw: bytes, *, file: str, encoding: str = "utf-8", delimiter: str = ""
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The heading, and each row that is not blank with the line it begins on, cells stripped.

    Args:
        raw: the whole file.
        file: its name, for messages.
        encoding: a codec's name; a file that declares nothing is UTF-8.
        delimiter: by default the most frequent of `,` `;` and tab in the heading.

    Raises:
        Refused: no text in this encoding, an empty file; while iterating, a quote that is not closed, or a row that
            has more or fewer cells than the heading.
    """
    text = _text(raw, file, encoding)
    rows = _rows(text, file, delimiter)
    heading = next(rows, None)
    if heading is None:
        raise refuse("csv.empty", file, "the file is empty", "its first line names the columns")
    return heading[1], rows


def _text(raw: bytes, file: str, encoding: str) -> str:
    try:
        text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = "save it as UTF-8 (in a spreadsheet: CSV UTF-8), or: iconv -f cp1252 -t utf-8"
        name = "UTF-8" if encoding == "utf-8" else codecs.lookup(encoding).name
        raise Refused(problem("csv.encoding", file, line, f"not {name} text", hint)) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refused(problem("csv.encoding", file, line, "holds a NUL character", "export it again as UTF-8"))
    return text


def _rows(text: str, file: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    first = text.lstrip("\r\n").split("\n", 1)[0]
    used = delimiter or max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=used, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            what = f"a quote that is opened here is not closed as it should be ({error})"
            hint = "the file may be cut off: export it again"
            raise Refused(problem("csv.quote", file, line, what, hint)) from None
        if any(cell.strip() for cell in row):
            yield line, [cell.strip() for cell in row]


def ragged(file: str, line: int, row: list[str], heading: list[str]) -> Problem | None:
    """The problem of a row that has more or fewer cells than the heading, None for a good one."""
    if len(row) == len(heading):
        return None
    what = f"{len(row)} cells beneath {len(heading)} columns"
    return problem("csv.ragged", file, line, what, "a cell with the delimiter in it needs quotes")


def problem(code: str, file: str, line: int, what: str, hint: str = "") -> Problem:
    """A problem at a line of a file."""
    return Problem(code=code, where=Where(file=file, line=line, column=1 if line else 0), what=what, hint=hint)

"""A CSV file beside the plan or behind an address, whole each time.

How strictly a file is read stands in `connect.table`; here a row must have as many cells as the heading.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from uptake.connect.pull.web import fetch
from uptake.connect.table import ragged, read_file, read_table
from uptake.core.problem import Refused
from uptake.plan.pull import Pull


def read_csv(pull: Pull, *, folder: Path) -> tuple[list[str], Iterator[tuple[int, Sequence[str]]]]:
    """Heading and rows.

    Raises:
        Refused: the file cannot be read; while iterating, a row that is not whole.
    """
    web = pull.csv.startswith(("http://", "https://"))
    raw = fetch(pull, pull.csv, folder=folder) if web else read_file(folder / pull.csv)
    heading, rows = read_table(raw, file=pull.csv, encoding=pull.encoding, delimiter=pull.delimiter)
    return heading, _whole(rows, heading, pull.csv)


def _whole(rows: Iterator[tuple[int, list[str]]], heading: list[str], file: str) -> Iterator[tuple[int, Sequence[str]]]:
    for line, row in rows:
        uneven = ragged(file, line, row, heading)
        if uneven is not None:
            raise Refused(uneven)
        yield line, row

"""Access as a member list: a CSV with one id per line that another system reads when it likes.

Written whole each time: beside, synced, renamed, so that a reader never sees half of it. A
receipt says that a person stands in the list (or no longer does), not that the reader has looked.
"""

import csv
import io
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from uptake.connect.access.settle import Act
from uptake.core.problem import Problem, Refused, Where, refuse

LIST_BYTES_MOST = 128 * 1024 * 1024
"""A list may be so long."""


def change(path: Path, act: Act, ids: Iterable[str], *, heading: str) -> None:
    """Put people into the list, or take them out, and leave everybody else as they are.

    Args:
        path: the list; made where there is none, its folder is not.
        act: which way.
        ids: external ids.
        heading: the id column's name, the list's only column.

    Raises:
        Refused: the file is not such a list, or cannot be written; it is as it was.
    """
    path = path.resolve()
    before = read(path, heading=heading)
    after = before | set(ids) if act == "grant" else before - set(ids)
    if after != before or not path.exists():
        _write(path, after, heading)
    if read(path, heading=heading) != after:
        what = "the list does not read as it was written: something else writes it, too"
        raise refuse("access.members", str(path), what, "let Uptake alone write this file")


def read(path: Path, *, heading: str) -> set[str]:
    """The ids in the list; none where there is no file yet.

    Raises:
        Refused: the file is not such a list.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LIST_BYTES_MOST + 1)
        assert len(raw) <= LIST_BYTES_MOST, "longer than any organisation has people"
        rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True))
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise refuse("access.members", str(path), f"the list cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise refuse("access.members", str(path), f"this is no list of ids: {type(error).__name__}") from None
    if not rows or rows[0] != [heading]:
        where = Where(file=str(path), line=1, column=1)
        hint = "name another file: an existing one is only changed where it is such a list"
        raise Refused(Problem(code="access.members", where=where, what=f"its heading is not `{heading}`", hint=hint))
    return {row[0] for row in rows[1:] if row and row[0]}


def _write(path: Path, ids: set[str], heading: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([heading])
            writer.writerows([one] for one in sorted(ids))
            file.flush()
            with suppress(FileNotFoundError):
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise refuse("access.members", str(path), f"the list cannot be written: {error.strerror}") from None

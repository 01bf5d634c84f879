"""The sessions' file: one row per session, with course, start, end, place and seats, and perhaps the team it is for.

Read whenever seats are given, so that sessions added later are found. A session is known by its course, start and
place; `id` names it where two would be alike.
"""

from pathlib import Path

from uptake.connect.pull.rows import Row, read_rows
from uptake.core.chance import digest
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.core.training import Session
from uptake.plan.pull import Pull

NEEDS = ("course", "start", "end", "place", "seats")
TAKES = ("id", "setting")
ID_DIGITS = 16


def read_sessions(name: str, *, folder: Path, timezone: str) -> tuple[Session, ...]:
    """Every session of a file, in the order of time.

    Args:
        name: the CSV file.
        folder: where its path begins.
        timezone: of times without an offset.

    Raises:
        Refused: the file cannot be read, or a row is wrong.
    """
    window = (Instant(0), Instant(0))
    rows = read_rows(Pull(csv=name), folder=folder, needs=NEEDS, takes=TAKES, window=window)
    found: dict[str, Session] = {}
    for row in rows:
        session = _session(row, timezone)
        if session.id in found:
            raise row.refused("this session stands there twice", "give each an `id` of its own, or keep one of them")
        found[session.id] = session
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.id)))


def _session(row: Row, timezone: str) -> Session:
    course, place = row.text("course"), row.text("place")
    start, end = row.moment("start", timezone=timezone), row.moment("end", timezone=timezone)
    if end <= start:
        raise row.refused("this session ends before it begins")
    seats = row.number("seats")
    if seats != int(seats) or seats < 1:
        raise _no_seats(row)
    own = row.values.get("id", "").strip() or f"{course}\0{start}\0{place}"
    return Session(
        id=digest(own)[:ID_DIGITS],
        course=course,
        start=start,
        end=end,
        place=place,
        seats=int(seats),
        setting=row.values.get("setting", "").strip(),
    )


def _no_seats(row: Row) -> Refused:
    return row.refused(f"`seats` is no number of seats: {row.values['seats']}", "write 12, say")

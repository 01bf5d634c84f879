"""Numbers and moments as people read them: the same in a decision, on a page and in the terminal.

English, and the same on every machine: a decision's sentence stands in the ledger and is
compared word for word by a replay. No clock and no locale.
"""

from uptake.core.time import Instant, as_datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def count(number: int, one: str, many: str = "") -> str:
    """A number and its noun.

    >>> count(1, "host"), count(3, "host"), count(1, "person", "people")
    ('1 host', '3 hosts', '1 person')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(at: Instant, timezone: str, *, seconds: bool = False) -> str:
    """An instant in a time zone.

    >>> moment(Instant(0), "UTC"), moment(Instant(61_000), "UTC", seconds=True)
    ('1 Jan 1970 00:00', '1 Jan 1970 00:01:01')
    """
    local = as_datetime(at, timezone)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year} {clock}"

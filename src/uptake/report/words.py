"""How Uptake writes numbers, moments and lengths of time for people: one way, on every screen.

Text out, nothing else: it knows no plan and no picture. Percents have no space before the sign,
ranges say "to", and a share is never rounded to all or to none unless it is all or none.
"""

from collections.abc import Sequence

from uptake.core.stage import ROLLBACK_FROM, Stage
from uptake.core.words import count

NOT_MEASURED = "not measured in this plan"
"""What stands beside a phrase that has no source."""
LAST_BIT = 1e-9
"""A share this near to none or all is none or all: an interval's bound comes out so."""

UNITS = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))
SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def percent(share: float) -> str:
    """A share in whole percents, never 100% for less than all nor 0% for more than none.

    >>> percent(0.999), percent(0.001), percent(0.25), percent(1e-17)
    ('99%', '1%', '25%', '0%')
    """
    whole = round(share * 100)
    if share < 1 - LAST_BIT:
        whole = min(whole, 99)
    if share > LAST_BIT:
        whole = max(whole, 1)
    return f"{whole}%"


def exact_percent(share: float) -> str:
    """A share as a plan writes it.

    >>> exact_percent(0.6), exact_percent(0.125)
    ('60%', '12.5%')
    """
    return f"{100 * share:.4g}%"


def of(part: int, whole: int, one: str = "", many: str = "") -> str:
    """How many of how many.

    >>> of(3, 1200, "host"), of(1, 2)
    ('3 of 1,200 hosts', '1 of 2')
    """
    return f"{part:,} of {count(whole, one, many) if one else f'{whole:,}'}"


def people(number: int) -> str:
    """A number of people."""
    return count(number, "person", "people")


def listed(names: Sequence[str], *, most: int = 5) -> str:
    """Names in a sentence; beyond `most` only how many more there are.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c", "d"], most=2)
    ('a, b and c', 'a, b and 2 more')
    """
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def length(ms: float) -> str:
    """A length of time in its two largest units.

    >>> length(42_000), length(132_000), length(3_900_000), length(200_000_000)
    ('42 s', '2 min 12 s', '1 h 5 min', '2 days 7 h')
    """
    seconds = max(0, round(ms / 1000))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return _pair(seconds // 60, "min", seconds % 60, "s")
    if seconds < 86_400:
        return _pair(seconds // 3600, "h", seconds % 3600 // 60, "min")
    days = seconds // 86_400
    return _pair(days, "day" if days == 1 else "days", seconds % 86_400 // 3600, "h")


def roughly(ms: float) -> str:
    """A length of time in its largest unit, small numbers as words.

    >>> roughly(2_520_000), roughly(77 * 86_400_000), roughly(1000), roughly(26 * 3_600_000)
    ('42 minutes', 'eleven weeks', 'one second', 'one day')
    """
    seconds = max(0, round(ms / 1000))
    unit, size = next(
        ((unit, size) for unit, size in UNITS if seconds >= size * (2 if unit == "week" else 1)), UNITS[-1]
    )
    number = round(seconds / size)
    words = SMALL[number] if number < len(SMALL) else f"{number:,}"
    return f"{words} {unit}{'' if number == 1 else 's'}"


def stage_name(stage: Stage) -> str:
    """A stage as people say it.

    >>> stage_name(Stage(half="deploy", run=2, ordinal=0)), stage_name(Stage(half="implement", run=1, ordinal=1))
    ('run 2, batch 1', 'wave 2')
    """
    if stage.half == "implement":
        if stage.ordinal < -1:
            return f"outcome {-1 - stage.ordinal}"
        return f"wave {stage.ordinal + 1}" if stage.ordinal >= 0 else "implement"
    if stage.ordinal < 0:
        return f"run {stage.run}" if stage.run else "deploy"
    if stage.is_rollback:
        return f"run {stage.run}, batch {stage.ordinal - ROLLBACK_FROM + 1} going back"
    return f"run {stage.run}, batch {stage.ordinal + 1}"


def sentence(text: str) -> str:
    """A clause with a capital letter and a full stop."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!" else ".")


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit}" + (f" {small} {small_unit}" if small else "")

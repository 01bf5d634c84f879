"""The surveys that a plan may ask: items word for word, their source and licence, and how they are scored.

Published items are never reworded. An answer is one whole number per item, or the name of a barrier.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question: a scale from 1 to `points`, or one of `options` (name, words)."""

    name: str
    text: str
    points: int = 0
    ends: tuple[str, str] = ("", "")
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A survey: its items and where they come from; scores reach from `least` to `best`."""

    name: str
    label: str
    title: str
    items: tuple[Item, ...]
    source: str
    licence: str
    least: float
    best: float


AGREE = ("Strongly disagree", "Strongly agree")
UMUX_LITE = Instrument(
    name="umux-lite",
    label="UMUX-Lite",
    title="Two statements about the new system",
    items=(
        Item(name="capabilities", text="This system's capabilities meet my requirements.", points=7, ends=AGREE),
        Item(name="easy", text="This system is easy to use.", points=7, ends=AGREE),
    ),
    source="Lewis, Utesch, Maher (2013), UMUX-LITE: When there's no time for the SUS, CHI 2013, 2099-2102",
    licence="published in the paper for use by others",
    least=0,
    best=100,
)
_WEINER = "Weiner et al. (2017), Psychometric assessment of three newly developed implementation outcome measures"
_FIVE = ("Completely disagree", "Completely agree")


def _weiner(name: str, title: str, *items: str) -> Instrument:
    """One of three measures of four items; the paper leaves the change's own name open, here it is "This change"."""
    return Instrument(
        name=name,
        label=name.upper(),
        title=title,
        items=tuple(Item(name=f"{name}-{i}", text=text, points=5, ends=_FIVE) for i, text in enumerate(items, 1)),
        source=f"{_WEINER}, Implementation Science 12:108",
        licence="open access, CC BY 4.0",
        least=1,
        best=5,
    )


AIM = _weiner(
    "aim",
    "Four statements about the change",
    "This change meets my approval.",
    "This change is appealing to me.",
    "I like this change.",
    "I welcome this change.",
)
IAM = _weiner(
    "iam",
    "Four statements about how the change fits",
    "This change seems fitting.",
    "This change seems suitable.",
    "This change seems applicable.",
    "This change seems like a good match.",
)
FIM = _weiner(
    "fim",
    "Four statements about whether it can be done",
    "This change seems implementable.",
    "This change seems possible.",
    "This change seems doable.",
    "This change seems easy to use.",
)
INSTRUMENTS = {one.name: one for one in (UMUX_LITE, AIM, IAM, FIM)}
BARRIERS = ("capability", "opportunity", "motivation", "none")
"""What may stand in the way, after COM-B: Michie, van Stralen, West (2011), Implementation Science 6:42."""
BARRIER = Item(
    name="barrier",
    text="What is most in the way of your using it?",
    options=(
        ("capability", "I do not know well enough how"),
        ("opportunity", "I have no time, no access or no occasion for it"),
        ("motivation", "I do not see what it is good for"),
        ("none", "Nothing"),
    ),
)
"""Our own item."""


def items(survey: str, extra: tuple[str, ...]) -> tuple[Item, ...]:
    """The items of a survey in the plan, with `with` behind them."""
    return (*INSTRUMENTS[survey].items, *((BARRIER,) if "barrier" in extra else ()))


def read_answer(asked: tuple[Item, ...], fields: Mapping[str, str]) -> dict[str, str] | None:
    """The answers among a form's fields; None where one is missing or cannot be.

    Args:
        asked: the items that were shown.
        fields: name -> value, as they were sent.
    """
    found: dict[str, str] = {}
    for item in asked:
        value = fields.get(item.name, "")
        allowed = [name for name, _ in item.options] or [str(point) for point in range(1, item.points + 1)]
        if value not in allowed:
            return None
        found[item.name] = value
    return found


def score(survey: str, answer: Mapping[str, str]) -> float:
    """One person's score in an instrument's own way; what else was asked does not count.

    Source: Lewis, Utesch, Maher (2013) for UMUX-Lite: (item 1 + item 2 - 2) x 100 / 12, on scales from 1 to 7.
    Weiner et al. (2017) for AIM, IAM and FIM: the mean of the four items.

    >>> round(score("umux-lite", {"capabilities": "6", "easy": "7"}), 2)
    91.67
    >>> score("aim", {"aim-1": "4", "aim-2": "5", "aim-3": "3", "aim-4": "4"})
    4.0
    """
    instrument = INSTRUMENTS[survey]
    given = [int(answer[item.name]) for item in instrument.items]
    if instrument is UMUX_LITE:
        return (sum(given) - 2) * 100 / 12
    return sum(given) / len(given)

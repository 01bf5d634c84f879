"""A survey's mail: short, with a link of the person's own, and nothing that could be answered by opening it.

The page behind the link stands in `web`; what is asked in `survey`. Sent again after a kill it holds the same link.
"""

from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage

from uptake.connect.notices.mail import Letter, Mail, compose
from uptake.connect.template import LINK
from uptake.core.link import LinkKind, Links
from uptake.core.ports import Person
from uptake.core.problem import refuse
from uptake.core.time import Instant, after
from uptake.core.words import moment
from uptake.plan.model import Plan
from uptake.plan.people import Asking
from uptake.survey.instruments import items

KEEP_DAYS = 400
"""An own page's link can be used so long."""
TEXT = """\
{title}

How is it going? {questions}, less than a minute:

{{link}}

{promise} The link is yours alone and can be used once, until {until}.
"""
ANONYMOUS = "Your answer is anonymous: it is kept without your name, and shown only together with others."
CONFIDENTIAL = "Your answer is confidential: it is shown only together with others."


def asking(plan: Plan, item: int) -> Asking:
    """A survey of the plan.

    Raises:
        Refused: it is not in the plan any more.
    """
    assert plan.implement is not None, "only a plan for people asks"
    if item >= len(plan.implement.ask):
        raise refuse("mail.gone", "implement.ask", f"survey {item} was asked for and is no longer in the plan")
    return plan.implement.ask[item]


def letter_of(plan: Plan, asked: Asking, until: Instant) -> Letter:
    """The mail of a survey."""
    assert plan.implement is not None
    promise = ANONYMOUS if plan.implement.privacy.survey_mode == "anonymous" else CONFIDENTIAL
    number = len(items(asked.survey, asked.with_))
    text = TEXT.format(
        title=plan.title.replace("{", "{ "),
        questions=f"{number} short questions",
        promise=promise,
        until=moment(until, plan.timezone),
    )
    return Letter(subject=f"{number} short questions", text=text)


def with_links(
    plan: Plan,
    links: Links,
    people: Sequence[Person],
    columns: Callable[[Person], Mapping[str, str]],
    *,
    what: tuple[LinkKind, int, Instant],
) -> dict[str, Mapping[str, str]]:
    """Each person's columns with a link of her own: its kind, the survey's item, and until when it can be used."""
    assert plan.web is not None, "check refuses links without an address"
    kind, item, expires_at = what
    path = "s" if kind == "survey" else "me"
    base = f"{plan.web.url.rstrip('/')}/{path}/"
    tokens = links.make(kind, item, [one.pid for one in people], expires_at=expires_at)
    return {one.pid: {**columns(one), LINK: base + tokens[one.pid]} for one in people}


def make(letter: Letter) -> Callable[[Mapping[str, str], Mail], EmailMessage]:
    """How one person's mail is made."""
    return lambda values, mail: compose(letter, values, mail=mail)


def until_of(asked: Asking, now: Instant, timezone: str) -> Instant:
    """Until when a survey's link can be used."""
    return after(now, asked.open_for, timezone)

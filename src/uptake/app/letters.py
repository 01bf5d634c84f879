"""The letters of a plan before any is sent: each as one person of the audience would get it.

Made by the same code that sends them; links and seats are examples. Nothing is sent and nothing is kept.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from uptake.connect.notices.invite import Due
from uptake.connect.notices.mail import Mail, compose, read_letter
from uptake.connect.notices.mailing import ADDRESS
from uptake.connect.notices.survey import letter_of, until_of
from uptake.connect.secrets import resolve
from uptake.connect.template import LINK, columns
from uptake.connect.training.sessions import read_sessions
from uptake.core.ids import Pid
from uptake.core.ports import Person
from uptake.core.problem import Refused
from uptake.core.time import Instant
from uptake.core.training import Seat
from uptake.plan.model import Implement, Plan

NOBODY = "somebody@example.org"
"""Stands where the person has no address, or the sender's is not known on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One letter: what it is by its plan key, and the message itself."""

    key: str
    message: EmailMessage

    @property
    def subject(self) -> str:
        """The subject line."""
        return str(self.message["Subject"])

    def part(self, kind: str) -> str:
        """The text of a part, `plain` or `html`; empty where there is none."""
        body = self.message.get_body(preferencelist=(kind,))
        return str(body.get_content()) if isinstance(body, EmailMessage) else ""


def letters(plan: Plan, people: Sequence[Person], *, folder: Path, now: Instant) -> tuple[Preview, ...]:
    """Every letter of the plan, in its order, as the first of some people would get it.

    Args:
        plan: the plan.
        people: the audience.
        folder: the plan's, where its texts lie.
        now: when it would be sent.

    Raises:
        Refused: a text or the sessions cannot be used.
    """
    if plan.implement is None or plan.mail is None or not people:
        return ()
    person = replace(people[0], pid=Pid("example"))
    values = dict(columns(person, plan.implement.audience))
    mail = Mail(sender=_sender(plan, folder), to=values.get(ADDRESS) or NOBODY, message_id="<example@uptake.invalid>")
    found = [
        *_announced(plan, plan.implement, values, mail, folder),
        *_invited(plan, plan.implement, person, mail, folder),
        *_asked(plan, plan.implement, values, mail, now),
    ]
    return tuple(found)


def _sender(plan: Plan, folder: Path) -> str:
    assert plan.mail is not None
    try:
        return resolve(plan.mail.from_, folder=folder)
    except Refused:
        return NOBODY


def _link(plan: Plan, path: str) -> str:
    return f"{plan.web.url.rstrip('/')}/{path}/example" if plan.web is not None else ""


def _announced(
    plan: Plan, implement: Implement, values: Mapping[str, str], mail: Mail, folder: Path
) -> Iterator[Preview]:
    filled = {**values, LINK: _link(plan, "me")}
    for item, words in enumerate(implement.announce):
        letter = read_letter(folder / words.text, subject=words.subject)
        yield Preview(key=f"implement.announce.{item}", message=compose(letter, filled, mail=mail))


def _invited(plan: Plan, implement: Implement, person: Person, mail: Mail, folder: Path) -> Iterator[Preview]:
    """One letter for each course, about its first session."""
    if implement.train is None:
        return
    sessions = read_sessions(implement.train.sessions, folder=folder, timezone=plan.timezone)
    for course in implement.train.path:
        session = next((one for one in sessions if one.course == course), None)
        if session is None:
            continue
        seat = Seat(
            pid=person.pid,
            course=course,
            session=session.id,
            start=session.start,
            end=session.end,
            place=session.place,
        )
        due = Due(plan=plan, people={person.pid: person}, seats={"example": seat}, unseated=())
        (values,) = due.values(lambda one: columns(one, implement.audience)).values()
        yield Preview(key=f"implement.train ({course})", message=due.make(values, mail))


def _asked(plan: Plan, implement: Implement, values: Mapping[str, str], mail: Mail, now: Instant) -> Iterator[Preview]:
    filled = {**values, LINK: _link(plan, "s")}
    for item, asking in enumerate(implement.ask):
        letter = letter_of(plan, asking, until_of(asking, now, plan.timezone))
        yield Preview(key=f"implement.ask.{item}", message=compose(letter, filled, mail=mail))


def write(previews: Sequence[Preview], folder: Path) -> tuple[Path, ...]:
    """Write each letter as a mail that a mail program opens, and as the page of its HTML part."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for number, one in enumerate(previews, 1):
        stem = "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in one.key).strip("-")
        mail, page = folder / f"{number}-{stem}.eml", folder / f"{number}-{stem}.html"
        mail.write_bytes(one.message.as_bytes(policy=default.clone(linesep="\r\n")))
        page.write_text(one.part("html"), encoding="utf-8")
        written += [mail, page]
    return tuple(written)

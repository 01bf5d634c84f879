"""What one person may see and say by a link of her own: a survey's page, and her own page.

Reading changes nothing. A link is all that is asked for; what it shows is about her alone, and nothing of it reaches
anybody else. The web stands above, the store below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from uptake.app.opened import Opened
from uptake.core.link import Link
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.time import Instant
from uptake.core.words import moment
from uptake.implement.steps import booked
from uptake.implement.targets import wave_stage
from uptake.plan.model import Implement
from uptake.survey.instruments import INSTRUMENTS, Item, items, read_answer

State = Literal["open", "used", "over", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A survey as it is shown: whether it can be answered, its title and items, and what is promised."""

    state: State
    title: str = ""
    plan: str = ""
    items: tuple[Item, ...] = ()
    anonymous: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """A person's own page: (what, how it is) in order, and who helps."""

    plan: str
    turn: str
    facts: tuple[tuple[str, str], ...]
    contact: str


class Personal:
    """Links of one plan, as its web pages ask for them."""

    def __init__(self, opened: Opened) -> None:
        """Args: opened: the plan and its store."""
        self._opened = opened

    def sheet(self, token: str, now: Instant) -> Sheet:
        """The survey behind a link. Changes nothing."""
        link = self._survey(token)
        implement = self._opened.read.plan.implement
        if link is None or implement is None or link.item >= len(implement.ask):
            return Sheet(state="gone")
        asking = implement.ask[link.item]
        state: State = "used" if link.used else "over" if now > link.expires_at else "open"
        return Sheet(
            state=state,
            title=INSTRUMENTS[asking.survey].title,
            plan=self._opened.read.plan.title,
            items=items(asking.survey, asking.with_),
            anonymous=implement.privacy.survey_mode == "anonymous",
        )

    def answer(self, token: str, fields: Mapping[str, str], now: Instant) -> State | None:
        """Keep an answer once; None where a field is missing, and nothing is kept."""
        sheet = self.sheet(token, now)
        if sheet.state != "open":
            return sheet.state
        given, link = read_answer(sheet.items, fields), self._survey(token)
        if given is None or link is None:
            return None
        wave = self._opened.store.links.wave_of(link.pid)
        if wave is None:
            return "gone"
        taken = self._opened.store.links.take(token, given, wave=wave, at=now, named=not sheet.anonymous)
        return "open" if taken else "used"

    def own(self, token: str, picture: Picture, now: Instant) -> Own | None:
        """A person's own page; None for a link that is none, or is over. Changes nothing."""
        link, plan = self._opened.store.links.find(token), self._opened.read.plan
        if link is None or link.kind != "own" or now > link.expires_at or plan.implement is None:
            return None
        person = next((one for one in self._opened.store.directory.people() if one.pid == link.pid), None)
        if person is None or not person.present:
            return None
        return Own(
            plan=plan.title,
            turn=self._turn(person, picture, plan.implement),
            facts=self._facts(person),
            contact=plan.implement.support.contact if plan.implement.support else plan.owner,
        )

    def _survey(self, token: str) -> Link | None:
        link = self._opened.store.links.find(token)
        return link if link is not None and link.kind == "survey" else None

    def _turn(self, person: Person, picture: Picture, implement: Implement) -> str:
        """When it is her turn, in a sentence."""
        zone = self._opened.read.plan.timezone
        if person.wave is None or picture.drawn is None:
            return "Nobody has been drawn yet."
        if person.wave >= len(implement.waves.sizes):
            return "Your team is not let in by this plan; it is compared with those who are."
        opened = picture.opened_at(wave_stage(person.wave))
        if opened is not None:
            return f"It is open to you since {moment(opened, zone)}."
        at = booked(self._opened.read.plan, picture, person.wave)
        return f"Your turn is booked for {moment(at, zone)}, at the earliest." if at else "No date is known yet."

    def _facts(self, person: Person) -> tuple[tuple[str, str], ...]:
        """What is held about her, and her seats."""
        zone, store = self._opened.read.plan.timezone, self._opened.store
        held = [("Your id", person.external_id), ("Your team", person.setting)]
        held += [(f"Your {name}", value) for name, value in sorted(person.attributes.items())]
        seats = [
            (f"Your seat: {seat.course}", f"{moment(seat.start, zone)} to {moment(seat.end, zone)}, {seat.place}")
            for seat in store.learning.of([person.pid])
        ]
        done = sorted(store.learning.completed().get(person.pid, ()))
        training = [("Completed", ", ".join(done))] if done else []
        return tuple((what, value) for what, value in (*seats, *training, *held) if value)

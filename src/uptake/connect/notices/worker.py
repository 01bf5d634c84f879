"""The port for words to people: announcements by mail person by person, notices URL by URL.

Two lanes, so that a notice that the plan is held never waits behind fifty thousand letters.
Each accepted action goes on where its receipts end: everyone at least once, and a letter sent
again after a kill is one of the few that were under way, with the Message-ID it had.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from uptake.connect.lane import Lane
from uptake.connect.notices import survey
from uptake.connect.notices.apprise import Told, tell
from uptake.connect.notices.invite import invite
from uptake.connect.notices.mail import Letter, Sender, compose, parse_server, read_letter
from uptake.connect.notices.mailing import ADDRESS, Mailing, Make
from uptake.connect.patience import PATIENT, Patience
from uptake.connect.secrets import resolve
from uptake.connect.template import LINK, columns, fill
from uptake.core.action import Announce, Failure, Invite, Notify, Outcome, Survey
from uptake.core.ids import ActionKey
from uptake.core.link import LinkKind, Links
from uptake.core.ports import Directory, Person, Receipts, Wake
from uptake.core.problem import Refused, refuse
from uptake.core.time import Instant
from uptake.core.training import Seats
from uptake.plan.model import Announcement, Plan

URLS_AT_ONCE = 8
"""So many notices go out at the same time."""
TELL_ATTEMPTS_MOST = 3
"""A notice is tried so often: the next one waits behind it."""


class PostedNotices:
    """Notices as a port: SMTP for the audience, apprise for the plan's own people."""

    def __init__(
        self,
        *,
        plan: Plan,
        folder: Path,
        directory: Directory,
        receipts: Receipts,
        wake: Wake,
        patience: Patience = PATIENT,
    ) -> None:
        """Start the lanes.

        Args:
            plan: names server, sender, texts and URLs.
            folder: the plan's folder, where its files begin.
            directory: who is in a wave.
            receipts: who has had what.
            wake: is set after each outcome.
            patience: how often and how long is tried.
        """
        self._plan = plan
        self._folder = folder
        self._directory = directory
        self._receipts = receipts
        self._patience = patience
        self.seats: Seats | None = None
        """Who sits in which training session; set where a plan trains people."""
        self.links: Links | None = None
        """Personal links; set where a plan has an address for them."""
        self._letters: Lane[Announce | Invite | Survey] = Lane(
            "letters", run=self._letter, receipts=receipts, wake=wake
        )
        self._notices: Lane[Notify] = Lane("notices", run=self._notify, receipts=receipts, wake=wake)

    def accept(self, action: Announce | Notify | Invite | Survey) -> None:
        """Begin sending to whom receipts say is missing; returns at once."""
        match action:
            case Announce() | Invite() | Survey():
                self._letters.accept(action)
            case Notify():
                self._notices.accept(action)

    def outcomes(self) -> tuple[Outcome, ...]:
        """What has ended since the last call."""
        return (*self._letters.outcomes(), *self._notices.outcomes())

    def close(self) -> None:
        """Stop after the letter under way; what is left goes on when the action is accepted again."""
        self._letters.closing.set()
        self._notices.close()
        self._letters.close()

    def _letter(self, action: Announce | Invite | Survey) -> Outcome | None:
        match action:
            case Announce():
                return self._announce(action)
            case Invite():
                return self._invite(action)
            case Survey():
                return self._ask(action)

    def _ask(self, action: Survey) -> Outcome | None:
        assert self.links is not None, "only a plan that asks people has links"
        asked = survey.asking(self._plan, action.item)
        until = survey.until_of(asked, Instant(time.time_ns() // 1_000_000), self._plan.timezone)
        people = [one for one in self._directory.people(action.stage.ordinal) if one.present]
        what: tuple[LinkKind, int, Instant] = ("survey", action.item, until)
        values = survey.with_links(self._plan, self.links, people, self._values, what=what)
        make = survey.make(survey.letter_of(self._plan, asked, until))
        return self._mail(action.key, make, values, closing=self._letters.closing)

    def _invite(self, action: Invite) -> Outcome | None:
        assert self.seats is not None, "only a plan that trains people invites them"
        people = [one for one in self._directory.people(action.stage.ordinal) if one.present]
        due = invite(self._plan, action, people, folder=self._folder, seats=self.seats)
        done = self._mail(action.key, due.make, due.values(self._values), closing=self._letters.closing)
        return None if done is None else due.outcome(done)

    def _announce(self, action: Announce) -> Outcome | None:
        item = _announcement(self._plan, action.item)
        letter = read_letter(self._folder / item.text, subject=item.subject)
        wave = None if item.to == "all" else action.stage.ordinal
        people = [p for p in self._directory.people(wave) if p.present]
        self._check(letter, people)
        return self._mail(
            action.key,
            lambda values, mail: compose(letter, values, mail=mail),
            self._columns(letter, people),
            closing=self._letters.closing,
        )

    def _columns(self, letter: Letter, people: Sequence[Person]) -> Mapping[str, Mapping[str, str]]:
        """What each person's letter is filled with; a link of her own only where the letter has one."""
        if "{link}" not in letter.text or self.links is None or self._plan.web is None:
            return {one.pid: self._values(one) for one in people}
        until = Instant(time.time_ns() // 1_000_000 + survey.KEEP_DAYS * 86_400_000)
        what: tuple[LinkKind, int, Instant] = ("own", 0, until)
        return survey.with_links(self._plan, self.links, people, self._values, what=what)

    def _mail(
        self, key: ActionKey, make: Make, people: Mapping[str, Mapping[str, str]], *, closing: threading.Event
    ) -> Outcome | None:
        """Send a letter to each of some people."""
        mail = self._plan.mail
        if mail is None:
            raise refuse("mail.server", "mail", "the plan names no mail server", "add mail: {server: ..., from: ...}")
        sender = resolve(mail.from_, folder=self._folder)
        mailing = Mailing(
            key=key, make=make, sender=sender, receipts=self._receipts, patience=self._patience, closing=closing
        )
        server = parse_server(resolve(mail.server, folder=self._folder))
        connection = Sender(server, timeout_s=self._patience.timeout_s)
        try:
            return mailing.send(people, connection)
        finally:
            connection.close()

    def _check(self, letter: Letter, people: Sequence[Person]) -> None:
        """A placeholder that is no column is found before the first letter leaves."""
        for person in people[:1]:
            fill(letter.subject + letter.text, {**self._values(person), LINK: ""})

    def _values(self, person: Person) -> dict[str, str]:
        assert self._plan.implement is not None
        return columns(person, self._plan.implement.audience)

    def _notify(self, action: Notify) -> Outcome | None:
        if action.to and self._plan.mail is not None:
            return self._write_to(action)
        urls = {f"notify[{i}]": text for i, text in enumerate(self._plan.notify)}
        self._receipts.want(action.key, urls)
        evidence: dict[str, Told] = {}
        due = [name for name, state in self._receipts.states(action.key).items() if state != "done" and name in urls]
        attempts_most = min(TELL_ATTEMPTS_MOST, self._patience.attempts_most)
        for attempt in range(1, attempts_most + 1):
            told = self._round(action, {name: urls[name] for name in due})
            evidence |= told
            self._receipts.mark(action.key, {n: "failed" if t.state == "later" else t.state for n, t in told.items()})
            due = [name for name, one in told.items() if one.state == "later"]
            if not due or attempt == attempts_most:
                break
            if self._notices.closing.wait(self._patience.pause_s(attempt)):
                return None
        states = self._receipts.states(action.key)
        nothing = Told(state="failed")
        failures = tuple(
            Failure(target=name, state=states[name], step="notify", lines=evidence.get(name, nothing).lines)
            for name in urls
            if states[name] != "done"
        )
        return Outcome(key=action.key, ok=not failures, counts=dict(Counter(states.values())), failures=failures)

    def _write_to(self, action: Notify) -> Outcome | None:
        """A notice for one person, such as a task's owner, by mail."""
        letter = Letter(subject=action.title, text=action.text)
        return self._mail(
            action.key,
            lambda values, mail: compose(letter, values, mail=mail),
            {"owner": {ADDRESS: action.to}},
            closing=self._notices.closing,
        )

    def _round(self, action: Notify, urls: Mapping[str, str]) -> dict[str, Told]:
        """One attempt at each URL, several at a time: a silent server delays no other."""

        def one(reference: str) -> Told:
            try:
                url = resolve(reference, folder=self._folder)
                return tell(url, title=action.title, text=action.text, timeout_s=self._patience.timeout_s)
            except Refused as refused:
                return Told(state="failed", lines=tuple(p.what for p in refused.problems))

        with ThreadPoolExecutor(URLS_AT_ONCE, thread_name_prefix="notice") as pool:
            return dict(zip(urls, pool.map(one, urls.values()), strict=True))


def _announcement(plan: Plan, item: int) -> Announcement:
    assert plan.implement is not None, "only a plan for people announces"
    if item >= len(plan.implement.announce):
        what = f"announcement {item} was asked for and is no longer in the plan"
        raise refuse("mail.gone", "implement.announce", what)
    return plan.implement.announce[item]

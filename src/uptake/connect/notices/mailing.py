"""One letter to many people: rounds over whoever is left, receipts in small groups, the same Message-ID when repeated.

What a letter says is made by who sends it; here it is only brought to everybody once at least. On the ring it stands
behind an accepted action.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage

from uptake.connect.notices.mail import Mail, Sender, Sent, message_id, why
from uptake.connect.patience import AWAY_MOST, Patience
from uptake.core.action import FAILURES_MOST, Failure, Outcome
from uptake.core.ids import ActionKey
from uptake.core.ports import Receipts
from uptake.core.problem import refuse

IN_FLIGHT_MOST = 8
"""So many letters are sent before their receipts are written: at most so many are repeated by a kill."""
ADDRESS = "email"
"""The attribute that holds a person's mail address."""

Make = Callable[[Mapping[str, str], Mail], EmailMessage]
"""Makes one person's message of her columns; ValueError where her address is none."""


@dataclass(kw_only=True)
class Mailing:
    """One letter to many under way: rounds over whoever is left, receipts in small groups."""

    key: ActionKey
    make: Make
    sender: str
    receipts: Receipts
    patience: Patience
    closing: threading.Event
    _states: dict[str, str] = field(default_factory=dict)
    _failures: dict[str, Failure] = field(default_factory=dict)

    def send(self, people: Mapping[str, Mapping[str, str]], connection: Sender) -> Outcome | None:
        """Send to everyone whose receipt is missing.

        Args:
            people: target (a pid, or a pid and what the letter is about) -> the person's columns.
            connection: is opened when the first letter leaves.

        Raises:
            Refused: the server cannot be reached, or takes nothing from us; who is left stays wanted.
        """
        self.receipts.want(self.key, people)
        known = self.receipts.states(self.key)
        left = [pid for pid in people if known.get(pid) != "done"]
        for attempt in range(1, self.patience.attempts_most + 1):
            left = self._round(left, people, connection)
            if self.closing.is_set():
                return None
            if not left or attempt == self.patience.attempts_most:
                break
            if self.closing.wait(self.patience.pause_s(attempt)):
                return None
        self.receipts.mark(self.key, dict.fromkeys(left, "failed"))
        states = self.receipts.states(self.key)
        ok = all(states[pid] == "done" for pid in people)
        failures = tuple(self._failures.values())[:FAILURES_MOST]
        return Outcome(key=self.key, ok=ok, counts=dict(Counter(states.values())), failures=failures)

    def _round(self, left: Sequence[str], people: Mapping[str, Mapping[str, str]], connection: Sender) -> list[str]:
        """One attempt at each; returns who is to be tried again."""
        later: list[str] = []
        away = 0
        try:
            for pid in left:
                if self.closing.is_set():
                    break
                sent = self._one(pid, people[pid], connection)
                away = away + 1 if sent.state == "later" and sent.code is None else 0
                if away == AWAY_MOST:
                    hint = "see what the mail server's own log says of it, then go on"
                    raise refuse("mail.server", "mail.server", f"{AWAY_MOST} letters in a row: {sent.line}", hint)
                if sent.state == "later":
                    later.append(pid)
                else:
                    self._states[pid] = "done" if sent.state == "sent" else "failed"
                if sent.state == "sent":
                    self._failures.pop(pid, None)
                else:
                    self._failures[pid] = Failure(
                        target=pid, state="failed", step="mail", exit_code=sent.code, lines=(sent.line,)
                    )
                if len(self._states) >= IN_FLIGHT_MOST:
                    self._flush()
        finally:
            self._flush()
        return later

    def _flush(self) -> None:
        if self._states:
            self.receipts.mark(self.key, self._states)
            self._states = {}

    def _one(self, pid: str, values: Mapping[str, str], connection: Sender) -> Sent:
        to = values.get(ADDRESS, "")
        if not to:
            return Sent(state="refused", line="no mail address")
        identity = message_id(self.key, pid, sender=self.sender)
        try:
            message = self.make(values, Mail(sender=self.sender, to=to, message_id=identity))
        except ValueError as error:
            return Sent(state="refused", line=str(error))
        self._connect(connection)
        try:
            return connection.send(message, to=to)
        except OSError as error:
            return Sent(state="later", line=why(error))

    def _connect(self, connection: Sender) -> None:
        for attempt in range(1, self.patience.attempts_most + 1):
            try:
                connection.open()
            except OSError as error:
                self._flush()
                if attempt == self.patience.attempts_most or self.closing.wait(self.patience.pause_s(attempt)):
                    hint = "see that the server runs and that the plan's mail.server is right, then go on"
                    raise refuse("mail.server", "mail.server", why(error), hint) from None
            else:
                return

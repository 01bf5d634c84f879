"""Personal links and anonymous answers: who may answer is known, and who has; what she said stands apart from her.

Marking a link as used and keeping the answer is one transaction, but nothing connects the two rows: the answer has a
random id and the day instead of the time. Answers are published in batches at looks (`survey.publish`).
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import func, select, update

from uptake.core.ids import Pid
from uptake.core.link import Link, LinkKind
from uptake.core.look import Surveyed, WaveLook
from uptake.core.time import Instant
from uptake.store.database import Database, insert_new
from uptake.store.tables import answer, assignment, link, person, secret
from uptake.survey.publish import batches, summaries

KEY_BYTES = 32
TOKEN_BYTES = 24
DAY_MS = 86_400_000


class SqlLinks:
    """The `Links` and `Surveys` ports over a database."""

    def __init__(self, database: Database) -> None:
        """Args: database: the plan's own."""
        self._database = database
        self._key: bytes | None = None
        self.surveys: tuple[str, ...] = ()
        """The plan's surveys in order; set by who opens the plan."""
        self.min_group = 5
        """The plan's least group; set by who opens the plan."""

    def make(self, kind: LinkKind, item: int, pids: Sequence[Pid], *, expires_at: Instant) -> Mapping[Pid, str]:
        """Each person's token, kept in one durable transaction; the same for the same person and purpose."""
        tokens = {pid: self._token(kind, item, pid) for pid in pids}
        every = {"plan": self._database.plan, "kind": kind, "item": item, "expires_at": expires_at, "used": False}
        rows = [{**every, "digest": _digest(token), "pid": pid} for pid, token in tokens.items()]
        if rows:
            with self._database.writing() as conn:
                conn.execute(insert_new(conn, link), rows)
        return tokens

    def find(self, token: str) -> Link | None:
        """The link of a token, None for one that was never made. Changes nothing."""
        columns = (link.c.kind, link.c.item, link.c.pid, link.c.expires_at, link.c.used)
        query = select(*columns).where(link.c.plan == self._database.plan, link.c.digest == _digest(token))
        with self._database.reading() as conn:
            row = conn.execute(query).first()
        if row is None:
            return None
        return Link(kind=row.kind, item=row.item, pid=Pid(row.pid), expires_at=Instant(row.expires_at), used=row.used)

    def take(self, token: str, answers: Mapping[str, str], *, wave: int, at: Instant, named: bool) -> bool:
        """Keep an answer and mark its link as used, in one durable transaction; False where it was used before."""
        mine = (link.c.plan == self._database.plan, link.c.digest == _digest(token), link.c.used.is_(False))
        with self._database.writing() as conn:
            marked = update(link).where(*mine).values(used=True).returning(link.c.item, link.c.pid)
            found = conn.execute(marked).first()
            if found is None:
                return False
            conn.execute(
                answer.insert().values(
                    plan=self._database.plan,
                    id=secrets.token_hex(16),
                    item=found.item,
                    wave=wave,
                    pid=found.pid if named else "",
                    given=at // DAY_MS * DAY_MS,
                    published=False,
                    body=msgspec.json.encode(dict(answers), order="sorted"),
                )
            )
        return True

    def surveyed(self, looks: Sequence[WaveLook]) -> tuple[Surveyed, ...]:
        """Each wave's published answers to each survey, and all waves' together; what may be published now is."""
        found: list[Surveyed] = []
        for item, survey in enumerate(self.surveys):
            waves = [look.wave for look in looks]
            self._publish(item, waves)
            asked = {**dict.fromkeys(waves, 0), **self._asked(item)}
            found += summaries(survey, self._published(item), asked=asked, min_group=self.min_group)
        return tuple(found)

    def _asked(self, item: int) -> dict[int, int]:
        """Wave -> people who were sent a survey."""
        here = (link.c.plan == assignment.c.plan) & (link.c.pid == assignment.c.pid)
        mine = (link.c.plan == self._database.plan, link.c.kind == "survey", link.c.item == item)
        query = select(assignment.c.wave, func.count()).select_from(link.join(assignment, here)).where(*mine)
        with self._database.reading() as conn:
            return {row[0]: row[1] for row in conn.execute(query.group_by(assignment.c.wave))}

    def _publish(self, item: int, waves: Sequence[int]) -> None:
        mine = (answer.c.plan == self._database.plan, answer.c.item == item, answer.c.published.is_(False))
        query = select(answer.c.wave, func.count()).where(*mine).group_by(answer.c.wave)
        with self._database.reading() as conn:
            waiting = {row[0]: row[1] for row in conn.execute(query)}
        ready = [wave for wave in waves if batches(waiting.get(wave, 0), self.min_group)]
        if ready:
            with self._database.writing() as conn:
                conn.execute(update(answer).where(*mine, answer.c.wave.in_(ready)).values(published=True))

    def _published(self, item: int) -> dict[int, list[Mapping[str, str]]]:
        mine = (answer.c.plan == self._database.plan, answer.c.item == item, answer.c.published)
        told: dict[int, list[Mapping[str, str]]] = {}
        with self._database.reading() as conn:
            for wave, body in conn.execute(select(answer.c.wave, answer.c.body).where(*mine).order_by(answer.c.id)):
                told.setdefault(wave, []).append(msgspec.json.decode(body, type=dict[str, str]))
        return told

    def wave_of(self, pid: Pid) -> int | None:
        """The wave of a person who is here."""
        here = (assignment.c.plan == person.c.plan) & (assignment.c.pid == person.c.pid)
        query = select(assignment.c.wave).select_from(person.join(assignment, here))
        mine = (person.c.plan == self._database.plan, person.c.pid == pid)
        with self._database.reading() as conn:
            return conn.execute(query.where(*mine)).scalar()

    def _token(self, kind: LinkKind, item: int, pid: Pid) -> str:
        raw = hmac.digest(self._secret(), f"{kind}\0{item}\0{pid}".encode(), "sha256")[:TOKEN_BYTES]
        return urlsafe_b64encode(raw).decode().rstrip("=")

    def _secret(self) -> bytes:
        """The key of the plan's links, made once."""
        if self._key is None:
            mine = (secret.c.plan == self._database.plan, secret.c.name == "links")
            with self._database.writing() as conn:
                values = {"plan": self._database.plan, "name": "links", "value": secrets.token_bytes(KEY_BYTES)}
                conn.execute(insert_new(conn, secret).values(**values))
                made = conn.execute(select(secret.c.value).where(*mine)).scalar_one()
            self._key = bytes(made)
        return self._key


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

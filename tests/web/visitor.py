"""Somebody at the page: signed in with a token, reading forms and sending them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.web.world import World, now
from uptake.core.decision import Decision
from uptake.core.entry import Decided
from uptake.core.stage import Stage

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@dataclass
class Visitor:
    """A browser without scripts."""

    http: httpx.Client

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of a page's form; the page answers."""
        answer = self.http.get(path)
        assert answer.status_code == 200, answer.text
        return dict(FIELD.findall(answer.text.partition("<main")[2]))

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Read a form and send it."""
        return self.http.post(path.partition("?")[0], data={**self.form(path), **fields})


@contextmanager
def visitor(url: str, token: str = "") -> Iterator[Visitor]:
    """Somebody at a server on loopback, signed in where a token is given."""
    with httpx.Client(base_url=url, trust_env=False, headers={"Accept": "text/html"}, timeout=30) as http:
        made = Visitor(http)
        if token:
            assert made.send("/sign-in", token=token).status_code == 303
        yield made


def ask(world: World, question: str) -> None:
    """A decision that asks a person."""
    decision = Decision(
        stage=Stage(half="implement", run=1, ordinal=0),
        verdict="hold",
        state="held",
        rule="implement.gate",
        why="adoption is 3 of 29, wanted 60%",
        question=question,
    )
    decided = Decided(decisions=(decision,), look_again=now())
    world.store.ledger.append([decided], at=now(), epoch=world.store.lease.take())

"""A plan's real state in a folder, and a real server on a loopback port: what the web's tests stand on.

Ledger, directory, events and tokens are the store's own; the waves are opened by ledger entries, as the
ring opens them.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette

from tests.web.board import PLAN as TEXT
from tests.web.board import sample_board
from uptake.app.arrivals import Arrivals
from uptake.app.opened import Opened
from uptake.app.personal import Personal
from uptake.app.word import Taken, Word, speak
from uptake.connect.secrets import resolve
from uptake.core.action import Close, Open
from uptake.core.chance import digest
from uptake.core.entry import Asked, Said
from uptake.core.ids import Pid, action_key
from uptake.core.picture import Picture
from uptake.core.ports import Person
from uptake.core.stage import Stage
from uptake.core.time import Instant
from uptake.plan.read import read_plan
from uptake.report.board import Board
from uptake.store.open import Store, open_store
from uptake.web.auth import ROLES
from uptake.web.listen import Settings, address, bind
from uptake.web.server import Parts, Server, configuration, make_app

PLAN = "helpdesk"
FLAG = "new-helpdesk"
WAVE_OF = {"ada": 0, "ben": 1, "cyd": 2, "dan": 3}
START_LIMIT_S = 30.0
"""Against hanging, not a measure of speed."""


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


@dataclass
class World:
    """The state, and the tokens that were made for it."""

    store: Store
    tokens: dict[str, str] = field(default_factory=dict)
    opened: int = 0
    more: str = ""

    @classmethod
    def make(cls, folder: Path, wave_of: Mapping[str, int] = WAVE_OF) -> "World":
        store = open_store(folder, PLAN)
        world = cls(store)
        people = [Person(pid=Pid(""), external_id=name, setting="team", attributes={}) for name in wave_of]
        store.directory.freeze(people)
        known = {person.external_id: person.pid for person in store.directory.people()}
        store.directory.assign({known[name]: wave for name, wave in wave_of.items()})
        world.tokens = {role: store.tokens.add(f"the {role}", role) for role in ROLES}
        return world

    def draw(self) -> None:
        waves = [{"ordinal": wave, "people": 1, "holdout": wave == 3} for wave in range(4)]
        data = {"seed": "00", "audience": digest("a"), "assignment": digest("b"), "waves": waves, "revision": "r"}
        self.store.ledger.append([Said(what="start", who="test", half="implement", data=data)], at=now())

    def ask(self, action: type[Open] | type[Close], wave: int) -> None:
        self.opened += 1
        stage = Stage(half="implement", run=1, ordinal=wave)
        asked = Asked(
            action=action(key=action_key(PLAN, "implement", 1, wave, action.__name__, self.opened), stage=stage)
        )
        self.store.ledger.append([asked], at=now(), epoch=self.store.lease.take())

    def opening(self) -> Opened:
        read = read_plan(f"plan: {PLAN}\ntitle: Roundup\n{TEXT}{self.more}", file="plan.yaml")
        return Opened(path=Path("plan.yaml"), file=read, read=read, store=self.store)

    def say(self, word: Word, who: str) -> Taken:
        return speak(self.opening(), word, who=who, now=now())

    def parts(self, board: Callable[[Picture, str], Board] = lambda *_: sample_board()) -> Parts:
        return Parts(
            plan=PLAN,
            flag=lambda: FLAG,
            ledger=self.store.ledger,
            directory=self.store.directory,
            inbox=self.store.events,
            board=board,
            tokens=self.store.tokens.known,
            read=lambda: read_plan(f"plan: {PLAN}\ntitle: Roundup\n{TEXT}", file="plan.yaml"),
            rehearsal=lambda: None,
            say=self.say,
            turning=self.store.lease.holder,
            find=self.store.texts.find,
            now=now,
            personal=lambda: Personal(self.opening()),
            secret=lambda text: resolve(text, folder=Path()),
            arrivals=Arrivals(self.opening),
        )


@contextmanager
def served(made: Parts | Starlette, settings: Settings | None = None) -> Iterator[str]:
    """A server in this process; yields its address."""
    settings = settings or Settings(port=0)
    listening = bind(settings)
    app = made if isinstance(made, Starlette) else make_app(made, settings)
    streams = getattr(app.state, "streams", None)
    server = Server(configuration(app, settings), close=streams.close if streams else lambda: None)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        until = time.monotonic() + START_LIMIT_S
        while not server.started and thread.is_alive() and time.monotonic() < until:
            time.sleep(0.005)
        assert server.started
        yield address(settings, listening)
    finally:
        server.should_exit = True
        thread.join(START_LIMIT_S)
        listening.close()


def eventually(true: Callable[[], bool], *, within_s: float = 3.0) -> bool:
    """Whether something becomes so."""
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True

"""What Uptake says, as its command line prints it with --json, in the shapes that the chapters compare.

Nothing is worked out here and nothing is known otherwise: a figure that is not printed is not there. Instants are
milliseconds since 1970, waves are counted from 1.
"""

import json
import re
import sys
from html import unescape
from typing import Any, NamedTuple

from world import World

PYTHON = sys.executable
COUNT = 3
"""Issues that make an adopter: the plan's `adoption.count`."""
SECRET_FILES = ("admin.pw", "people.key", "intake.token", "flags.token")
ROWS = (
    "Definition",
    "Scope",
    "Timing",
    "Focus",
    "Process",
    "Timeline",
    "Goals",
    "Challenges",
    "Success factors",
)
"""The rows of the comparison, in order."""
PHRASES = (
    "releasing a product or service into a live environment",
    "putting a plan, decision or agreement into effect",
    "setting up infrastructure",
    "configuring software",
    "testing functionality",
    "training users",
    "monitoring progress",
    "making adjustments",
    "up and running, quickly and efficiently",
    "used effectively",
    "the desired outcomes achieved",
    "resistance to change",
    "lack of user buy-in",
    "difficulty measuring success",
    "thorough testing",
    "clear communication",
    "user training",
    "ongoing support",
    "regular feedback",
)
"""Words of the comparison that the page and the file hold."""


class Run(NamedTuple):
    """A deploy of one version."""

    number: int
    version: str
    state: str


class Wave(NamedTuple):
    """A wave and where it stands."""

    number: int
    state: str
    people: int
    adopters: int
    opened_at: int | None
    booked_at: int | None


class Measured(NamedTuple):
    """One person as measured."""

    employee_id: str
    wave: int
    opened_at: int | None
    uses: int
    adopter: bool
    replaced: int


class Decision(NamedTuple):
    """A decision with its numbers."""

    seq: int
    half: str
    ordinal: int
    verdict: str
    state: str
    why: str
    evidence: tuple[str, ...]
    line: str

    def cites(self, *words: str) -> bool:
        """Whether its evidence has all these words."""
        text = "\n".join(self.evidence)
        return all(word in text for word in words)


def status(world: World) -> dict[str, Any]:
    """The whole board."""
    board = world.ask("status", "plan.yaml")
    assert isinstance(board, dict)
    return board


def runs(world: World) -> list[Run]:
    """The runs so far, oldest first."""
    return [Run(run["number"], run["version"], run["state"]) for run in status(world)["runs"]]


def waves(world: World) -> list[Wave]:
    """The waves in order."""
    keys = ("number", "state", "people", "adopters", "opened_at", "booked_at")
    return [Wave(*(wave[key] for key in keys)) for wave in status(world)["waves"]]


def who(world: World) -> list[Measured]:
    """Every person as measured; nobody before the draw."""
    keys = ("id", "wave", "opened_at", "uses", "adopter", "replaced")
    return [Measured(*(person[key] for key in keys)) for person in world.ask("who", "plan.yaml")["people"]]


def decisions(world: World) -> list[Decision]:
    """Every decision, oldest first."""
    found = []
    for row in sorted(world.ask("why", "plan.yaml", "all")["decisions"], key=lambda row: row["seq"]):
        evidence = tuple(f"{e['what']}: {e['seen']}" for e in row["evidence"])
        half, ordinal, verdict = row["half"], row["ordinal"], row["verdict"]
        found.append(Decision(row["seq"], half, ordinal, verdict, row["state"], row["why"], evidence, row["line"]))
    return found


def replay_differences(world: World) -> int:
    """How many decisions a replay makes differently."""
    return len(world.ask("replay", "plan.yaml")["differences"])


def failed_checks(world: World) -> list[str]:
    """What `verify` found wrong."""
    return [check["name"] for check in world.ask("verify", "plan.yaml")["checks"] if not check["ok"]]


def rehearsed_waves(text: str) -> int:
    """How many waves open in a rehearsal that was printed with --json."""
    return sum(bool(wave["opened"]) for wave in json.loads(text)["waves"])


def unhealthy(world: World) -> list[str]:
    """The hosts that are not healthy."""
    return [host["name"] for host in status(world)["hosts"] if host["state"] != "healthy"]


def figure(world: World, phrase: str) -> str:
    """What stands behind a phrase of the implement column."""
    figures = status(world)["figures"]
    return next((str(one["value"]) for one in figures if one["half"] == "implement" and one["phrase"] == phrase), "")


def token(world: World, role: str) -> str:
    """A new token, told once."""
    return str(world.ask("token", "add", "plan.yaml", "--name", f"demo-{role}", "--role", role)["token"])


def in_order(text: str) -> bool:
    """Whether the comparison's rows stand in a text, in order, each at the beginning of a line."""
    found = [row for line in text.splitlines() for row in ROWS if re.match(rf"\W*{row}\b", line)]
    return list(dict.fromkeys(found)) == list(ROWS)


def holds(text: str, phrase: str) -> bool:
    """Whether a text or page holds a phrase, however its lines are broken."""
    plain = unescape(re.sub(r"<[^>]+>", " ", text))
    return " ".join(phrase.split()) in " ".join(plain.split())

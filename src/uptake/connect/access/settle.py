"""One person's access: find, read, write the difference, read again, and what that makes of her.

Not a tool: a command or an HTTP template answers, here is decided what the answers amount to.
The reading after a write has the last word: what a write says of itself is never enough.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Act = Literal["grant", "withdraw"]
AGAIN_MOST = 5
"""So often is read again where a write has not shown yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a tool says of one person.

    Args:
        state: to a reading: yes, no; to a write: yes (done, or already so); to both: nobody, failed,
            unsure (no answer in time), unknown (the plan names no way to read).
        exit_code: the command's, or the HTTP status.
        lines: evidence, the person's own values left out.
        away: the system was busy or out of reach, which says nothing of the person.
        found: the system's own name for her, where she was looked up.
    """

    state: Literal["yes", "no", "nobody", "failed", "unsure", "unknown"]
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    away: bool = False
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A receipt's state, and what speaks for it."""

    state: Literal["done", "failed", "nobody", "in doubt"]
    step: str = ""
    reply: Reply = Reply(state="unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A person before anything is written: `settled` where nothing is to be, `found` her name in the system."""

    found: str = ""
    settled: Settled | None = None


class Tool(Protocol):
    """One way to reach the system that gives access; used by several threads at once."""

    def find(self, values: Mapping[str, str]) -> Reply:
        """The system's own name for a person, given as her columns: yes (`found`, or empty for none), nobody, ..."""
        ...

    def read(self, values: Mapping[str, str], found: str) -> Reply:
        """Whether a person has access."""
        ...

    def write(self, act: Act, values: Mapping[str, str], found: str) -> Reply:
        """Grant or withdraw."""
        ...

    def pause(self, attempt: int) -> bool:
        """Wait before reading again; True where the port is being closed."""
        ...

    def close(self) -> None:
        """End what is under way."""
        ...


def look(tool: Tool, act: Act, values: Mapping[str, str]) -> Looked:
    """Find one person and read: what is so before anything is written."""
    wanted = "yes" if act == "grant" else "no"
    who = tool.find(values)
    before = tool.read(values, who.found) if who.state == "yes" else who
    match before.state:
        case "nobody":
            return Looked(settled=Settled(state="nobody", step="read", reply=before))
        case "failed":
            return Looked(settled=Settled(state="failed", step="read", reply=before))
        case "unsure":
            return Looked(settled=Settled(state="in doubt", step="read", reply=before))
        case state if state == wanted:
            return Looked(found=who.found, settled=Settled(state="done", step="read", reply=before))
        case _:
            return Looked(found=who.found)


def settle(tool: Tool, act: Act, values: Mapping[str, str], found: str) -> Settled:
    """Bring one person, who was looked at, where the act wants her, and tell how she is left."""
    wanted = "yes" if act == "grant" else "no"
    written = tool.write(act, values, found)
    if written.state == "nobody":
        return Settled(state="nobody", step=act, reply=written)
    after = _again(tool, wanted, values, found, tries=AGAIN_MOST if written.state == "yes" else 1)
    match written.state, after.state:
        case _, "nobody":
            return Settled(state="nobody", step="read", reply=after)
        case _, state if state == wanted:
            return Settled(state="done", step="read", reply=after)
        case "yes", "unknown":
            return Settled(state="done", step=act, reply=written)
        case "failed" | "unsure", _:
            return Settled(state="failed" if written.state == "failed" else "in doubt", step=act, reply=written)
        case _, "failed" | "unsure":
            return Settled(state="in doubt", step="read", reply=after)
        case _:
            pass
    said = f"the {act} was answered as done, but reading again says otherwise"
    reply = Reply(state="failed", exit_code=after.exit_code, lines=(said, *after.lines))
    return Settled(state="failed", step="read", reply=reply)


def _again(tool: Tool, wanted: str, values: Mapping[str, str], found: str, *, tries: int) -> Reply:
    """What reading says, asked again while a write has not shown."""
    after = tool.read(values, found)
    for attempt in range(1, tries):
        if after.state in (wanted, "nobody", "unknown") or tool.pause(attempt):
            break
        after = tool.read(values, found)
    return after

"""A plan with its state: the file, the ledger's revision of it, and the picture.

Nothing re-reads the file once a half was started: the plan that counts is the text in the
ledger. The state lies in `.uptake/` beside the plan file.
"""

import getpass
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from uptake.app.settings import lease_ttl_s
from uptake.core.entry import Said
from uptake.core.picture import Picture, fold
from uptake.core.problem import Refused, refuse
from uptake.plan.read import ReadPlan, read_plan
from uptake.plan.source import decode_plan
from uptake.plan.tree import TEXT_MOST

if TYPE_CHECKING:
    from uptake.store.open import Store

FILE_BYTES_MOST = 4 * TEXT_MOST + 1
"""What is read of a plan file; one that is longer is refused for its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opened plan.

    Args:
        path: the plan file.
        file: the plan as the file says it now; None where it can no longer be read.
        read: the plan that counts: the ledger's revision, or the file's before anything was started.
        store: its state.
    """

    path: Path
    file: ReadPlan | None
    read: ReadPlan
    store: "Store"

    @property
    def folder(self) -> Path:
        """The plan's folder, from which its paths are relative."""
        return self.path.resolve().parent

    def picture(self) -> Picture:
        """The fold of all entries."""
        picture = Picture()
        for entry in self.store.ledger.read():
            fold(picture, entry)
        return picture

    def is_revision(self) -> bool:
        """Whether the file is still the revision that was started."""
        return self.file is not None and self.file.digest == self.read.digest


def is_other(opened: Opened, picture: Picture) -> bool:
    """Whether another text counts in the ledger than the one that was opened."""
    return picture.revision not in {"", opened.read.digest} and bool(picture.revisions)


def in_force(opened: Opened, picture: Picture) -> Opened:
    """The plan with the text that counts at a picture."""
    if not is_other(opened, picture):
        return opened
    return replace(opened, read=read_plan(picture.revisions[-1].text, file=str(opened.path)))


def read_file(path: Path) -> ReadPlan:
    """Read a plan file.

    Raises:
        Refused: it cannot be read.
        PlanRefused: it has mistakes, all of them listed.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MOST)
    except IsADirectoryError:
        raise refuse("UP001", str(path), "this is a folder", "name the plan file itself: plan.yaml") from None
    except OSError as error:
        hint = "name an existing plan file, or make one with `uptake init`"
        raise refuse("UP001", str(path), f"the plan file cannot be read: {error.strerror}", hint) from None
    return read_plan(decode_plan(raw, file=str(path)), file=str(path))


def open_plan(path: Path, *, ttl_s: float | None = None) -> Opened:
    """Open a plan and its state.

    Args:
        path: the plan file.
        ttl_s: the lease's time to live; the store's own by default.

    Raises:
        Refused: the file has mistakes and nothing was started, or the state cannot be opened.
    """
    from uptake.store.lease import TTL_S
    from uptake.store.open import open_store

    trouble: Refused | None = None
    file: ReadPlan | None = None
    try:
        file = read_file(path)
    except Refused as error:
        trouble = error
    name = file.plan.plan if file else _only_plan(path)
    if name is None:
        assert trouble is not None
        raise trouble
    store = open_store(path.resolve().parent, name, ttl_s=ttl_s or lease_ttl_s() or TTL_S)
    text = _text_in_ledger(store)
    if text is None and file is None:
        assert trouble is not None
        store.close()
        raise trouble
    read = file if text is None or (file and file.text == text) else read_plan(text, file=str(path))
    assert read is not None
    return Opened(path=path, file=file, read=read, store=store)


def _only_plan(path: Path) -> str | None:
    """The plan of a state that holds just one, for the case that its file is broken now."""
    state = path.resolve().parent / ".uptake" / "state.db"
    if not path.exists() or not state.exists():
        return None
    from uptake.store.open import plans_in

    names = plans_in(state.parent.parent)
    return names[0] if len(names) == 1 else None


def _text_in_ledger(store: "Store") -> str | None:
    """The newest plan text that a start or a revision brought into the ledger.

    An entry that cannot be read ends the search: who folds the ledger is told of it, and `verify` can still name it.
    """
    text: str | None = None
    with suppress(Refused):
        for entry in store.ledger.read():
            if isinstance(entry.body, Said) and "text" in entry.body.data:
                text = str(entry.body.data["text"])
    return text


def speaker() -> str:
    """Who says a word on this machine: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid-{os.getuid()}"
    return f"{user}@{socket.gethostname()}"


def say(opened: Opened, build: Callable[[Picture], Said], *, now: int) -> int:
    """Append a person's word that was built on the newest picture, and return its sequence.

    `build` may raise `Refused`; it is asked again where another word came first.
    """
    from uptake.core.problem import Stale
    from uptake.core.time import Instant

    for _ in range(WORDS_AGAIN_MOST):
        picture = opened.picture()
        said = build(picture)
        try:
            return opened.store.ledger.append([said], at=Instant(now), expect=picture.seq)[0].seq
        except Stale:
            continue
    raise refuse("UP010", str(opened.path), "the ledger is too busy to take a word", "try again")


WORDS_AGAIN_MOST = 50
"""A word is built again so often where the ledger moves on beneath it."""

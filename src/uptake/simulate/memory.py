"""Ledger, receipts and directory in memory: the same contracts, nothing kept.

The chain is the real one, so a rehearsal's ledger has a digest that can be compared between
processes. There is no lease: one thread, one writer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from uptake.core.chance import digest
from uptake.core.entry import FIRST_HASH, Body, Entry, StepSeen, chain, encode
from uptake.core.ids import ActionKey, Epoch, Pid
from uptake.core.ports import Person
from uptake.core.problem import Stale
from uptake.core.time import Instant


class MemoryLedger:
    """A plan's entries in a list."""

    def __init__(self) -> None:
        """An empty ledger."""
        self.entries: list[Entry] = []

    def head(self) -> int:
        """The last sequence."""
        return len(self.entries)

    def read(self, after: int = 0) -> Iterator[Entry]:
        """The entries after a sequence."""
        yield from self.entries[after:]

    def append(
        self, bodies: Sequence[Body], *, at: Instant, expect: int | None = None, epoch: Epoch | None = None
    ) -> tuple[Entry, ...]:
        """Write entries.

        Raises:
            Stale: the head is not `expect`.
        """
        del epoch
        if expect is not None and expect != self.head():
            raise Stale(f"head is {self.head()}, not {expect}")
        written: list[Entry] = []
        for body in bodies:
            previous = self.entries[-1].hash if self.entries else FIRST_HASH
            seq, kind, raw = len(self.entries) + 1, type(body).__name__, encode(body)
            link = chain(previous, seq=seq, at=at, kind=kind, raw=raw)
            entry = Entry(seq=seq, at=at, kind=kind, body=body, raw=raw, hash=link)  # type: ignore[arg-type]
            self.entries.append(entry)
            written.append(entry)
        return tuple(written)

    def digest(self) -> str:
        """The last hash: one text that stands for the whole ledger."""
        return self.entries[-1].hash if self.entries else FIRST_HASH


class MemoryReceipts:
    """Receipts in a dictionary."""

    def __init__(self) -> None:
        """No receipts."""
        self._rows: dict[ActionKey, dict[str, str]] = {}

    def want(self, key: ActionKey, targets: Iterable[str]) -> None:
        """Note wanted targets."""
        rows = self._rows.setdefault(key, {})
        for target in targets:
            rows.setdefault(target, "wanted")

    def mark(self, key: ActionKey, states: Mapping[str, str]) -> None:
        """Set states."""
        self._rows.setdefault(key, {}).update(states)

    def states(self, key: ActionKey) -> dict[str, str]:
        """A key's targets."""
        return dict(self._rows.get(key, {}))

    def seen(self, keys: Sequence[ActionKey]) -> tuple[StepSeen, ...]:
        """Counts per key."""
        rows = ((key, list(self._rows[key].values())) for key in keys if key in self._rows)
        return tuple(
            StepSeen(key=key, wanted=len(states), done=states.count("done"), in_doubt=states.count("in doubt"))
            for key, states in rows
        )


class MemoryDirectory:
    """People in a dictionary by external id; pids follow from the ids, so that a rehearsal repeats."""

    def __init__(self) -> None:
        """Nobody."""
        self._people: dict[str, Person] = {}

    def freeze(self, people: Sequence[Person]) -> None:
        """Keep the audience."""
        for person in people:
            self._people.setdefault(person.external_id, person)

    def assign(self, waves: Mapping[Pid, int], *, drawn: bool = True) -> None:
        """Keep the draw; nobody changes wave, and nobody joins in a rehearsal."""
        del drawn
        for external, person in self._people.items():
            if person.pid in waves and person.wave is None:
                self._people[external] = replace(person, wave=waves[person.pid])

    def people(self, wave: int | None = None) -> tuple[Person, ...]:
        """Everyone, or those of a wave."""
        chosen = (p for _, p in sorted(self._people.items()) if wave is None or p.wave == wave)
        return tuple(chosen)

    def find(self, external_id: str) -> Person | None:
        """The person of an external id."""
        return self._people.get(external_id)


def made_up_pid(external_id: str) -> Pid:
    """A pid for a rehearsal: it follows from the external id."""
    return Pid(digest(external_id)[:32])

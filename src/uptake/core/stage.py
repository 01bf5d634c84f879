"""A batch of hosts and a wave of people are the same thing: a stage.

A stage is named by its half, its run and its ordinal. What its targets are and which steps
and gate it has is compiled by the halves; the loop, the ledger and the report need only this.
"""

from dataclasses import dataclass
from typing import Literal

Half = Literal["deploy", "implement"]

ROLLBACK_FROM = 1000
"""Ordinals from here on are stages that roll a batch back: 1000 + the batch's own ordinal."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Stage:
    """Half, run (from 1; the implement half has one) and ordinal (from 0, in order)."""

    half: Half
    run: int
    ordinal: int

    def __str__(self) -> str:
        """As keys and messages write it."""
        return f"{self.half}/{self.run}/{self.ordinal}"

    @property
    def is_rollback(self) -> bool:
        """Whether this stage takes a batch back to the release before."""
        return self.ordinal >= ROLLBACK_FROM


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFact:
    """A host as the inventory gave it.

    `serves` is the value of the audience column that its people have; empty: it serves everybody.
    `data` is the host's own data as the inventory gives it, secrets left out.
    """

    name: str
    address: str
    serves: str = ""
    data: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveFact:
    """A wave as drawn: people counted, settings named, and the values of `hosts.serves` its people have."""

    ordinal: int
    people: int
    settings: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    holdout: bool = False

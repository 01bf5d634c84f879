"""One flag: which variant a person gets, and why, from the stored draw and the waves that are open.

It is no rule engine and hashes nothing at read time: a person's wave is a row of the draw, so the
answer never moves with a library's release. The ring opens and closes waves; this room only reads that.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Reason = Literal["TARGETING_MATCH", "DISABLED", "UNKNOWN"]
"""Words of OFREP's own list; clients fail on any other (its list holds no DEFAULT)."""
Value = object
"""A flag's value: any JSON value; a whole number written as a float stays one (1.0)."""

FLAG_KEY = re.compile(r"[A-Za-z0-9_.-]{1,200}")
"""What a flag may be called: some clients put the key into the address without escaping it."""
DIGEST_SHOWN = 12
"""So many digits of the assignment's digest stand in an answer's metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A named value that a flag may have."""

    name: str
    value: Value


ON = Variant(name="on", value=True)
OFF = Variant(name="off", value=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What one person gets, and why."""

    variant: Variant
    reason: Reason
    wave: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A plan's flag as it stands.

    Args:
        key: letters, digits, dot, dash and underscore.
        plan: the plan that it belongs to.
        wave_of: external id (in NFC) -> the wave's ordinal (from 0), as drawn; shared between values, never changed.
        open_waves: the ordinals of waves that are open.
        killed: exposure is withdrawn from everybody, whatever is open.
        assignment: the digest of the draw.
        on: what people in an open wave get.
        off: what everybody else gets.
    """

    key: str
    plan: str
    wave_of: Mapping[str, int] = field(repr=False)
    open_waves: frozenset[int] = frozenset()
    killed: bool = False
    assignment: str = ""
    on: Variant = ON
    off: Variant = OFF

    def __post_init__(self) -> None:
        """A key that clients cannot ask for is a programmer's error here; `check` refuses it in a plan."""
        assert FLAG_KEY.fullmatch(self.key), self.key

    def decide(self, person: str) -> Decided:
        """The variant of the person with this external id."""
        return self.for_wave(self.wave_of.get(person))

    def for_wave(self, wave: int | None) -> Decided:
        """The variant of everyone in a wave; None stands for people whom the draw does not know.

        The kill switch goes before the waves. Somebody unknown gets `off` with the reason UNKNOWN: the
        draw says nothing about them, and claiming that a target matched would be untrue.
        """
        if self.killed:
            return Decided(variant=self.off, reason="DISABLED", wave=wave)
        if wave is None:
            return Decided(variant=self.off, reason="UNKNOWN", wave=None)
        variant = self.on if wave in self.open_waves else self.off
        return Decided(variant=variant, reason="TARGETING_MATCH", wave=wave)

    def metadata(self, decided: Decided) -> dict[str, str | int]:
        """What travels with an answer, scalars only; waves are numbered from 1 for people."""
        known: dict[str, str | int] = {"plan": self.plan}
        if decided.wave is not None:
            known["wave"] = decided.wave + 1
        if self.assignment:
            known["assignment"] = self.assignment[:DIGEST_SHOWN]
        return known

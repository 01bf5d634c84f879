"""Drawing for a terminal: colour where asked, meters, marks, and lines that wrap at a width.

It knows text and widths, no plan. Text that came from outside (a failing check's words, a command's
last line) loses its control characters here, so that it cannot steer the terminal.
"""

import textwrap
import unicodedata
from dataclasses import dataclass
from typing import Literal

from uptake.report.board import Mark

Tone = Literal["deploy", "implement", "ok", "warn", "bad", "quiet", "strong"]
CODES: dict[Tone, str] = {
    "deploy": "38;5;111;1",
    "implement": "38;5;215;1",
    "ok": "38;5;114",
    "warn": "38;5;221",
    "bad": "38;5;210",
    "quiet": "38;5;245",
    "strong": "1",
}
SIGNS: dict[Mark, str] = {"": "·", "ok": "✓", "going": "●", "waiting": "○", "warn": "!", "bad": "✗"}
TONES: dict[Mark, Tone] = {"": "quiet", "ok": "ok", "going": "strong", "waiting": "quiet", "warn": "warn", "bad": "bad"}
WIDTH_LEAST = 40
"""A terminal that says it is narrower is taken as this wide."""
WIDTH_MOST = 160
"""Beyond this, lines are not drawn longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """Colour codes, or none."""

    colour: bool

    def __call__(self, text: str, tone: Tone | None) -> str:
        """The text in a tone; unchanged without colour."""
        return f"\x1b[{CODES[tone]}m{text}\x1b[0m" if self.colour and tone and text else text

    def sign(self, mark: Mark) -> str:
        """A mark's sign in its tone."""
        return self(SIGNS[mark], TONES[mark])

    def meter(self, share: float, target: float | None, *, width: int, tone: Tone) -> str:
        """A bar of `width` signs: what is reached, what is left, and where the target stands."""
        got = max(0, min(width, round(share * width)))
        bar = "━" * got + "─" * (width - got)
        parts = [self(bar[:got], tone), self(bar[got:], "quiet")]
        if target is None:
            return "".join(parts)
        at = max(0, min(width - 1, round(target * width)))
        left = self(bar[: min(at, got)], tone) + self(bar[min(at, got) : at], "quiet")
        right = self(bar[at + 1 : max(at + 1, got)], tone) + self(bar[max(at + 1, got) :], "quiet")
        return left + self("┃", "strong") + right


def plain(text: str) -> str:
    """Text without control characters, on one line."""
    return " ".join("".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).split())


def cells(text: str) -> int:
    """How many columns a text takes; wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1 for c in text
    )


def pad(text: str, width: int, *, shown: str = "") -> str:
    """A text filled with spaces to a width; `shown` is what is printed where that has colour codes."""
    return (shown or text) + " " * max(0, width - cells(text))


def wrap(text: str, width: int, *, indent: str = "", hanging: str | None = None) -> list[str]:
    """A paragraph as lines of at most `width` columns; words too long for a line are cut."""
    lines = textwrap.wrap(
        plain(text),
        width=max(width, 8),
        initial_indent=indent,
        subsequent_indent=indent if hanging is None else hanging,
        break_on_hyphens=False,
    )
    return lines or [indent.rstrip()]


def bounded(width: int) -> int:
    """A terminal's width within what is drawn."""
    return max(WIDTH_LEAST, min(WIDTH_MOST, width))

"""Chance: the only place that makes generators; every draw names its stream.

Waves are drawn with SHA-256 alone, so that anyone can recompute them in any language and
release. Everything made up (rehearsal) draws from PCG64 keyed by SHA-256 of seed and labels.
"""

import hashlib
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def stream(seed: int | str, *labels: str | int) -> "np.random.Generator":
    """The generator of one named stream; the same seed and labels give the same numbers everywhere."""
    import numpy as np

    digest = hashlib.sha256("\0".join(str(part) for part in (seed, *labels)).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def rank(seed: str, plan: str, unit: str) -> int:
    """A unit's rank in the draw: the first 8 bytes, big-endian, of SHA-256(seed NUL plan NUL unit).

    Args:
        seed: the revealed seed, hexadecimal text.
        plan: the plan's name.
        unit: the digest of a person's external id, or a setting's name; taken in NFC, UTF-8.
    """
    text = "\0".join(unicodedata.normalize("NFC", part) for part in (seed, plan, unit))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def digest(text: str) -> str:
    """SHA-256 of a text in NFC and UTF-8, as hexadecimal digits."""
    return hashlib.sha256(unicodedata.normalize("NFC", text).encode()).hexdigest()

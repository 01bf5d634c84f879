"""Did you mean: the nearest of the words that are known.

Pure text. Close means a few letters swapped, left out or doubled, or other separators
(`max-parallel`, `maxParallel`); a word that only begins alike is not close.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

CLOSE = 0.7
"""The least likeness (difflib's ratio) that is worth a hint."""
NAMED_MOST = 12
"""At most so many words are listed where none is close."""


def _flat(word: str) -> str:
    """Lower case, with separators as one underscore: `maxParallel` -> `max_parallel`."""
    return re.sub(r"[\s_-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word)).lower()


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` probably means, empty where none is close.

    >>> nearest("max-paralel", ["max_parallel", "canary"])
    'max_parallel'
    """
    flat = {_flat(name): name for name in known}
    close = get_close_matches(_flat(word), flat, n=1, cutoff=CLOSE)
    return flat[close[0]] if close else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint: the nearest word, else the words there are, where they are few."""
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return f"did you mean `{near}`?"
    if 0 < len(names) <= NAMED_MOST:
        return "known here: " + ", ".join(names)
    return ""

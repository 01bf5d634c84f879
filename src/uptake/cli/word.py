"""A person's word from the command line: durable, then acknowledged.

Used by `hold`, `resume` and `approve`. Any process may say it; the loop hears it within its
next turn.
"""

import time
from pathlib import Path

import msgspec

from uptake.app.opened import open_plan, speaker
from uptake.app.word import Word, speak
from uptake.core.time import Instant


def put(plan: Path, word: Word, *, as_json: bool = False) -> int:
    """Append the word and acknowledge it.

    Raises:
        Refused: a half or question that is not there, or nothing that is held.
    """
    opened = open_plan(plan)
    try:
        taken = speak(opened, word, who=speaker(), now=Instant(time.time_ns() // 1_000_000))
    finally:
        opened.store.close()
    if as_json:
        said = {"schema": 1, "entry": taken.seq, "said": word.what, "half": word.half, "new": taken.new}
        print(msgspec.json.encode(said).decode())
    else:
        before = "" if taken.new else ", said before"
        print(f"{word.what}: entry {taken.seq} of the ledger" + (f", {word.half}" if word.half else "") + before)
    return 0

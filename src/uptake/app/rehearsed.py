"""The last rehearsal of a plan, kept beside its state so that a page can show it.

A summary only, written whole or not at all. Nothing of it is evidence: the next rehearsal
takes its place, and what cannot be read counts as none.
"""

from pathlib import Path

import msgspec

from uptake.report.rehearsal import Summary

BYTES_MOST = 4_000_000
"""A longer file is none of ours."""


def keep(folder: Path, summary: Summary) -> None:
    """Keep a rehearsal's summary; a folder that cannot be written keeps none.

    Args:
        folder: the plan's.
        summary: what the rehearsal showed.
    """
    path = _path(folder, summary.plan)
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        draft.write_bytes(msgspec.json.encode(summary))
        draft.replace(path)
    except OSError:
        return


def kept(folder: Path, plan: str) -> Summary | None:
    """The last rehearsal's summary, None where there is none.

    Args:
        folder: the plan's.
        plan: its name.
    """
    try:
        with _path(folder, plan).open("rb") as file:
            return msgspec.json.decode(file.read(BYTES_MOST), type=Summary)
    except (OSError, msgspec.DecodeError):
        return None


def _path(folder: Path, plan: str) -> Path:
    return folder / ".uptake" / f"rehearsal-{plan}.json"

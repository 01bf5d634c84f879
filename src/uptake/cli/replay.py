"""`uptake replay`: every decision made again from the ledger alone, and each that differs named.

Exit 0 where none differs, 1 otherwise. It recomputes decisions, not the estimates behind them;
draws are recomputed by `verify`.
"""

from pathlib import Path

from uptake.cli.shown import opened_plan, print_json, print_text
from uptake.core.words import count


def run(plan: Path, *, json: bool = False) -> int:
    """Replay.

    Args:
        plan: the plan file.
        json: print one JSON object.
    """
    from uptake.loop.replay import replay

    with opened_plan(plan) as opened:
        found = replay(opened.read.plan, opened.store.ledger.read())
    if json:
        differing = list(found.differing)
        print_json({"schema": 1, "ticks": found.ticks, "decisions": found.decisions, "differences": differing})
    else:
        ticks, decisions = count(found.ticks, "tick"), count(found.decisions, "decision")
        print_text(f"{ticks}, {decisions}, {count(len(found.differing), 'difference')}\n")
        for seq in found.differing:
            print_text(f"  entry {seq}: something else is decided now than stands behind it\n")
    return 1 if found.differing else 0

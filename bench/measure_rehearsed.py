"""Promise: an effect that is not there is shown by at most one rehearsed plan in twenty, looked at every day.

Plans of 60 days and 200 people through the product itself: loop, gates, draw, looks and findings, with made-up values
without any effect; persons drawn, and teams drawn whose people are measured and alike. Anchor: the error in theory.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from uptake.app.rehearsal import rehearse  # noqa: E402
from uptake.implement.targets import outcome_stage  # noqa: E402
from uptake.plan.read import read_plan  # noqa: E402
from uptake.simulate.world import Behaviour  # noqa: E402

PLANS = int(os.environ.get("BENCH_RUNS", "1000"))
PEOPLE = 200
ALPHA = 0.05
WORKERS = int(os.environ.get("BENCH_WORKERS", "2"))
ALIKE = 0.1
"""Intraclass correlation of people in a team: with this a person-level interval would be wrong every fourth time."""
PLAN = """
plan: trial
title: A trial
timezone: Europe/Berlin
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: DRAWN, sizes: [25%, 25%, 25%], holdout: 25%, start: 2027-01-11, every: 2w}
  gate: {adoption: 30%, at: 7d, min_people: 5}
  adoption: {event: used, count: 1, within: 7d, target: 30%}
  baseline: 2w
  outcomes:
    - {name: minutes, from: {csv: minutes.csv}, unit: person, primary: true, judge: +60d, looks: 1d}
"""


def shown(drawn: str, seed: int) -> tuple[bool, bool, int]:
    """Whether one plan without effect says that it is achieved or not achieved, or implemented; and its looks."""
    read = read_plan(PLAN.replace("DRAWN", drawn), file="plan.yaml")
    behaviour = Behaviour(effect=0.0, alike=ALIKE)
    picture = rehearse(read, seed=seed, people=None, count=PEOPLE, behaviour=behaviour).picture
    states = picture.stage(outcome_stage(0)).first
    said = any(n.decision.state == "implemented" for n in picture.decisions)
    (measured,) = picture.observed.outcomes
    return bool({"achieved", "not achieved", "harm"} & set(states)), said, len(measured.looks)


def main() -> int:
    """Both designs; 1 where an effect is shown too often, or an undecided plan is called implemented."""
    limit = ALPHA + 2 * (ALPHA * (1 - ALPHA) / PLANS) ** 0.5
    worst = 0.0
    for drawn in ("person", "setting"):
        with ProcessPoolExecutor(WORKERS) as pool:
            found = list(pool.map(partial(shown, drawn), range(PLANS), chunksize=10))
        share = sum(ever for ever, _, _ in found) / PLANS
        looks = sum(count for *_, count in found) / PLANS
        worst = max(worst, share)
        said = sum(implemented for _, implemented, _ in found) / PLANS
        print(
            f"measure_rehearsed: {PLANS} plans, {drawn}s drawn, persons measured, no effect, {looks:.0f} daily looks:"
            f" a finding ever in {share:.3f} (at most {limit:.3f}), called implemented {said:.3f}",
            flush=True,
        )
    return int(worst > limit)


if __name__ == "__main__":
    sys.exit(main())

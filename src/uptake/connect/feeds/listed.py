"""An outcome's effect where nobody drew the order of waves: one estimate, if without the change all had moved alike.

It is made anew with each look from all that is known by then, is held together with no other, and finds nothing: what
rests on parallel trends makes no plan implemented. The estimate is measure's, by the package diff-diff (extra `did`).
"""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

from uptake.connect.feeds.looks import Times, followed
from uptake.core.entry import rounded
from uptake.core.look import Measured, SinceOpening, WaveLook
from uptake.core.problem import Refused
from uptake.measure.panel import NoPanel, Panel
from uptake.measure.parallel import Row, among
from uptake.measure.statistics import Floats, Ints
from uptake.measure.watch import summary

PERIODS_MOST = 26
"""Since the first opening; where looks are more often, several of their periods are one."""
LEVEL = 0.95
ASSUMES = "nobody drew the order; without the change all waves would have moved alike (parallel trends)"
SMALL = "Nothing could be compared: a wave has values of one unit alone."


def coarse(when: Times, due: int) -> Times:
    """The periods until the latest look, a few of them taken together where there are many."""
    step = ceil(due / PERIODS_MOST)
    later = range(when.zero, when.zero + due, step)
    cuts = (*when.cuts[: when.zero], *(when.cuts[place] for place in later), when.cuts[when.zero + due])
    return Times(cuts=cuts, zero=when.zero)


def parallel(bare: Measured, values: Floats, waves: Ints, when: Times, seen: Sequence[WaveLook]) -> Measured:
    """What is estimated under parallel trends, or why nothing is.

    Args:
        bare: what is known besides.
        values: units x periods, NaN for a gap.
        waves: of each unit.
        when: the periods.
        seen: the waves.
    """
    known = followed(values, waves, when, seen)
    stats = summary(known)
    if stats is None:
        return replace(bare, note=SMALL)
    found = Panel(values=known.values, labels=known.labels, cohorts=known.cohorts, periods=known.periods, dropped=())
    try:
        overall, events = among(found, stats, ("simple", "eventstudy"))
    except NoPanel as why:
        return replace(bare, note=f"Nothing could be compared: {why}.")
    except Refused as refused:
        problem = refused.problems[0]
        return replace(bare, note=f"No effect is estimated: diff-diff is not installed; {problem.hint}.")
    (row,) = overall.rows
    return replace(
        bare,
        estimate=rounded(row.estimate),
        low=rounded(row.low),
        high=rounded(row.high),
        level=LEVEL,
        method=overall.method,
        trust=(overall.sentence, *(f"diff-diff warns: {one}" for one in overall.warned)),
        since=tuple(_since(one) for one in (*events.before, *events.rows)),
    )


def _since(row: Row) -> SinceOpening:
    assert row.event_time is not None
    return SinceOpening(period=row.event_time, estimate=rounded(row.estimate), se=rounded(row.se))

"""One line about a run under way: which batch, host-steps done and, once there is a pace, about how long it takes.

For the terminal's last line while a run is followed; the board's ETA is the same figure.
"""

from uptake.core.picture import Picture
from uptake.plan.model import Plan
from uptake.report.run import latest_of
from uptake.report.words import length, of


def eta_words(plan: Plan, picture: Picture) -> str:
    """Progress of the latest run and its ETA; empty where none is under way.

    The ETA is absent before the first batch is through.
    """
    run = latest_of(plan, picture, picture.observed.now)
    if run is None or run.state != "running":
        return ""
    total = run.total
    left = f", about {length(run.left_ms)} left" if run.left_ms is not None else ""
    under_way = [act.action.stage for act in run.acts if act.outcome is None]
    where = f"{run.place(under_way[-1])}, " if under_way else ""
    return f"{where}{of(total.done, total.wanted)} host-steps{left}"

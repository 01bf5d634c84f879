"""Floor 1, crafts of evidence: counts and arrays in, estimates out; knows no plan.

`rollout` goes from a table to the effect of a staged rollout, by `panel`, `statistics`, `weights`, `staggered` and
`fisher`; `parallel` does so where nobody drew the order.
`proportion` is a share with its interval, `contrast` compares open waves with those not yet open on one declared day.
`adoption` is all about use: time until it, relapse, a forecast of reach, the outcomes of RE-AIM and of Proctor.

    from uptake.measure import Design, Table, effect
"""

# pyright: reportAny=false

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uptake.measure.panel import NoPanel, Table
    from uptake.measure.rollout import Design, Effect, effect

__all__ = ["Design", "Effect", "NoPanel", "Table", "effect"]


def __getattr__(name: str) -> Any:
    """A public name, loaded when it is asked for: numpy takes its time, and most commands need none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from uptake.measure import panel, rollout

    return getattr(panel if name in ("NoPanel", "Table") else rollout, name)

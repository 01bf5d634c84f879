"""Bands for a plan without an end: valid however often and however long one looks, if estimates are martingale-like.

An asymptotic confidence sequence, by a normal mixture. It is proved for sums of independent parts; a staged rollout's
estimates are of something else at each look, so here it is validated by simulation (`bench/measure_looks.py`) and not
proved: who shows it says so. Wider than spending at a planned end, and never spent up.
Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas, "Time-uniform central limit theory and asymptotic confidence
sequences" (arXiv:2103.06476), theorem 2.2 and its appendix on the best tuning.
"""

import math
from collections.abc import Sequence

from uptake.measure.findings import Band, band
from uptake.measure.looks import Look

NOTE = "valid at every look by simulation, not proved for the effects of a rollout that goes on"
"""What is told beside a band of this kind."""
STEPS_MOST = 100


def multiplier(information: float, best: float, *, alpha: float = 0.05) -> float:
    """How many standard errors a band goes to either side.

    Args:
        information: 1 / se squared, above 0, in any unit that `best` has, too.
        best: the information at which the band is to be narrowest.
        alpha: in (0, 1), the error over all looks.

    >>> round(multiplier(100.0, 100.0), 3)
    3.035
    """
    r = best / _best(alpha)
    both = (information + r) / information
    return math.sqrt(both * math.log((information + r) / (r * alpha**2)))


def sequence(seen: Sequence[Look], *, best: float, alpha: float = 0.05) -> tuple[Band, ...]:
    """Each look's interval; all hold together, whatever looks follow.

    Args:
        seen: the looks, in order.
        best: as in `multiplier`: 1 / se squared at the look that matters most.
        alpha: the error over all looks.
    """
    return tuple(band(one, multiplier(1 / one.se**2, best, alpha=alpha)) for one in seen)


def _best(alpha: float) -> float:
    """u with u - log(1 + u) = -2 log alpha: -W(-alpha^2 / e) - 1 with the lower branch of Lambert's W, by iteration."""
    wanted = -2 * math.log(alpha)
    u = wanted + math.log1p(wanted)
    for _ in range(STEPS_MOST):
        better = wanted + math.log1p(u)
        if abs(better - u) <= 1e-14 * better:
            break
        u = better
    return u

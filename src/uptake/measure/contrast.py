"""What changed in open waves against waves not yet open on the same days, with a permutation interval.

Arrays in, numbers out: it knows no plan and draws nothing; redraws come from the plan's own randomiser. Exact for
planned dates and a constant effect, however few units there are. Not here: looking again and again, which needs
another inference. On the ring it serves the one day on which an outcome is judged, and guardrails (point only).
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONTROL, TRANSITION, EXPOSED = 0, 1, 2
"""What a wave is in a period: before its first step, between that and its opening, open."""
CELLS_MOST = 4_000_000
"""So many memberships (draws x waves x units) are held in memory at once."""
SAME = 1e-9
"""Numbers that differ by less are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """An outcome by unit and period.

    Args:
        values: units x periods, the unit's mean in each; NaN where it has no value. Period 0 lies before everything.
        status: waves x periods, each `CONTROL`, `TRANSITION` or `EXPOSED`; period 0 is `CONTROL` for all.
        days: the length of each period, above 0.
        sizes: the units of each wave as drawn.
    """

    values: NDArray[np.float64]
    status: NDArray[np.int_]
    days: NDArray[np.float64]
    sizes: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """The difference, and the mean that open waves would have had without it."""

    estimate: float
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its permutation interval; an end is infinite where the draws cannot bound it."""

    estimate: float
    low: float
    high: float
    draws: int


def contrast(panel: Panel, labels: NDArray[np.int_]) -> Contrast | None:
    """Open waves less waves not yet open, period by period, less what they differed by in period 0.

    Args:
        panel: the outcome.
        labels: the wave of each unit.

    Returns:
        None where no period has both an open wave and one not yet open with values.

    Source: Callaway & Sant'Anna (2021), section 2, with the mean of all days before as the reference; weights are
        units times days.
    """
    estimate, exposed = _theta(panel, panel.values, labels[None, :])
    return (
        None
        if np.isnan(estimate[0])
        else Contrast(estimate=float(estimate[0]), expected=float(exposed[0] - estimate[0]))
    )


def interval(
    panel: Panel, labels: NDArray[np.int_], redraws: NDArray[np.int_], *, alpha: float = 0.05
) -> Interval | None:
    """The estimate with the constant effects that a permutation test does not reject.

    Args:
        panel: the outcome.
        labels: the wave of each unit as drawn.
        redraws: draws x units, waves drawn anew by the same randomiser.
        alpha: two-sided level, in (0, 1).

    Source: Rosenbaum (2002), "Observational Studies", section 2.6: inversion of a randomisation test. For one redraw
        the effects that keep it at least as extreme as the draw itself lie between two roots of a linear equation.
    """
    plain = contrast(panel, labels)
    if plain is None:
        return None
    exposed = (panel.status[labels] == EXPOSED).astype(float)
    exposed[np.isnan(panel.values)] = np.nan
    own = _theta(panel, exposed, labels[None, :])[0][0]
    step = max(1, CELLS_MOST // max(1, labels.size * len(panel.status)))
    parts = [redraws[begin : begin + step] for begin in range(0, len(redraws), step)]
    others = np.concatenate([_theta(panel, panel.values, part)[0] for part in parts])
    slopes = np.concatenate([_theta(panel, exposed, part)[0] for part in parts])
    bounded = np.abs(slopes) < abs(own) - SAME  # false for NaN: such a redraw bounds nothing
    with np.errstate(divide="ignore", invalid="ignore"):
        roots = np.stack([(plain.estimate - others) / (own - slopes), (plain.estimate + others) / (own + slopes)])
    lows = np.sort(np.where(bounded, roots.min(axis=0), -np.inf))
    highs = np.sort(np.where(bounded, roots.max(axis=0), np.inf))
    least = int(np.floor(alpha * (len(redraws) + 1) + SAME))
    low, high = (float(lows[least - 1]), float(highs[-least])) if least else (-np.inf, np.inf)
    return Interval(estimate=plain.estimate, low=low, high=high, draws=len(redraws))


def _theta(
    panel: Panel, values: NDArray[np.float64], labels: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The contrast and the exposed mean under each row of labels; cells without values are left out, NaN for none."""
    there = ~np.isnan(values)
    members = (labels[:, None, :] == np.arange(len(panel.status))[None, :, None]).astype(float)
    sums, counts = members @ np.where(there, values, 0.0), members @ there.astype(float)
    total, mean, weight = np.zeros(len(labels)), np.zeros(len(labels)), np.zeros(len(labels))
    with np.errstate(divide="ignore", invalid="ignore"):
        for wave, period in zip(*np.nonzero(panel.status == EXPOSED), strict=True):
            control = panel.status[:, period] == CONTROL
            own = sums[:, wave, period] / counts[:, wave, period]
            now = own - sums[:, control, period].sum(axis=1) / counts[:, control, period].sum(axis=1)
            base = sums[:, control, 0].sum(axis=1) / counts[:, control, 0].sum(axis=1)
            change = now - (sums[:, wave, 0] / counts[:, wave, 0] - base)
            share = np.where(np.isfinite(change), panel.sizes[wave] * panel.days[period], 0.0)
            total += share * np.where(share > 0, change, 0.0)
            mean += share * np.where(share > 0, own, 0.0)
            weight += share
        return total / weight, mean / weight

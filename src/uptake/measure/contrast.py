"""What changed in open waves against waves not yet open on the same days, as a plain number without an interval.

Arrays in, numbers out, gaps allowed. It says how far an outcome moved at the latest look and what was expected without
exposure, for guardrails that ask a person; whether that is more than chance is a matter of looks (`watch`).
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONTROL, TRANSITION, EXPOSED = 0, 1, 2
"""What a wave is in a period: before its first step, between that and its opening, open."""


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

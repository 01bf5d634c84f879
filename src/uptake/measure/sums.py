"""From sums to statistics: what was added up elsewhere, for each cohort, becomes its size, mean and covariance.

Also one more day: statistics that are kept need the new column's products with the old ones, and none of theirs.
It says when the sums have lost digits and must be taken about another shift. Nothing here reads a table.
Source: Chan, Golub & LeVeque (1983), "Algorithms for computing the sample variance", on shifted data.
"""

# numpy's own types give Any for comparisons and sums
# pyright: reportAny=false

from dataclasses import dataclass

import numpy as np

from uptake.measure.panel import NoPanel
from uptake.measure.statistics import Floats, Ints, Statistics

FAR = 10.0
"""A mean so many standard deviations from the shift costs two of sixteen digits of the variance; more are too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What was added up, about one shift.

    Args:
        starts: R, first exposed periods, `NEVER` for none; one may be there more than once.
        sizes: R, units.
        totals: R x W, sums of the values less the shift.
        products: R x W x W, sums of the products of the values less the shift.
        shift: W.
    """

    starts: Floats
    sizes: Floats
    totals: Floats
    products: Floats
    shift: Floats

    def gathered(self) -> "Sums":
        """The same with each cohort once, in order."""
        starts, places = np.unique(self.starts, return_inverse=True)
        return Sums(
            starts=starts,
            sizes=_added(self.sizes, places, starts.size),
            totals=_added(self.totals, places, starts.size),
            products=_added(self.products, places, starts.size),
            shift=self.shift,
        )

    def finite(self) -> bool:
        """Whether nothing that was added was infinite."""
        return bool(np.isfinite(self.totals).all() and np.isfinite(self.products).all())

    def nearer(self) -> Floats | None:
        """A shift that keeps the digits, W; None where this one does, or where there is none.

        A column whose mean over all units lies more than `FAR` standard deviations (within cohorts) from its shift is
        shifted by that mean.
        """
        units = self.sizes.sum()
        if not units or not self.finite():
            return None
        away = self.totals.sum(axis=0) / units
        own = self.totals**2 / self.sizes[:, None]
        spread = np.einsum("rww->w", self.products) - own.sum(axis=0)
        far = np.abs(away) > FAR * np.sqrt(np.maximum(spread, 0.0) / units)
        return np.where(far, self.shift + away, self.shift) if bool(far.any()) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Statistics and what was left out of them.

    Args:
        statistics: of whole units in cohorts of two or more.
        dropped: what was left out, a clause each.
    """

    statistics: Statistics
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What one more column adds; R cohorts, W columns that are known.

    Args:
        starts: R, first exposed periods, `NEVER` for none; one may be there more than once.
        sizes: R, units that have the new column and all that are known.
        totals: R, sums of the new column less its shift.
        products: R x (W + 1), sums of its products with each known column and with itself, all less their shifts.
        shift: W + 1, of the known columns and the new one.
    """

    starts: Floats
    sizes: Floats
    totals: Floats
    products: Floats
    shift: Floats

    def nearer(self) -> Floats | None:
        """As `Sums.nearer`, for the new column."""
        there = self.sizes > 0
        own = Sums(
            starts=self.starts[there],
            sizes=self.sizes[there],
            totals=self.totals[there, None],
            products=self.products[there, -1:, None],
            shift=self.shift[-1:],
        ).nearer()
        return None if own is None else np.append(self.shift[:-1], own)


def summary(sums: Sums, *, periods: Floats, missing: int = 0) -> Summary:
    """The statistics of whole units, and what was left out.

    Args:
        sums: of whole units.
        periods: T, strictly rising; the W - T columns behind them are baseline covariates.
        missing: units that are not whole.

    Raises:
        NoPanel: an outcome is infinite, or fewer than two cohorts are left.
    """
    found = sums.gathered()
    if not found.finite():
        raise NoPanel("an outcome is infinite")
    dropped: list[str] = []
    if missing:
        dropped.append(f"{missing:,} of {missing + int(found.sizes.sum()):,} units miss a period or a covariate")
    many = found.sizes > 1
    if not many.all():
        dropped.append(f"{np.sum(~many):,} cohorts have a single unit")
    if np.sum(many) < 2:
        raise NoPanel("fewer than two cohorts are left, so nobody can be compared with anybody")
    sizes, totals, products = found.sizes[many], found.totals[many], found.products[many]
    away = totals / sizes[:, None]
    covariances = (products - sizes[:, None, None] * away[:, :, None] * away[:, None, :]) / (sizes - 1)[:, None, None]
    known = Statistics(
        periods=periods, cohorts=found.starts[many], sizes=sizes, means=found.shift + away, covariances=covariances
    )
    return Summary(statistics=known, dropped=tuple(dropped))


def day_shift(known: Statistics) -> Floats:
    """W + 1, about what one more column's products are taken: 0, or a mean that is far from it.

    The new column is taken to lie where the last period does.
    """
    mean = known.sizes @ known.means / known.units
    spread = np.einsum("g,gww->w", known.sizes, known.covariances) / known.units
    shift = np.where(np.abs(mean) > FAR * np.sqrt(np.maximum(spread, 0.0)), mean, 0.0)
    return np.append(shift, shift[known.periods.size - 1])


def day_of(known: Statistics, values: Floats, labels: Ints, column: Floats) -> Day:
    """What one more column adds, from arrays.

    Args:
        known: the statistics of `values`.
        values: units x W, float32 or float64, without gaps.
        labels: the place of each unit's cohort in `known.cohorts`.
        column: units, the new period.

    Raises:
        NoPanel: a unit misses the new period, or its outcome is infinite.
    """
    if not np.isfinite(column).all():
        raise NoPanel("an outcome of the new day is missing or infinite")
    count, shift = known.cohorts.size, day_shift(known)
    shift[-1] = column.mean(dtype=np.float64)
    new = np.asarray(column, dtype=np.float64) - shift[-1]
    products = np.empty((count, shift.size))
    for place in range(shift.size - 1):
        products[:, place] = np.bincount(labels, (values[:, place] - shift[place]) * new, count)
    products[:, -1] = np.bincount(labels, new * new, count)
    return Day(
        starts=known.cohorts,
        sizes=np.bincount(labels, minlength=count).astype(np.float64),
        totals=np.bincount(labels, new, count).astype(np.float64),
        products=products,
        shift=shift,
    )


def with_day(known: Statistics, day: Day, *, period: float) -> Statistics:
    """The statistics with one more period.

    Args:
        known: without it.
        day: what it adds, of the same units.
        period: behind all that are known.

    Raises:
        NoPanel: the period is none behind the last, an outcome is infinite, or the units are others.
    """
    if not period > known.periods[-1]:
        raise NoPanel(f"period {period:g} is not behind the last one, {known.periods[-1]:g}")
    starts, places = np.unique(day.starts, return_inverse=True)
    sizes, totals = _added(day.sizes, places, starts.size), _added(day.totals, places, starts.size)
    products = _added(day.products, places, starts.size)
    if not (np.isfinite(products).all() and np.isfinite(totals).all()):
        raise NoPanel("an outcome is infinite")
    mine = sizes > 1
    _refuse_others(known, starts[mine], sizes[mine])
    sizes, away, products = known.sizes, totals[mine] / known.sizes, products[mine]
    shifts = np.column_stack([known.means - day.shift[:-1], away])
    column = (products - sizes[:, None] * shifts * away[:, None]) / (sizes - 1)[:, None]
    behind = known.periods.size
    means = np.insert(known.means, behind, day.shift[-1] + away, axis=1)
    wider = np.insert(np.insert(known.covariances, behind, 0.0, axis=1), behind, 0.0, axis=2)
    row = np.insert(column[:, :-1], behind, column[:, -1], axis=1)
    wider[:, behind, :] = row
    wider[:, :, behind] = row
    return Statistics(
        periods=np.append(known.periods, period), cohorts=known.cohorts, sizes=sizes, means=means, covariances=wider
    )


def _added(values: Floats, places: Ints, count: int) -> Floats:
    """Sums of the rows that have the same place."""
    found = np.zeros((count, *values.shape[1:]))
    np.add.at(found, places, values)
    return found


def _refuse_others(known: Statistics, starts: Floats, sizes: Floats) -> None:
    """Refuse a day of other units than those that are known, as far as their numbers tell."""
    now = dict(zip(starts.tolist(), sizes.tolist(), strict=True))
    before = dict(zip(known.cohorts.tolist(), known.sizes.tolist(), strict=True))
    for start in sorted(now.keys() | before.keys()):
        if now.get(start, 0) != before.get(start, 0):
            what = (
                f"{now.get(start, 0):,.0f} units of cohort {start:g} have the new day, and {before.get(start, 0):,.0f}"
            )
            raise NoPanel(f"{what} are in the statistics: take them anew")

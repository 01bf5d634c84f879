"""Promise: looking every day at a rollout errs no more often than one test, its bands hold, and little power is lost.

60 days, six waves of 100 (200 for counts), one of them never opened. What `findings.bands` finds is counted over
made-up rollouts: without an effect for six kinds of outcome, with openings that gates move and a rollback that ends the
clock, with a limit of harm, with a real effect, and at weekly looks against one test on the last day. The plain test at
each look is told beside it. The paths' draws are the same in all runs (200,000, in single precision), and boundaries
are made where an estimate is so far from zero that it could cross at all.

    BENCH_RUNS=200 python bench/measure_looks.py
"""

# numpy's own types give Any; the paths' draws are kept in place of spending's own
# pyright: reportAny=false, reportPrivateUsage=false

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from statistics import NormalDist

import numpy as np

from uptake.core.chance import stream
from uptake.measure import spending
from uptake.measure.findings import Band, bands, cleared
from uptake.measure.looks import Look, View, joint, looks, views
from uptake.measure.power import detectable, error, planned, schedule
from uptake.measure.sequence import sequence
from uptake.measure.spending import Kind, Spending, allowed, shares, student
from uptake.measure.statistics import NEVER, Floats, Ints, Statistics, summarise

NAME = "measure_looks"
RUNS = int(os.environ.get("BENCH_RUNS", "2000"))
SEED = "bench looks"
DAYS, STARTS = 60, (7.0, 17.0, 27.0, 37.0, 47.0, NEVER)
DAILY, WEEKLY = tuple(range(8, DAYS + 1)), tuple(range(11, DAYS + 1, 7))
ALPHA, POWER_LEAST = 0.05, 0.95
ERRORS_MOST = ALPHA + 2 * math.sqrt(ALPHA * (1 - ALPHA) / RUNS)
CORRELATION = 0.5
ERRORS_FAR = 5
"""A path's boundary is so many errors of its own below what it is at least: then the screen leaves nothing out."""
CHECKED = 2
"""Runs of each kind in which estimates, errors and bands are made by `looks` and by plain paths, too."""
SOAK_DAYS, GATE_SHARE, GOES_WITH = 5, 0.5, 0.8
"""Days that a wave is open before the next, the share of adopters that is waited for, how it goes with the outcome."""
GROWS_DAYS = 10
VIEWS_MOST, DESIGNS_MOST = 20_000, 64
SINCE = np.arange(DAYS) - np.array(STARTS)[:, None]
"""G x T: days since exposure, below 0 before it."""
EXPOSED, NOTHING = (SINCE >= 0).astype(np.float64), np.zeros(SINCE.shape)
NORMAL = NormalDist()
Make = Callable[[np.random.Generator, Floats, Floats], Floats]
"""Units x days, from chance, who is exposed, and the effect as a share of `Kind.level`, both units x days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """An outcome that is made up: its words, how it is made, its mean without an effect (or 1), units in each wave."""

    name: str
    make: Make
    level: float = 1.0
    each: int = 100


def gaussian(chance: np.random.Generator, _: Floats, effect: Floats) -> Floats:
    """Levels of their own and noise of their days, both of variance 1."""
    return chance.standard_normal((len(effect), 1)) + chance.standard_normal(effect.shape) + effect


def autoregressive(chance: np.random.Generator, _: Floats, effect: Floats) -> Floats:
    """Levels of their own, and noise that goes on from day to day by .7."""
    own, noise = chance.standard_normal((len(effect), 1)), chance.standard_normal(effect.shape)
    for day in range(1, effect.shape[1]):
        noise[:, day] = 0.7 * noise[:, day - 1] + math.sqrt(1 - 0.7**2) * noise[:, day]
    return own + noise + effect


def yes_or_no(chance: np.random.Generator, _: Floats, effect: Floats) -> Floats:
    """Yes on about 10 % of days, by a chance that is everybody's own: Beta(1, 9)."""
    own = chance.beta(1, 9, (len(effect), 1))
    return (chance.random(effect.shape) < own * (1 + effect)).astype(np.float64)


def counts(chance: np.random.Generator, _: Floats, effect: Floats) -> Floats:
    """Poisson, with log-normal rates about 1 that vary by as much as their mean."""
    spread = math.sqrt(math.log(2))
    own = np.exp(spread * chance.standard_normal((len(effect), 1)) - spread**2 / 2)
    return chance.poisson(own * (1 + effect)).astype(np.float64)


def heavy(chance: np.random.Generator, _: Floats, effect: Floats) -> Floats:
    """Levels of their own and noise with heavy tails."""
    return chance.standard_normal((len(effect), 1)) + chance.standard_t(3, effect.shape) + effect


def mixed(chance: np.random.Generator, exposed: Floats, effect: Floats) -> Floats:
    """As Gaussian, and the effect on each unit differs by 1, about the mean effect."""
    return gaussian(chance, exposed, effect) + exposed * chance.standard_normal((len(effect), 1))


GAUSSIAN = Process(name="Gaussian", make=gaussian)
AUTOREGRESSIVE = Process(name="AR(.7) noise", make=autoregressive)
YES_OR_NO = Process(name="Bernoulli 10 %", make=yes_or_no, level=0.1)
COUNTS = Process(name="Poisson, log-normal rates", make=counts, each=200)
MIXED = Process(name="effects about zero", make=mixed)
PROCESSES = (GAUSSIAN, AUTOREGRESSIVE, YES_OR_NO, COUNTS, Process(name="t(3) noise", make=heavy), MIXED)


@cache
def draws(seed: int | str, paths: int) -> np.ndarray:
    """Looks x paths, as `spending` draws them for a seed."""
    return np.stack([stream(seed, "look", look).standard_normal(paths).astype(np.float32) for look in range(DAYS)])


def kept_paths(covariance: Floats, seed: int | str, paths: int) -> Iterator[np.ndarray]:
    """What `spending._paths` gives, from draws that are kept."""
    scale = np.sqrt(np.diag(covariance))
    factor = np.linalg.cholesky(covariance / np.outer(scale, scale) + spending.RIDGE * np.eye(scale.size))
    yield from factor.astype(np.float32) @ draws(seed, paths)[: scale.size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What the looks of some dates ask, and what was planned for them, for any data.

    Args:
        seen: the looks.
        rows: G x 2K x T, their differences in means and those before exposure.
        told: K, the planned shares of information.
        df: degrees of freedom, units less cohorts.
        least: K for each way to spend, what a boundary is at least.
    """

    seen: tuple[View, ...]
    rows: Floats
    told: tuple[float, ...]
    df: float
    least: dict[Kind, Floats]

    def truth(self, effect: Floats) -> Floats:
        """K, the estimand's value at each look, from each cohort's effect on each day."""
        return np.array([np.sum(one.sought.effect * effect) for one in self.seen])


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All looks at one rollout: K estimates less the truth, their errors and how they go together."""

    design: Design
    off: Floats
    se: Floats
    covariance: Floats

    def looks(self, upto: int) -> list[Look]:
        """The first looks, as bands take them."""
        pairs = zip(self.design.seen[:upto], self.off, self.se, strict=False)
        return [Look(period=one.period, estimate=a, se=b, weights=NOTHING, exposed=NOTHING) for one, a, b in pairs]

    def ends(self) -> bool:
        """Whether one look at the end, and no other, finds anything."""
        return bool(abs(self.off[-1]) > student(-NORMAL.inv_cdf(ALPHA / 2), self.design.df) * self.se[-1])

    def far(self, least: Floats | float) -> np.ndarray:
        """The places of the looks whose estimate is so many errors from the truth."""
        return np.flatnonzero(np.abs(self.off) > least * self.se)


def followed(design: Design, known: Statistics, truth: Floats | float = 0.0) -> Run:
    """The efficient estimates of all looks at once, with the algebra of `looks` and `joint`."""
    count = len(design.seen)
    rows = design.rows
    products = ((rows @ known.covariances) @ rows.transpose(0, 2, 1) / known.sizes[:, None, None]).sum(axis=0)
    points = np.einsum("gkt,gt->k", rows, known.means)
    at = np.arange(count)
    beta = products[at, count + at] / products[count + at, count + at]
    lift = np.hstack([np.eye(count), -np.diag(beta)])
    covariance = lift @ products @ lift.T
    return Run(design=design, off=lift @ points - truth, se=np.sqrt(np.diag(covariance)), covariance=covariance)


@cache
def plan_of(each: int, at: tuple[int, ...]) -> tuple[Statistics, dict[float, float], dict[float, dict[Kind, float]]]:
    """The planned statistics, the share of information at each period that is looked at, and the least boundaries."""
    plan = planned([each] * len(STARTS), STARTS, DAYS, correlation=CORRELATION)
    asked = views(plan, at)
    told = dict(zip([one.period for one in asked], shares([one.se**2 for one in looks(plan, asked)]), strict=True))
    df = plan.units - len(STARTS)
    kinds: tuple[Kind, Kind] = ("late", "early")
    return plan, told, {period: {kind: least(kind, share, df) for kind in kinds} for period, share in told.items()}


def least(kind: Kind, share: float, df: float) -> float:
    """What a boundary is at least: all paths beyond it come to no more than may be spent by then."""
    spent = allowed(kind, share)
    return student(-NORMAL.inv_cdf(min(spent + ERRORS_FAR * math.sqrt(spent / spending.PATHS), 1.0) / 2), df)


@lru_cache(VIEWS_MOST)
def view(then: tuple[float, ...], each: int, periods: int) -> View:
    """What one look asks when some waves have started by then."""
    known = replace(plan_of(each, DAILY)[0], cohorts=np.array(then))
    return views(known, [periods])[0]


@lru_cache(DESIGNS_MOST)
def dated(starts: tuple[float, ...], each: int, at: tuple[int, ...]) -> Design:
    """The design of waves that start on some days; what was planned is that of the planned days."""
    plan, told, bounds = plan_of(each, at)
    seen = tuple(view(tuple(start if start < day else NEVER for start in starts), each, day) for day in at)
    rows = np.stack([one.sought.effect for one in seen] + [one.sought.before[0] for one in seen], axis=1)
    return Design(
        seen=seen,
        rows=rows,
        told=tuple(told[one.period] for one in seen),
        df=float(plan.units - len(STARTS)),
        least={kind: np.array([bounds[one.period][kind] for one in seen]) for kind in ("late", "early")},
    )


def every_band(run: Run, kind: Kind, upto: int) -> tuple[Band, ...]:
    """The bands of the first looks."""
    rule = Spending(kind=kind, alpha=ALPHA, seed=SEED, df=run.design.df)
    return bands(run.covariance[:upto, :upto], run.looks(upto), run.design.told[:upto], rule)


def first_clear(run: Run, kind: Kind, *, side: float = 0.0) -> float | None:
    """The period of the first look whose band leaves the truth out, on one side where that is not 0."""
    could = [place for place in run.far(run.design.least[kind]) if side * run.off[place] >= 0]
    if not could:
        return None
    found = cleared([one for one in every_band(run, kind, int(could[-1]) + 1) if side * one.estimate >= 0])
    return None if found is None else found.period


def check(run: Run, known: Statistics, truth: Floats | float) -> None:
    """That all looks at once are those of `looks`, and that nothing is left out where no band is made."""
    seen = looks(known, run.design.seen)
    assert np.allclose(run.off + truth, [one.estimate for one in seen], rtol=0, atol=1e-9 * run.se.max())
    assert np.allclose(run.covariance, joint(known, seen), rtol=1e-9, atol=1e-9 * run.covariance.min())
    found = cleared(every_band(run, "late", len(seen)))
    assert (None if found is None else found.period) == first_clear(run, "late")


def keep_paths() -> None:
    """Lets `spending` take the draws that are kept, once its boundaries are seen to be the same."""
    plan, told, _ = plan_of(100, DAILY)
    covariance, rule = joint(plan, looks(plan, views(plan, DAILY))), Spending(kind="early", alpha=ALPHA, seed=SEED)
    plain = spending.boundaries(covariance, tuple(told.values()), rule)
    spending._paths = kept_paths
    assert np.allclose(spending.boundaries(covariance, tuple(told.values()), rule), plain, rtol=1e-4)


def statistics(values: Floats, starts: Sequence[float] = STARTS) -> Statistics:
    """Of made-up values, wave by wave."""
    labels, days = waves(len(values) // len(STARTS)), np.arange(DAYS, dtype=np.float64)
    return summarise(values, labels, cohorts=np.array(starts), periods=days)


def waves(each: int) -> Ints:
    """Each unit's wave."""
    return np.repeat(np.arange(len(STARTS)), each)


def simulate(process: Process, label: str, at: tuple[int, ...], share: Floats) -> Iterator[Run]:
    """All looks of each made-up rollout, where waves have an effect in G x T, as a share of the process's level."""
    design, place = dated(STARTS, process.each, at), waves(process.each)
    truth = design.truth(process.level * share)
    for number in range(RUNS):
        values = process.make(stream(SEED, process.name, label, number), EXPOSED[place], share[place])
        known = statistics(values)
        run = followed(design, known, truth)
        if number < CHECKED:
            check(run, known, truth)
        yield run


def noise(share: float) -> float:
    """The standard error of a share of runs."""
    return math.sqrt(share * (1 - share) / RUNS)


def false_positives(process: Process, kind: Kind = "late") -> bool:
    """Daily looks without an effect: how often any band leaves zero out."""
    found = naive = once = endless = 0
    for run in simulate(process, "null", DAILY, NOTHING):
        naive += run.far(1.96).size > 0
        once += run.ends()
        found += first_clear(run, kind) is not None
        endless += cleared(sequence(run.looks(len(run.off)), best=1 / run.se[-1] ** 2)) is not None
    plain = f"; the plain test {naive / RUNS:.3f}; one look at the end {once / RUNS:.4f}"
    good = told(f"{process.name}, no effect, {kind}", found, plain, most=ERRORS_MOST)
    return told(f"{process.name}, no effect, a confidence sequence", endless, most=ERRORS_MOST) and good


def openings(chance: np.random.Generator, process: Process, values: Floats) -> tuple[float, ...]:
    """When waves open: each day from the planned one on, until adoption in open waves is at its gate.

    The share of adopters goes with what is measured of them: by 5-day means of open waves in standard errors.
    """
    starts, own, place = [STARTS[0]], chance.standard_normal(DAYS), waves(process.each)
    for wave in range(1, len(STARTS) - 1):
        day = int(min(max(STARTS[wave], starts[-1] + SOAK_DAYS), DAYS))
        while day < DAYS:
            of_open = values[place < wave, day - SOAK_DAYS : day].mean(axis=1)
            seen = of_open.mean() / (of_open.std(ddof=1) / math.sqrt(of_open.size))
            if NORMAL.cdf(GOES_WITH * seen + math.sqrt(1 - GOES_WITH**2) * own[day]) >= GATE_SHARE:
                break
            day += 1
        starts.append(float(day) if day < DAYS else NEVER)
    return (*starts, NEVER)


def gated(process: Process) -> bool:
    """Openings that gates move, and a rollback where a guardrail's bands find harm: later looks do not count then."""
    found = stopped = harm = days = never = naive = 0
    for number in range(RUNS):
        chance = stream(SEED, process.name, "gates", number)
        values = process.make(chance, NOTHING[waves(process.each)], NOTHING[waves(process.each)])
        starts = openings(chance, process, values)
        known = statistics(values, starts)
        run = followed(dated(starts, process.each, DAILY), known)
        if number < CHECKED:
            check(run, known, 0.0)
        moved = [start - wanted for start, wanted in zip(starts[1:-1], STARTS[1:-1], strict=True)]
        never += sum(map(math.isinf, moved))
        days += sum(late for late in moved if late < NEVER)
        naive += run.far(1.96).size > 0
        first, ended = first_clear(run, "late"), first_clear(run, "early", side=-1)
        found += first is not None
        harm += ended is not None
        stopped += first is not None and (ended is None or first <= ended)
    late = days / (RUNS * (len(STARTS) - 2) - never)
    name = f"{process.name}, no effect, gates that go with it"
    about = f"; waves {late:.1f} days late, {never / RUNS:.2f} of 5 never open; the plain test {naive / RUNS:.3f}"
    good = told(name, found, about, most=ERRORS_MOST)
    back = f"; rolled back in {harm / RUNS:.4f}"
    return told(f"{name}, a rollback on harm ends the looks", stopped, back, most=ERRORS_MOST) and good


def coverage(process: Process, words: str, share: Floats) -> bool:
    """Daily looks at a real effect: how often all bands hold the truth of their own look."""
    runs = simulate(process, words, DAILY, share)
    held = sum(first_clear(run, "late") is None for run in runs)
    last = dated(STARTS, process.each, DAILY).truth(process.level * share)[-1]
    name = f"{process.name}, {words} of {last:+.3f} at the end, all bands hold it"
    return told(name, held, least=1 - ERRORS_MOST)


def power(process: Process, correlation: float, deviation: float, *, judged: bool) -> bool:
    """Weekly looks at an effect that one look finds in .8, against one look, and against what was planned."""
    plan = planned([process.each] * len(STARTS), STARTS, DAYS, correlation=correlation)
    one = error(plan)
    assert one is not None
    effect = detectable(one)
    share = effect * deviation / process.level * EXPOSED
    found = once = 0
    for run in simulate(process, "power", WEEKLY, share):
        whole = replace(run, off=run.off + effect * deviation)
        found += first_clear(whole, "late", side=1) is not None
        once += whole.ends()
    made = schedule(plan, WEEKLY, Spending(kind="late", alpha=ALPHA, seed=SEED))
    hoped = made.found(effect)[-1] if made else math.nan
    name = f"{process.name}, an effect of {effect * deviation:+.3f}, {len(WEEKLY)} weekly looks"
    more = f"; one look {once / RUNS:.4f}; ratio {found / once:.4f}; planned {hoped:.4f}"
    good = told(name, found, more, least=POWER_LEAST * once / RUNS)
    near = 2 * noise(found / RUNS)
    return (not judged or told(f"{name}, as planned", found, least=hoped - near, most=hoped + near)) and good


def told(name: str, found: int, more: str = "", *, least: float = 0.0, most: float = 1.0) -> bool:
    """The share of runs in which something was found, in words; whether it is what it has to be."""
    share = found / RUNS
    good = least <= share <= most
    bar = f"{least:.4f} to {most:.4f} wanted"
    print(f"{NAME}: {name}: {share:.4f} (s.e. {noise(share):.4f}, {bar}{'' if good else ', MISSED'}){more}", flush=True)
    return good


def main() -> int:
    """Makes the rollouts and prints how often each promise held."""
    began = time.process_time()
    print(f"{NAME}: {RUNS} runs of each kind")
    keep_paths()
    good = [false_positives(process) for process in PROCESSES]
    good += [false_positives(GAUSSIAN, "early"), gated(AUTOREGRESSIVE)]
    grown: Floats = 1 - np.exp(-np.maximum(SINCE + 1, 0) / GROWS_DAYS)
    good.append(coverage(YES_OR_NO, "an effect", -0.2 * EXPOSED))
    good.append(coverage(COUNTS, "an effect that grows", 0.3 * grown))
    good.append(coverage(MIXED, "an effect that grows", 0.5 * grown))
    good.append(power(GAUSSIAN, CORRELATION, math.sqrt(2), judged=True))
    good.append(power(YES_OR_NO, 1 / 11, 0.3, judged=False))
    print(f"{NAME}: {time.process_time() - began:.0f} s of CPU")
    return int(not all(good))


if __name__ == "__main__":
    raise SystemExit(main())

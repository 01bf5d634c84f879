"""A rehearsal in words: when waves open, how adoption grows, what rules do, how gates mislead.

Values from a rehearsal's entries; it runs nothing. The chance of a wrong verdict is that of
k of n people at this wave's size when the true share lies ten points off the gate.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from uptake.core.entry import Entry, Observed
from uptake.core.picture import Picture
from uptake.core.stage import Stage
from uptake.core.time import Instant, as_datetime
from uptake.implement.gates import whole
from uptake.implement.targets import IN_USE, wave_stage
from uptake.measure.proportion import passes
from uptake.plan.read import ReadPlan
from uptake.report.adopted import AdoptionShown
from uptake.report.adoption_text import times

OFF_BY = 0.10
"""A true share so far below the gate ought to hold, so far above it to advance."""
WIDTH = 120
"""Tables of a rehearsal are at most so wide."""
CURVE_POINTS_MOST = 24
"""At most so many points of the adoption curve are printed; JSON has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveRehearsed:
    """One wave: its size, when it opened and passed (text, empty if never), and its gate's chances of error."""

    wave: int
    people: int
    opened: str
    passed: str
    state: str
    adopters: int
    advances_wrongly: float
    holds_wrongly: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a rehearsal showed; `adoption` is how its made-up people came to use it."""

    plan: str
    seed: int
    made_up: tuple[str, ...]
    waves: tuple[WaveRehearsed, ...]
    curve: tuple[tuple[str, int, int], ...]
    rules: tuple[str, ...]
    ending: str
    questions: tuple[str, ...]
    decisions: int
    differing: int
    ledger: str
    revision: str = ""
    outcomes: tuple[str, ...] = ()
    adoption: AdoptionShown | None = None


def summarise(
    read: ReadPlan,
    entries: Sequence[Entry],
    picture: Picture,
    *,
    made_up: tuple[str, ...],
    differing: int,
    seed: int,
) -> Summary:
    """Sum up a rehearsal.

    Args:
        read: the plan.
        entries: the rehearsal's ledger.
        picture: its fold.
        made_up: what was made up, a clause each.
        differing: decisions that a replay did not reproduce.
        seed: of the rehearsal.
    """
    timezone = read.plan.timezone
    rules = tuple(
        f"{_when(noted.at, timezone)}  {noted.decision.why}"
        for noted in picture.decisions
        if noted.decision.rule.startswith("implement.adjust.")
    )
    last = picture.decisions[-1].decision.why if picture.decisions else "Nothing was decided."
    half = picture.last.get(wave_stage(-1))
    return Summary(
        plan=read.plan.plan,
        seed=seed,
        made_up=made_up,
        waves=_waves(read, picture),
        curve=_curve(entries, picture, timezone),
        rules=rules,
        ending=half.why if half and half.state in IN_USE else last,
        questions=tuple(sorted(picture.questions)),
        decisions=len(picture.decisions),
        differing=differing,
        ledger=entries[-1].hash,
        revision=read.digest,
        outcomes=tuple(why for stage, why in _found(picture).items() if stage.ordinal < -1),
    )


def _found(picture: Picture) -> dict[Stage, str]:
    """The last word on each stage of the implement half."""
    return {n.decision.stage: n.decision.why for n in picture.decisions if n.decision.stage.half == "implement"}


def _waves(read: ReadPlan, picture: Picture) -> tuple[WaveRehearsed, ...]:
    implement, drawn = read.plan.implement, picture.drawn
    if implement is None or drawn is None:
        return ()
    rows: list[WaveRehearsed] = []
    for wave in drawn.waves:
        if wave.holdout:
            continue
        known = picture.stage(wave_stage(wave.ordinal))
        answer = picture.answer(wave.ordinal)
        gate, size = implement.gate.adoption, max(1, wave.people)
        below, above = max(0.0, gate - OFF_BY), min(1.0, gate + OFF_BY)
        rows.append(
            WaveRehearsed(
                wave=wave.ordinal + 1,
                people=wave.people,
                opened=_when(known.first.get("open"), read.plan.timezone),
                passed=_when(known.first.get("adopted"), read.plan.timezone),
                state=known.state or "planned",
                adopters=answer.adopters if answer else 0,
                advances_wrongly=round(passes(below, size, gate), 4),
                holds_wrongly=round(1 - passes(above, size, gate), 4),
            )
        )
    return tuple(rows)


def _curve(entries: Sequence[Entry], picture: Picture, timezone: str) -> tuple[tuple[str, int, int], ...]:
    """(when, adopters, people) at each look, over all waves but the holdout."""
    if picture.drawn is None:
        return ()
    points: dict[Instant, tuple[str, int, int]] = {}
    for entry in entries:
        if isinstance(entry.body, Observed) and entry.body.looked_at:
            total = whole(Picture(observed=entry.body), picture.drawn.waves)
            looked = entry.body.looked_at
            points[looked] = (_when(looked, timezone), total.adopters, total.present)
    return tuple(points.values())


def _when(at: Instant | None, timezone: str) -> str:
    return "" if at is None else as_datetime(at, timezone).strftime("%Y-%m-%d %H:%M:%S")


def rehearsal_json(summary: Summary) -> dict[str, Any]:
    """The summary as a plain value."""
    return {"schema": 1, **asdict(summary)}


def rehearsal_text(summary: Summary) -> str:
    """The summary for a terminal."""
    lines = [f"Rehearsal of {summary.plan}, seed {summary.seed}", *(f"  made up: {words}" for words in summary.made_up)]
    if summary.waves:
        heads = f"{'Wave':<6}{'People':>7}  {'Opens':<21}{'Gate passed':<21}{'State':<12}"
        lines += ["", f"{heads}{'Advances wrongly':>17}{'Holds wrongly':>15}"]
    for wave in summary.waves:
        lines.append(
            f"{wave.wave:<6}{wave.people:>7}  {wave.opened or 'not opened':<21}{wave.passed or 'not passed':<21}"
            f"{wave.state:<12}{wave.advances_wrongly:>17.1%}{wave.holds_wrongly:>15.1%}"
        )
    if summary.waves:
        lines.append("  wrongly: the true share lies ten points below the gate (advances) or above it (holds)")
    if summary.curve:
        lines += ["", "Adoption", *_bars(summary.curve)]
    if summary.adoption is not None and summary.adoption.waves:
        lines += ["", *times(summary.adoption, WIDTH)]
    lines += ["", "Rules", *(f"  {rule}" for rule in summary.rules)] if summary.rules else []
    lines += ["", "Outcomes", *(f"  {words}" for words in summary.outcomes)] if summary.outcomes else []
    lines += [f"Open question: {name}; here a person must decide." for name in summary.questions]
    lines += ["", summary.ending, f"{summary.decisions} decisions, {summary.differing} differ when replayed."]
    return "\n".join([*lines, f"Ledger {summary.ledger[:16]}"])


def thinned(curve: Sequence[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """At most `CURVE_POINTS_MOST` points of a curve and its last, from the first adopter on."""
    first = next((i for i, (_, adopters, _) in enumerate(curve) if adopters), 1)
    curve = curve[max(0, first - 1) :]
    step = max(1, -(-len(curve) // CURVE_POINTS_MOST))
    return [*curve[::step], *([curve[-1]] if (len(curve) - 1) % step else [])]


def _bars(curve: Sequence[tuple[str, int, int]]) -> list[str]:
    lines: list[str] = []
    for when, adopters, people in thinned(curve):
        share = adopters / people if people else 0.0
        lines.append(f"  {when}  {'#' * round(40 * share):<40} {adopters} of {people}")
    return lines

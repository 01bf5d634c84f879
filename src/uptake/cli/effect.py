"""`uptake effect`: what a plan's outcomes show, or the effect of a staged rollout from any table.

A plan shows what its ledger holds: means by wave, and what all looks at its effects show. A table needs units, periods,
cohorts and an outcome; nothing of it is kept. Where the order of exposure was not drawn at random (`--order listed`) it
is estimated under parallel trends, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from uptake.cli.shown import board_of, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.report.outcomes import effects_text

if TYPE_CHECKING:
    from uptake.measure.panel import Named, Table
    from uptake.measure.parallel import Parallel, Row
    from uptake.measure.rollout import Effect

FISHER_MOST = 100_000
PICTURE = 41
"""So many characters wide is the picture of an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The table's columns.

    Args:
        unit: who is measured.
        time: the period, a number or a date.
        cohort: the period in which the unit is first exposed; empty, infinite or 0 for never.
        outcome: what is measured.
        covariate: known before everything, the same in each row of a unit; may be given more than once.
    """

    unit: str = ""
    time: str = ""
    cohort: str = ""
    outcome: str = ""
    covariate: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What is estimated.

    Args:
        order: of exposure: random if it was drawn; listed if anybody or anything else chose it (extra `did`).
        estimand: simple, cohort, calendar, eventstudy or cells.
        beta: efficient; 0 for the difference in means, 1 for Callaway & Sant'Anna.
        controls: not-yet exposed units, or the last cohort alone (with beta 1: Sun & Abraham).
        lag: previous for the period before exposure, mean for all periods before.
        fisher: redraws of a randomisation test; 0 for none.
        seed: names the redraws.
    """

    order: str = "random"
    estimand: str = "simple"
    beta: str = "efficient"
    controls: str = "not-yet"
    lag: str = "previous"
    fisher: int = 0
    seed: int = 0


CHOICES = {
    "order": ("random", "listed"),
    "estimand": ("simple", "cohort", "calendar", "eventstudy", "cells"),
    "beta": ("efficient", "0", "1"),
    "controls": ("not-yet", "last"),
    "lag": ("previous", "mean"),
}
DRAWN_ONLY = ("beta", "controls", "lag", "fisher")
"""Options that are for an order that was drawn."""


def run(
    plan: Path | None = None,
    *,
    panel: Path | None = None,
    columns: Annotated[Columns, Parameter(name="*")] = Columns(),
    sought: Annotated[Sought, Parameter(name="*")] = Sought(),
    json: bool = False,
) -> int:
    """Show a plan's outcomes, or estimate the effect of a staged rollout from a table.

    Args:
        plan: the plan file.
        panel: a table in Parquet or CSV instead, one row per unit and period.
        columns: which is which.
        sought: which effect.
        json: print one JSON object, numbers in full.
    """
    if (plan is None) == (panel is None):
        hint = "uptake effect plan.yaml, or uptake effect --panel FILE"
        raise refuse("UP030", "effect", "one of a plan and a table is wanted", hint)
    if plan is not None:
        return _of_plan(plan, as_json=json)
    assert panel is not None
    _refuse_words(sought)
    _refuse_missing(columns)
    from uptake.connect.frame import read_columns
    from uptake.measure.panel import NoPanel, Table

    names = (columns.unit, columns.time, columns.cohort, columns.outcome, *columns.covariate)
    unit, time, cohort, outcome, *covariates = read_columns(panel, names)
    table = Table(unit=unit, time=time, cohort=cohort, outcome=outcome, covariates=tuple(covariates))
    try:
        plain, text = (_drawn if sought.order == "random" else _listed)(table, sought)
    except NoPanel as wrong:
        place = f"{panel}: row {wrong.row}" if wrong.row else str(panel)
        raise refuse("UP072", place, str(wrong), "one row per unit and period, one cohort per unit") from None
    if json:
        print_json(plain)
    else:
        print_text(text)
    return 0


def _of_plan(plan: Path, *, as_json: bool) -> int:
    """The plan's outcomes as its ledger holds them."""
    with opened_plan(plan) as opened:
        board = board_of(opened)
    if as_json:
        print_json({"schema": 1, "plan": board.plan, "effects": board.effects})
        return 0
    print_text(effects_text(board.effects))
    return 0


def _refuse_missing(columns: Columns) -> None:
    """Refuse a table of which it is not said what is what."""
    missing = [f"--{name}" for name in ("unit", "time", "cohort", "outcome") if not getattr(columns, name)]
    if missing:
        raise refuse("UP030", "effect", f"{', '.join(missing)} is not given", "name the table's columns")


def _refuse_words(sought: Sought) -> None:
    """Refuse a word that is none of those known, a number of redraws that cannot be, and what needs a draw."""
    for name, known in CHOICES.items():
        given = getattr(sought, name)
        if given not in known:
            raise refuse("UP030", f"--{name}", f"`{given}` is none of the choices", f"one of {', '.join(known)}")
    if not 0 <= sought.fisher <= FISHER_MOST:
        raise refuse("UP030", "--fisher", f"{sought.fisher} redraws", f"write a number from 0 to {FISHER_MOST:,}")
    if sought.order == "listed":
        for name in DRAWN_ONLY:
            if getattr(sought, name) != getattr(Sought(), name):
                what = "it is for an order of exposure that was drawn, and this one was listed"
                raise refuse("UP030", f"--{name}", what, f"leave out --{name}, or --order listed if it was drawn")


def _drawn(table: "Table", sought: Sought) -> tuple[dict[str, Any], str]:
    """The effect where the order was drawn, as plain values and as a text."""
    from uptake.measure.rollout import Design, effect

    words: dict[str, Any] = {name: getattr(sought, name) for name in ("estimand", "beta", "controls", "lag")}
    found = effect(table, Design(**words), fisher=sought.fisher, seed=sought.seed)
    rows = [
        {
            "estimand": sought.estimand,
            **(_cell(found.cells[place]) if found.cells else {}),
            "event_time": row.event_time,
            "estimate": row.estimate,
            "se": row.se,
            "se_neyman": row.se_neyman,
            "n": found.units,
            "cohorts": found.cohorts,
            **({"p": found.p_values[place]} if found.p_values else {}),
        }
        for place, row in enumerate(found.rows)
    ]
    return {"schema": 1, "rows": rows, **_stands_on(found)}, "\n".join([*_table(rows), "", *_told(found), ""])


def _listed(table: "Table", sought: Sought) -> tuple[dict[str, Any], str]:
    """The effect under parallel trends, as plain values and as a text with a picture of each event time."""
    from uptake.measure.parallel import effect

    words: Any = sought.estimand
    found = effect(table, words)
    rows = [
        {"estimand": sought.estimand, **_interval(row), "n": found.units, "cohorts": found.cohorts}
        for row in found.rows
    ]
    before = [_interval(row) for row in found.before]
    plain = {
        "schema": 1,
        "rows": rows,
        "before": before,
        "before_p": found.p,
        "before_said": found.sentence,
        **_stands_on(found),
        "warned": list(found.warned),
    }
    shown = (*found.before, *(found.rows if sought.estimand == "eventstudy" else ()))
    pictures = ["0 is at |, 95 % intervals", *_pictures(shown)] if shown else []
    lines = _table([_interval(row) for row in shown])
    seen = [f"{line}  {picture}".rstrip() for line, picture in zip(lines, pictures, strict=bool(shown))]
    told = [*_told(found), *(f"diff-diff warns: {one}" for one in found.warned)]
    return plain, "\n".join([*_table(rows), "", *seen, found.sentence, "", *told, ""])


def _interval(row: "Row") -> dict[str, Any]:
    """A row with its 95 % interval."""
    numbers = {"event_time": row.event_time, "estimate": row.estimate, "se": row.se, "low": row.low, "high": row.high}
    return {**_cell(row.cell), **numbers} if row.cell else numbers


def _cell(cell: "tuple[Named, Named]") -> dict[str, Any]:
    return {"cohort": cell[0], "time": cell[1]}


def _stands_on(found: "Effect | Parallel") -> dict[str, Any]:
    """What an effect stands on, as plain values."""
    return {
        "method": found.method,
        "assumptions": list(found.assumptions),
        "dropped": list(found.dropped),
        "unidentified_periods": found.unidentified,
    }


def _told(found: "Effect | Parallel") -> list[str]:
    """The same in sentences."""
    told = [f"Method: {found.method}.", *(f"Assumes: {one}." for one in found.assumptions)]
    told += [f"Left out: {one}." for one in found.dropped]
    if found.unidentified:
        told.append(f"Nothing is said of the last {found.unidentified} periods: every cohort is exposed, none is left.")
    return told


def _table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Headings and rows, columns flush right; none for no rows."""
    if not rows:
        return []
    lines = [tuple(rows[0]), *(tuple(_shown(name, value) for name, value in row.items()) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return ["  ".join(one.rjust(width) for one, width in zip(line, widths, strict=True)) for line in lines]


def _shown(name: str, value: float | str | None) -> str:
    digits = ".4g" if name == "p" else ".7g"
    return "" if value is None else format(value, digits) if isinstance(value, float) else str(value)


def _pictures(rows: "Sequence[Row]") -> list[str]:
    """Each interval on one axis, `---o---`, with `|` at zero."""
    least, most = min(0.0, *(row.low for row in rows)), max(0.0, *(row.high for row in rows))
    scale = (PICTURE - 1) / (most - least) if most > least else 0.0

    def at(value: float) -> int:
        return round((value - least) * scale)

    drawn: list[str] = []
    for row in rows:
        marks = ["-" if at(row.low) <= place <= at(row.high) else " " for place in range(PICTURE)]
        marks[at(0.0)] = "|"
        marks[at(row.estimate)] = "o"
        drawn.append("".join(marks).rstrip())
    return drawn

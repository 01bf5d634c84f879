"""`uptake effect`: what a plan's outcomes show, or the effect of a staged rollout from any table.

A plan shows what its ledger holds: means by wave, and the preliminary estimate of the declared day. A table needs
units, periods, cohorts and an outcome, and an order of exposure that was drawn at random; nothing of it is kept.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from uptake.cli.shown import board_of, opened_plan, print_json, print_text
from uptake.core.problem import refuse
from uptake.report.outcomes import effects_text

if TYPE_CHECKING:
    from uptake.measure.rollout import Design, Effect

HEADINGS = ("estimand", "event_time", "estimate", "se", "se_neyman", "n", "cohorts")
FISHER_MOST = 100_000


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
        estimand: simple, cohort, calendar or eventstudy.
        beta: efficient; 0 for the difference in means, 1 for Callaway & Sant'Anna.
        controls: not-yet exposed units, or the last cohort alone (with beta 1: Sun & Abraham).
        lag: previous for the period before exposure, mean for all periods before.
        fisher: redraws of a randomisation test; 0 for none.
        seed: names the redraws.
    """

    estimand: str = "simple"
    beta: str = "efficient"
    controls: str = "not-yet"
    lag: str = "previous"
    fisher: int = 0
    seed: int = 0


CHOICES = {
    "estimand": ("simple", "cohort", "calendar", "eventstudy"),
    "beta": ("efficient", "0", "1"),
    "controls": ("not-yet", "last"),
    "lag": ("previous", "mean"),
}


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
    design = _design(sought)
    _refuse_missing(columns)
    from uptake.connect.frame import read_columns
    from uptake.measure.panel import NoPanel, Table
    from uptake.measure.rollout import effect

    names = (columns.unit, columns.time, columns.cohort, columns.outcome, *columns.covariate)
    unit, time, cohort, outcome, *covariates = read_columns(panel, names)
    try:
        table = Table(unit=unit, time=time, cohort=cohort, outcome=outcome, covariates=tuple(covariates))
        found = effect(table, design, fisher=sought.fisher, seed=sought.seed)
    except NoPanel as wrong:
        place = f"{panel}: row {wrong.row}" if wrong.row else str(panel)
        raise refuse("UP072", place, str(wrong), "one row per unit and period, one cohort per unit") from None
    if json:
        print_json(_plain(found, sought.estimand))
    else:
        print_text(_text(found, sought.estimand))
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


def _design(sought: Sought) -> "Design":
    """The design that was asked for.

    Raises:
        Refused: a word that is none of those known, or a number of redraws that cannot be.
    """
    from uptake.measure.rollout import Design

    for name, known in CHOICES.items():
        given = getattr(sought, name)
        if given not in known:
            raise refuse("UP030", f"--{name}", f"`{given}` is none of the choices", f"one of {', '.join(known)}")
    if not 0 <= sought.fisher <= FISHER_MOST:
        raise refuse("UP030", "--fisher", f"{sought.fisher} redraws", f"write a number from 0 to {FISHER_MOST:,}")
    words: dict[str, Any] = {name: getattr(sought, name) for name in CHOICES}
    return Design(**words)


def _plain(found: "Effect", estimand: str) -> dict[str, Any]:
    """Everything, as plain values."""
    rows = [
        {
            "estimand": estimand,
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
    return {
        "schema": 1,
        "rows": rows,
        "method": found.method,
        "assumptions": list(found.assumptions),
        "dropped": list(found.dropped),
        "unidentified_periods": found.unidentified,
    }


def _text(found: "Effect", estimand: str) -> str:
    headings = (*HEADINGS, "p") if found.p_values else HEADINGS
    lines: list[tuple[str, ...]] = [headings]
    for place, row in enumerate(found.rows):
        numbers = [f"{number:.7g}" for number in (row.estimate, row.se, row.se_neyman)]
        time = "" if row.event_time is None else str(row.event_time)
        p = [f"{found.p_values[place]:.4g}"] if found.p_values else []
        lines.append((estimand, time, *numbers, str(found.units), str(found.cohorts), *p))
    widths = [max(len(line[place]) for line in lines) for place in range(len(headings))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    told = [f"Method: {found.method}.", *(f"Assumes: {one}." for one in found.assumptions)]
    told += [f"Left out: {one}." for one in found.dropped]
    if found.unidentified:
        told.append(f"Nothing is said of the last {found.unidentified} periods: every cohort is exposed, none is left.")
    return "\n".join([*table, "", *told, ""])

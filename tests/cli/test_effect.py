"""`uptake effect`: a table in, numbers out, and every refusal with its place."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.examples.quick import uptake
from tests.measure.test_rollout import made
from uptake.measure import Design, effect, parallel

COLUMNS = ("--unit", "who", "--time", "month", "--cohort", "since", "--outcome", "minutes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table; never exposed is empty, and numbers have all their digits."""
    table = made(shift=1.0)
    lines = ["who,month,since,minutes"]
    for unit, time, cohort, outcome in zip(table.unit, table.time, table.cohort, table.outcome, strict=True):
        lines.append(f"p{unit},{time},{'' if np.isinf(cohort) else int(cohort)},{float(outcome)!r}")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_the_same_numbers_as_by_hand(folder: Path) -> None:
    code, said = uptake(folder, "effect", "--panel", "table.csv", *COLUMNS, "--estimand", "eventstudy", "--json")
    assert code == 0, said
    told = json.loads(said)
    known = effect(made(shift=1.0), Design(estimand="eventstudy"))
    assert [(row["event_time"], row["estimate"], row["se"], row["n"]) for row in told["rows"]] == [
        (row.event_time, pytest.approx(row.estimate, rel=1e-12), pytest.approx(row.se, rel=1e-12), 60)
        for row in known.rows
    ]
    assert set(told["rows"][0]) == {"estimand", "event_time", "estimate", "se", "se_neyman", "n", "cohorts"}
    assert told["method"] == "Roth & Sant'Anna, efficient"


def test_a_table_for_people(folder: Path) -> None:
    code, said = uptake(folder, "effect", "--panel", "table.csv", *COLUMNS, "--beta", "1", "--fisher", "99")
    assert code == 0, said
    heading, row = (line.split() for line in said.splitlines()[:2])
    assert heading == ["estimand", "event_time", "estimate", "se", "se_neyman", "n", "cohorts", "p"]
    assert (row[0], row[-3:]) == ("simple", ["60", "3", "0.01"])
    assert "Callaway & Sant'Anna" in said
    assert "drawn at random" in said


def test_cells_name_their_cohort_and_period(folder: Path) -> None:
    words = ("effect", "--panel", "table.csv", *COLUMNS, "--estimand", "cells", "--beta", "1")
    known = effect(made(shift=1.0), Design(estimand="cells", beta="1"))
    code, said = uptake(folder, *words, "--json")
    assert code == 0, said
    assert [(row["cohort"], row["time"], row["event_time"], row["estimate"]) for row in json.loads(said)["rows"]] == [
        (*cell, row.event_time, pytest.approx(row.estimate, rel=1e-12))
        for cell, row in zip(known.cells, known.rows, strict=True)
    ]
    code, said = uptake(folder, *words)
    heading, first = (line.split() for line in said.splitlines()[:2])
    assert heading[:4] == ["estimand", "cohort", "time", "event_time"]
    assert first[:4] == ["cells", "3", "2", "-1"]


def test_an_order_that_nobody_drew(folder: Path) -> None:
    words = ("effect", "--panel", "table.csv", *COLUMNS, "--order", "listed")
    known = parallel.effect(made(shift=1.0))
    code, said = uptake(folder, *words, "--json")
    assert code == 0, said
    told = json.loads(said)
    (row,) = told["rows"]
    assert set(row) == {"estimand", "event_time", "estimate", "se", "low", "high", "n", "cohorts"}
    assert (row["estimate"], row["low"]) == pytest.approx((known.rows[0].estimate, known.rows[0].low), rel=1e-9)
    assert [one["event_time"] for one in told["before"]] == [-3, -2, -1]
    assert told["before_p"] == pytest.approx(known.p, rel=1e-9)
    assert "assumes parallel trends: not randomised" in told["method"]


def test_a_picture_of_each_event_time(folder: Path) -> None:
    """Before exposure intervals lie about zero; afterwards, with a shift of 1, to the right of it."""
    code, said = uptake(
        folder, "effect", "--panel", "table.csv", *COLUMNS, "--order", "listed", "--estimand", "eventstudy"
    )
    assert code == 0, said
    lines = said.splitlines()
    start = next(place for place, line in enumerate(lines) if line.endswith("0 is at |, 95 % intervals"))
    edge = lines[start].index("0 is at |")
    pictures = {int(line.split()[0]): line[edge:] for line in lines[start + 1 : start + 8]}
    assert list(pictures) == [-3, -2, -1, 0, 1, 2, 3]
    zeros = {picture.index("|") for picture in pictures.values()}
    assert len(zeros) == 1, "zero is at the same place in each line"
    assert all(picture.count("o") == 1 and "-" in picture for picture in pictures.values())
    assert all(pictures[time].index("o") > max(zeros) for time in (0, 1, 2, 3))
    assert parallel.effect(made(shift=1.0)).sentence in said
    assert "assumes parallel trends: not randomised." in said
    assert "randomised" not in said.replace("not randomised", "")
    assert "drawn" not in said


def test_without_its_package_the_extra_is_named(folder: Path) -> None:
    (folder / "diff_diff.py").write_text("raise ImportError\n")
    words = ("effect", "--panel", "table.csv", *COLUMNS)
    code, said = uptake(folder, *words, "--order", "listed", env={"PYTHONPATH": str(folder)})
    assert (code, "UP030" in said, "uptake[did]" in said) == (2, True, True), said
    assert uptake(folder, *words, env={"PYTHONPATH": str(folder)})[0] == 0


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("--panel", "none.csv", *COLUMNS), "UP070", "no such file"),
        (("--panel", "table.csv", *COLUMNS[:-2]), "UP030", "--outcome"),
        ((), "UP030", "--panel"),
        (("plan.yaml", "--panel", "table.csv", *COLUMNS), "UP030", "one of a plan and a table"),
        (("--panel", "plan.txt", *COLUMNS), "UP070", "neither Parquet nor CSV"),
        (("--panel", "bad.parquet", *COLUMNS), "UP070", "cannot be read"),
        (("--panel", "table.csv", *COLUMNS[:-1], "minuts"), "UP071", "did you mean `minutes`"),
        (("--panel", "table.csv", *COLUMNS[:-1], "who"), "UP072", "no numbers"),
        (("--panel", "table.csv", *COLUMNS, "--estimand", "all"), "UP030", "eventstudy"),
        (("--panel", "table.csv", *COLUMNS, "--fisher", "-1"), "UP030", "100,000"),
        (("--panel", "table.csv", *COLUMNS, "--order", "drawn"), "UP030", "random, listed"),
        (("--panel", "table.csv", *COLUMNS, "--order", "listed", "--beta", "1"), "UP030", "leave out --beta"),
        (("--panel", "table.csv", *COLUMNS, "--order", "listed", "--fisher", "9"), "UP030", "leave out --fisher"),
        (("--panel", "table.csv", *COLUMNS, "--order", "listed", "--controls", "last"), "UP030", "--controls"),
        (("--panel", "table.csv", *COLUMNS, "--order", "listed", "--lag", "mean"), "UP030", "--lag"),
        (("--panel", "twice.csv", *COLUMNS), "UP072", "row 361"),
    ],
)
def test_refusals_name_place_cause_and_hint(folder: Path, words: tuple[str, ...], code: str, what: str) -> None:
    (folder / "bad.parquet").write_text("PAR1 and nothing more")
    (folder / "twice.csv").write_text((folder / "table.csv").read_text() + "p0,4,,1.0\n")
    ended, said = uptake(folder, "effect", *words)
    assert (ended, code in said, what in said) == (2, True, True), said


def test_a_plan_without_measured_outcomes_says_so(tmp_path: Path) -> None:
    assert uptake(tmp_path, "init", "made")[0] == 0
    code, said = uptake(tmp_path / "made", "effect", "plan.yaml")
    assert (code, "nothing is said of an effect" in said) == (0, True), said

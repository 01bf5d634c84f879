"""Warnings about good plans: each at its place, with a cause and what to do; and what stratification promises."""

from collections import Counter
from pathlib import Path

import pytest

from uptake.app.facts import examine
from uptake.cli import check, rehearse
from uptake.core.problem import Problem
from uptake.implement.targets import Unit, draw
from uptake.plan.doubts import doubts
from uptake.plan.fact import Facts
from uptake.plan.read import read_plan

PLAN = """plan: helpdesk
title: Roundup
timezone: Europe/Berlin
mail: {server: "env:SMTP_URL", from: it@example.org}
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [site, email]}
  waves: {assign_by: setting, sizes: [25%, 25%, 50%], start: 2027-01-11, every: 4w, stratify: [site]}
  gate: {adoption: 60%, at: +21d}
  adoption: {event: used, count: 1, within: 21d, target: 80%}
  outcomes:
    - {name: days, from: {csv: days.csv}, primary: true, judge: +50d}
"""
TRAIN = "  train: {path: [basics], sessions: sessions.csv, invite: -10d}\n"


def written(folder: Path, text: str, rows: list[str]) -> Path:
    people = [f"p{n},t{n % 12},{'Ulm' if n % 3 else 'Trier'},p{n}@example.org" for n in range(36)]
    (folder / "people.csv").write_text("\n".join(["id,team,site,email", *people]) + "\n")
    (folder / "days.csv").write_text("\n".join(["unit,at,value", *rows]) + "\n")
    (folder / "plan.yaml").write_text(text)
    return folder / "plan.yaml"


def found(path: Path) -> list[Problem]:
    examined = examine(path)
    assert examined.problems == ()
    assert examined.read is not None
    return list(doubts(examined.read, examined.facts))


def test_training_before_the_gate_can_pass() -> None:
    read = read_plan(PLAN + TRAIN, file="plan.yaml")
    (one,) = doubts(read, Facts())
    assert (one.code, one.where.line, one.where.column) == ("UP401", 12, 59)
    assert "`invite` -10d before it" in one.what
    assert doubts(read_plan(PLAN + TRAIN.replace("-10d", "-7d"), file="p"), Facts()) == ()
    assert doubts(read_plan(PLAN.replace("every: 4w", "every: 8w") + TRAIN, file="p"), Facts()) == ()
    single = PLAN.replace("[25%, 25%, 50%]", "[100%]") + TRAIN
    assert doubts(read_plan(single, file="p"), Facts()) == ()


def test_outcomes_must_know_all_settings_and_the_time_before(tmp_path: Path) -> None:
    whole = [f"t{n},2026-12-{day:02},5" for n in range(12) for day in (1, 15)]
    assert found(written(tmp_path, PLAN, whole)) == []
    late = [f"t{n},2027-02-01,5" for n in range(12)]
    (none_before,) = found(written(tmp_path, PLAN, late))
    assert (none_before.code, none_before.where.line, none_before.where.column) == ("UP404", 11, 20)
    (few,) = found(written(tmp_path, PLAN, whole[:12]))
    assert (few.code, few.what) == ("UP403", "the data of `days` know 6 of 12 settings")


def test_rows_that_are_wrong_are_mistakes_at_their_line(tmp_path: Path) -> None:
    (problem,) = examine(written(tmp_path, PLAN, ["t1,2026-12-01,5", "t2,2026-12-01,many"])).problems
    assert (problem.where.file, problem.where.line) == ("days.csv", 3)


def test_check_warns_and_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"t{n},2026-12-01,5" for n in range(12)]
    path = written(tmp_path, PLAN.replace("target: 80%", "target: 99%"), rows)
    assert check.run(path) == 0
    out = capsys.readouterr()
    assert "warning[UP402]: the rehearsal never reaches the target of 99%" in out.err
    assert "12 settings: wave 1 3, wave 2 3, wave 3 6" in out.out
    assert (
        "smallest effect that this could show four times in five: 1.6 standard deviations of a setting's mean"
        in out.out
    )
    assert "6 open against 6 on the day (a plain approximation)" in out.out
    assert check.run(path, json=True) == 0
    assert '"warnings":[{"code":"UP402"' in capsys.readouterr().out
    assert rehearse.run(path) == 0
    assert "warning[UP402]" in capsys.readouterr().err


@pytest.mark.parametrize("seed", range(20))
def test_each_stratum_has_its_share_of_each_wave_less_than_two_off(seed: int) -> None:
    """What `check` says of strata holds for every draw."""
    implement = read_plan(PLAN, file="p").plan.implement
    assert implement is not None
    sizes = {"a": 7, "b": 5, "c": 13, "d": 1, "e": 14}
    units = [Unit(id=f"{name}{n}", stratum=name) for name, size in sizes.items() for n in range(size)]
    waves = draw(implement.waves, units, seed=f"{seed:032x}", plan="helpdesk")
    tally = Counter((unit.stratum, waves[unit.id]) for unit in units)
    total = Counter(waves.values())
    for name, size in sizes.items():
        for wave in range(3):
            assert abs(tally[name, wave] - size * total[wave] / len(units)) < 2


def test_an_order_that_nobody_draws_shows_no_effect(tmp_path: Path) -> None:
    whole = [f"t{n},2026-12-{day:02},5" for n in range(12) for day in (1, 15)]
    (one,) = found(written(tmp_path, PLAN.replace("every: 4w", "order: listed, every: 4w"), whole))
    assert (one.code, one.where.line) == ("UP406", 7)
    assert "is never shown" in one.what

"""`uptake power`: a plan's design, in numbers that move as they should, and refused where there is nothing to say."""

import json
import random
from pathlib import Path

import pytest

from tests.examples.quick import uptake

PLAN = """\
plan: calls
title: Calls are answered by whoever is free
timezone: UTC
implement:
  audience: {from: people.csv, id: id, setting: team, attributes: [site]}
  waves: {assign_by: setting, sizes: [50%, 50%], order: random, start: 2027-02-01, every: 4w}
  adoption: {event: call.taken, count: 1, within: 14d, target: 60%}
  gate: {adoption: 50%, at: +14d}
  baseline: 14d
  outcomes:
    - name: waiting
      from: {csv: waits.csv, every: 1d, columns: {unit: team, value: minutes}}
      primary: true
      judge: +20d
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    people = [f"p{n},team-{n // 5:02d},Ulm" for n in range(120)]
    (tmp_path / "people.csv").write_text("\n".join(["id,team,site", *people]) + "\n")
    days = [f"team-{team:02d},2026-12-{day:02d},{team}" for team in range(24) for day in (1, 2)]
    (tmp_path / "waits.csv").write_text("\n".join(["team,at,minutes", *days]) + "\n")
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def told(folder: Path, *words: str) -> dict[str, object]:
    code, said = uptake(folder, "power", "plan.yaml", "--json", *words)
    assert code == 0, said
    return json.loads(said)["power"]


def test_the_design_in_numbers(folder: Path) -> None:
    known = told(folder)
    assert (known["outcome"], known["unit"], known["units"], known["open_waves"]) == ("waiting", "settings", 24, 1)
    steady, fickle = told(folder, "--correlation", "0.9"), told(folder, "--correlation", "0.1")
    assert steady["detectable"] < known["detectable"]  # pyright: ignore[reportOperatorIssue]
    assert steady["detectable"] < fickle["detectable"]  # pyright: ignore[reportOperatorIssue]
    code, said = uptake(folder, "power", "plan.yaml")
    assert code == 0
    assert "24 settings, 1 wave open at the last look" in said
    assert [line for line in said.splitlines() if " 80%  ####" in line]
    assert "all together wrong once in twenty" in said


def test_what_the_outcomes_file_tells_is_used_and_a_target_out_of_reach_is_doubted(folder: Path) -> None:
    """Waits with a mean of 20 and a deviation of 4, half of it the team's own: the file's numbers, not assumed ones."""
    chance, levels = random.Random(7), {}
    rows = ["team,at,minutes"]
    for team in range(24):
        levels[team] = chance.gauss(0, 8**0.5)
        for week in range(6):
            minutes = 20 + levels[team] + chance.gauss(0, 8**0.5)
            rows.append(f"team-{team:02d},2026-12-{1 + 5 * week:02d},{minutes:.3f}")
    (folder / "waits.csv").write_text("\n".join(rows) + "\n")
    text = PLAN.replace("judge: +20d", "judge: +20d\n      looks: 5d")
    (folder / "plan.yaml").write_text(text)
    known = told(folder)
    assert known["known"] is True
    assert 0.3 < known["correlation"] < 0.7  # pyright: ignore[reportOperatorIssue]
    assert known["share"] == pytest.approx(known["detectable"] * 4 / 20, rel=0.3)  # pyright: ignore[reportOperatorIssue]
    assert told(folder, "--correlation", "0.5")["known"] is False
    (folder / "plan.yaml").write_text(text.replace("primary: true", "primary: true\n      by: 2%"))
    code, said = uptake(folder, "check", "plan.yaml")
    assert (code, "warning[UP405]" in said, "the effect that is wanted is 2%" in said) == (0, True, True), said
    (folder / "plan.yaml").write_text(text.replace("primary: true", "primary: true\n      by: 60%"))
    assert "UP405" not in uptake(folder, "check", "plan.yaml")[1]


def test_where_nobody_draws_there_is_no_power_to_speak_of(folder: Path) -> None:
    (folder / "plan.yaml").write_text(PLAN.replace("order: random", "order: listed"))
    code, said = uptake(folder, "power", "plan.yaml")
    assert (code, "error[UP073]: nobody draws the order of the waves" in said) == (2, True), said
    code, said = uptake(folder, "check", "plan.yaml")
    assert (code, "warning[UP406]" in said, "smallest effect" in said) == (0, True, False), said


def test_power_by_rehearsal_counts_what_was_achieved(folder: Path) -> None:
    text = PLAN.replace("primary: true", "primary: true\n      by: 5%")
    (folder / "plan.yaml").write_text(text)
    code, said = uptake(folder, "power", "plan.yaml", "--rehearse", "4", "--json")
    assert code == 0, said
    assert 0 <= json.loads(said)["rehearsed"] <= 4
    (folder / "plan.yaml").write_text(text.replace("by: 5%", "by: 20%"))
    assert json.loads(uptake(folder, "power", "plan.yaml", "--rehearse", "4", "--json")[1])["rehearsed"] == 4
    assert uptake(folder, "power", "plan.yaml", "--rehearse", "-1")[0] == 2


def test_a_long_plan_counts_every_wave_that_is_open_by_then(folder: Path) -> None:
    """Four waves, half a year apart, judged after 500 days: three are open; a look a week."""
    text = PLAN.replace("[50%, 50%]", "[25%, 25%, 25%, 25%]").replace("every: 4w", "every: 26w")
    (folder / "plan.yaml").write_text(text.replace("+20d", "+500d").replace("baseline: 14d", "baseline: 100d"))
    known = told(folder)
    assert (known["open_waves"], known["looks"]) == (3, 72)
    assert known["period_ms"] == 7 * 86_400_000


def test_what_has_no_power_is_refused(folder: Path) -> None:
    text = (folder / "plan.yaml").read_text()
    (folder / "plan.yaml").write_text(text[: text.index("  baseline:")])
    code, said = uptake(folder, "power", "plan.yaml")
    assert (code, "UP073" in said, "no last look at a primary outcome" in said) == (2, True, True), said
    (folder / "plan.yaml").write_text(text.replace("+20d", "+60d"))
    code, said = uptake(folder, "power", "plan.yaml")
    assert (code, "plan.yaml" in said) == (2, True), "after the last opening nobody is left to compare with"
    (folder / "plan.yaml").write_text(text.replace("sizes:", "sises:"))
    assert uptake(folder, "power", "plan.yaml")[0] == 2
    (folder / "plan.yaml").write_text(text)
    assert uptake(folder, "power", "plan.yaml", "--correlation", "1")[0] == 2

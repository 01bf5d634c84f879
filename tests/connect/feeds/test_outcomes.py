"""Outcomes from a file through the store to the estimate: measured alike, judged once, right as often as it says."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from uptake.connect.feeds.outcomes import KeptOutcomes, OutcomeRows, source_name
from uptake.core.ids import Pid
from uptake.core.look import FeedSeen, Measured, Value, WaveLook
from uptake.core.ports import Person
from uptake.core.problem import Refused
from uptake.core.time import Instant, Span, after, parse_instant
from uptake.implement.targets import assign
from uptake.plan.model import Plan
from uptake.plan.read import read_plan
from uptake.store.open import Store, open_store

ZONE = "Europe/Berlin"
START = parse_instant("2027-01-11", ZONE)
TEXT = """
plan: helpdesk
title: Roundup
timezone: Europe/Berlin
implement:
  audience: {from: people.csv, id: id, setting: team}
  waves: {assign_by: setting, sizes: [25%, 25%, 25%], holdout: 25%, start: 2027-01-11, every: 2w}
  gate: {adoption: 60%, at: 7d}
  adoption: {event: used, count: 1, within: 7d, target: 60%}
  baseline: 4w
  outcomes:
    - {name: days, from: {csv: days.csv}, primary: true, judge: +27d, guardrail: {increase: 20%, min_count: 5}}
"""


def day(number: int) -> Instant:
    return after(START, Span(days=number), ZONE)


def looks(*opened: int, until: int) -> list[WaveLook]:
    """Waves opened on these days, the others not yet; each had its first step two days before."""
    days = [*opened, *[None] * (4 - len(opened))]
    return [
        WaveLook(
            wave=wave,
            opened_at=None if at is None else day(at),
            until=day(until),
            first_at=None if at is None else day(at - 2),
        )
        for wave, at in enumerate(days)
    ]


class Here:
    """A store with people drawn into four waves, and their outcomes."""

    def __init__(self, folder: Path, text: str = TEXT, *, teams: int = 12, size: int = 3) -> None:
        self.plan: Plan = read_plan(text, file="plan.yaml").plan
        self.folder, self.teams = folder, teams
        self.store: Store = open_store(folder, "helpdesk")
        people = [
            Person(pid=Pid(""), external_id=f"p{team:02}-{n}", setting=f"team {team:02}", attributes={})
            for team in range(teams)
            for n in range(size)
        ]
        self.store.directory.freeze(people)
        self.draw("00")

    def draw(self, seed: str) -> None:
        assert self.plan.implement is not None
        people = self.store.directory.people()
        table, _ = assign(self.plan.implement, people, seed=seed, plan="helpdesk")
        self.store.directory.assign({person.pid: table[person.external_id] for person in people})
        self.wave_of = {person.setting: table[person.external_id] for person in people}

    def read(self, rows: list[str], *, until: int) -> None:
        (self.folder / "days.csv").write_text("\n".join(["unit,at,value", *rows]) + "\n")
        assert self.plan.implement is not None
        (outcome,) = self.plan.implement.outcomes
        reads = OutcomeRows(
            self.plan, outcome, folder=self.folder, kept=self.store.outcomes, directory=self.store.directory
        )
        reads(last=Instant(0), now=day(until))
        self.complete(until)

    def complete(self, until: int) -> None:
        self.store.feeds.keep(source_name(0), FeedSeen(state="fresh", read_at=day(until), as_of=day(until)))

    def measured(self, seen: list[WaveLook], *, draws: int = 199) -> Measured:
        store = self.store
        port = KeptOutcomes(self.plan, kept=store.outcomes, feeds=store.feeds, directory=store.directory, draws=draws)
        (found,) = port.measured(seen)
        return found


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    made = Here(tmp_path)
    yield made
    made.store.close()


def rows_of(here: Here, days: range, effect: float = 0.0, *, opened: tuple[int, ...] = (0, 14)) -> list[str]:
    """A value of each team on each day: its own level, a trend that all share, and an effect from its opening on."""
    rows: list[str] = []
    for team, wave in sorted(here.wave_of.items()):
        for number in days:
            local = after(START, Span(days=number), ZONE)
            exposed = wave < len(opened) and number >= opened[wave]
            level = 10 + int(team[-2:]) % 5 + 0.1 * number + (effect if exposed else 0.0)
            rows.append(f"{team},{np.datetime64(int(local), 'ms')}Z,{level}")
    return rows


def test_an_exact_effect_is_found_on_its_day_and_not_before(here: Here) -> None:
    here.read(rows_of(here, range(-28, 27), -2.0), until=28)
    before = here.measured(looks(0, 14, until=6))
    assert (before.estimate, before.low, before.high, before.looks) == (None, None, None, ())
    found = here.measured(looks(0, 14, until=28))
    assert found.estimate == pytest.approx(-2.0)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= -2.0 <= found.high < 0
    assert (found.finding, found.ended) == ("achieved", True)
    assert [one.at for one in found.looks] == [day(7), day(14), day(21), day(27)]
    assert found.looks[0].low is None, "at the first look nothing may be said yet"
    assert (found.units, found.note) == (12, "")
    assert [(one.units, one.missing) for one in found.waves] == [(3, 0)] * 4
    assert found.waves[2].after is None


def test_what_was_judged_stands_whatever_comes_later(here: Here) -> None:
    here.read(rows_of(here, range(-28, 27), -2.0), until=28)
    first = here.measured(looks(0, 14, until=28))
    here.read(rows_of(here, range(-28, 40), +9.0), until=40)
    later = here.measured(looks(0, 14, 28, until=40))
    assert later.looks == first.looks
    assert (later.estimate, later.low, later.high) == (first.estimate, first.low, first.high)
    assert later.waves != first.waves
    assert later.shift is not None
    assert later.shift > 0.2


def test_a_late_source_is_waited_for(here: Here) -> None:
    here.read(rows_of(here, range(-28, 20), -2.0), until=20)
    early = here.measured(looks(0, 14, until=30))
    assert ([one.at for one in early.looks], early.ended) == ([day(7), day(14)], False)
    here.read(rows_of(here, range(-28, 27), -2.0), until=28)
    late = here.measured(looks(0, 14, until=30))
    assert (late.estimate, len(late.looks), late.ended) == (pytest.approx(-2.0), 4, True)
    assert late.looks[:2] == early.looks


def test_data_of_exposed_units_only_are_told(here: Here) -> None:
    rows = [row for row in rows_of(here, range(27)) if here.wave_of[row.partition(",")[0]] < 2]
    here.read(rows, until=28)
    found = here.measured(looks(0, 14, until=28))
    assert "The data hold values of open waves only: nothing can be compared." in found.note
    assert "There are no values from before the first wave." in found.note
    assert "Nothing could be compared: too few values" in found.note
    assert (found.estimate, found.shift) == (None, None)


def test_values_missing_unlike_and_units_of_no_wave_are_told(here: Here) -> None:
    gone = [team for team, wave in sorted(here.wave_of.items()) if wave == 3][:2]
    rows = [row for row in rows_of(here, range(-28, 27)) if row.partition(",")[0] not in gone]
    here.read([*rows, "team 99,2027-01-05,3"], until=28)
    found = here.measured(looks(0, 14, until=28))
    assert "Values are missing unlike: 0 of 6 in open waves, 2 of 6 in the others." in found.note
    assert "1 unit is in no wave and left out." in found.note
    assert found.waves[3].missing == 2


def test_few_settings_cannot_tell(tmp_path: Path) -> None:
    few = Here(tmp_path, TEXT.replace("[25%, 25%, 25%]", "[50%]").replace("25%", "50%"), teams=4)
    few.read(rows_of(few, range(-28, 27), -2.0, opened=(0,)), until=28)
    found = few.measured([replace(look) for look in looks(0, until=28)[:2]])
    assert found.estimate == pytest.approx(-2.0)
    assert found.low is None
    assert "It cannot be told at 4 settings." in found.note
    few.store.close()


def test_what_is_missing_unlike_is_called_nothing_until_it_is_explained(tmp_path: Path) -> None:
    """A clear effect, but ten of 24 settings of open waves are not in the data: told, and not achieved."""
    many = Here(tmp_path, teams=48)
    in_open = [team for team, wave in sorted(many.wave_of.items()) if wave < 2]
    whole = rows_of(many, range(-28, 27), -2.0)
    many.read([row for row in whole if row.partition(",")[0] not in in_open[:10]], until=28)
    doubted = many.measured(looks(0, 14, until=28))
    assert doubted.high is not None
    assert doubted.high < 0
    assert doubted.finding == "undecided"
    unlike = "Values are missing unlike: 10 of 24 settings in open waves, 0 of 24 in the others"
    assert doubted.trust[0].startswith(unlike)
    assert any(told.startswith("38 of 48 settings drawn are in the data") for told in doubted.trust)
    many.store.close()


def test_a_plan_without_a_last_look_has_a_confidence_sequence(tmp_path: Path) -> None:
    """With a holdout and a hundred settings a wave: wider intervals, and no end of looks."""
    text = TEXT.replace("judge: +27d", "judge: open").replace(", guardrail: {increase: 20%, min_count: 5}", "")
    many = Here(tmp_path, text, teams=400, size=1)
    chance = np.random.default_rng(5)
    rows = [
        f"{team},{row.split(',')[1]},{float(row.split(',')[2]) + chance.normal():.3f}"
        for row in rows_of(many, range(-28, 35, 7), -2.0)
        for team in (row.split(",")[0],)
    ]
    many.read(rows, until=35)
    found = many.measured(looks(0, 14, until=35))
    assert found.method.startswith("a confidence sequence; valid at every look by simulation")
    assert (found.finding, found.ended, len(found.looks)) == ("achieved", False, 5)
    assert all(look.low is not None for look in found.looks), "it may say something from the first look on"
    assert found.low is not None
    assert found.low < -2.0 < (found.high or 0) < 0
    many.store.close()


def test_in_an_order_that_nobody_drew_no_look_is_made(tmp_path: Path) -> None:
    """Neither of the effect nor of the guardrail: what moved is told, without any claim."""
    listed = Here(tmp_path, TEXT.replace("holdout: 25%,", "holdout: 25%, order: listed,").replace("judge: +27d, ", ""))
    listed.read(rows_of(listed, range(-28, 27), +9.0), until=28)
    found = listed.measured(looks(0, 14, until=28))
    assert (found.finding, found.looks, found.estimate) == ("undecided", (), None)
    assert found.shift is not None
    assert found.shift > 0.2
    listed.store.close()


def test_harm_that_the_guardrails_own_looks_show(here: Here) -> None:
    """Daily looks at a rise of nine on ten, where two are tolerated."""
    here.read(rows_of(here, range(-28, 27), +9.0), until=28)
    assert here.measured(looks(0, 14, until=28), draws=999).finding == "harm"


def test_a_comparison_that_holds_says_so(here: Here) -> None:
    here.read(rows_of(here, range(-28, 27), -2.0), until=28)
    found = here.measured(looks(0, 14, until=28))
    assert found.trust[0].startswith("12 of 12 settings drawn are in the data")
    assert any(told.startswith("Values are missing alike") for told in found.trust)


def test_people_are_compared_by_setting_where_settings_were_drawn(tmp_path: Path) -> None:
    made = Here(tmp_path, TEXT.replace("judge: +27d,", "judge: +27d, unit: person,"))
    rows = [
        row.replace(team, f"p{team[-2:]}-{n}", 1)
        for row in rows_of(made, range(-28, 27), -2.0)
        for team in (row.partition(",")[0],)
        for n in range(3)
    ]
    made.read([*rows, "nobody,2027-01-05,3"], until=28)
    found = made.measured(looks(0, 14, until=28))
    assert found.units == 12
    assert found.estimate == pytest.approx(-2.0)
    made.store.close()


def test_a_row_that_is_no_number_refuses_all_and_names_its_line(here: Here) -> None:
    with pytest.raises(Refused) as caught:
        here.read(["team 01,2027-01-05,3", "team 02,2027-01-05,three"], until=28)
    assert caught.value.problems[0].where.line == 3
    assert here.store.outcomes.means("days", [Instant(0), day(100)]) == ()


@pytest.mark.slow
def test_the_interval_is_wrong_no_more_often_than_it_says(tmp_path: Path) -> None:
    """500 made-up plans without effect, each drawn anew by the plan's own randomiser, through store and port.

    Settings of their own level, noise that lasts, a drift that all share: within two standard errors of 95 %.
    """
    runs, hits = 500, 0
    made = Here(tmp_path)
    for run in range(runs):
        rng = np.random.default_rng(run)
        hits += one_plan(made, rng, run, 0.0)
    made.store.close()
    share, error = hits / runs, (0.95 * 0.05 / runs) ** 0.5
    assert 0.95 - 2 * error <= share <= 0.99


def one_plan(made: Here, rng: np.random.Generator, run: int, effect: float) -> bool:
    """Whether the interval of one made-up plan holds the truth."""
    assert made.plan.implement is not None
    name = f"run{run}"
    plan = replace(
        made.plan,
        implement=replace(
            made.plan.implement, outcomes=(replace(made.plan.implement.outcomes[0], name=name, guardrail=None),)
        ),
    )
    people = made.store.directory.people()
    table, _ = assign(made.plan.implement, people, seed=f"{run:032x}", plan="helpdesk")
    wave_of = {person.setting: table[person.external_id] for person in people}
    opened = (0, 14)
    values: list[Value] = []
    trend = np.cumsum(rng.normal(0, 0.5, size=6))
    for team, wave in sorted(wave_of.items()):
        level, lasting = rng.normal(10, 2), 0.0
        for block, number in enumerate((-14, -7, 3, 10, 17, 24)):
            lasting = 0.6 * lasting + rng.normal(0, 1)
            exposed = wave < 2 and number >= opened[wave]
            found = level + trend[block] + lasting + (effect if exposed else 0.0)
            values.append(Value(key=f"{team}/{block}", unit=team, at=day(number), value=float(found)))
    made.store.outcomes.keep(name, values)
    made.complete(28)
    directory = Drawn(people, table)
    port = KeptOutcomes(plan, kept=made.store.outcomes, feeds=made.store.feeds, directory=directory, draws=99)  # type: ignore[arg-type]
    (measured,) = port.measured(looks(0, 14, until=28))
    assert measured.low is not None
    assert measured.high is not None
    return measured.low <= effect <= measured.high


class Drawn:
    """The same people, drawn otherwise."""

    def __init__(self, people: tuple[Person, ...], table: dict[str, int]) -> None:
        self._people = tuple(replace(person, wave=table[person.external_id]) for person in people)

    def people(self, wave: int | None = None) -> tuple[Person, ...]:
        return self._people

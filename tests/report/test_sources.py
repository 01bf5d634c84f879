"""How fresh each source is, the same on every screen; what is stale or refused comes first."""

from typing import Literal

import pytest

from tests.ringtest import PLAN, START, World
from uptake.core.look import SourceSeen
from uptake.core.time import Instant
from uptake.report.board import Board
from uptake.report.figures import figures
from uptake.report.status import status_text

State = Literal["fresh", "stale", "refused"]
DAY_MS = 86_400_000
NAME = "implement.adoption.from"
PULLED = PLAN.replace("requires: deployed", "requires: nothing").replace(
    "target: 60%}", 'target: 60%, from: {sql: "select 1", database: "env:W", lag: 2d}}'
)


def board(*sources: SourceSeen, plan: str = PULLED) -> Board:
    world = World(plan)
    world.look.sources = sources
    world.start_implement()
    world.turn(seconds=1)
    return figures(world.read, world.picture, world.clock.now())


def monitoring(board: Board) -> str:
    return next(figure.value for figure in board.figures if figure.phrase == "monitoring progress")


def seen(state: State, detail: str = "", name: str = NAME) -> SourceSeen:
    return SourceSeen(name=name, state=state, as_of=Instant(START - 2 * DAY_MS), detail=detail)


def test_a_fresh_source_says_as_of_when() -> None:
    made = board(seen("fresh"))
    assert monitoring(made).endswith("every 1d; use as of 13 Jan 2027 09:00 (lag 2d)")
    assert "use  fresh  as of 13 Jan 2027 09:00, 2d lag" in status_text(made)
    assert not any("source of use" in problem for problem in made.problems)


def test_what_a_person_should_know_of_a_fresh_source_is_told() -> None:
    made = board(seen("fresh", "3 names are known to nobody"))
    assert "3 names are known to nobody" in status_text(made)
    assert not any("source of use" in problem for problem in made.problems)


@pytest.mark.parametrize(("state", "mark"), [("stale", "warn"), ("refused", "bad")])
def test_what_is_wrong_with_a_source_comes_first(state: State, mark: str) -> None:
    made = board(seen(state, "use.csv:7: `at` is no date: soon"), seen("fresh", name="implement.train.completions"))
    figure = next(figure for figure in made.figures if figure.phrase == "monitoring progress")
    assert f"use {state}, as of 13 Jan 2027 09:00 (lag 2d) and training as of" in figure.value
    assert figure.mark == mark
    assert [source.mark for source in made.sources] == [mark, "ok"]
    problem = next(problem for problem in made.problems if "source of use" in problem)
    assert problem.startswith(f"The source of use ({NAME}) is {state}: use.csv:7: `at` is no date: soon.")
    assert f"use       {state}" in status_text(made)


def test_before_the_first_reading_and_without_sources() -> None:
    unread = SourceSeen(name=NAME, state="unread")
    assert monitoring(board(unread)).endswith("; use not read yet")
    assert "never read" in status_text(board(unread))
    without = board(plan=PLAN)
    assert monitoring(without).endswith("every 1d")
    assert "Sources" not in status_text(without)


def test_a_source_that_could_never_be_read_says_why() -> None:
    made = board(SourceSeen(name=NAME, state="unread", detail="use.csv: the file cannot be read"))
    assert any(f"source of use ({NAME}) cannot be read: use.csv: the file" in problem for problem in made.problems)
    assert "never read  use.csv: the file cannot be read" in status_text(made)


def test_an_outcome_goes_by_its_own_name() -> None:
    outcome = "outcomes: [{name: complaints, from: {csv: c.csv}}]\nnotify"
    named = board(seen("fresh", name="implement.outcomes.0.from"), plan=PULLED.replace("\nnotify", f"\n  {outcome}"))
    assert named.sources[0].name == "complaints"

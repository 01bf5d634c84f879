"""What the board tells of training, help, answers and friction, and what it keeps to itself."""

import pytest

from tests.ringtest import PLAN, World
from uptake.core.look import Surveyed, Ticketed, Trained
from uptake.report.figures import figures

DAY = 86_400.0
WHOLE = (
    PLAN.replace("attributes: [site]}", "attributes: [site, email]}")
    .replace("target: 60%}", "target: 60%, replaces: old.way}")
    .replace(
        "  look: 1d",
        "  train: {path: [basics], sessions: sessions.csv, invite: -1d}\n"
        "  support: {contact: help@example.org, tickets: {csv: tickets.csv}}\n"
        "  ask: [{survey: umux-lite, at: 1d, with: [barrier]}]\n"
        "  look: 1d",
    )
    + 'mail: {server: "smtp://127.0.0.1:25", from: a@example.org}\nweb: {url: "https://uptake.example.org"}\n'
)


def told(*, invited: int = 20, answered: int = 12, plan: str = WHOLE) -> dict[str, str]:
    world = World(plan)
    world.deployed()
    world.turn(seconds=11)
    world.look.training = (Trained(wave=0, people=20, invited=invited, trained=invited // 2, missed=3),)
    world.look.tickets = (Ticketed(wave=0, tickets=4, person_weeks=40.0),)
    barriers = (("capability", 6), ("none", 6)) if answered else ()
    score = 75.0 if answered else None
    world.look.surveys = tuple(
        Surveyed(wave=wave, survey="umux-lite", asked=20, answered=answered, score=score, barriers=barriers)
        for wave in (0, -1)
    )
    world.counts.old = {0: 7, 1: 20}
    world.start_implement()
    world.turn(seconds=DAY)
    board = figures(world.read, world.picture, world.clock.now())
    return {figure.phrase: figure.value for figure in board.figures if figure.half == "implement"}


def test_each_phrase_has_its_numbers() -> None:
    seen = told()
    assert seen["training users"] == "10 of 20 people trained; 3 people missed a session"
    assert seen["user training"].startswith("50% of 20 people invited are trained")
    assert seen["ongoing support"] == "4 requests for help, 10 per 100 people a week; help: help@example.org"
    assert seen["regular feedback"] == "12 of 20 people answered; score 75 of 100 (UMUX-Lite)"
    assert seen["lack of user buy-in"] == "in the way of 12 people who answered: not knowing how (capability): 6"
    assert "7 of 20 people let in used the old way" in seen["resistance to change"]


def test_requests_that_are_posted_count_too() -> None:
    seen = told(plan=WHOLE.replace(", tickets: {csv: tickets.csv}", ""))
    assert seen["ongoing support"].startswith("4 requests for help")


@pytest.mark.parametrize("phrase", ["training users", "user training"])
def test_nothing_is_told_of_few(phrase: str) -> None:
    assert told(invited=4)[phrase] == ""


def test_few_answers_are_counted_by_nobody() -> None:
    seen = told(answered=0)
    assert seen["regular feedback"] == "20 people asked; fewer than 5 answers, so none is told"
    assert seen["lack of user buy-in"] == ""

"""Tasks of both halves: due from the half's own beginning, reminded once, closed by a person's word."""

from tests.ringtest import PLAN, World
from uptake.core.action import Notify
from uptake.core.entry import Asked
from uptake.core.time import Span, after, parse_instant
from uptake.deploy.steps import tasks as deploy_tasks
from uptake.implement.steps import tasks as implement_tasks
from uptake.loop.replay import replay
from uptake.report.figures import figures

DAY = 86_400
WITH_TASKS = (
    PLAN.replace(
        "deploy:\n",
        "deploy:\n  deadline: 2027-01-20\n  tasks:\n"
        "    - {do: Order the certificate, owner: kim@example.org, due: -3d}\n"
        "    - {do: Look at the logs, owner: kim@example.org, due: +2d}\n",
        1,
    )
    .replace(
        "implement:\n",
        "implement:\n  tasks: [{do: Agree the dates, owner: lee@example.org, due: 2027-01-16}]\n",
        1,
    )
    .replace(
        "notify:",
        "  adjust: [{when: {measure: adoption, below: 50%, at: +1d}, do: task, text: Visit the teams, "
        "owner: jo@example.org, due: 2d}]\nnotify:",
    )
)


def reminders(world: World) -> list[Notify]:
    asked = [entry.body.action for entry in world.ledger.entries if isinstance(entry.body, Asked)]
    return [action for action in asked if isinstance(action, Notify) and "overdue" in action.key]


def test_each_is_reminded_once_and_never_holds_anything() -> None:
    world = World(WITH_TASKS)
    world.deployed()
    world.start_implement()
    for _ in range(30):
        world.turn(seconds=DAY / 2)
    assert sorted((one.key.rpartition("/")[2], one.to) for one in reminders(world)) == [
        ("task-deploy-1", "kim@example.org"),
        ("task-deploy-2", "kim@example.org"),
        ("task-implement-1", "lee@example.org"),
        ("task-wave-1-rule-1", "jo@example.org"),
    ]
    assert world.wave(0) == "held"
    assert replay(world.read.plan, world.ledger.entries).differing == ()


def test_due_counts_from_the_deadline_the_run_the_rule_and_the_date() -> None:
    world = World(WITH_TASKS)
    world.deployed()
    world.start_implement()
    for _ in range(6):
        world.turn(seconds=DAY / 2)
    plan, zone = world.read.plan, "Europe/Berlin"
    first, second = deploy_tasks(plan, world.picture)
    assert first.due == parse_instant("2027-01-17", zone)
    assert second.due == after(world.picture.runs[0].started_at, Span(days=2), zone)
    dated, ruled = implement_tasks(plan, world.picture)
    assert (dated.name, dated.due) == ("task-implement-1", parse_instant("2027-01-17", zone))
    noted = next(n for n in world.picture.decisions if n.decision.rule == "implement.adjust.0")
    assert ruled.due == after(noted.at, Span(days=2), zone)
    assert ruled.owner == "jo@example.org"


def test_one_that_is_done_is_not_reminded_and_the_figures_say_so() -> None:
    world = World(WITH_TASKS)
    world.deployed()
    world.say("done", task="task-deploy-2")
    world.say("done", task="task-deploy-1")
    world.turn(seconds=30 * DAY)
    assert not [one for one in reminders(world) if "deploy" in one.key.rpartition("/")[2]]
    board = figures(world.read, world.picture, world.clock.now())
    shown = next(figure for figure in board.figures if figure.phrase == "effective project management")
    assert shown.value == "2 of 2 tasks done"
    late = next(figure for figure in board.figures if figure.phrase == "tasks")
    assert (late.value, late.mark) == ("0 of 1 task done, 1 overdue", "warn")
    assert any("uptake approve plan.yaml task-implement-1" in line for line in board.problems)


def test_a_task_of_a_wave_waits_for_a_start_that_is_not_known() -> None:
    world = World(WITH_TASKS.replace("due: 2027-01-16", "due: -1d"))
    (task,) = implement_tasks(world.read.plan, world.picture)
    assert task.due is None
    assert not task.is_overdue(world.clock.now())

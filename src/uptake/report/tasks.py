"""The tasks of both halves as figures: how many are done, and which are overdue and whose.

It gives none and closes none: rules and the plan give them, a person's word closes them.
"""

from collections.abc import Iterator

from uptake.core.stage import Half
from uptake.deploy.steps import tasks as deploy_tasks
from uptake.implement.steps import tasks as implement_tasks
from uptake.plan.task import Given
from uptake.report.board import Mark
from uptake.report.known import Found, Known
from uptake.report.words import of


def tasks_of(known: Known, half: Half) -> tuple[Given, ...]:
    """A half's tasks; those that rules gave belong to the implement half."""
    made = deploy_tasks if half == "deploy" else implement_tasks
    return made(known.plan, known.picture)


def tasks_found(known: Known, half: Half) -> Found | None:
    """How many tasks are done, and how many should be; None where there are none."""
    tasks = tasks_of(known, half)
    if not tasks:
        return None
    done = [task.done for task in tasks if task.done is not None]
    overdue = sum(task.is_overdue(known.now) for task in tasks)
    value = f"{of(len(done), len(tasks), 'task')} done" + (f", {overdue} overdue" if overdue else "")
    source = known.entry(max((word.seq for word in done), default=0)) or known.line(tasks[0].rule)
    mark: Mark = "warn" if overdue else "ok" if len(done) == len(tasks) else "going"
    return Found(value=value, source=source, mark=mark)


def overdue(known: Known) -> Iterator[str]:
    """What should have been done by now, whose it is, and how it is closed."""
    for task in (*tasks_of(known, "deploy"), *tasks_of(known, "implement")):
        if task.is_overdue(known.now) and task.due is not None:
            owner = f" by {task.owner}" if task.owner else ""
            closes = f'uptake approve {known.file} {task.name} --why "..."'
            yield f"{task.do}: due {known.at(task.due)}{owner}. When it is done: {closes} ({known.line(task.rule)})"

"""Tasks: things that named people do by a date, seen until somebody says that they are done.

Both halves have them, and a rule may give one. A task holds nothing: an overdue one is shown, and its owner
is reminded once. Pure; when a half's tasks are due, its `steps` say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uptake.core.action import Notify
from uptake.core.ids import action_key
from uptake.core.picture import Picture, Spoken
from uptake.core.stage import Half, Stage
from uptake.core.time import Instant, Span, after, parse_instant
from uptake.core.words import moment
from uptake.plan.model import Plan, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A task as it stands.

    Args:
        name: what a person calls it when it is done: `task-deploy-1`.
        do: what there is to do.
        owner: a mail address, or empty for the plan's own people.
        due: when, None while that is not known.
        stage: what it belongs to.
        rule: the plan key that gives it.
        done: the word that closed it.
    """

    name: str
    do: str
    owner: str
    due: Instant | None
    stage: Stage
    rule: str
    done: Spoken | None = None

    def is_overdue(self, now: Instant) -> bool:
        """Whether it should have been done by now."""
        return self.done is None and self.due is not None and self.due <= now


def is_span(due: str) -> bool:
    """Whether a task is due so long before or after something, and not on a date."""
    return due[-1:] in "smhdw"


def due_at(due: str, timezone: str, *, before: Instant | None, since: Instant | None) -> Instant | None:
    """When something is due.

    Args:
        due: a span, a date (its end counts) or a date-time.
        timezone: the plan's.
        before: what a negative span counts back from, None while that is not known.
        since: what any other span counts from.
    """
    if not is_span(due):
        at = parse_instant(due, timezone)
        return after(at, Span(days=1), timezone) if len(due) == len("2027-01-11") else at
    span = Span.parse(due)
    begin = before if span.is_negative() else since
    return None if begin is None else after(begin, span, timezone)


def given(
    picture: Picture, tasks: Sequence[Task], *, half: Half, timezone: str, begins: tuple[Instant | None, Instant | None]
) -> Iterator[Given]:
    """A half's own tasks.

    Args:
        picture: what is known.
        tasks: as the plan lists them.
        half: whose they are.
        timezone: the plan's.
        begins: what negative and what other spans count from.
    """
    for number, task in enumerate(tasks):
        name = f"task-{half}-{number + 1}"
        yield Given(
            name=name,
            do=task.do,
            owner=task.owner,
            due=due_at(task.due, timezone, before=begins[0], since=begins[1]),
            stage=Stage(half=half, run=1, ordinal=-1),
            rule=f"{half}.tasks.{number}",
            done=picture.done.get(name),
        )


def reminder(plan: Plan, task: Given) -> Notify:
    """The one notice that a task is overdue; its key is the same whenever it is made."""
    assert task.due is not None
    key = action_key(plan.plan, task.stage.half, task.stage.run, task.stage.ordinal, "overdue", task.name)
    closes = f'When it is done: uptake approve PLAN {task.name} --why "..."'
    text = f"{task.do}\n\nIt was due {moment(task.due, plan.timezone)}. {closes}"
    return Notify(key=key, stage=task.stage, title=f"{plan.title}: a task is overdue", text=text, to=task.owner)

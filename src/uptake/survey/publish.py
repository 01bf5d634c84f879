"""What may be told of answers: in batches of at least `min_group`, never of fewer, and no total that gives them away.

A wave's answers are published whole batches at a time, so that no two looks differ by few people. The total over all
waves is the sum of what waves show, and what a wave hides is hidden for nobody or for a group of that size: nothing
that is left out can be had by subtraction.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from uptake.core.look import Surveyed
from uptake.survey.instruments import score as score_of

Answer = Mapping[str, str]


def batches(waiting: int, min_group: int) -> int:
    """How many answers may be published now: all that wait, once they are enough, none before.

    >>> batches(4, 5), batches(5, 5), batches(12, 5)
    (0, 5, 12)
    """
    return waiting if waiting >= min_group else 0


def summaries(
    survey: str, told: Mapping[int, Sequence[Answer]], *, asked: Mapping[int, int], min_group: int
) -> tuple[Surveyed, ...]:
    """The published answers of each wave in short, and of all together (-1) as the sum of those.

    Args:
        survey: its name in the plan.
        told: wave -> its published answers.
        asked: wave -> people who were sent it; waves without an answer are told of as well.
        min_group: the least group of which anything is told.
    """
    waves = sorted({*told, *asked})
    found = [
        summary(survey, told.get(wave, ()), wave=wave, asked=asked.get(wave, 0), min_group=min_group) for wave in waves
    ]
    shown = [one for one in found if one.score is not None]
    named: Counter[str] = Counter()
    for one in shown:
        named.update(dict(one.barriers))
    answered = sum(one.answered for one in shown)
    score = sum(one.score * one.answered for one in shown if one.score is not None) / answered if answered else None
    total = Surveyed(
        wave=-1,
        survey=survey,
        asked=sum(asked.values()),
        answered=answered,
        score=None if score is None else float(f"{score:.12g}"),
        barriers=tuple(sorted(named.items())),
    )
    return (*found, total)


def summary(survey: str, answers: Sequence[Answer], *, wave: int, asked: int, min_group: int) -> Surveyed:
    """The published answers of a wave in short.

    Args:
        survey: its name in the plan.
        answers: published ones.
        wave: its ordinal.
        asked: people who were sent it.
        min_group: the least group of which anything is told.
    """
    if len(answers) < min_group:
        return Surveyed(wave=wave, survey=survey, asked=asked, answered=0)
    score = sum(score_of(survey, answer) for answer in answers) / len(answers)
    named = Counter(answer["barrier"] for answer in answers if "barrier" in answer)
    return Surveyed(
        wave=wave,
        survey=survey,
        asked=asked,
        answered=len(answers),
        score=float(f"{score:.12g}"),
        barriers=_safe(named, min_group),
    )


def _safe(named: Mapping[str, int], least: int) -> tuple[tuple[str, int], ...]:
    """The barriers that may be told: each of a group large enough, and what is left out is none or large enough too.

    >>> _safe({"capability": 7, "motivation": 2, "none": 6}, 5), _safe({"capability": 7, "motivation": 5}, 5)
    ((('capability', 7),), (('capability', 7), ('motivation', 5)))
    """
    shown = sorted(((number, name) for name, number in named.items() if number >= least), reverse=True)
    hidden = sum(named.values()) - sum(number for number, _ in shown)
    while 0 < hidden < least and shown:
        hidden += shown.pop()[0]
    return tuple(sorted((name, number) for number, name in shown))

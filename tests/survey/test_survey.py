"""Scores that are published, answers that can be, and what is told of groups."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uptake.survey.instruments import BARRIERS, INSTRUMENTS, UMUX_LITE, items, read_answer, score
from uptake.survey.publish import batches, summaries, summary


@pytest.mark.parametrize(("first", "second", "best"), [(6, 7, 91.67), (1, 1, 0.0), (7, 7, 100.0), (4, 4, 50.0)])
def test_umux_lite_as_published(first: int, second: int, best: float) -> None:
    assert round(score("umux-lite", {"capabilities": str(first), "easy": str(second)}), 2) == best


@pytest.mark.parametrize("name", ["aim", "iam", "fim"])
def test_the_three_measures_are_means_of_four_items(name: str) -> None:
    sent = {f"{name}-{i}": value for i, value in enumerate("4534", 1)}
    assert score(name, {**sent, "barrier": "none"}) == 4.0
    assert read_answer(items(name, ()), sent) == sent


def test_every_instrument_says_where_it_is_from() -> None:
    assert all(one.source and one.licence and one.items for one in INSTRUMENTS.values())
    assert [item.text for item in UMUX_LITE.items] == [
        "This system's capabilities meet my requirements.",
        "This system is easy to use.",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"capabilities": "3"},
        {"capabilities": "3", "easy": "8"},
        {"capabilities": "0", "easy": "1"},
        {"capabilities": "3", "easy": "3", "barrier": "laziness"},
    ],
)
def test_an_answer_that_cannot_be_is_none(fields: dict[str, str]) -> None:
    assert read_answer(items("umux-lite", ("barrier",)), fields) is None


def test_an_answer_holds_only_what_was_asked() -> None:
    sent = {"capabilities": "3", "easy": "7", "name": "kim"}
    assert read_answer(items("umux-lite", ()), sent) == {"capabilities": "3", "easy": "7"}


@given(answers=st.integers(0, 40), least=st.integers(3, 10), seed=st.integers(0, 99))
def test_nothing_is_told_of_fewer_than_the_least_group(answers: int, least: int, seed: int) -> None:
    draws = random.Random(seed)
    given_ = [
        {"capabilities": str(draws.randint(1, 7)), "easy": str(draws.randint(1, 7)), "barrier": draws.choice(BARRIERS)}
        for _ in range(answers)
    ]
    told = summary("umux-lite", given_, wave=0, asked=50, min_group=least)
    assert told.answered in (0, answers)
    assert (told.answered >= least) == (told.score is not None)
    assert all(number >= least for _, number in told.barriers)
    assert batches(answers, least) in (0, answers)
    assert (batches(answers, least) == 0) == (answers < least or answers == 0)


def drawn(numbers: list[int], seed: int) -> dict[int, list[dict[str, str]]]:
    """Waves of so many answers, made up; barriers unevenly."""
    draws = random.Random(seed)
    weights = [draws.random() ** 3 for _ in BARRIERS]
    return {
        wave: [
            {"capabilities": str(draws.randint(1, 7)), "easy": "4", "barrier": draws.choices(BARRIERS, weights)[0]}
            for _ in range(number)
        ]
        for wave, number in enumerate(numbers)
    }


@given(numbers=st.lists(st.integers(0, 30), min_size=1, max_size=5), least=st.integers(3, 8), seed=st.integers(0, 9999))
def test_nothing_small_is_had_by_subtraction(numbers: list[int], least: int, seed: int) -> None:
    told = drawn(numbers, seed)
    *waves, total = summaries("umux-lite", told, asked=dict.fromkeys(told, 30), min_group=least)
    shown = [one for one in waves if one.answered]
    assert total.answered == sum(one.answered for one in shown)
    assert Counter(dict(total.barriers)) == sum((Counter(dict(one.barriers)) for one in shown), Counter())
    for one in shown:
        left_out = one.answered - sum(number for _, number in one.barriers)
        assert left_out == 0 or left_out >= least
        assert all(number >= least for _, number in one.barriers)
        true = Counter(answer["barrier"] for answer in told[one.wave])
        assert all(true[name] == number for name, number in one.barriers)


@given(numbers=st.lists(st.integers(5, 30), min_size=1, max_size=5), seed=st.integers(0, 9999))
def test_the_total_is_the_mean_of_all_that_is_told(numbers: list[int], seed: int) -> None:
    told = drawn(numbers, seed)
    everything = [answer for answers in told.values() for answer in answers]
    total = summaries("umux-lite", told, asked={}, min_group=5)[-1]
    assert total.score == pytest.approx(sum(score("umux-lite", answer) for answer in everything) / len(everything))

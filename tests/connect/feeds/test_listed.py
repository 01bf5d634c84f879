"""A plan whose waves nobody drew: an effect under parallel trends, labelled, shown by itself, and never a finding."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.connect.feeds.test_outcomes import TEXT, ZONE, Here, day, looks
from uptake.connect.feeds.listed import PERIODS_MOST, coarse
from uptake.connect.feeds.looks import Times
from uptake.core.chance import stream
from uptake.core.time import Instant, Span, after
from uptake.implement.decide.outcomes import result_words

OPENED = (0, 14)
EFFECT = -2.0


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    """Forty-eight teams in the file's order: the first are let in first."""
    made = Here(tmp_path, TEXT.replace("holdout: 25%,", "holdout: 25%, order: listed,"), teams=48)
    yield made
    made.store.close()


def rows_of(here: Here, moves: Callable[[int, int], float]) -> list[str]:
    """Each team's level, which rises with its place in the file, noise, and what `moves` adds by wave and day."""
    rows: list[str] = []
    for team, wave in sorted(here.wave_of.items()):
        noise = stream(7, team).standard_normal(56)
        for number in range(-28, 27):
            local = after(day(number), Span(days=0), ZONE)
            level = 10 + int(team[-2:]) / 4 + 0.1 * number + 0.5 * noise[number + 28] + moves(wave, number)
            rows.append(f"{team},{np.datetime64(int(local), 'ms')}Z,{level}")
    return rows


def works(wave: int, number: int) -> float:
    return EFFECT if wave < len(OPENED) and number >= OPENED[wave] else 0.0


def test_an_effect_is_estimated_and_never_found(here: Here) -> None:
    here.read(rows_of(here, works), until=28)
    before = here.measured(looks(*OPENED, until=6))
    assert (before.estimate, before.assumes) == (None, "")
    found = here.measured(looks(*OPENED, until=28))
    assert found.estimate is not None
    assert found.low is not None
    assert found.high is not None
    assert found.low < EFFECT < found.high < 0, "clear of zero, and right"
    assert found.high - found.low < 1
    assert (found.finding, found.looks, found.more_days, found.ended) == ("undecided", (), None, True)
    assert "parallel trends" in found.method
    assert "parallel trends" in found.assumes
    assert not any(word in f"{found.method} {found.assumes}" for word in ("was drawn", "draws", "randomised at"))
    assert "proves nothing" in found.trust[0]
    early, late = [one for one in found.since if one.period < 0], [one for one in found.since if one.period >= 0]
    assert len(early) >= 3
    assert [one.period for one in late] == list(range(len(late)))
    assert all(abs(one.estimate) < 4 * one.se for one in early)
    assert "by itself" in result_words(found)
    assert here.store.outcomes.looks("days", "effect") == ()


def test_trends_that_differed_before_are_told(here: Here) -> None:
    here.read(rows_of(here, lambda wave, number: 0.1 * number * (wave == 0)), until=28)
    found = here.measured(looks(*OPENED, until=28))
    assert found.estimate is not None
    assert "do not take the estimate for the effect" in found.trust[0]
    assert found.finding == "undecided"


def test_what_moves_between_first_step_and_opening_is_in_no_comparison(here: Here) -> None:
    """Two days of announcement and training before each opening, in which the wave's values mean nothing."""

    def disturbed(wave: int, number: int) -> float:
        shut = wave < len(OPENED) and OPENED[wave] - 2 <= number < OPENED[wave]
        return works(wave, number) + (50.0 if shut else 0.0)

    here.read(rows_of(here, works), until=28)
    plain = here.measured(looks(*OPENED, until=28))
    here.read(rows_of(here, disturbed), until=28)
    moved = here.measured(looks(*OPENED, until=28))
    assert plain.estimate is not None
    assert moved.estimate == pytest.approx(plain.estimate, abs=1e-9)


def test_many_looks_are_taken_together() -> None:
    cuts = tuple(Instant(1000 * number) for number in range(-5, 101))
    when = coarse(Times(cuts=cuts, zero=5), 60)
    assert len(when.ends) <= PERIODS_MOST
    assert (when.cuts[:6], when.cuts[-1]) == (cuts[:6], Instant(60_000))
    assert list(when.ends) == sorted(set(when.ends))
    assert set(when.cuts) <= set(cuts)
    few = coarse(Times(cuts=cuts, zero=5), 7)
    assert few.cuts == cuts[:13]

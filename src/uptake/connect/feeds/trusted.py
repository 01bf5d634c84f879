"""Whether what a look shows may be believed, in sentences: who is in the data, whose values are missing, who meets.

Asked once with every look at an effect, and kept with it. Where people are lost or values are missing unlike, nothing
is called achieved until that is explained; everything else is told. The checks are measure's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.connect.feeds.looks import Data, Times, followed
from uptake.core.entry import rounded
from uptake.core.look import SinceOpening, WaveLook
from uptake.measure.placebo import NOWHERE, novelty, placebo, spill_over
from uptake.measure.staggered import Beta, estimate
from uptake.measure.statistics import Ints, Statistics
from uptake.measure.trust import Words, missing, sample_ratio
from uptake.measure.watch import summary
from uptake.measure.weights import weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What the checks say: sentences, those that warn first, and whether nothing may be called achieved.

    Beside them stands the effect by time since opening, which shows what novelty is about.
    """

    sentences: tuple[str, ...]
    doubtful: bool
    since: tuple[SinceOpening, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """What is known of the drawn units: their names in order, strata, and of persons the setting, empty for none."""

    names: tuple[str, ...]
    strata: Mapping[str, str]
    settings: Mapping[str, str]


def believed(data: Data, when: Times, seen: Sequence[WaveLook], units: Units, *, last: bool) -> Believed:
    """All checks that a plan's own data allow at a look.

    Args:
        data: values by unit, up to the look.
        when: its periods.
        seen: the waves.
        units: who the units are.
        last: whether the looks end with this one.
    """
    words = Words(people="people" if data.people else "settings", period="period")
    there = np.asarray(~np.isnan(data.values[:, when.zero :]).all(axis=1), dtype=np.bool_)
    lost = _lost(there, data.waves, units, words)
    open_ = {look.wave for look in seen if look.opened_at is not None}
    exposed = np.isin(data.waves, list(open_))
    unlike = missing(
        int((exposed & ~there).sum()), int(exposed.sum()), int((~exposed & ~there).sum()), int((~exposed).sum())
    )
    told = [(lost[1], lost[0]), (unlike.doubtful, unlike.sentence(words))]
    if data.people and any(units.settings.values()):
        names = sorted({units.settings.get(unit, "") for unit in units.names} - {""})
        place = {name: number for number, name in enumerate(names)}
        settings = [place.get(units.settings.get(unit, ""), NOWHERE) for unit in units.names]
        meeting = spill_over(settings, data.waves)
        told.append((meeting.doubtful, meeting.sentence(words)))
    beta: Beta = "efficient" if data.people else "1"
    known = summary(followed(data.values, data.waves, when, seen))
    told += _of_values(known, beta, words, last=last) if known is not None else []
    sentences = [text for doubtful, text in told if doubtful] + [text for doubtful, text in told if not doubtful]
    since = _since(known, beta) if known is not None else ()
    return Believed(sentences=tuple(sentences), doubtful=lost[1] or unlike.doubtful, since=since)


def _lost(there: NDArray[np.bool_], waves: Ints, units: Units, words: Words) -> tuple[str, bool]:
    """The sample-ratio check per wave, within strata where there are any."""
    strata = sorted({units.strata.get(unit, "") for unit in units.names})
    place = np.array([strata.index(units.strata.get(unit, "")) for unit in units.names])
    count = int(waves.max()) + 1
    drawn, found = np.zeros((count, len(strata)), dtype=int), np.zeros((count, len(strata)), dtype=int)
    np.add.at(drawn, (waves, place), 1)
    np.add.at(found, (waves, place), there.astype(int))
    many = len(strata) > 1
    cells = tuple(
        f"wave {wave + 1}" + (f" ({stratum.replace(chr(0), ', ') or 'no stratum'})" if many else "")
        for wave in range(count)
        for stratum in strata
    )
    ratio = sample_ratio(drawn, found)
    return ratio.sentence(Words(people=words.people, cells=cells)), ratio.doubtful


def _of_values(known: Statistics, beta: Beta, words: Words, *, last: bool) -> list[tuple[bool, str]]:
    """The placebo look before anybody had it, and at the end whether the effect fades."""
    before = placebo(known, beta=beta)
    fading = novelty(known, beta=beta) if last else None
    return [(check.doubtful, check.sentence(words)) for check in (before, fading) if check is not None]


def _since(known: Statistics, beta: Beta) -> tuple[SinceOpening, ...]:
    """The effect by time since opening."""
    found = [estimate(known, one, beta=beta) for one in weights(known, "eventstudy", controls="not-yet", lag="mean")]
    return tuple(
        SinceOpening(period=one.event_time or 0, estimate=rounded(one.estimate), se=rounded(one.se_neyman))
        for one in found
    )

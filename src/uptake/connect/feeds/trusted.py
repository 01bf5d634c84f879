"""Whether what a look shows may be believed, in sentences: who is in the data, whose values are missing, who meets.

Asked once with every look at an effect, and kept with it. Where people are lost or values are missing unlike, nothing
is called achieved until that is explained; everything else is told. The checks are measure's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from uptake.connect.feeds.looks import Data, Times, followed
from uptake.core.look import WaveLook
from uptake.measure.placebo import NOWHERE, novelty, placebo, spill_over
from uptake.measure.statistics import Ints
from uptake.measure.trust import Words, missing, sample_ratio
from uptake.measure.watch import summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Believed:
    """What the checks say: sentences, those that warn first, and whether nothing may be called achieved."""

    sentences: tuple[str, ...]
    doubtful: bool


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
    told += _of_values(data, when, seen, words, last=last)
    sentences = [text for doubtful, text in told if doubtful] + [text for doubtful, text in told if not doubtful]
    return Believed(sentences=tuple(sentences), doubtful=lost[1] or unlike.doubtful)


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


def _of_values(
    data: Data, when: Times, seen: Sequence[WaveLook], words: Words, *, last: bool
) -> list[tuple[bool, str]]:
    """The placebo look before anybody had it, and at the end whether the effect fades."""
    known = summary(followed(data, when, seen))
    if known is None:
        return []
    before = placebo(known, beta="efficient" if data.people else "1")
    fading = novelty(known, beta="efficient" if data.people else "1") if last else None
    return [(check.doubtful, check.sentence(words)) for check in (before, fading) if check is not None]

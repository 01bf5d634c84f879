"""Everything about use from one call: curves by wave, whether waves differ, relapse, a forecast, and both tables.

    adoption({"wave 1": counts(days, adopted), ...}, Evidence(eligible=..., exposed=..., adopters=...), ahead_days=60)

Counts, sequences and dicts in, values out; it knows no plan. Small groups are for the caller, who sees every figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from uptake.measure.alike import Difference
from uptake.measure.forecast import Forecast, Planned, forecast
from uptake.measure.reach import Evidence, Row, differences, proctor, re_aim
from uptake.measure.survival import Counts, Curve, LogRank, NotComparable, kaplan_meier, log_rank

LEVEL = 0.95
"""Of curves; a forecast's interval is at 90 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What is known of use.

    Args:
        curves: per wave, by days since its exposure: 1 - share is who has adopted.
        compared: whether waves differ, over the days that all of them were watched; None with fewer than two waves.
        compared_days: so many days; 0 where nothing is compared.
        compared_not: why not, in words; empty where it was.
        stay: by days since adoption: share is who has not relapsed; None where nobody is watched for it.
        forecast: None where no wave is open, or none was asked for.
        alike: adopters against everybody eligible.
        re_aim: rows of RE-AIM.
        proctor: rows of Proctor's outcomes.
    """

    curves: Mapping[str, Curve]
    compared: LogRank | None
    compared_days: int
    compared_not: str
    stay: Curve | None
    forecast: Forecast | None
    alike: tuple[Difference, ...]
    re_aim: tuple[Row, ...]
    proctor: tuple[Row, ...]


def adoption(
    waves: Mapping[str, Counts],
    known: Evidence,
    *,
    ahead_days: int = 0,
    planned: Sequence[Planned] = (),
    seed: int = 0,
) -> Adoption:
    """All figures on use.

    Args:
        waves: opened waves by name, each by days since its exposure (`survival.counts`, or counts per day); whole
            people where a forecast is asked for.
        known: what else was counted.
        ahead_days: how far the forecast looks; 0 for none.
        planned: waves to come, for the forecast.
        seed: names the forecast's draws.
    """
    watched = [wave for wave in waves.values() if wave.people > 0]
    compared, days, why_not = _compared(watched)
    return Adoption(
        curves={name: kaplan_meier(wave, level=LEVEL) for name, wave in waves.items()},
        compared=compared,
        compared_days=days,
        compared_not=why_not,
        stay=None if known.stay is None else kaplan_meier(known.stay, level=LEVEL),
        forecast=forecast(watched, days=ahead_days, planned=planned, seed=seed) if watched and ahead_days else None,
        alike=differences(known),
        re_aim=re_aim(known),
        proctor=proctor(known),
    )


def _compared(waves: Sequence[Counts]) -> tuple[LogRank | None, int, str]:
    """The waves over the days that the shortest was watched."""
    if len(waves) < 2:
        return None, 0, "there are fewer than two waves"
    days = min(wave.followed_days for wave in waves)
    try:
        return log_rank([wave.cut(days) for wave in waves]), days, ""
    except NotComparable as why:
        return None, 0, str(why)

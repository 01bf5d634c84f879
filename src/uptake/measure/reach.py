"""What a rollout came to, by the outcomes of RE-AIM and of Proctor, as plain rows.

Each row names its definition, what was divided by what, and the value; what nobody measured says so and has none.
Counts, sequences and dicts in, rows out. Groups too small to be shown are for the caller.
Source: Glasgow, Vogt & Boles (1999) and re-aim.org for RE-AIM; Proctor et al. (2011), "Outcomes for implementation
research", table 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from uptake.measure.alike import Column, Columns, Difference, representativeness
from uptake.measure.survival import Counts, kaplan_meier

Scale = Literal["aim", "iam", "fim"]

NOT_MEASURED = "not measured"
NOBODY = "there is nobody to count"
NOT_SO_LONG = "nobody was watched so long"
MAINTAINED_DAYS = 180
"""RE-AIM calls six months maintenance."""
SUSTAINED_DAYS = (90, 180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was counted. None: nobody measured it.

    Args:
        eligible: the audience today without the holdout.
        exposed: of these, people of waves that are open.
        adopters: of these, people who have adopted at least once, by the plan's own words.
        expected: people who were trained, or where nothing is trained, exposed: who is expected to use it.
        active: of the expected, adopters who have not relapsed.
        settings: teams or sites with eligible people.
        settings_adopting: of these, with at least one adopter.
        settings_sustained: of these, whose last check of `sustain` still met the gate.
        staff: people asked to deliver it: trainers, champions.
        staff_taking_part: of these, who did.
        steps_due: steps of the plan that were due until today.
        steps_delivered: of these, done within their time and in full.
        uses: uses seen.
        uses_intended: of these, by the intended path.
        adaptations: changes of the plan since it began.
        costs: by kind, in one currency.
        answers: sum of persons' means (1 to 5), and persons, of `aim`, `iam` and `fim`.
        effects: an outcome's estimated effect, in its unit.
        stay: adopters by days since adoption, `happened` being relapse (`survival.stayed`).
        attributes: of the eligible people, a column each.
        adopters_attributes: the same columns of the adopters.
    """

    eligible: int
    exposed: int
    adopters: int
    expected: int | None = None
    active: int | None = None
    settings: int | None = None
    settings_adopting: int | None = None
    settings_sustained: int | None = None
    staff: int | None = None
    staff_taking_part: int | None = None
    steps_due: int | None = None
    steps_delivered: int | None = None
    uses: int | None = None
    uses_intended: int | None = None
    adaptations: int | None = None
    costs: Mapping[str, float] = field(default_factory=dict[str, float])
    answers: Mapping[Scale, tuple[float, int]] = field(default_factory=dict[Scale, tuple[float, int]])
    effects: Mapping[str, float] = field(default_factory=dict[str, float])
    stay: Counts | None = None
    attributes: Columns = field(default_factory=dict[str, Column])
    adopters_attributes: Columns = field(default_factory=dict[str, Column])

    def __post_init__(self) -> None:
        assert 0 <= self.adopters <= self.exposed <= self.eligible
        pairs = (
            (self.active, self.expected),
            (self.settings_adopting, self.settings),
            (self.settings_sustained, self.settings_adopting),
            (self.staff_taking_part, self.staff),
            (self.steps_delivered, self.steps_due),
            (self.uses_intended, self.uses),
        )
        for part, whole in pairs:
            assert part is None or whole is None or 0 <= part <= whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure.

    Args:
        name: of the framework, with what it is of.
        definition: in words.
        numerator: None where the figure is no quotient.
        denominator: same.
        value: None where there is none; `said` tells why.
        said: empty, "not measured" or "nobody was watched so long".
        interval: 95 %, of figures that are estimated; None for those that are counted.
    """

    name: str
    definition: str
    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    said: str = ""
    interval: tuple[float, float] | None = None


def share(name: str, definition: str, part: int | None, whole: int | None) -> Row:
    """A quotient of two counts; without a value where either is missing, or where there is nobody."""
    if part is None or whole is None:
        return Row(name=name, definition=definition, numerator=part, denominator=whole, said=NOT_MEASURED)
    value = part / whole if whole else None
    return Row(
        name=name, definition=definition, numerator=part, denominator=whole, value=value, said="" if whole else NOBODY
    )


def differences(known: Evidence) -> tuple[Difference, ...]:
    """Adopters against everybody eligible, attribute by attribute; none without attributes or adopters."""
    if not known.attributes or not known.adopters:
        return ()
    return representativeness(known.adopters_attributes, known.attributes)


def re_aim(known: Evidence) -> tuple[Row, ...]:
    """RE-AIM: reach, effectiveness, adoption, implementation, maintenance; each a number, a share, or both.

    RE-AIM's adoption is that of settings and staff. The people's first use is its reach.
    """
    return (
        share("reach", "people who have adopted / eligible people", known.adopters, known.eligible),
        share("reach: exposed", "people to whom it is open / eligible people", known.exposed, known.eligible),
        _alike(known),
        *_effects(known),
        share(
            "adoption: settings",
            "settings with an adopter / eligible settings",
            known.settings_adopting,
            known.settings,
        ),
        share("adoption: staff", "staff who deliver it / staff asked to", known.staff_taking_part, known.staff),
        _fidelity(known),
        share(
            "implementation: fidelity of use",
            "uses by the intended path / uses",
            known.uses_intended,
            known.uses,
        ),
        _number("implementation: adaptations", "changes of the plan since it began", known.adaptations),
        _number("implementation: cost", "sum of costs", sum(known.costs.values()) if known.costs else None),
        cost_per_adopter(known),
        sustainment(known, MAINTAINED_DAYS, name="maintenance: people"),
        share(
            "maintenance: settings",
            "settings whose last check met the gate / settings with an adopter",
            known.settings_sustained,
            known.settings_adopting,
        ),
    )


def proctor(known: Evidence) -> tuple[Row, ...]:
    """Proctor's eight implementation outcomes; sustainability by those who stay, and beside it those who relapse."""
    return (
        _asked(known, "acceptability", "aim", "AIM"),
        share("adoption", "people who have adopted / people to whom it is open", known.adopters, known.exposed),
        _asked(known, "appropriateness", "iam", "IAM"),
        _asked(known, "feasibility", "fim", "FIM"),
        _fidelity(known, name="fidelity"),
        cost_per_adopter(known, name="implementation cost"),
        share("penetration", "people who use it now / people trained or expected to", known.active, known.expected),
        *(sustainment(known, days, name=f"sustainability: {days} days") for days in SUSTAINED_DAYS),
        *(relapse(known, days) for days in SUSTAINED_DAYS),
    )


def sustainment(known: Evidence, days: int, *, name: str) -> Row:
    """The share of adopters that stays for so many days without relapse, by Kaplan-Meier, with its interval.

    No quotient: who adopted too short a time ago counts for the days she was watched. `denominator` is all adopters
    that were watched.
    """
    definition = f"share of adopters without relapse for {days} days after adoption (Kaplan-Meier)"
    if known.stay is None:
        return Row(name=name, definition=definition, said=NOT_MEASURED)
    point = kaplan_meier(known.stay).at(days)
    if point is None:
        return Row(name=name, definition=definition, denominator=known.stay.people, said=NOT_SO_LONG)
    return Row(
        name=name,
        definition=definition,
        denominator=known.stay.people,
        value=point.share,
        interval=(point.low, point.high),
    )


def relapse(known: Evidence, days: int) -> Row:
    """The share of adopters that relapses within so many days of adoption: 1 - sustainment, by the same estimator."""
    name, definition = f"relapse: {days} days", f"share of adopters with a relapse within {days} days (Kaplan-Meier)"
    stays = sustainment(known, days, name=name)
    return Row(
        name=name,
        definition=definition,
        denominator=stays.denominator,
        value=None if stays.value is None else 1 - stays.value,
        said=stays.said,
        interval=None if stays.interval is None else (1 - stays.interval[1], 1 - stays.interval[0]),
    )


def cost_per_adopter(known: Evidence, *, name: str = "implementation: cost per adopter") -> Row:
    """All costs until today divided by all adopters until today, in the costs' currency."""
    definition = "sum of costs / people who have adopted"
    if not known.costs:
        return Row(name=name, definition=definition, denominator=known.adopters, said=NOT_MEASURED)
    total = sum(known.costs.values())
    return Row(
        name=name,
        definition=definition,
        numerator=total,
        denominator=known.adopters,
        value=total / known.adopters if known.adopters else None,
        said="" if known.adopters else NOBODY,
    )


def _fidelity(known: Evidence, *, name: str = "implementation: fidelity") -> Row:
    definition = "steps done within their time and in full / steps that were due"
    return share(name, definition, known.steps_delivered, known.steps_due)


def _number(name: str, definition: str, count: float | None) -> Row:
    return Row(
        name=name, definition=definition, numerator=count, value=count, said=NOT_MEASURED if count is None else ""
    )


def _alike(known: Evidence) -> Row:
    """The largest of the standardised differences, by absolute value."""
    sizes = [abs(one.smd) for one in differences(known) if one.smd is not None]
    return Row(
        name="reach: representativeness",
        definition="largest standardised difference between adopters and eligible people, over all attributes",
        value=max(sizes) if sizes else None,
        said="" if sizes else NOT_MEASURED,
    )


def _effects(known: Evidence) -> list[Row]:
    definition = "estimated effect of being exposed, in the outcome's unit"
    if not known.effects:
        return [Row(name="effectiveness", definition=definition, said=NOT_MEASURED)]
    return [
        Row(name=f"effectiveness: {outcome}", definition=definition, value=known.effects[outcome])
        for outcome in sorted(known.effects)
    ]


def _asked(known: Evidence, name: str, scale: Scale, title: str) -> Row:
    definition = f"mean of persons' {title} scores, 1 to 5"
    if scale not in known.answers:
        return Row(name=name, definition=definition, said=NOT_MEASURED)
    total, persons = known.answers[scale]
    return Row(
        name=name,
        definition=definition,
        numerator=total,
        denominator=persons,
        value=total / persons if persons else None,
        said="" if persons else NOBODY,
    )
